import { LegalHoldError } from '../model/errors.js'
import type { ObjectRef, ObjectState } from '../model/object.js'
import type { JournalRecord, JournalRecordType } from '../model/record.js'
import type { RemediationStep } from '../model/verdict.js'
import type { Journal } from '../ports/journal.js'
import type { Clock } from '../ports/runtime.js'
import type { MutationResult } from '../ports/storage.js'
import type { RecordedError, RecordedResult } from './record-data.js'
import type { JournalData, MutationContext, MutationWitness } from './records.js'

/** Writes a run's entries into its journal; does nothing if there is none. */
export class Recorder implements MutationWitness {
  readonly #journal: Journal | undefined
  readonly #runId: string
  readonly #clock: Clock
  readonly #hold: string
  #lastMs: number | undefined
  #lastTime = ''

  /** @param hold tag of the hold, which every record about an object or a recording names */
  constructor(journal: Journal | undefined, runId: string, clock: Clock, hold: string) {
    this.#journal = journal
    this.#runId = runId
    this.#clock = clock
    this.#hold = hold
  }

  /** Whether anything is recorded at all. */
  get active(): boolean {
    return this.#journal !== undefined
  }

  /** Resolves once the record is durable. */
  record<T extends JournalRecordType>(type: T, data: JournalData[T]): Promise<void> {
    return this.#append(type, { ...data }, false)
  }

  /** Resolves once the record has its place: for what a resumed run finds out again if it is lost. */
  note<T extends JournalRecordType>(type: T, data: JournalData[T]): Promise<void> {
    return this.#append(type, { ...data }, true)
  }

  /** @param data the record's own: a journal may do with it what it likes, and an adapter's object may render itself otherwise */
  async #append<T extends JournalRecordType>(type: T, data: JournalData[T], buffered: boolean): Promise<void> {
    if (this.#journal === undefined) return
    const time = this.#time()
    try {
      await this.#journal.append(
        { time, runId: this.#runId, type, data: data as object as JournalRecord['data'] },
        { buffered },
      )
    } catch (error) {
      if (LegalHoldError.isInstance(error)) throw error
      throw new LegalHoldError(
        'The journal could not be written, so the run stops: nothing is done that is not on record.',
        { code: 'JOURNAL_UNWRITABLE', stage: 'journal', cause: error },
      )
    }
  }

  /** Several records of a busy run bear the same millisecond. */
  #time(): string {
    const ms = this.#clock.now()
    if (ms !== this.#lastMs) {
      // Throws for a time that is none, which then is not the last one.
      this.#lastTime = new Date(ms).toISOString()
      this.#lastMs = ms
    }
    return this.#lastTime
  }

  intent(object: ObjectRef, step: RemediationStep, before: ObjectState, context: MutationContext): Promise<void> {
    return this.#append('intent', { hold: this.#hold, object, ...context, step, before }, false)
  }

  outcome(
    object: ObjectRef,
    step: RemediationStep,
    result: MutationResult | LegalHoldError,
    context: MutationContext,
  ): Promise<void> {
    const { requestId, status } = result
    const data = LegalHoldError.isInstance(result)
      ? { error: recordedError(result) }
      : { result: recordedResult(result) }
    // Without it the change is read back: it needs not be waited for.
    return this.#append(
      'outcome',
      {
        hold: this.#hold,
        object,
        ...context,
        action: step.action,
        request: { requestId, httpStatus: status },
        ...data,
      },
      true,
    )
  }

  /** What became of one object: complete in itself, so that it can be disclosed without the others. */
  verdict(data: Omit<JournalData['verdict'], 'hold'>): Promise<void> {
    return this.#append('verdict', { hold: this.#hold, ...data }, true)
  }

  /** The one state in which a recording ended. */
  recording(data: Omit<JournalData['recording'], 'hold'>): Promise<void> {
    return this.#append('recording', { hold: this.#hold, ...data }, true)
  }
}

/** An error as a record keeps it. */
export function recordedError(error: unknown): RecordedError {
  if (!LegalHoldError.isInstance(error)) return { message: String(error) }
  const { code, outcome, message } = error
  return { ...error.toJSON(), code, outcome, message }
}

function recordedResult({ after: _, original: __, ...result }: MutationResult): RecordedResult {
  return result
}
