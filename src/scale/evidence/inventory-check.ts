import { readRecord } from '../../custody/journal/record.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { membersOf } from '../../journal/form/untrusted.js'
import { frozenInventory } from '../inventory/frozen.js'
import type { ShardList } from '../plan/shard-list.js'

/**
 * Whether each verdict of a shard that rests on an inventory has its line in the shard's list, and says what the line
 * does. Says which one does not.
 */
export async function unfoundedVerdict(list: ShardList, lines: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const inventory = frozenInventory(list)
  for await (const bytes of lines) {
    const record = readRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (typeof record === 'string' || record.type !== 'verdict' || record.data.provenBy === undefined) continue
    const { object, before, asOf } = record.data
    const key = String(membersOf(object).key)
    const line = inventory?.facts.trusted === true ? inventory.find(key) : undefined
    const state = membersOf(before)
    const isFounded =
      line !== undefined &&
      asOf === inventory?.facts.asOf &&
      Object.entries(line).every(([name, value]) => canonicalJson(state[name]) === canonicalJson(value))
    if (!isFounded)
      return `the verdict on ${JSON.stringify(key)} rests on an inventory, and the list has no such line of it`
  }
  return undefined
}
