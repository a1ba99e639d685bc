import { canonicalJson } from '../../internal/canonical-json.js'
import { retrying } from '../../internal/retry.js'
import type { JournalledJob } from '../../journal/journalled-jobs.js'
import type { JobIntent } from '../../journal/record-data.js'
import type { Recorder } from '../../journal/recorder.js'
import { LegalHoldError } from '../../model/errors.js'
import type { LegalHold } from '../../model/hold.js'
import type { ExportJob, PlatformCoverage } from '../../model/platform.js'
import type { ProtectionReport } from '../../model/report.js'
import type { ExportRequest } from '../../model/request.js'
import type { PollingOptions } from '../../options/polling.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'
import { clockToleranceMs, createJob, lookUpJob } from './job.js'

const cancelWithinMs = 10_000
const cancelPauseMs = 1_000
const cancelRetry = { retries: 2 }

/** What jobs are created with. */
export interface JobBookSubject {
  readonly platform: RecordingPlatform
  readonly hold: LegalHold
  readonly runId: string
  /** A dry run takes up a job that was run before, since another export would write over what is held. */
  readonly dryRun: boolean
  readonly polling: PollingOptions
  readonly recorder: Recorder
  readonly timed: <T>(work: () => Promise<T>) => Promise<T>
  /** What the journal of a resumed run knows of its jobs. */
  readonly journalled: readonly JournalledJob[]
}

/** The jobs of one attempt at the export, by the request that each is for. */
export interface AttemptJobs {
  /** How far the index reached when the job of this request was asked for; `undefined` if it was not yet. */
  intended(request: ExportRequest): PlatformCoverage | undefined
  /** The job of this request: as the journal has it, as the platform knows it, or a new one. */
  open(request: ExportRequest, coverage: PlatformCoverage, context: StageContext): Promise<ExportJob>
  /** What a former part of the run made of deletion protection at the source for a job. */
  protection(jobId: string): ProtectionReport | undefined
  /** How many recordings the platform listed for a job before the run was interrupted. */
  listed(jobId: string): number | undefined
}

/**
 * The jobs of a run, each created once. The intent is recorded before the job is created. A run that ended between
 * the two asks the platform for the job it may have created before it creates another.
 */
export class JobBook {
  readonly #subject: JobBookSubject
  /** Ids of jobs that stand for another attempt or request than the one that is looked for. */
  readonly #known: Set<string>
  /** Jobs that this process follows. */
  readonly #followed = new Set<string>()
  /** What is being created, by the time since when. */
  readonly #creating = new Map<ExportRequest, number>()

  constructor(subject: JobBookSubject) {
    this.#subject = subject
    this.#known = new Set(subject.journalled.flatMap(({ job }) => (job === undefined ? [] : [job.id])))
  }

  /** @param attempt 0 for the first export, then the repeats with the profile forced */
  of(attempt: number): AttemptJobs {
    return {
      intended: (request) => this.#journalled(request, attempt)?.coverage,
      open: (request, coverage, context) =>
        this.#subject.timed(() => this.#open({ attempt, request, coverage }, context)),
      protection: (jobId) => this.#subject.journalled.find(({ job }) => job?.id === jobId)?.protection,
      listed: (jobId) => this.#subject.journalled.findLast(({ job }) => job?.id === jobId)?.listed,
    }
  }

  #journalled(request: ExportRequest, attempt: number): JournalledJob | undefined {
    const wanted = canonicalJson(request)
    return this.#subject.journalled.findLast((one) => one.attempt === attempt && canonicalJson(one.request) === wanted)
  }

  /**
   * @throws LegalHoldError `JOB_OUTCOME_UNKNOWN` if a job may have been created and the platform cannot be asked;
   *   and what {@link createJob} throws
   */
  async #open(intent: JobIntent, context: StageContext): Promise<ExportJob> {
    const { platform, hold, runId, polling, recorder } = this.#subject
    const { request, attempt } = intent
    const entry = this.#journalled(request, attempt)
    const found = entry === undefined ? await this.#former(intent, context) : await this.#find(entry, context)
    if (found !== undefined) {
      context.emit({ type: 'job-created', job: found, adopted: true })
      // A job of another run is not this run's to cancel.
      return entry === undefined || entry.takenUp ? found : this.#follow(found)
    }
    await recorder.record('job-intent', intent)
    const create = { hold, runId, known: this.#known, polling }
    this.#creating.set(request, context.clock.now())
    const job = await createJob(platform, request, create, context)
    this.#creating.delete(request)
    return this.#follow(await this.#note({ ...job, request }))
  }

  /**
   * Cancels the jobs that are not over, of a run that was aborted: so not on its signal, but within 10 seconds. What
   * cannot be cancelled continues.
   */
  async cancelAll({ clock, logger }: StageContext): Promise<void> {
    const { platform, recorder, hold } = this.#subject
    const signal = AbortSignal.timeout(cancelWithinMs)
    const attempt = async (work: () => Promise<void>) => {
      try {
        await work()
      } catch (error) {
        logger?.warn('A job of the aborted run could not be cancelled; it continues.', error)
      }
    }
    for (const [request, creatingSince] of this.#creating) {
      await attempt(async () => {
        const since = new Date(Math.min(creatingSince, clock.now()) - clockToleranceMs).toISOString()
        const job = await platform.findJob(request, { hold, since }, { signal })
        if (job !== undefined && !this.#known.has(job.id)) this.#follow(await this.#note({ ...job, request }))
      })
    }
    for (const id of this.#followed) {
      await attempt(async () => {
        if (hasEnded(await platform.getJob(id, { signal }))) return
        await recorder.record('job-cancel', { jobId: id })
        await retrying(() => this.#cancel(id, signal), cancelRetry, {
          stage: 'export',
          subject: `cancellation of job ${id}`,
          clock,
          signal,
        })
      })
    }
  }

  /** What the platform answers to a cancellation has no content that could be checked: the job itself is asked. */
  async #cancel(id: string, signal: AbortSignal): Promise<void> {
    const { platform } = this.#subject
    await platform.cancelJob(id, { signal })
    const job = await platform.getJob(id, { signal })
    if (hasEnded(job)) return
    const message = `The job ${id} was cancelled and is still ${job.platformState}.`
    throw new LegalHoldError(message, {
      code: 'JOB_DEADLINE_EXCEEDED',
      stage: 'export',
      retryable: true,
      retryAfterMs: cancelPauseMs,
    })
  }

  #follow(job: ExportJob): ExportJob {
    this.#followed.add(job.id)
    return job
  }

  /** An export writes every object again, and the new version does not carry what was put on the old one. */
  async #former(intent: JobIntent, context: StageContext): Promise<ExportJob | undefined> {
    const { platform, hold, dryRun, recorder } = this.#subject
    const { request } = intent
    if (!dryRun || platform.capabilities.idempotency === 'none') return undefined
    const job = await persist(context, 'export', 'findJob', () =>
      platform.findJob(request, { hold, since: new Date(0).toISOString() }, { signal: context.signal }),
    )
    if (job === undefined || this.#known.has(job.id)) return undefined
    await recorder.record('job-intent', { ...intent, takenUp: true })
    return this.#note({ ...job, request })
  }

  async #find(
    { job, request, intendedAt, cancelling }: JournalledJob,
    context: StageContext,
  ): Promise<ExportJob | undefined> {
    const { platform, hold, runId } = this.#subject
    if (job !== undefined) {
      // It ended, and that was told: running again means another job.
      if (job.state === 'FAILED' || job.state === 'CANCELLED') return undefined
      const now = await this.#read(job.id, cancelling, context)
      return now === undefined ? undefined : { ...now, request, createdAt: job.createdAt ?? now.createdAt }
    }
    const { idempotency } = platform.capabilities
    // The platform itself takes a second request with the same key for the first one.
    if (idempotency === 'key') return undefined
    if (idempotency === 'none') throw outcomeUnknown(intendedAt)
    const former = { hold, runId, known: this.#known, postedAt: intendedAt }
    const adopted = await lookUpJob(platform, request, former, context)
    return adopted === undefined ? undefined : this.#note({ ...adopted, request })
  }

  async #read(id: string, cancelling: boolean, context: StageContext): Promise<ExportJob | undefined> {
    const { platform } = this.#subject
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

function hasEnded({ state }: ExportJob): boolean {
  return state === 'FULFILLED' || state === 'FAILED' || state === 'CANCELLED'
}

function outcomeUnknown(intendedAt: number): LegalHoldError {
  const since = new Date(intendedAt).toISOString()
  return new LegalHoldError(
    `The run ended while it was creating its export job (at ${since}), and this platform cannot be asked whether there is one. ` +
      'Look for it on the platform: cancel it, then begin with a new journal.',
    { code: 'JOB_OUTCOME_UNKNOWN', stage: 'export', outcome: 'unknown', details: { since } },
  )
}
