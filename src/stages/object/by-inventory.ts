import { type InventoryLine, isObjectOf } from '../../model/inventory/line.js'
import type { InventoryFacts } from '../../model/inventory/report.js'
import type { ListedObject, ObjectRef, ObjectState } from '../../model/object.js'
import { evaluate, type HoldRequirements } from '../../model/requirements.js'
import type { ObjectPlace, Verdict } from '../../model/verdict.js'

/** An inventory that a run relies on, and the lines of it that show the hold. */
export interface KnownInventory {
  readonly facts: InventoryFacts
  /** The line of a key. */
  find(key: string): InventoryLine | undefined
}

/** The state of an object as a line shows it. What the inventory has no column for is not in it. Pure. */
export function stateOfLine({ bucket, key }: Pick<ObjectRef, 'bucket' | 'key'>, line: InventoryLine): ObjectState {
  const { metadata = {}, ...shown } = line
  return { bucket, key, ...shown, metadata, headers: {}, encryption: {} }
}

/** Whether a line shows all that the hold requires. What it does not show, it does not prove. Pure. */
export function showsHold(requirements: HoldRequirements, line: InventoryLine): boolean {
  const isRequired = (given: object | undefined) => Object.keys(given ?? {}).length > 0
  if (isRequired(requirements.metadata) && line.metadata === undefined) return false
  if (isRequired(requirements.tags) && line.tags === undefined) return false
  return evaluate(requirements, stateOfLine({ bucket: '', key: '' }, line)).unmet.length === 0
}

/**
 * The verdict on a listed object by an inventory: `held`, or `undefined` for an object that must be read. The listing
 * must show the very object of the line. What was written after the inventory began is therefore always read, and so
 * is what the inventory does not have, contradicts, or does not show to be held. Pure.
 */
export function judgeByInventory(
  { facts, find }: KnownInventory,
  requirements: HoldRequirements,
  object: ListedObject,
  place: ObjectPlace,
): Verdict | undefined {
  const line = facts.trusted ? find(object.key) : undefined
  if (line === undefined || !isObjectOf(line, object, facts.asOf)) return undefined
  if (!showsHold(requirements, line)) return undefined
  const { bucket, key, sizeBytes = line.sizeBytes } = object
  if (sizeBytes === undefined) return undefined
  const { versionId } = line
  const ref = versionId === undefined ? { bucket, key } : { bucket, key, versionId }
  const state = { ...stateOfLine(object, line), sizeBytes }
  return { verdict: 'held', object: ref, place, unmet: [], state, provenBy: 'inventory', asOf: facts.asOf }
}
