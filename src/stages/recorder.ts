import { LegalHoldError } from '../errors.js'
import type { Clock, Journal, JournalEntry, MutationResult, ObjectRef, ObjectState } from '../ports.js'
import type { RemediationStep } from '../verdict.js'
import type { MutationWitness } from './remediate.js'

/** Writes a run's entries into its journal; does nothing where there is none. */
export class Recorder implements MutationWitness {
  readonly #journal: Journal | undefined
  readonly #runId: string
  readonly #clock: Clock

  constructor(journal: Journal | undefined, runId: string, clock: Clock) {
    this.#journal = journal
    this.#runId = runId
    this.#clock = clock
  }

  async record(type: JournalEntry['type'], data: object): Promise<void> {
    if (this.#journal === undefined) return
    const time = new Date(this.#clock.now()).toISOString()
    try {
      await this.#journal.append({ time, runId: this.#runId, type, data: plain(data) })
    } catch (error) {
      if (LegalHoldError.isInstance(error)) throw error
      throw new LegalHoldError(
        'The journal could not be written, so the run stops: nothing is done that is not on record.',
        { code: 'INTERNAL', stage: 'journal', cause: error },
      )
    }
  }

  intent(object: ObjectRef, step: RemediationStep, before: ObjectState): Promise<void> {
    return this.record('intent', { object, step, before })
  }

  outcome(object: ObjectRef, step: RemediationStep, result: MutationResult | LegalHoldError): Promise<void> {
    const data = LegalHoldError.isInstance(result) ? { error: result.toJSON() } : { result }
    return this.record('outcome', { object, action: step.action, ...data })
  }
}

/** Plain JSON: no `undefined`, no class, no prototype that a hostile name could reach. */
function plain(data: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(data))
}
