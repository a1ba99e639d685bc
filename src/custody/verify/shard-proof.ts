import { AccountCheck } from '../../journal/check/account-check.js'
import { membersOf } from '../../journal/form/untrusted.js'
import { LegalHoldError } from '../../model/errors.js'
import type { JournalRecord } from '../../model/record.js'
import type { CallOptions } from '../../ports/runtime.js'
import { objectNameOf } from '../bundle/record-lines.js'
import { AuditPath, leafHash, rootFromPath } from '../crypto/merkle.js'
import { sha256 } from '../crypto/sha256.js'
import { readRecord } from '../journal/record.js'
import type { OpenedShard, ShardPlace, ShardVerifier } from './shards.js'

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
  const flaw = flawOfTree(inclusion, sealOf(shard.seal))
  if (flaw !== undefined) throw unusable(flaw)
  return inclusion
}

/**
 * What does not hold between the bundle's record of a shard and what is proven beneath it; `undefined` where all of it holds.
 *
 * @param outer the record of the shard
 */
export function flawOfInclusion(inclusion: ShardInclusion, outer: JournalRecord, runId: string): string | undefined {
  const { sealSha256, shard } = membersOf(outer.data)
  if (outer.type !== 'shard') return 'the record of the bundle is not about a shard'
  if (sha256(inclusion.seal) !== sealSha256) return 'the seal is not the one that the record of the bundle names'
  const seal = sealOf(inclusion.seal)
  if (seal.shard !== shard || seal.runId !== runId) return 'the seal is that of another shard or of another run'
  return flawOfTree(inclusion, seal)
}

function flawOfTree({ record, leafIndex, treeSize, auditPath }: ShardInclusion, seal: SealFacts): string | undefined {
  const path = auditPath.map((hash) => Buffer.from(hash, 'hex'))
  const root = rootFromPath(leafHash(Buffer.from(record)), leafIndex, treeSize, path)
  const isSealed = treeSize === seal.treeSize && root?.toString('hex') === seal.rootHash
  return isSealed ? undefined : 'the record does not lead to the root that the seal names'
}

interface SealFacts {
  readonly runId?: unknown
  readonly shard?: unknown
  readonly treeSize?: unknown
  readonly rootHash?: unknown
}

/** What of a seal a proof leads to. It may be anybody's text. */
function sealOf(text: string): SealFacts {
  try {
    const { runId, shard, journal } = membersOf(JSON.parse(text))
    const { treeSize, rootHash } = membersOf(journal)
    return { runId, shard, treeSize, rootHash }
  } catch {
    return {}
  }
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

function unusable(why: string): LegalHoldError {
  return new LegalHoldError(`The shard cannot be used: ${why}. Verify the bundle with its shards.`, {
    code: 'EVIDENCE_UNREADABLE',
    stage: 'report',
  })
}
