import type {
  ExpectedRecording,
  ExportJob,
  ExportRequest,
  FailedRecording,
  JobState,
  PlatformCapabilities,
  RecordingPlatform,
} from '#src/index.js'

/** A job of the fake platform in a given state. */
export function job(state: JobState | 'UNKNOWN', over: Partial<ExportJob> = {}): ExportJob {
  return { id: 'job-1', state, platformState: state, totals: {}, ...over }
}

/** A scripted platform, for what the simulators cannot say as sharply. */
export class FakePlatform implements RecordingPlatform {
  readonly name = 'fake'
  readonly region = 'eu-west-1'
  capabilities: PlatformCapabilities = {
    stampsHoldMetadata: false,
    idempotency: 'lookup',
    deletionProtection: false,
    listsExpectedRecordings: true,
  }
  /** Answers of `getJob`, in order; the last one stays. */
  states: ExportJob[] = [job('FULFILLED')]
  expected: ExpectedRecording[] = []
  failed: FailedRecording[] = []
  availableUntil: string | undefined = '2100-01-01T00:00:00Z'
  readonly calls: string[] = []
  create: () => Promise<ExportJob> = async () => job('PENDING', { createdAt: '2023-10-20T12:00:00Z' })
  find: () => Promise<ExportJob | undefined> = async () => undefined
  execute: (started: ExportJob) => Promise<ExportJob> = async (started) => ({ ...started, state: 'PROCESSING' })

  async organization() {
    return { id: 'org' }
  }
  async inspectProfile(id: string) {
    return { id, kind: 'integration' as const, findings: [] }
  }
  async inspectRequest() {
    return []
  }
  async coverage() {
    return { availableUntil: this.availableUntil }
  }
  async createJob() {
    this.calls.push('createJob')
    return this.create()
  }
  async findJob() {
    this.calls.push('findJob')
    return this.find()
  }
  async executeJob(started: ExportJob) {
    this.calls.push('executeJob')
    return this.execute(started)
  }
  async getJob() {
    this.calls.push('getJob')
    const [next = job('FULFILLED')] = this.states
    if (this.states.length > 1) this.states.shift()
    return next
  }
  async cancelJob() {
    this.calls.push('cancelJob')
  }
  async *failedRecordings() {
    yield* this.failed
  }
  async *expectedRecordings(_job: ExportJob, _request: ExportRequest) {
    yield* this.expected
  }
}
