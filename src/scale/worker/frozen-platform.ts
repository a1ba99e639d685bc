import { isGenesysId } from '../../model/layout/keys.js'
import type { ExpectedRecording, ExportJob, FailedRecording, PlatformCapabilities } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { ExpectedRecordingsOptions, RecordingPlatform } from '../../ports/platform.js'
import type { ShardFacts, ShardList } from '../plan/shard-list.js'

/**
 * The platform as the plan found it: its job is fulfilled, and what it expects is what the list of the shard names. It asks
 * nobody, so that a worker needs no access to the platform.
 */
export class FrozenPlatform implements RecordingPlatform {
  readonly name: string
  readonly region?: string | undefined
  readonly capabilities: PlatformCapabilities
  readonly protectSource = false
  readonly forcedRetries = 0
  readonly audit = false
  readonly #list: ShardList
  readonly #facts: ShardFacts

  constructor(list: ShardList) {
    const { facts } = list.header
    this.#list = list
    this.#facts = facts
    this.name = facts.platform.name
    this.region = facts.platform.region
    // A second job for the same request is the first.
    this.capabilities = { ...facts.platform.capabilities, idempotency: 'key', deletionProtection: false }
  }

  async organization() {
    return this.#facts.organization
  }

  /** The findings were told, and accepted, when the plan was made. */
  async inspectProfile() {
    return { ...this.#facts.profile, findings: [] }
  }

  async inspectRequest() {
    return []
  }

  async coverage() {
    return this.#facts.coverage
  }

  async createJob(request: ExportRequest): Promise<ExportJob> {
    return { ...this.#facts.job, request }
  }

  async findJob(request: ExportRequest): Promise<ExportJob> {
    return { ...this.#facts.job, request }
  }

  async executeJob(job: ExportJob): Promise<ExportJob> {
    return job
  }

  async getJob(): Promise<ExportJob> {
    return this.#facts.job
  }

  /** A plan's job is over. */
  async cancelJob(): Promise<void> {}

  listsRecordings(): boolean {
    return this.#facts.platform.lists
  }

  isRecordingId(name: string): boolean {
    return this.#facts.platform.hasGenesysIds ? isGenesysId(name) : true
  }

  async *failedRecordings(): AsyncGenerator<FailedRecording, void, void> {
    for (const row of this.#list.rows) if (row.kind === 'failed') yield row.failed
  }

  async *expectedRecordings(
    _job: ExportJob,
    _request: ExportRequest,
    options: ExpectedRecordingsOptions = {},
  ): AsyncGenerator<ExpectedRecording, void, void> {
    for (const row of this.#list.rows) {
      if (row.kind === 'open') options.onUndecided?.(row.conversation)
      if (row.kind === 'recording') yield row.recording
    }
  }
}
