import { boundOf, type InventoryFacts, type InventoryReport } from '../../model/inventory/report.js'
import { counted, figure } from './counted.js'

/** What rests on an inventory, and how sure that is. @param objects verdicts that rest on it */
export function provenText({ name, asOf, sample }: InventoryFacts, objects: number): string {
  const bound = boundOf(sample, objects)
  const [are, them, carry] = objects === 1 ? ['is', 'it', 'carries'] : ['are', 'them', 'carry']
  const percent = `${(bound.rate * 100).toPrecision(2)} %`
  return (
    `${counted(objects, 'object')} ${are} not read: the inventory ${name} of ${asOf} shows the hold on ${them}. ` +
    `Of ${figure(sample.of)} such lines ${figure(sample.read)} were drawn at random and read: ${figure(sample.confirmed)} ` +
    `are right and none is wrong, so that with 95 % confidence at most ${figure(bound.objects)} (${percent}) no longer ${carry} it.`
  )
}

/** What a run owes to an inventory, for a person. `undefined` if it was given none. */
export function inventoryText(inventory: InventoryReport | undefined): string | undefined {
  if (inventory === undefined) return undefined
  const { name, asOf, trusted, objects, reason } = inventory
  if (objects > 0) return provenText(inventory, objects)
  if (trusted) return `The inventory ${name} of ${asOf} proves no object that was found: each was read.`
  return `The inventory ${name} of ${asOf} was not relied on, since ${reason ?? 'it is not known to be right'}: each object was read.`
}
