import { sha256 } from '../../custody/crypto/sha256.js'
import type { OpenedShard, ShardPlace, ShardVerifier } from '../../custody/verify/shards.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { IdDigest } from '../../internal/tables/id-digest.js'
import type { RecordedShard } from '../../journal/shard-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { ObjectJournal } from '../journal/object-journal.js'
import { type ParsedShardKey, parseShardKey } from '../keys.js'
import { decodeList, type ShardList } from '../plan/shard-list.js'
import type { ShardStore } from '../ports/shard-store.js'
import { sealOf } from '../worker/seal.js'
import { readSeal, type StoredSeal } from '../worker/stored-seal.js'
import { unfoundedVerdict } from './inventory-check.js'
import { shardOf } from './shard-places.js'

/**
 * Verifies shards from their store:
 *
 * - The seal is the one on record.
 * - The list is the one that its key names.
 * - The records follow each other without a gap, do not contradict each other, and amount to what the seal says.
 * - The records cover every recording of the list.
 * - A verdict that rests on an inventory has its line in the list.
 *
 * It also opens shards, so that `prove` and `live` reach their objects.
 *
 * @example
 * ```ts
 * await verifyEvidence(dir, { publicKey, shards: shardVerifier({ store }) })
 * ```
 */
export function shardVerifier({ store }: { readonly store: ShardStore }): ShardVerifier {
  return {
    async verify(shard, options = {}) {
      try {
        return await problemsOf(store, shard, options)
      } catch (error) {
        // What cannot be read any more does not verify; a store that fails is another matter.
        if (LegalHoldError.isInstance(error) && error.code === 'JOURNAL_CORRUPT') return [withoutStop(error.message)]
        throw error
      }
    },
    open: (shard, options = {}) => opened(store, shard, options),
    locate: (shards, key, options = {}) => shardOf(store, shards, key, options),
  }
}

async function opened(
  store: ShardStore,
  { shard, key, sealSha256 }: ShardPlace,
  options: CallOptions,
): Promise<OpenedShard> {
  const parsed = parseShardKey(key)
  const content = parsed === undefined ? undefined : await store.read(parsed.seal, options)
  if (parsed === undefined || content === undefined || sha256(content) !== sealSha256) {
    throw new LegalHoldError(`The seal of shard ${shard} (${parsed?.seal ?? key}) is not the one that is on record.`, {
      code: 'EVIDENCE_UNREADABLE',
      stage: 'report',
      details: { shard },
    })
  }
  const journal = new ObjectJournal({ store, prefix: parsed.journal })
  return { seal: Buffer.from(content).toString('utf8'), lines: (own = options) => journal.lines(own) }
}

async function problemsOf(store: ShardStore, shard: RecordedShard, options: CallOptions): Promise<readonly string[]> {
  const key = parseShardKey(shard.key)
  if (key === undefined || key.shard !== shard.shard) return [`its key ${shard.key} is not that of this shard`]
  const stored = await readSeal(store, key, options)
  if (typeof stored === 'string') return [`${stored} (${key.seal})`]
  if (stored.sha256 !== shard.sealSha256) return [`the seal ${key.seal} is not the one that is on record`]
  const list = await readList(store, key, options)
  if (typeof list === 'string') return [`the list ${key.key} ${list}`]
  const differs = differenceOf(shard, stored)
  if (differs !== undefined) return [`the record says another ${differs} than the seal ${key.seal}`]
  const journal = new ObjectJournal({ store, prefix: key.journal })
  const { tool, journal: sealed } = stored.seal
  const anew = await sealOf(key, { store, prefix: key.journal, segments: sealed.segments }, options)
  if (canonicalJson({ ...anew.seal, tool }) !== canonicalJson(stored.seal)) {
    return [`the journal ${key.journal} does not amount to what the seal ${key.seal} says`]
  }
  const unfounded =
    (stored.seal.byInventory ?? 0) === 0 ? undefined : await unfoundedVerdict(list, journal.lines(options))
  return unfounded === undefined ? unspokenOf(list, stored) : [`${unfounded} (${key.journal})`]
}

async function readList(store: ShardStore, key: ParsedShardKey, options: CallOptions): Promise<ShardList | string> {
  const content = await store.read(key.key, options)
  if (content === undefined) return 'is missing'
  if (sha256(content) !== key.sha256) return 'is not the one that its key names'
  return decodeList(content)
}

/** What the record of the whole run says of a shard, against its seal. */
function differenceOf(shard: RecordedShard, { seal }: StoredSeal): string | undefined {
  const { counts, listed, objects, verdicts, byInventory, repairs, steps } = seal
  const { held, repaired } = counts
  const said = {
    held,
    repaired,
    listed: listed.count,
    digest: listed.digest,
    objects,
    verdicts,
    byInventory,
    repairs,
    steps,
  }
  return Object.entries(said).find(
    ([name, value]) => canonicalJson(shard[name as keyof RecordedShard]) !== canonicalJson(value),
  )?.[0]
}

/** Each recording of the list has come to some end. */
function unspokenOf({ header, rows }: ShardList, { seal }: StoredSeal): readonly string[] {
  if (!header.facts.platform.lists) return []
  const expected = new IdDigest()
  const seen = new Set<string>()
  for (const row of rows) {
    if (row.kind !== 'recording' || row.recording.isLaterThanInterval === true) continue
    const { recordingId, conversationId } = row.recording
    if (seen.has(recordingId)) continue
    seen.add(recordingId)
    expected.add(recordingId, conversationId)
  }
  const spoken = new IdDigest()
  spoken.addAll(seal.listed.digest)
  let count = seal.listed.count
  for (const { recordingId, conversationId = '', listed } of seal.exceptions) {
    if (recordingId === undefined || listed === false) continue
    spoken.add(recordingId, conversationId)
    count += 1
  }
  if (count === seen.size && spoken.hex === expected.hex) return []
  return [`its records do not speak of each recording of the list: ${count}, not ${seen.size}, or of others`]
}

function withoutStop(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text
}
