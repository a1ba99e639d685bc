import { LegalHoldError } from '../errors.js'
import type { LegalHold } from '../hold.js'
import type { ExportJob, RecordingPlatform } from '../ports.js'
import type { ExportRequest } from '../request.js'
import { canonical, type JournalledJob } from './checkpoint.js'
import { persist, type StageContext } from './context.js'
import { createJob, lookUpJob, type PollingOptions } from './export.js'
import type { Recorder } from './recorder.js'

/** What jobs are created with. */
export interface JobBookSubject {
  readonly platform: RecordingPlatform
  readonly hold: LegalHold
  readonly runId: string
  readonly polling: PollingOptions
  readonly recorder: Recorder
  readonly context: StageContext
  /** What the journal of a resumed run knows of its jobs. */
  readonly journalled: readonly JournalledJob[]
}

/**
 * The jobs of a run, each created once. The intent is on record before the job is asked for; a run that ended between
 * the two asks the platform for a job of its own before it asks for another.
 */
export class JobBook {
  readonly #subject: JobBookSubject
  /** Ids of jobs that stand for another attempt or request than the one that is looked for. */
  readonly #known: Set<string>

  constructor(subject: JobBookSubject) {
    this.#subject = subject
    this.#known = new Set(subject.journalled.flatMap(({ job }) => (job === undefined ? [] : [job.id])))
  }

  /**
   * The job of this attempt and request: as the journal has it, as the platform knows it, or a new one.
   *
   * @throws LegalHoldError `JOB_OUTCOME_UNKNOWN` where a job may have been created and the platform cannot be asked;
   *   and what {@link createJob} throws
   */
  async open(request: ExportRequest, attempt: number): Promise<ExportJob> {
    const { journalled, platform, hold, runId, polling, recorder, context } = this.#subject
    const wanted = canonical(request)
    const entry = journalled.findLast((one) => one.attempt === attempt && canonical(one.request) === wanted)
    const found = entry === undefined ? undefined : await this.#find(entry)
    if (found !== undefined) {
      context.emit({ type: 'job-created', job: found, adopted: true })
      return found
    }
    await recorder.record('job-intent', { attempt, request })
    const create = { hold, runId, known: this.#known }
    const job = { ...(await createJob(platform, request, create, polling, context)), request }
    return this.#note(job)
  }

  async #find({ job, request, intendedAt, cancelling }: JournalledJob): Promise<ExportJob | undefined> {
    const { platform, hold, runId, context } = this.#subject
    if (job !== undefined) {
      // It ended, and that was told: running again means another job.
      if (job.state === 'FAILED' || job.state === 'CANCELLED') return undefined
      const now = await this.#read(job.id, cancelling)
      return now === undefined ? undefined : { ...now, request, createdAt: job.createdAt ?? now.createdAt }
    }
    const { idempotency } = platform.capabilities
    // The platform itself takes a second request with the same key for the first one.
    if (idempotency === 'key') return undefined
    if (idempotency === 'none') throw outcomeUnknown(intendedAt)
    const adopted = await lookUpJob(platform, request, { hold, runId, known: this.#known }, intendedAt, context)
    return adopted === undefined ? undefined : this.#note({ ...adopted, request })
  }

  async #read(id: string, cancelling: boolean): Promise<ExportJob | undefined> {
    const { platform, context } = this.#subject
    const { signal } = context
    try {
      const job = await persist(context, 'export', `job ${id}`, () => platform.getJob(id, { signal }))
      // We cancelled it ourselves, so this run never had what it wanted of it.
      return cancelling && job.state === 'CANCELLED' ? undefined : job
    } catch (error) {
      if (cancelling && LegalHoldError.isInstance(error) && error.code === 'JOB_NOT_FOUND') return undefined
      throw error
    }
  }

  async #note(job: ExportJob): Promise<ExportJob> {
    this.#known.add(job.id)
    await this.#subject.recorder.record('job', job)
    return job
  }
}

function outcomeUnknown(intendedAt: number): LegalHoldError {
  const since = new Date(intendedAt).toISOString()
  return new LegalHoldError(
    `The run ended while it was creating its export job (at ${since}), and this platform cannot be asked whether there is one. ` +
      'Look for it on the platform: cancel it, then begin with a new journal.',
    { code: 'JOB_OUTCOME_UNKNOWN', stage: 'export', outcome: 'unknown', details: { since } },
  )
}
