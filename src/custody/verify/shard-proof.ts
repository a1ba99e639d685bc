import { AccountCheck } from '../../journal/check/account-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { objectNameOf } from '../bundle/record-lines.js'
import { flawOfTree, type InclusionHashes, type ShardInclusion } from '../bundle/shard-inclusion.js'
import { AuditPath, leafHash, rootFromPath } from '../crypto/merkle.js'
import { sha256 } from '../crypto/sha256.js'
import { readRecord } from '../journal/record.js'
import type { OpenedShard, ShardPlace, ShardVerifier } from './shards.js'

/** What is looked for, in which shards. */
export interface ShardSearch {
  readonly shards: readonly ShardPlace[]
  /** The key in the bucket. */
  readonly key: string
  /** `BUCKET/KEY` as records name it. */
  readonly names: ReadonlySet<string>
}

/**
 * Finds the last record about an object in the shards of a run: first in the one that looks after its key, then in all others.
 *
 * @returns which of the shards it was, and the proof
 */
export async function proveInShards(
  verifier: ShardVerifier,
  { shards, key, names }: ShardSearch,
  options: CallOptions,
): Promise<{ readonly at: number; readonly inclusion: ShardInclusion } | undefined> {
  const likely = await verifier.locate?.(shards, key, options)
  const rest = shards.map((_, at) => at).filter((at) => at !== likely)
  for (const at of likely === undefined ? rest : [likely, ...rest]) {
    const place = shards[at]
    const opened = place === undefined ? undefined : await verifier.open?.(place, options)
    const inclusion = opened === undefined ? undefined : await proveIn(opened, names, options)
    if (inclusion !== undefined) return { at, inclusion }
  }
  return undefined
}

async function proveIn(
  shard: OpenedShard,
  names: ReadonlySet<string>,
  options: CallOptions,
): Promise<ShardInclusion | undefined> {
  let found: { readonly record: string; readonly leafIndex: number } | undefined
  let treeSize = 0
  const account = new AccountCheck()
  for await (const bytes of shard.lines(options)) {
    const line = Buffer.from(bytes)
    const record = readRecord(line)
    const checked = typeof record === 'string' ? record : account.take(record)
    if (typeof checked === 'string') throw unusable(`line ${treeSize + 1} of its journal ${checked}`)
    if (typeof record !== 'string' && record.type === 'verdict' && names.has(objectNameOf(record) ?? '')) {
      found = { record: line.toString(), leafIndex: treeSize }
    }
    treeSize += 1
  }
  if (found === undefined) return undefined
  const path = new AuditPath(found.leafIndex, treeSize)
  for await (const bytes of shard.lines(options)) path.append(leafHash(bytes))
  const auditPath = path.path().map((hash) => hash.toString('hex'))
  const inclusion = { seal: shard.seal, ...found, treeSize, auditPath }
  const flaw = flawOfTree(inclusion, nodeHashes)
  if (flaw !== undefined) throw unusable(flaw)
  return inclusion
}

/** The hashes of Node. */
export const nodeHashes: InclusionHashes = {
  sha256,
  rootOf({ record, leafIndex, treeSize, auditPath }) {
    const path = auditPath.map((hash) => Buffer.from(hash, 'hex'))
    return rootFromPath(leafHash(Buffer.from(record)), leafIndex, treeSize, path)?.toString('hex')
  },
}

function unusable(why: string): LegalHoldError {
  return new LegalHoldError(`The shard cannot be used: ${why}. Verify the bundle with its shards.`, {
    code: 'EVIDENCE_UNREADABLE',
    stage: 'report',
  })
}
