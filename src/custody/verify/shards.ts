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
  /**
   * Opens a shard for its records. Absent, `live` and `prove` do not reach the objects of shards.
   *
   * @throws LegalHoldError `EVIDENCE_UNREADABLE` where its seal is not the one on record
   */
  open?(shard: ShardPlace, options?: CallOptions): Promise<OpenedShard>
  /** Which of a run's shards, in their order, looks after a key; `undefined` where that cannot be told from the key. */
  locate?(shards: readonly ShardPlace[], key: string, options?: CallOptions): Promise<number | undefined>
}

/** What of a shard's record leads to it. */
export type ShardPlace = Pick<RecordedShard, 'shard' | 'key' | 'sealSha256'>

/** A shard whose seal is the one on record. */
export interface OpenedShard {
  /** The seal as it is stored. */
  readonly seal: string
  /** The lines of its journal, without their ends. Each is valid until the next is asked for. */
  lines(options?: CallOptions): AsyncIterable<Uint8Array>
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

/** The record of a shard in a bundle, and its line, from 1. */
export interface ShardLine {
  readonly line: number
  readonly shard: RecordedShard
}

/** The shards that a bundle stands on, in the order of its records. */
export async function* shardLines(dir: string, options: CallOptions): AsyncGenerator<ShardLine, void, void> {
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
