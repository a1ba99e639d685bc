import type { ShardRef } from '../../ports/shard-engine.js'
import { decodeManifestKey } from '../batch/manifest.js'

/** Where the key of a list has the number and the digest of its shard. */
const listKey = /(?:^|\/)shards\/(\d{1,15})-[0-9a-f]{64}\.jsonl$/

/**
 * The shard that an engine names by the key of its list, URL-encoded as manifests have it; `undefined` for a key that is not
 * that of a list.
 */
export function shardRefOf(encodedKey: unknown): ShardRef | undefined {
  if (typeof encodedKey !== 'string') return undefined
  const key = decodeManifestKey(encodedKey)
  const number = listKey.exec(key)?.[1]
  return number === undefined ? undefined : { shard: Number(number), key }
}
