import type { ExpectedRecording, ExportJob, ExportRequest, PlatformCoverage, RecordingPlatform } from '#src/index.js'
import type { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'

/** A conversation with one recording, and when that lands. */
export interface FakeConversation {
  readonly id: string
  /** ISO 8601. */
  readonly start: string
  /** ISO 8601. @defaultValue ten minutes after the start */
  readonly end?: string
  /** After its job was started; `undefined` never lands. @defaultValue 1000 */
  readonly landsAfterMs?: number | undefined
  /** Does not tell when the conversation began. */
  readonly startUnknown?: boolean
}

interface FakeJob {
  readonly job: ExportJob
  readonly request: ExportRequest
  startedAt: number | undefined
}

/** Where the recording of a conversation lies. */
export function keyOf({ id, start }: FakeConversation, padded = false): string {
  const at = new Date(start)
  const two = (number: number) => String(number).padStart(padded ? 2 : 1, '0')
  const folder = `year=${at.getUTCFullYear()}/month=${two(at.getUTCMonth() + 1)}/day=${two(at.getUTCDate())}/hour=${two(at.getUTCHours())}`
  return `org/${folder}/conversation_id=${id}/r-${id}.json`
}

/**
 * A platform that exports conversations to a memory storage on a simulated clock: each job those with activity in its
 * interval, as far as they were indexed when it was created.
 */
export class ConversationPlatform implements RecordingPlatform {
  readonly name = 'fake'
  readonly capabilities = {
    stampsHoldMetadata: false,
    idempotency: 'lookup',
    deletionProtection: false,
    listsExpectedRecordings: true,
  } as const
  readonly conversations: FakeConversation[] = []
  readonly jobs: FakeJob[] = []
  /** How far the index is behind the clock. */
  indexLagMs = 0
  processingMs = 10_000
  /** Jobs pending or processing at once, at most. */
  mostAtOnce = 0
  readonly calls: string[] = []
  readonly #clock: SimulatedClock
  readonly #storage: MemoryStorageAdapter
  readonly #padded: (conversation: FakeConversation) => boolean

  constructor(
    clock: SimulatedClock,
    storage: MemoryStorageAdapter,
    padded: (conversation: FakeConversation) => boolean = () => false,
  ) {
    this.#clock = clock
    this.#storage = storage
    this.#padded = padded
  }

  async organization() {
    return { id: 'org' }
  }
  async inspectProfile(id: string) {
    return { id, kind: 'integration' as const, findings: [] }
  }
  async inspectRequest() {
    return []
  }
  async coverage(): Promise<PlatformCoverage> {
    this.calls.push('coverage')
    return { availableUntil: new Date(this.#clock.now() - this.indexLagMs).toISOString() }
  }
  async createJob(request: ExportRequest) {
    const active = this.jobs.filter((job) => this.#stateOf(job) !== 'FULFILLED').length + 1
    this.mostAtOnce = Math.max(this.mostAtOnce, active)
    const selected = this.#selected(request)
    const job: ExportJob = {
      id: `job-${this.jobs.length + 1}`,
      state: 'READY',
      platformState: 'READY',
      createdAt: new Date(this.#clock.now()).toISOString(),
      totals: { recordings: selected.length, processed: 0, failed: 0, skipped: 0 },
      request,
    }
    this.jobs.push({ job, request, startedAt: undefined })
    return job
  }
  async findJob() {
    return undefined
  }
  async executeJob(started: ExportJob) {
    const own = this.#find(started.id)
    own.startedAt = this.#clock.now()
    for (const conversation of this.#selected(own.request)) void this.#deliver(conversation)
    return this.getJob(started.id)
  }
  async getJob(id: string): Promise<ExportJob> {
    const own = this.#find(id)
    const state = this.#stateOf(own)
    const { totals } = own.job
    return {
      ...own.job,
      state,
      platformState: state,
      totals: { ...totals, processed: state === 'FULFILLED' ? totals.recordings : 0 },
    }
  }
  async cancelJob() {}
  async *failedRecordings() {}
  async *expectedRecordings(_job: ExportJob, request: ExportRequest): AsyncGenerator<ExpectedRecording> {
    for (const { id, start, startUnknown } of this.#selected(request)) {
      yield {
        recordingId: `r-${id}`,
        conversationId: id,
        ...(startUnknown ? {} : { conversationStart: start }),
      }
    }
  }

  async #deliver(conversation: FakeConversation): Promise<void> {
    const { landsAfterMs = 1_000 } = conversation
    if ('landsAfterMs' in conversation && conversation.landsAfterMs === undefined) return
    await this.#clock.sleep(landsAfterMs)
    const key = keyOf(conversation, this.#padded(conversation))
    this.#storage.put(key, { body: '{}' })
    this.#storage.put(`${key}_metadata.json`, { body: '{}' })
  }

  #selected({ interval }: ExportRequest): FakeConversation[] {
    const indexed = this.#clock.now() - this.indexLagMs
    return this.conversations.filter((conversation) => {
      const start = Date.parse(conversation.start)
      const end = conversation.end === undefined ? start + 600_000 : Date.parse(conversation.end)
      return start < Date.parse(interval.end) && end >= Date.parse(interval.start) && end <= indexed
    })
  }

  #stateOf({ startedAt }: FakeJob): 'READY' | 'PROCESSING' | 'FULFILLED' {
    if (startedAt === undefined) return 'READY'
    return this.#clock.now() < startedAt + this.processingMs ? 'PROCESSING' : 'FULFILLED'
  }

  #find(id: string): FakeJob {
    const own = this.jobs.find(({ job }) => job.id === id)
    if (own === undefined) throw new Error(`no job ${id}`)
    return own
  }
}
