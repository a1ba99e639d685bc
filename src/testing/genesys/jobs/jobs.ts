import { dayMs } from '../../../internal/durations.js'
import type { JobState } from '../../../model/platform.js'
import type { JsonObject } from '../http.js'

/** What becomes of one recording of a job. */
export interface Delivery {
  readonly conversationId: string
  readonly recordingId: string
  /** When the job counts it as processed, milliseconds since the epoch. */
  readonly processAtMs: number
  /** When its objects are put on S3; later than the job's end for one that lands late. */
  readonly landAtMs: number
  state: 'waiting' | 'landed' | 'failed' | 'lost'
  reason?: string | undefined
}

/** When a job's recordings are due: on a date, or a number of days after they were made. */
export interface ExportSchedule {
  readonly recordings: DueDate
  readonly screenRecordings: DueDate
}

/** Milliseconds since the epoch, or days after a recording was made. */
export type DueDate = { readonly dateMs: number } | { readonly ageDays: number }

/** The moment a due date means for a recording, milliseconds since the epoch. */
export function dueMsOf(due: DueDate, madeAtMs: number): number {
  return 'dateMs' in due ? due.dateMs : madeAtMs + due.ageDays * dayMs
}

/** What becomes of a recording once its job starts. */
export interface Fate {
  readonly lateMs: number
  /** Milliseconds since the epoch before which it is not exported. */
  readonly notBeforeMs: number
  readonly state: 'waiting' | 'failed' | 'lost'
  readonly reason?: string | undefined
}

/** One job of either surface. Plain JSON. */
export interface SimulatedJob {
  readonly id: string
  readonly surface: 'recording-jobs' | 'bulk-exports'
  /** OAuth client that created it. */
  readonly clientId: string
  /** The body it was created with. */
  readonly request: JsonObject
  readonly integrationId: string
  readonly exportProfileId?: string | undefined
  readonly createdAtMs: number
  readonly readyAtMs: number
  readonly totals: { readonly conversations: number; readonly recordings: number; readonly skipped: number }
  readonly selected: readonly { readonly conversationId: string; readonly recordingId: string }[]
  /** Bulk exports: the tag that the objects are stamped with, where the platform does not drop it. */
  readonly legalHoldTag?: string | undefined
  readonly format?: string | undefined
  /** When its recordings are due, and its screen recordings if that differs. */
  readonly schedule?: ExportSchedule | undefined
  state: JobState
  startedAtMs?: number | undefined
  fulfilAtMs?: number | undefined
  finishedAtMs?: number | undefined
  errorMessage?: string | undefined
  deliveries: Delivery[]
}

/** The moment at which something is due for this job, or undefined. */
export function nextDueMs(job: SimulatedJob): number | undefined {
  if (job.state === 'PENDING') return job.readyAtMs
  if (job.state !== 'PROCESSING' && job.state !== 'FULFILLED') return undefined
  const landAtMs = job.deliveries.find(({ state }) => state === 'waiting')?.landAtMs
  if (job.state === 'FULFILLED') return landAtMs
  return Math.min(landAtMs ?? Number.POSITIVE_INFINITY, job.fulfilAtMs ?? Number.POSITIVE_INFINITY)
}

/** Counts as the platform shows them: what is processed need not have landed (genesys-facts, "FULFILLED"). */
export function progressOf(job: SimulatedJob, nowMs: number) {
  let processed = 0
  let failed = 0
  for (const delivery of job.deliveries) {
    if (delivery.state === 'failed') failed += 1
    const late = job.fulfilAtMs !== undefined && delivery.landAtMs > job.fulfilAtMs
    if (delivery.state !== 'waiting' || (late && delivery.processAtMs <= nowMs)) processed += 1
  }
  const { recordings } = job.totals
  const percent = job.state === 'FULFILLED' ? 100 : recordings === 0 ? 0 : Math.floor((processed / recordings) * 100)
  return { processed, failed, percent }
}

/** When each recording of a job that starts now is processed and lands: spread evenly, in order of landing. */
export function planDeliveries(
  job: SimulatedJob,
  startMs: number,
  processingMs: number,
  fateOf: (recordingId: string) => Fate,
): Delivery[] {
  const endMs = startMs + processingMs
  const plan = job.selected.map((selected, index) => {
    const { lateMs, notBeforeMs, state, reason } = fateOf(selected.recordingId)
    const processAtMs = startMs + Math.floor(((index + 1) / job.selected.length) * processingMs)
    const onTimeMs = lateMs > 0 ? endMs + lateMs : processAtMs
    const landAtMs = Math.max(onTimeMs, notBeforeMs)
    return { ...selected, processAtMs, landAtMs, state, ...(reason === undefined ? {} : { reason }) }
  })
  return plan.sort((a, b) => a.landAtMs - b.landAtMs)
}
