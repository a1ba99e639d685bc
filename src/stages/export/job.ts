import { sleepOrAbort, throwIfAborted } from '../../internal/abort.js'
import { observe } from '../../internal/observe.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ExportJob } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { PollingOptions } from '../../options/polling.js'
import type { CreateJobContext, RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'

// A job may be listed some time after it was asked for: so long it is looked for before it is taken for not created.
const lookUpForMs = 31_000
// The platform's clock is not ours: a job counts as ours from this long before our request on.
export const clockToleranceMs = 120_000

/** What a job is created with: {@link CreateJobContext}, and jobs that are not it although they look the same. */
export interface NewJobContext extends CreateJobContext {
  /** Ids of jobs of the same request that this run had before. @defaultValue none */
  readonly known?: ReadonlySet<string> | undefined
}

/**
 * Creates the job once. Waits its turn while both job slots of the organisation are taken. After an answer that was
 * lost the platform is asked for the job: nothing is posted twice blindly.
 *
 * @throws LegalHoldError `JOB_DEADLINE_EXCEEDED`, `JOB_OUTCOME_UNKNOWN`, and whatever the platform rejects with
 */
export async function createJob(
  platform: RecordingPlatform,
  request: ExportRequest,
  { known, polling, ...create }: NewJobContext & { readonly polling: PollingOptions },
  context: StageContext,
): Promise<ExportJob> {
  const { clock, signal } = context
  const startedAt = clock.now()
  let pauseMs = polling.minIntervalMs
  for (;;) {
    throwIfAborted(signal, 'export')
    const postedAt = clock.now()
    try {
      const job = await platform.createJob(request, create, { signal })
      context.emit({ type: 'job-created', job, adopted: false })
      return job
    } catch (error) {
      if (!LegalHoldError.isInstance(error)) throw error
      if (error.outcome === 'unknown') {
        const why = `The answer to creating the export job was lost (${error.message})`
        context.logger?.warn(`${why}; asking whether it exists.`)
        const job =
          platform.capabilities.idempotency === 'none'
            ? undefined
            : await lookUpJob(platform, request, { ...create, known, postedAt }, context)
        if (job !== undefined) {
          context.emit({ type: 'job-created', job, adopted: true })
          return job
        }
        if (platform.capabilities.idempotency === 'none') throw error
      } else if (error.code !== 'JOB_SLOTS_BUSY') throw error
      const waitedMs = clock.now() - startedAt
      if (waitedMs + pauseMs > polling.deadlineMs) throw deadlineExceeded(polling.deadlineMs, error.message, error)
      context.emit({ type: 'job-waiting', reason: error.message, waitedMs })
    }
    await sleepOrAbort(pauseMs, context, 'export')
    pauseMs = Math.min(polling.maxIntervalMs, pauseMs * 1.5)
  }
}

/**
 * Asks the platform for a job of ours that was asked for at `postedAt` (milliseconds) or later, until it would be
 * listed if there were one.
 *
 * @throws LegalHoldError `JOB_OUTCOME_UNKNOWN` if the platform turns out not to tell its jobs
 */
export async function lookUpJob(
  platform: RecordingPlatform,
  request: ExportRequest,
  { hold, known, postedAt }: NewJobContext & { readonly postedAt: number },
  context: StageContext,
): Promise<ExportJob | undefined> {
  const { clock, signal } = context
  const since = new Date(postedAt - clockToleranceMs).toISOString()
  for (let pauseMs = 1_000; ; pauseMs *= 2) {
    const job = await persist(context, 'export', 'findJob', () =>
      platform.findJob(request, { hold, since }, { signal }),
    ).catch((error: unknown) => {
      throw LegalHoldError.isInstance(error) && error.code === 'UNSUPPORTED' ? notFindable(postedAt, error) : error
    })
    if (job !== undefined && !known?.has(job.id)) return job
    if (clock.now() - postedAt >= lookUpForMs) return undefined
    await sleepOrAbort(pauseMs, context, 'export')
  }
}

/** What `waitForJob` takes beside the job. */
export interface WaitOptions extends PollingOptions {
  readonly onProgress?: ((job: ExportJob) => void) | undefined
}

/**
 * Waits until the job is FULFILLED, starting it as soon as it is READY. The interval between polls grows while nothing
 * moves, and shrinks towards the expected end.
 *
 * @throws LegalHoldError `JOB_FAILED`, `JOB_CANCELLED` (both with the platform's own message), `JOB_STATE_UNKNOWN`,
 *   `JOB_DEADLINE_EXCEEDED`, `ABORTED`
 */
export async function waitForJob(
  platform: RecordingPlatform,
  job: ExportJob,
  options: WaitOptions,
  context: StageContext,
): Promise<ExportJob> {
  const { clock, signal } = context
  const startedAt = clock.now()
  const { request } = job
  let current = job
  let unknownPolls = 0
  let pauseMs = options.minIntervalMs
  for (;;) {
    throwIfAborted(signal, 'export')
    const elapsedMs = clock.now() - startedAt
    const etaMs = estimate(current, elapsedMs)
    observe(options.onProgress, current, 'onProgress', context.logger)
    context.emit({ type: 'job-progress', job: current, elapsedMs, etaMs })
    if (current.state === 'FULFILLED') return current
    if (current.state === 'FAILED' || current.state === 'CANCELLED') throw endedBadly(current)
    unknownPolls = current.state === 'UNKNOWN' ? unknownPolls + 1 : 0
    if (unknownPolls > options.unknownStatePolls) throw unknownState(current)
    const before = current
    if (current.state === 'READY') {
      current = withRequest(await start(platform, current, context), request)
      if (current.state !== 'READY') continue
    }
    pauseMs = Math.min(Math.max(nextPause(pauseMs, etaMs, options), options.minIntervalMs), options.maxIntervalMs)
    if (elapsedMs + pauseMs > options.deadlineMs) {
      throw deadlineExceeded(options.deadlineMs, `job ${current.id} is still ${current.platformState}`)
    }
    await sleepOrAbort(pauseMs, context, 'export')
    current = withRequest(
      await persist(context, 'export', `job ${job.id}`, () => platform.getJob(job.id, { signal })),
      request,
    )
    if (current.state !== before.state) pauseMs = options.minIntervalMs
  }
}

async function start(platform: RecordingPlatform, job: ExportJob, context: StageContext): Promise<ExportJob> {
  try {
    return await persist(context, 'export', `job ${job.id}`, async () => {
      try {
        return await platform.executeJob(job, { signal: context.signal })
      } catch (error) {
        // Waiting for a slot is the poll's business, which has the deadline.
        if (LegalHoldError.isInstance(error) && error.code === 'JOB_SLOTS_BUSY') return job
        throw error
      }
    })
  } catch (error) {
    // Started already, by an answer that was lost: the state says so.
    if (!LegalHoldError.isInstance(error) || error.code === 'ABORTED') throw error
    const now = await persist(context, 'export', `job ${job.id}`, () =>
      platform.getJob(job.id, { signal: context.signal }),
    )
    if (now.state === 'READY') throw error
    return now
  }
}

function withRequest(job: ExportJob, request: ExportRequest | undefined): ExportJob {
  return request === undefined || job.request !== undefined ? job : { ...job, request }
}

function estimate(job: ExportJob, elapsedMs: number): number | undefined {
  const percent = job.percentProgress
  if (job.state !== 'PROCESSING' || percent === undefined || percent <= 0 || percent > 100) return undefined
  return Math.round((elapsedMs * (100 - percent)) / percent)
}

function nextPause(pauseMs: number, etaMs: number | undefined, { maxIntervalMs }: PollingOptions): number {
  // A tenth of what is left: frequent near the end, rare far from it.
  return etaMs === undefined ? Math.min(pauseMs * 1.25, maxIntervalMs) : etaMs / 10
}

function notFindable(postedAt: number, cause: LegalHoldError): LegalHoldError {
  const since = new Date(postedAt).toISOString()
  return new LegalHoldError(
    `An export job was asked for at ${since}, and it is not known whether there is one. ${cause.message}`,
    {
      code: 'JOB_OUTCOME_UNKNOWN',
      stage: 'export',
      outcome: 'unknown',
      details: { since },
      cause,
    },
  )
}

function endedBadly(job: ExportJob): LegalHoldError {
  const verb = job.state === 'FAILED' ? 'failed' : 'was cancelled'
  const said = job.errorMessage ?? 'the platform gave no reason'
  return new LegalHoldError(`Export job ${job.id} ${verb}: ${said}`, {
    code: job.state === 'FAILED' ? 'JOB_FAILED' : 'JOB_CANCELLED',
    stage: 'export',
    outcome: 'applied',
    requestId: job.correlationId,
    details: { jobId: job.id, platformState: job.platformState },
  })
}

function unknownState(job: ExportJob): LegalHoldError {
  return new LegalHoldError(
    `Export job ${job.id} is in the state ${JSON.stringify(job.platformState)}, which this library does not know. ` +
      'The job continues; update the library or look at the job on the platform.',
    {
      code: 'JOB_STATE_UNKNOWN',
      stage: 'export',
      outcome: 'applied',
      requestId: job.correlationId,
      details: { jobId: job.id, platformState: job.platformState },
    },
  )
}

function deadlineExceeded(deadlineMs: number, why: string, cause?: unknown): LegalHoldError {
  return new LegalHoldError(
    `The export job was not done within ${deadlineMs} ms: ${why}. The job is left as it is; wait for it again with a later deadline.`,
    { code: 'JOB_DEADLINE_EXCEEDED', stage: 'export', outcome: 'applied', cause },
  )
}
