import { itemsOf, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'

/** Whether each change of an object was announced before it was made, and led to a verdict. */
export class MutationCheck {
  /** Actions by key, since the last verdict on it: as few keys as are under repair at once. */
  readonly #announced = new Map<string, Set<unknown>>()

  intent({ object, step }: Untrusted<JournalData['intent']>): void {
    const key = String(membersOf(object).key)
    const actions = this.#announced.get(key) ?? new Set()
    this.#announced.set(key, actions.add(membersOf(step).action))
  }

  outcome({ object, action }: Untrusted<JournalData['outcome']>): string | undefined {
    const key = String(membersOf(object).key)
    return this.#announced.get(key)?.has(action) === true
      ? undefined
      : `is the outcome of ${quoted(action)} on ${quoted(key)}, which was not announced`
  }

  verdict({ object, remediation, actions }: Untrusted<JournalData['verdict']>): string | undefined {
    const key = String(membersOf(object).key)
    const announced = this.#announced.get(key)
    this.#announced.delete(key)
    if (remediation !== 'repaired') return undefined
    const own = itemsOf(actions).find((action) => announced?.has(action) !== true)
    return own === undefined ? undefined : `says that ${quoted(own)} was done, which was not announced`
  }

  /** Says what is not finished at the end of a run. */
  report(): string | undefined {
    const [key] = this.#announced.keys()
    return key === undefined ? undefined : `is a report, and no verdict followed the changes of ${quoted(key)}`
  }
}
