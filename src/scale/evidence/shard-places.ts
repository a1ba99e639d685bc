import { compareKeys } from '../../internal/key-order.js'
import { parseKey } from '../../model/layout/keys.js'
import type { CallOptions } from '../../ports/runtime.js'
import { decodeList } from '../plan/shard-list.js'
import type { Slice, SliceBound } from '../plan/slice.js'
import type { ShardStore } from '../ports/shard-store.js'

/**
 * Which of the shards of a run looks after a key. Their slices adjoin in the order of the shards, so that few lists are read
 * however many there are.
 */
export async function shardOf(
  store: ShardStore,
  shards: readonly { readonly key: string }[],
  key: string,
  options: CallOptions,
): Promise<number | undefined> {
  const place = placeOf(key)
  if (place === undefined) return undefined
  let [low, high] = [0, shards.length - 1]
  while (low <= high) {
    const middle = Math.floor((low + high) / 2)
    const content = await store.read(shards[middle]?.key ?? '', options)
    const list = content === undefined ? 'is missing' : decodeList(content)
    if (typeof list === 'string') return undefined
    const side = sideOf(place, list.header.slice)
    if (side === 0) return middle
    if (side < 0) high = middle - 1
    else low = middle + 1
  }
  return undefined
}

function placeOf(key: string): SliceBound | undefined {
  const parsed = parseKey(key)
  if (parsed === undefined) return undefined
  const hour = Date.parse(parsed.hour)
  return Number.isNaN(hour) ? undefined : { hour, name: `conversation_id=${parsed.conversationId}/${parsed.rest}` }
}

/** Whether a place lies before a slice (-1), in it, or behind it (1). */
function sideOf(place: SliceBound, { from, to }: Slice): -1 | 0 | 1 {
  if (from !== undefined && comparePlaces(place, from) < 0) return -1
  return to !== undefined && comparePlaces(place, to) >= 0 ? 1 : 0
}

function comparePlaces(one: SliceBound, other: SliceBound): number {
  return one.hour === other.hour ? compareKeys(one.name, other.name) : one.hour - other.hour
}
