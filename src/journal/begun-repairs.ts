import { parseKey } from '../model/layout/keys.js'
import { placeByName } from '../model/layout/places.js'
import type { ObjectRef, ObjectState } from '../model/object.js'
import type { ObjectPlace, RemediationStep } from '../model/verdict.js'
import type { BegunRepair, BegunStep, JournalData } from './records.js'

/** An object that a run had begun to repair. */
export interface BegunObject {
  readonly object: ObjectRef
  readonly place: ObjectPlace
  readonly repair: BegunRepair
}

interface Growing {
  original: ObjectState | undefined
  readonly steps: BegunStep[]
  readonly noncurrent: Set<string>
  lastIntentAt: number
  /** Steps that nobody knows whether they were taken, by action: one of each at most. */
  readonly inDoubt: Map<RemediationStep['action'], BegunStep>
}

/** The repairs that a journal shows begun and no verdict followed: as few as were under way when its run was interrupted. */
export class BegunRepairs {
  readonly #byKey = new Map<
    string,
    { readonly object: ObjectRef; readonly place: ObjectPlace; readonly repair: Growing }
  >()

  /** In the order in which they were begun. */
  values(): Iterable<BegunObject> {
    return this.#byKey.values()
  }

  /** @param at when it was recorded, in milliseconds */
  intend({ object, place = placeOf(object), step, before }: JournalData['intent'], at: number): void {
    const { bucket, key } = object
    const repair: Growing = this.#byKey.get(key)?.repair ?? {
      original: undefined,
      steps: [],
      noncurrent: new Set(),
      lastIntentAt: at,
      inDoubt: new Map(),
    }
    repair.lastIntentAt = at
    this.#byKey.set(key, { object: { bucket, key }, place, repair })
    if (step.action === 'hold-noncurrent') {
      repair.noncurrent.add(step.versionId)
      return
    }
    repair.original ??= before
    // A step that is taken again after an interruption was not taken before.
    const former = repair.inDoubt.get(step.action)
    if (former !== undefined) repair.steps.splice(repair.steps.lastIndexOf(former), 1)
    const begun: BegunStep = { step, madeOf: object.versionId }
    repair.inDoubt.set(step.action, begun)
    repair.steps.push(begun)
  }

  answered({ object, action, result, error }: JournalData['outcome']): void {
    const repair = this.#byKey.get(object.key)?.repair
    const begun = repair?.inDoubt.get(action)
    // A step that was aborted may have been taken anyway: nobody waited for the answer.
    if (repair === undefined || begun === undefined || error?.code === 'ABORTED') return
    const isAnswered = result !== undefined || error !== undefined
    const settled: BegunStep = { ...begun, result, error }
    repair.steps[repair.steps.lastIndexOf(begun)] = settled
    if (isAnswered) repair.inDoubt.delete(action)
    else repair.inDoubt.set(action, settled)
  }

  /** A verdict says what the object came to. */
  settle(key: string): void {
    this.#byKey.delete(key)
  }
}

/** Of an object whose intent names no place. */
function placeOf({ key }: ObjectRef): ObjectPlace {
  const parsed = parseKey(key)
  return parsed === undefined ? { kind: 'unexpected' } : placeByName(parsed)
}
