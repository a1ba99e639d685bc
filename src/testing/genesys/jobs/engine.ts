import pLimit from 'p-limit'
import { systemClock } from '../../../internal/clock.js'
import { realTimers } from '../../../internal/waits/real-timers.js'
import type { Clock } from '../../../ports/runtime.js'
import type { ObjectWriter } from '../delivery/delivery.js'
import { filesOf } from '../delivery/files.js'
import type { SimulatedConversation, SimulatedRecording } from '../organization.js'
import type { PlatformState } from '../platform-state.js'
import { type Delivery, dueMsOf, type Fate, nextDueMs, planDeliveries, type SimulatedJob } from './jobs.js'

// A clock other than the machine's may be moved at any moment without telling, so it is looked at this often.
const watchIntervalMs = 2

/**
 * Moves jobs through their states as the clock advances and delivers what is due. It never sleeps on the injected
 * clock: a simulated clock that advances by itself would run away from its client.
 */
export class JobEngine {
  readonly #state: PlatformState
  readonly #writer: ObjectWriter
  readonly #clock: Clock
  readonly #limit = pLimit(48)
  /** Jobs loaded from disk: what they delivered just before the end may not have been noted. */
  readonly #resumed = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #settling: Promise<void> | undefined
  #closed = false
  #failure: unknown

  constructor(state: PlatformState, writer: ObjectWriter, clock: Clock) {
    this.#state = state
    this.#writer = writer
    this.#clock = clock
    for (const job of state.jobs) this.#resumed.add(job.id)
  }

  /** Starts to deliver. */
  start(job: SimulatedJob): void {
    const { timings } = this.#state.settings
    const startMs = this.#clock.now()
    job.state = 'PROCESSING'
    job.startedAtMs = startMs
    job.fulfilAtMs = startMs + timings.processingMs
    job.deliveries = planDeliveries(job, startMs, timings.processingMs, (id) => this.#fateOf(job, id, startMs))
    this.arm()
  }

  /**
   * Brings every job to the present. With the machine's clock the deliveries continue after the answer, as they do
   * in reality. With a simulated clock the answer waits for them, so that what a client sees depends on the clock
   * alone.
   */
  async catchUp(): Promise<void> {
    const settled = this.#settle()
    if (this.#clock !== systemClock) await settled
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Watches the clock for the next thing that is due. */
  arm(): void {
    if (this.#closed || this.#timer !== undefined || this.#settling !== undefined) return
    const dueMs = this.#nextDueMs()
    if (dueMs === undefined) return
    const waitMs =
      this.#clock === systemClock ? Math.min(Math.max(0, dueMs - this.#clock.now()), 60_000) : watchIntervalMs
    this.#timer = realTimers.setTimeout(() => {
      this.#timer = undefined
      if (this.#clock.now() < dueMs) this.arm()
      else void this.#settle()
    }, waitMs)
    this.#timer.unref()
  }

  /** Stops watching and waits for what is on its way. */
  async close(): Promise<void> {
    this.#closed = true
    realTimers.clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#settling
  }

  #fateOf(job: SimulatedJob, recordingId: string, startMs: number): Fate {
    const { lateLanding } = this.#state.settings
    const recording = this.#state.find(recordingId)?.recording
    if (recording === undefined) return { lateMs: 0, notBeforeMs: 0, state: 'failed', reason: gone }
    const due = recording.media === 'screen' ? job.schedule?.screenRecordings : job.schedule?.recordings
    const dueMs = due === undefined ? 0 : dueMsOf(due, Date.parse(recording.endTime))
    // A delete date earlier than the export date moves the export date (genesys-facts, "Expected recordings").
    const deletedMs = recording.deleteDate === undefined ? Number.POSITIVE_INFINITY : Date.parse(recording.deleteDate)
    const plannedMs = Math.max(startMs, Math.min(dueMs, deletedMs))
    const isArchived = recording.fileState === 'ARCHIVED' || recording.fileState === 'RESTORING'
    const notBeforeMs = isArchived ? plannedMs + this.#state.settings.timings.restoreMs : plannedMs
    const picked = shareOf(recordingId) < lateLanding.share ? lateLanding.delayMs : 0
    const fate = { lateMs: recording.landsLateMs ?? picked, notBeforeMs }
    this.#state.exportPlanned.set(recordingId, plannedMs)
    if (recording.failsAtSource) return { ...fate, state: 'failed', reason: 'The recording could not be exported.' }
    const hasNoFile = recording.fileState === 'UPLOADING' || recording.fileState === 'ERROR'
    return { ...fate, state: recording.neverLands || hasNoFile ? 'lost' : 'waiting' }
  }

  #settle(): Promise<void> {
    if (this.#settling !== undefined) return this.#settling
    const dueMs = this.#nextDueMs()
    if (this.#closed || dueMs === undefined || dueMs > this.#clock.now()) return Promise.resolve()
    this.#settling = this.#settleAll()
      .catch((error: unknown) => {
        // Nobody waits for a run in the background: the next request is told.
        this.#failure = error
      })
      .finally(() => {
        this.#settling = undefined
        this.arm()
      })
    return this.#settling
  }

  async #settleAll(): Promise<void> {
    const nowMs = this.#clock.now()
    for (const job of this.#state.jobs) {
      if (job.state === 'PENDING' && job.readyAtMs <= nowMs) this.#becomeReady(job)
      if (job.state === 'PROCESSING' || job.state === 'FULFILLED') await this.#deliverDue(job, nowMs)
      if (job.state === 'PROCESSING' && (job.fulfilAtMs ?? 0) <= nowMs) this.#finish(job, nowMs)
    }
    await this.#state.save()
  }

  #becomeReady(job: SimulatedJob): void {
    job.state = 'READY'
    // Bulk exports start by themselves (genesys-facts, "Two platform surfaces").
    if (job.surface === 'bulk-exports') this.start(job)
  }

  async #deliverDue(job: SimulatedJob, nowMs: number): Promise<void> {
    const due: Delivery[] = []
    for (const delivery of job.deliveries) {
      if (delivery.landAtMs > nowMs) break
      if (delivery.state === 'waiting') due.push(delivery)
    }
    await Promise.all(due.map((delivery) => this.#limit(() => this.#deliver(job, delivery))))
  }

  #finish(job: SimulatedJob, nowMs: number): void {
    const { failJobsWith } = this.#state.settings
    const broken = job.deliveries.find(({ state, reason }) => state === 'failed' && reason?.startsWith(bucketProblem))
    const landed = job.deliveries.some(({ state }) => state === 'landed')
    job.finishedAtMs = nowMs
    if (failJobsWith !== undefined) fail(job, failJobsWith)
    else if (broken !== undefined && !landed) fail(job, broken.reason ?? bucketProblem)
    else job.state = 'FULFILLED'
  }

  async #deliver(job: SimulatedJob, delivery: Delivery): Promise<void> {
    if (job.state === 'CANCELLED' || this.#closed) return
    const found = this.#state.find(delivery.recordingId)
    if (found === undefined) {
      delivery.state = 'failed'
      delivery.reason = gone
      return
    }
    const bucket = this.#state.organization.integrations.find(({ id }) => id === job.integrationId)?.bucket ?? ''
    const metadata = this.#stamp(job, found.recording)
    try {
      for (const file of this.#files(job, found.conversation, found.recording)) {
        if (this.#resumed.has(job.id) && (await this.#writer.has(bucket, file.key))) continue
        const body = await file.body()
        await this.#writer.put({ bucket, key: file.key, body, contentType: file.contentType, metadata })
      }
      delivery.state = 'landed'
      this.#state.exported.set(delivery.recordingId, this.#clock.now())
    } catch (error) {
      delivery.state = 'failed'
      delivery.reason = `${bucketProblem} ${bucket}: ${error instanceof Error ? error.name : 'unknown error'}`
    }
  }

  #files(job: SimulatedJob, conversation: SimulatedConversation, recording: SimulatedRecording) {
    return filesOf(conversation, recording, {
      organizationId: this.#state.organization.id,
      padding: this.#state.settings.folderPadding,
      format: job.format,
    })
  }

  /** Recording jobs never stamp; bulk exports lose the tag in three ways (genesys-facts, "stamps the hold"). */
  #stamp(job: SimulatedJob, recording: SimulatedRecording): Record<string, string> {
    const isDigital = recording.media === 'chat' || recording.media === 'email' || recording.media === 'message'
    if (job.surface !== 'bulk-exports' || job.legalHoldTag === undefined || isDigital) return {}
    const profile = this.#state.organization.exportProfiles.find(({ id }) => id === job.exportProfileId)
    if (profile?.include_legal_hold_metadata !== true || profile.retention_policy === 'short-term') return {}
    return { 'legal-hold-tag': job.legalHoldTag }
  }

  #nextDueMs(): number | undefined {
    let earliest: number | undefined
    for (const job of this.#state.jobs) {
      const dueMs = nextDueMs(job)
      if (dueMs !== undefined) earliest = Math.min(earliest ?? dueMs, dueMs)
    }
    return earliest
  }
}

const gone = 'The recording no longer exists.'
const bucketProblem = 'Unable to write to the bucket'

function fail(job: SimulatedJob, message: string): void {
  job.state = 'FAILED'
  job.errorMessage = message
}

/** A number from 0 to 1 that is always the same for an id. */
function shareOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(-8), 16) / 0x1_0000_0000
}
