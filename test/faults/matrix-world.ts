import * as S3 from '@aws-sdk/client-s3'
import {
  BulkExportsPlatform,
  ExportProfileRetentionPolicy,
  GenesysMediaRetentionPolicy,
  RecordingJobsPlatform,
} from '#src/genesys.js'
import {
  type EvidenceSink,
  type FindingCode,
  type JournalRecord,
  LegalHoldError,
  LegalHoldExporter,
  MemoryJournal,
  type RecordingPlatform,
  type RetentionPolicyAdapter,
  type RetryOptions,
  type RunReport,
  type StorageAdapter,
} from '#src/index.js'
import { S3LifecyclePolicy, S3StorageAdapter } from '#src/s3.js'
import {
  type FaultScript,
  type GenesysSimulator,
  MemoryStorageAdapter,
  S3Simulator,
  SimulatedClock,
} from '#src/testing/index.js'
import { FakePlatform, job } from '../fakes/platform.js'
import { conversation, integrationId, profileId, simulate } from '../testing/genesys/fixture.js'

export const tag = 'discovery-batch-2023-10'
export const bucket = 'evidence'
export const hourMs = 3_600_000
export const now = Math.floor(Date.now() / hourMs) * hourMs
export const at = (hoursAgo: number) => new Date(now - hoursAgo * hourMs).toISOString()
const retainUntilDate = new Date(now + 365 * 24 * hourMs).toISOString()
/** How long a request may take, on the machine's clock. */
const defaultAttemptTimeoutMs = 1_000

/** What a run went to, of which one is under fault. */
export interface MatrixWorld {
  readonly faults: FaultScript
  /** Requests by kind since the beginning, or since the job was created. */
  counts(): Readonly<Record<string, number>>
  /** With `abort` it is aborted while its job runs, and told to cancel that. */
  run(onJobCreated?: () => void, abort?: AbortController): Promise<RunReport>
  /** States of the jobs on the platform, in the order in which they were created. */
  jobs?(): readonly string[]
  /** What is wrong once a run has said `complete`: nothing may be. */
  wrongs(): string[]
  /** Changes that were made and are not in the journal: there may be none. */
  unrecorded(): string[]
  readonly journal: Journalled
  close(): Promise<void>
}

/** Reads every content, so that GET is among the requests of a run. */
const reading: EvidenceSink = {
  hashContent: 'all',
  open: async (journal) => journal ?? new MemoryJournal(),
  seal: async () => ({ dir: '', fingerprint: '', rootHash: '', treeSize: 0, statementSha256: '' }),
}

/** A journal whose records can be looked at. */
export class Journalled extends MemoryJournal {
  readonly records: JournalRecord[] = []

  override async append(record: Omit<JournalRecord, 'sequence'>): Promise<JournalRecord> {
    const kept = await super.append(record)
    this.records.push(kept)
    return kept
  }
}

interface Parts {
  /** What the process of a run talks to: each has its own. */
  readonly platform: () => {
    readonly platform: RecordingPlatform
    readonly retention: readonly RetentionPolicyAdapter[]
  }
  readonly storage: StorageAdapter
  readonly clock: SimulatedClock
  readonly retry: RetryOptions | undefined
  readonly withProfile?: boolean
  readonly accept?: readonly FindingCode[]
}

export function runner({ platform, storage, clock, retry, withProfile, accept = [] }: Parts) {
  const journal = new Journalled()
  const run = (onJobCreated: () => void = () => {}, abort?: AbortController) => {
    let isCreated = false
    return new LegalHoldExporter({
      ...platform(),
      storage,
      hold: { tag },
      requirements: {
        metadata: { 'legal-hold-tag': tag },
        tags: { 'legal-hold': tag },
        legalHold: true,
        retainUntilDate,
      },
      clock,
      retry,
      accept,
      polling: { deadlineMs: 600_000 },
      cancelJobOnAbort: abort !== undefined,
    }).run(
      { integrationId, interval: { start: at(48), end: at(1) }, ...(withProfile ? { profileId } : {}) },
      {
        journal,
        evidence: reading,
        signal: abort?.signal,
        onEvent: ({ type }) => {
          if (type === 'job-created' && !isCreated) {
            isCreated = true
            onJobCreated()
          }
          if (type === 'job-progress') abort?.abort(new Error('court adjourned'))
        },
      },
    )
  }
  return { journal, run }
}

const session = (name: string) => ({
  accessKeyId: `ASIA${name.toUpperCase()}`,
  secretAccessKey: `secret-of-${name}`,
  sessionToken: `token-of-${name}`,
})
const [first, second] = [session('first'), session('second')]
const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'

/** S3 over HTTP under fault, and a platform that has none: a recording that is copied in parts, a sidecar copied at once. */
export async function s3World(retry?: RetryOptions, attemptTimeoutMs = defaultAttemptTimeoutMs): Promise<MatrixWorld> {
  const clock = new SimulatedClock({ now })
  const simulator = new S3Simulator({
    clock,
    credentials: [S3Simulator.defaultCredentials, first, second],
    // The clock of the run is ahead of that of the signatures by all that was slept.
    maxClockSkewMs: Number.MAX_SAFE_INTEGER,
    minPartSizeBytes: 1,
  })
  simulator.createBucket(bucket, { objectLock: true, objectOwnership: 'ObjectWriter' })
  const listener = await simulator.listen()
  const location = { endpoint: listener.endpoint, region: simulator.region, forcePathStyle: true }
  const writer = new S3.S3Client({ ...location, credentials: S3Simulator.defaultCredentials })
  const hour = new Date(now - 27 * hourMs)
  const path = keyOf(hour)
  for (const [name, size] of [
    ['r1.json', 900],
    ['r1.json_metadata.json', 90],
  ] as const) {
    await writer.send(
      new S3.PutObjectCommand({
        Bucket: bucket,
        Key: `${path}/${name}`,
        Body: `{"text":"${'x'.repeat(size)}"}`,
        Metadata: { project: 'x' },
        Tagging: 'team=y',
      }),
    )
  }
  writer.destroy()
  let asked = 0
  const settings = {
    ...location,
    bucket,
    credentials: async () => {
      asked += 1
      return asked % 2 === 1 ? first : second
    },
    multipartThresholdBytes: 700,
    attemptTimeoutMs,
    retry,
    clock,
  }
  const storage = new S3StorageAdapter(settings)
  const platform = new FakePlatform()
  platform.create = async () => job('PENDING', { createdAt: at(1), totals: { recordings: 1, processed: 1 } })
  platform.states = [job('FULFILLED', { createdAt: at(1), totals: { recordings: 1, processed: 1 } })]
  platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: hour.toISOString() })
  simulator.clearRequests()
  const { journal, run } = runner({
    platform: () => ({ platform, retention: [new S3LifecyclePolicy(settings)] }),
    storage,
    clock,
    retry,
  })
  const changed = () =>
    simulator.keys(bucket).filter((key) => {
      const [current, ...older] = simulator.versions(bucket, key)
      const tags = Object.fromEntries(current?.tags ?? [])
      return older.length > 0 || tags['legal-hold'] !== undefined || current?.legalHold === 'ON'
    })
  return {
    journal,
    run,
    faults: simulator.faults,
    counts: () => simulator.counts(),
    wrongs() {
      const wrongs: string[] = []
      if (platform.calls.filter((call) => call === 'createJob').length !== 1) wrongs.push('not one job')
      if (simulator.keys(bucket).length !== 2) wrongs.push('objects are missing')
      for (const key of simulator.keys(bucket)) {
        const [current, original, ...more] = simulator.versions(bucket, key)
        if (original === undefined || more.length > 0) wrongs.push(`${key}: not copied once`)
        const { project, 'legal-hold-tag': hold } = Object.fromEntries(current?.metadata ?? [])
        const { team, 'legal-hold': tagged } = Object.fromEntries(current?.tags ?? [])
        if (project !== 'x' || hold !== tag) wrongs.push(`${key}: metadata`)
        if (team !== 'y' || tagged !== tag) wrongs.push(`${key}: tags`)
        if (current?.legalHold !== 'ON' || original?.legalHold !== 'ON') wrongs.push(`${key}: legal hold`)
        if (current?.retention === undefined) wrongs.push(`${key}: retention`)
      }
      if (simulator.uploads(bucket).length > 0) wrongs.push('an upload is left')
      return wrongs
    },
    unrecorded: () => changed().filter((key) => !hasIntent(journal, key)),
    async close() {
      storage.close()
      await listener.close()
      simulator.close()
    },
  }
}

export function keyOf(hour: Date): string {
  const [year, month, day, hours] = hour.toISOString().split(/[-T:]/)
  return folder
    .replace('year=2023', `year=${year}`)
    .replace('month=10', `month=${month}`)
    .replace('day=20', `day=${day}`)
    .replace('hour=09', `hour=${hours}`)
}

/** What a run on Genesys Cloud has to do. */
export interface GenesysShape {
  readonly surface: 'recording-jobs' | 'bulk-exports'
  /** @defaultValue 1 */
  readonly conversations?: number
  readonly maxMetadataCalls?: number
  /** The profile leaves the hold out until it is forced, and is put back. */
  readonly forced?: boolean
  /** The job is created, and nobody hears so. */
  readonly losesCreate?: boolean
  /** The recording of the last conversation never lands, although the job counts it. */
  readonly loses?: boolean
  /** What the requests go through, in place of the server itself. */
  readonly through?: (endpoint: string, simulator: GenesysSimulator) => Promise<string>
}

/** Genesys Cloud over HTTP under fault, and a storage in memory that has none. */
export async function genesysWorld(
  {
    surface,
    conversations = 1,
    maxMetadataCalls,
    forced = false,
    losesCreate = false,
    loses = false,
    through,
  }: GenesysShape,
  retry?: RetryOptions,
  timeoutMs = defaultAttemptTimeoutMs,
): Promise<MatrixWorld> {
  const clock = new SimulatedClock({ now })
  const storage = new MemoryStorageAdapter({ bucket, clock })
  const times = { startTime: at(27), endTime: at(26) }
  const all = Array.from({ length: conversations }, (_, index) =>
    conversation(index + 1, times, { ...times, neverLands: loses && index === conversations - 1 }),
  )
  const { simulator } = simulate(all, {
    clock,
    includeHoldMetadata: !forced,
    rateLimitPerMinute: 1_000_000,
    timings: { pendingMs: 1_000, processingMs: 10_000 },
    delivery: {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
      put: async ({ key, body, metadata }) => {
        storage.put(key, { body: Buffer.from(body).toString(), metadata: { ...metadata, project: 'x' } })
      },
    },
  })
  const listener = await simulator.listen()
  const connection = {
    region: 'eu-west-1',
    clientId: 'simulator-client',
    clientSecret: 'simulator-secret',
    endpoint: (await through?.(listener.endpoint, simulator)) ?? listener.endpoint,
    timeoutMs,
    retry,
    clock,
    protectSource: true,
    ...(maxMetadataCalls === undefined ? {} : { maxMetadataCalls }),
  }
  const isBulk = surface === 'bulk-exports'
  const platform = () => {
    if (isBulk) {
      const bulk = new BulkExportsPlatform({ ...connection, allowProfileUpdate: forced, restoreProfile: forced })
      return { platform: bulk, retention: [new ExportProfileRetentionPolicy({ platform: bulk })] }
    }
    const jobs = new RecordingJobsPlatform(connection)
    return { platform: jobs, retention: [new GenesysMediaRetentionPolicy({ platform: jobs })] }
  }
  if (losesCreate) {
    const operation = isBulk ? 'createBulkExport' : 'createRecordingJob'
    simulator.faults.add({ match: { operation }, action: { kind: 'reset-after' } })
  }
  const accept = forced ? (['hold-metadata-disabled'] as const) : []
  const { journal, run } = runner({ platform, storage, clock, retry, withProfile: isBulk, accept })
  const wanted = forced ? 2 : 1
  return {
    journal,
    jobs: () => simulator.jobs.map(({ state }) => state),
    run,
    faults: simulator.faults,
    counts() {
      const counts: Record<string, number> = {}
      for (const { operation } of simulator.requests) counts[operation] = (counts[operation] ?? 0) + 1
      return counts
    },
    wrongs() {
      const wrongs: string[] = []
      if (loses) wrongs.push('a recording is not there')
      if (simulator.jobs.length !== wanted) wrongs.push(`${simulator.jobs.length} jobs`)
      const [profile] = simulator.organization.exportProfiles
      if (profile?.include_legal_hold_metadata !== !forced) wrongs.push('the profile is not as it was')
      return wrongs
    },
    unrecorded: () => {
      const isRecorded = journal.records.some(({ type }) => type === 'job-intent' || type === 'job')
      return simulator.jobs.length > 0 && !isRecorded ? ['a job'] : []
    },
    async close() {
      await listener.close()
      await simulator.close()
    },
  }
}

function hasIntent({ records }: Journalled, key: string): boolean {
  return records.some(
    ({ type, data }) => type === 'intent' && (data as { object?: { key?: string } }).object?.key === key,
  )
}

/** How a run ended, in the words of the table. */
export async function outcomeOf(work: Promise<RunReport>): Promise<string> {
  try {
    const { outcome, exceptions, coverage } = await work
    if (outcome === 'complete') return 'survives'
    const states = new Set(exceptions.map(({ state }) => state))
    return `incomplete: ${[...states].join(', ') || coverage.reason}`
  } catch (error) {
    if (!LegalHoldError.isInstance(error)) throw error
    if (error.code !== 'PREFLIGHT_BLOCKED') return error.code
    const blockers = error.findings?.filter(({ severity }) => severity === 'blocker') ?? []
    return `finding ${[...new Set(blockers.map(({ code }) => code))].sort().join(', ')}`
  }
}
