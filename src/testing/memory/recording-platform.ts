import { throwIfAborted } from '../../internal/abort.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { systemClock } from '../../internal/clock.js'
import { hourMs } from '../../internal/durations.js'
import { LegalHoldError, type Stage } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { ProfileInspection } from '../../model/inspection.js'
import type {
  ConversationDetails,
  ExpectedRecording,
  ExportJob,
  FailedRecording,
  JobState,
  Organization,
  PlatformCapabilities,
  PlatformCoverage,
} from '../../model/platform.js'
import type { ExportRequest, Interval, MediaType } from '../../model/request.js'
import type { ExpectedRecordingsOptions, FindJobContext, RecordingPlatform } from '../../ports/platform.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import type { MemoryStorageAdapter } from '../../storage/memory/adapter.js'
import type { SeedObject } from '../../storage/memory/objects.js'
import { uuidFrom } from '../kit/ids.js'
import { filesOfMemoryRecording, isCovered } from './delivered-files.js'

/** A recording of a {@link MemoryRecordingPlatform}. Omitted properties have defaults. */
export interface MemoryRecording extends ConversationDetails {
  readonly recordingId: string
  /** @defaultValue a separate one, made from the id of the recording */
  readonly conversationId?: string | undefined
  /** ISO 8601. @defaultValue '2023-10-18T12:00:00.000Z' */
  readonly conversationStart?: string | undefined
  /** @defaultValue 'message' */
  readonly mediaType?: MediaType | undefined
  /**
   * `delivered`; `missing`: it never lands; `failed`: the job names it as failed; `skipped`: the list marks it as left out.
   *
   * @defaultValue 'delivered'
   */
  readonly fate?: 'delivered' | 'missing' | 'failed' | 'skipped' | undefined
  /** How its files are stored, e.g. `{ metadata: { 'legal-hold-tag': 'other' } }`. */
  readonly object?: SeedObject | undefined
}

/** Options of {@link MemoryRecordingPlatform}. */
export interface MemoryRecordingPlatformOptions {
  /** Where its jobs deliver. */
  readonly storage: Pick<MemoryStorageAdapter, 'put' | 'bucket'>
  readonly recordings: readonly MemoryRecording[]
  /** The integration that a request names. @defaultValue 'memory-integration' */
  readonly integrationId?: string | undefined
  /** @defaultValue `{ id: 'memory-organization' }` */
  readonly organization?: Organization | undefined
  /** How long a job takes once it is executed, in milliseconds. @defaultValue 1000 */
  readonly jobMs?: number | undefined
  /** ISO 8601; how far the index reaches. @defaultValue '2999-01-01T00:00:00.000Z' */
  readonly availableUntil?: string | undefined
  /** Findings that `inspectRequest` returns. */
  readonly findings?: readonly Finding[] | undefined
  /** Called before the work of each call, with the name of the method. If it throws, the call rejects with that error. */
  readonly intercept?: ((operation: MemoryPlatformOperation) => void | Promise<void>) | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/** Methods of a {@link MemoryRecordingPlatform} that its `intercept` sees. */
export type MemoryPlatformOperation =
  | 'organization'
  | 'inspectProfile'
  | 'inspectRequest'
  | 'coverage'
  | 'createJob'
  | 'findJob'
  | 'executeJob'
  | 'getJob'
  | 'cancelJob'
  | 'failedRecordings'
  | 'expectedRecordings'

interface Job {
  readonly id: string
  readonly request: ExportRequest
  readonly createdAtMs: number
  state: JobState
  endsAtMs: number
}

/**
 * A platform in memory, for unit tests of partners. It lists recordings, runs jobs and delivers into a
 * `MemoryStorageAdapter`. It needs neither a server nor the SDK of Genesys Cloud.
 *
 * @example
 * ```ts
 * const clock = new SimulatedClock()
 * const storage = new MemoryStorageAdapter({ clock })
 * const platform = new MemoryRecordingPlatform({ storage, clock, recordings: [{ recordingId: 'r1' }] })
 * const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' } })
 * const report = await exporter.run(platform.request)
 * ```
 */
export class MemoryRecordingPlatform implements RecordingPlatform {
  readonly name = 'memory'
  readonly capabilities: PlatformCapabilities = {
    stampsHoldMetadata: false,
    idempotency: 'lookup',
    deletionProtection: false,
    listsExpectedRecordings: true,
  }
  /** A request that covers all of its recordings. */
  readonly request: ExportRequest
  readonly #options: MemoryRecordingPlatformOptions
  readonly #clock: Clock
  readonly #organization: Organization
  readonly #jobs: Job[] = []

  /** @throws TypeError that names the options that are missing */
  constructor(options: MemoryRecordingPlatformOptions) {
    checkOptions(options)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#organization = options.organization ?? { id: 'memory-organization' }
    this.request = { integrationId: this.#integrationId, interval: spanOf(options.recordings) }
  }

  async organization(options?: CallOptions): Promise<Organization> {
    await this.#enter('organization', 'inspect', options)
    return this.#organization
  }

  async inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection> {
    await this.#enter('inspectProfile', 'inspect', options)
    const { bucket } = this.#options.storage
    if (id === this.#integrationId) return { id, kind: 'integration', bucket, findings: [] }
    const message = `The platform in memory has the integration ${this.#integrationId}, and not ${id}.`
    const remedy = 'Name its integration, or use its property `request`.'
    const finding: Finding = { code: 'profile-not-found', severity: 'blocker', subject: id, message, remedy }
    return { id, kind: 'integration', findings: [finding] }
  }

  async inspectRequest(_request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]> {
    await this.#enter('inspectRequest', 'inspect', options)
    return this.#options.findings ?? []
  }

  async coverage(_interval: Interval, options?: CallOptions): Promise<PlatformCoverage> {
    await this.#enter('coverage', 'inspect', options)
    return { availableUntil: this.#options.availableUntil ?? '2999-01-01T00:00:00.000Z' }
  }

  async createJob(
    request: ExportRequest,
    _context: { readonly hold: LegalHold; readonly runId: string },
    options?: CallOptions,
  ): Promise<ExportJob> {
    await this.#enter('createJob', 'export', options)
    const id = uuidFrom(`memory job ${this.#jobs.length + 1}`)
    const job: Job = { id, request, createdAtMs: this.#clock.now(), state: 'READY', endsAtMs: Number.POSITIVE_INFINITY }
    this.#jobs.push(job)
    return this.#shown(job)
  }

  async findJob(
    request: ExportRequest,
    { since }: FindJobContext,
    options?: CallOptions,
  ): Promise<ExportJob | undefined> {
    await this.#enter('findJob', 'export', options)
    const asked = canonicalJson(request)
    const found = this.#jobs.findLast(
      (job) =>
        canonicalJson(job.request) === asked && job.createdAtMs >= Date.parse(since) && job.state !== 'CANCELLED',
    )
    return found === undefined ? undefined : this.#shown(found)
  }

  async executeJob(job: ExportJob, options?: CallOptions): Promise<ExportJob> {
    await this.#enter('executeJob', 'export', options)
    const own = this.#jobOf(job.id)
    if (own.state === 'READY') {
      own.state = 'PROCESSING'
      own.endsAtMs = this.#clock.now() + (this.#options.jobMs ?? 1_000)
    }
    return this.#shown(own)
  }

  async getJob(id: string, options?: CallOptions): Promise<ExportJob> {
    await this.#enter('getJob', 'export', options)
    const job = this.#jobOf(id)
    if (job.state === 'PROCESSING' && this.#clock.now() >= job.endsAtMs) {
      job.state = 'FULFILLED'
      for (const recording of this.#coveredBy(job.request)) this.#deliver(recording)
    }
    return this.#shown(job)
  }

  async cancelJob(id: string, options?: CallOptions): Promise<void> {
    await this.#enter('cancelJob', 'export', options)
    const job = this.#jobOf(id)
    if (job.state !== 'FULFILLED') job.state = 'CANCELLED'
  }

  async *failedRecordings(job: ExportJob, options?: CallOptions): AsyncGenerator<FailedRecording, void, void> {
    await this.#enter('failedRecordings', 'export', options)
    for (const { recordingId, conversationId, fate } of this.#coveredBy(this.#jobOf(job.id).request)) {
      if (fate === 'failed') yield { recordingId, conversationId, reason: 'failed in the platform in memory' }
    }
  }

  async *expectedRecordings(
    _job: ExportJob,
    request: ExportRequest,
    options?: ExpectedRecordingsOptions,
  ): AsyncGenerator<ExpectedRecording, void, void> {
    await this.#enter('expectedRecordings', 'reconcile', options)
    for (const { recordingId, conversationId, conversationStart, mediaType, fate, ...rest } of this.#coveredBy(
      request,
    )) {
      const { direction, queueId, queueName } = rest
      const people = options?.includeParticipants === true ? { agents: rest.agents, customer: rest.customer } : {}
      yield {
        recordingId,
        conversationId,
        conversationStart,
        mediaType,
        conversation: { direction, queueId, queueName, ...people },
        ...(fate === 'skipped' ? { skippedReason: 'left out by the platform in memory' } : {}),
      }
    }
  }

  get #integrationId(): string {
    return this.#options.integrationId ?? 'memory-integration'
  }

  async #enter(operation: MemoryPlatformOperation, stage: Stage, options: CallOptions | undefined): Promise<void> {
    throwIfAborted(options?.signal, stage)
    await this.#options.intercept?.(operation)
  }

  #jobOf(id: string): Job {
    const job = this.#jobs.find((one) => one.id === id)
    if (job !== undefined) return job
    throw new LegalHoldError(`The platform in memory has no job ${id}.`, { code: 'JOB_NOT_FOUND', stage: 'export' })
  }

  #shown({ id, request, state, createdAtMs }: Job): ExportJob {
    const recordings = this.#coveredBy(request)
    const failed = recordings.filter(({ fate }) => fate === 'failed').length
    const skipped = recordings.filter(({ fate }) => fate === 'skipped').length
    const isDone = state === 'FULFILLED'
    return {
      id,
      state,
      platformState: state,
      percentProgress: isDone ? 100 : 0,
      totals: { recordings: recordings.length, failed: isDone ? failed : 0, skipped: isDone ? skipped : 0 },
      createdAt: new Date(createdAtMs).toISOString(),
    }
  }

  #coveredBy(request: ExportRequest) {
    return this.#options.recordings.map(withDefaults).filter((recording) => isCovered(recording, request))
  }

  #deliver(recording: ReturnType<typeof withDefaults>): void {
    if (recording.fate !== 'delivered') return
    for (const { key, object } of filesOfMemoryRecording(this.#organization.id, recording)) {
      this.#options.storage.put(key, object)
    }
  }
}

function withDefaults(recording: MemoryRecording) {
  const { recordingId } = recording
  return {
    ...recording,
    conversationId: recording.conversationId ?? uuidFrom(`conversation of ${recordingId}`),
    conversationStart: recording.conversationStart ?? '2023-10-18T12:00:00.000Z',
    mediaType: recording.mediaType ?? ('message' as const),
    fate: recording.fate ?? ('delivered' as const),
  }
}

/** The hours in which conversations begin, from the first to the last. */
function spanOf(recordings: readonly MemoryRecording[]): Interval {
  const starts = recordings.map((recording) => Date.parse(withDefaults(recording).conversationStart))
  const first = starts.length === 0 ? Date.parse('2023-10-18T12:00:00.000Z') : Math.min(...starts)
  const last = starts.length === 0 ? first : Math.max(...starts)
  return { start: new Date(first).toISOString(), end: new Date(last + hourMs).toISOString() }
}

/** From JavaScript too: what is missing is named here, and not where it is used first. */
function checkOptions(given: Partial<MemoryRecordingPlatformOptions> | undefined): void {
  const { storage, recordings } = given ?? {}
  const mistakes = [
    ...(typeof storage?.put === 'function' ? [] : ['storage is missing: give a MemoryStorageAdapter']),
    ...(Array.isArray(recordings) ? [] : ["recordings is missing: give a list, e.g. [{ recordingId: 'r1' }]"]),
  ]
  if (mistakes.length > 0)
    throw new TypeError(`MemoryRecordingPlatform cannot use its options: ${mistakes.join('; ')}.`)
}
