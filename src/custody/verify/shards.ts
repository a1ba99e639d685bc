import { join } from 'node:path'
import { mapWindow } from '../../internal/streams/streams.js'
import { counted, verb } from '../../internal/text/counted.js'
import { hasForm } from '../../journal/form/data-form.js'
import type { UntrustedRecord } from '../../journal/records.js'
import type { RecordedShard } from '../../journal/shard-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import type { Findings } from '../bundle/problem.js'
import { fileLines } from '../bundle/record-lines.js'
import { readRecord } from '../journal/record.js'

/** Verifies the shards that a bundle rests on. `shardVerifier({ store })` of `./scale` makes one. */
export interface ShardVerifier {
  /** The failed checks of a shard, and where they failed. Empty if none failed. */
  verify(shard: RecordedShard, options?: CallOptions): Promise<readonly string[]>
}

/** Shards that are verified at once. */
const shardsAtOnce = 8
/** Problems that are listed. */
const mostProblems = 1_000

/** Verifies each shard of a bundle whose records hold, side by side. */
export async function checkShards(
  dir: string,
  verifier: ShardVerifier | undefined,
  findings: Findings,
  options: CallOptions,
): Promise<void> {
  let shards = 0
  let failed = 0
  const verify = async ({ line, shard }: ShardLine) => {
    shards += 1
    if (verifier === undefined) return
    const problems = await verifier.verify(shard, options)
    if (problems.length > 0) failed += 1
    for (const problem of problems) {
      if (findings.problems.length < mostProblems) {
        findings.fail('shard-mismatch', `Shard ${shard.shard}: ${problem}.`, bundleFiles.records, line)
      }
    }
  }
  try {
    for await (const _ of mapWindow(shardLines(dir, options), shardsAtOnce, verify)) {
      // The window does the work.
    }
  } catch (error) {
    // The check of the records has named the line already.
    if (!LegalHoldError.isInstance(error) || error.code !== 'JOURNAL_CORRUPT') throw error
  }
  if (shards === 0) return
  if (verifier === undefined) {
    const stand = `${counted(shards, 'shard')} ${verb(shards, 'stands', 'stand')}`
    findings.note(`${stand} on seals that were not read: give their store (shards) to verify them.`)
  } else if (failed === 0) findings.note(`${counted(shards, 'shard')} verified, each with its list and its journal.`)
}

interface ShardLine {
  readonly line: number
  readonly shard: RecordedShard
}

async function* shardLines(dir: string, options: CallOptions): AsyncGenerator<ShardLine, void, void> {
  let line = 0
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const bytes of lines) {
      line += 1
      // Most records are of other types: a look at the bytes is enough for them.
      if (!bytes.includes('"type":"shard"')) continue
      const record = readRecord(bytes)
      if (typeof record === 'string' || record.type !== 'shard') continue
      const untrusted: UntrustedRecord = record
      if (hasForm(untrusted) && untrusted.type === 'shard') yield { line, shard: untrusted.data }
    }
  }
}
