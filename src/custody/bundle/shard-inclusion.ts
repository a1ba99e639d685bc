import { membersOf } from '../../journal/form/untrusted.js'
import type { JournalRecord } from '../../model/record.js'

/** A record of a shard with what proves that its seal stands on it. The bundle's own record of the shard names the seal. */
export interface ShardInclusion {
  /** The seal, as it is stored. Its SHA-256 is in the record of the shard. */
  readonly seal: string
  /** The record, as its line is in the journal of the shard. */
  readonly record: string
  /** From 0. */
  readonly leafIndex: number
  readonly treeSize: number
  /** RFC 6962, 2.1.1: hex, from the leaf's sibling up. */
  readonly auditPath: readonly string[]
}

/** How the reader hashes: Node and a browser have functions of their own. All in hex. */
export interface InclusionHashes {
  sha256(text: string): string
  /** The root that a record and its audit path lead to; `undefined` if the path has a wrong length. */
  rootOf(inclusion: ShardInclusion): string | undefined
}

/**
 * What does not hold between the bundle's record of a shard and what is proven beneath it; `undefined` if all of it holds.
 *
 * @param outer the record of the shard
 */
export function flawOfInclusion(
  inclusion: ShardInclusion,
  outer: JournalRecord,
  runId: string,
  hashes: InclusionHashes,
): string | undefined {
  const { sealSha256, shard } = membersOf(outer.data)
  if (outer.type !== 'shard') return 'the record of the bundle is not about a shard'
  if (hashes.sha256(inclusion.seal) !== sealSha256) return 'the seal is not the one that the record of the bundle names'
  const seal = sealOf(inclusion.seal)
  if (seal.shard !== shard || seal.runId !== runId) return 'the seal is that of another shard or of another run'
  return flawOfTree(inclusion, hashes)
}

/** Whether the record leads to the root of its seal; says why if it does not. */
export function flawOfTree(inclusion: ShardInclusion, { rootOf }: InclusionHashes): string | undefined {
  const seal = sealOf(inclusion.seal)
  const isSealed = inclusion.treeSize === seal.treeSize && rootOf(inclusion) === seal.rootHash
  return isSealed ? undefined : 'the record does not lead to the root that the seal names'
}

interface SealFacts {
  readonly runId?: unknown
  readonly shard?: unknown
  readonly treeSize?: unknown
  readonly rootHash?: string
}

/** What of a seal a proof leads to. It may be anybody's text. */
function sealOf(text: string): SealFacts {
  try {
    const { runId, shard, journal } = membersOf(JSON.parse(text))
    const { treeSize, rootHash } = membersOf(journal)
    return { runId, shard, treeSize, rootHash: String(rootHash) }
  } catch {
    return { rootHash: '' }
  }
}

/** The run that the records of a shard name. */
export function runOfShard(runId: string, outer: JournalRecord): { readonly runId: string; readonly shard: number } {
  const shard = Number(membersOf(outer.data).shard)
  return { runId: `${runId}.${shard}`, shard }
}

/** Whether a value of a proof file has the form of an inclusion. */
export function isInclusion(value: unknown): value is ShardInclusion {
  const { seal, record, leafIndex, treeSize, auditPath } = membersOf(value)
  return (
    typeof seal === 'string' &&
    typeof record === 'string' &&
    Number.isSafeInteger(leafIndex) &&
    Number.isSafeInteger(treeSize) &&
    Array.isArray(auditPath) &&
    auditPath.every((hash) => /^[0-9a-f]{64}$/.test(String(hash)))
  )
}
