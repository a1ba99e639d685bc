import type { InventoryLine } from '../../model/inventory/line.js'
import type { KnownInventory } from '../../stages/object/by-inventory.js'
import type { ShardList } from '../plan/shard-list.js'

/** The inventory as the list of a shard keeps it; `undefined` if its plan has none. */
export function frozenInventory({ header, rows }: ShardList): KnownInventory | undefined {
  const { inventory: facts } = header.facts
  if (facts === undefined) return undefined
  const lines = new Map<string, InventoryLine>()
  for (const row of rows) if (row.kind === 'inventory' && row.line !== undefined) lines.set(row.key, row.line)
  return { facts, find: (key) => lines.get(key) }
}
