import { counted, figure, verb } from '../../internal/text/counted.js'
import type { InventoryFacts } from '../../model/inventory/report.js'
import type { PlacedRow } from '../plan/row.js'
import { joined } from './joined.js'
import type { OpenedInventory } from './reading.js'
import { type KeyedLine, Reservoir, readSample, type Sampling } from './sample.js'

/** An inventory as a plan has it. */
export interface PlannedInventory extends InventoryFacts {
  /** Lines that show the hold on an object of an expected conversation. */
  readonly objects: number
  /** Expected recordings of which it has no file. */
  readonly absent: number
}

/** What an inventory is weighed by. */
export interface Weighing extends Omit<Sampling, 'asOf'> {
  readonly opened: OpenedInventory
  /** Objects of the sample. */
  readonly sample: number
}

/**
 * Looks through all that is expected and all that the inventory has, and reads a random sample by HEAD. The inventory is
 * trusted only if nothing of the sample contradicts it, and something confirms it.
 */
export async function weigh(
  rows: AsyncIterable<PlacedRow>,
  { opened, sample: size, ...sampling }: Weighing,
): Promise<PlannedInventory> {
  const { source, description, lacks } = opened
  const { asOf } = description
  const counts = { lines: 0, absent: 0 }
  const reservoir = new Reservoir<KeyedLine>(size)
  for await (const { row } of joined(rows, counts)) {
    if (row.kind === 'inventory' && row.line !== undefined) reservoir.add({ key: row.key, line: row.line })
  }
  const sample = await readSample(reservoir, { ...sampling, asOf })
  const reason = lacks ?? doubtOf(sample)
  const facts = { name: source.name, asOf, trusted: reason === undefined, ...(reason === undefined ? {} : { reason }) }
  return { ...facts, sample, objects: counts.lines, absent: counts.absent }
}

/** Why an inventory is not relied on; `undefined` if it is. Pure. */
function doubtOf({ of, read, confirmed, contradicted }: InventoryFacts['sample']): string | undefined {
  if (of === 0) return 'it shows the hold on no object of an expected conversation'
  if (contradicted > 0)
    return `${figure(contradicted)} of ${counted(read, 'object')} of the sample ${verb(contradicted, 'contradicts', 'contradict')} it`
  return confirmed === 0 ? 'no object of the sample confirms it: all were written or deleted since' : undefined
}
