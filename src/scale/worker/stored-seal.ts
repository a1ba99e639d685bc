import { sha256 } from '../../custody/crypto/sha256.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ParsedShardKey } from '../keys.js'
import type { ShardStore } from '../ports/shard-store.js'
import type { ShardSeal } from './seal.js'

/** A seal that was read, and its digest. */
export interface StoredSeal {
  readonly seal: ShardSeal
  readonly sha256: string
}

/** Reads the seal of a shard; says why if there is none, or none of this shard. */
export async function readSeal(
  store: ShardStore,
  key: ParsedShardKey,
  options: CallOptions = {},
): Promise<StoredSeal | string> {
  const content = await store.read(key.seal, options)
  if (content === undefined) return 'there is no seal'
  let seal: Partial<ShardSeal>
  try {
    seal = JSON.parse(Buffer.from(content).toString('utf8'))
  } catch {
    return 'its seal is not valid JSON'
  }
  if (seal.schemaVersion !== 1) return 'its seal was written by another version of this library'
  const isOwn = seal.runId === key.runId && seal.shard === key.shard && seal.list?.sha256 === key.sha256
  if (!isOwn || seal.list?.key !== key.key) return 'its seal is that of another shard'
  return { seal: seal as ShardSeal, sha256: sha256(content) }
}
