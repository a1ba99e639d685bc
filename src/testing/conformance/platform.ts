import type { ExportJob, JobState } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { allOf, type ConformanceRunner, type ConformanceSubject, codeOf, flawsOf, onSubject } from './suite.js'

/** A platform with recordings, as the author of an adapter provides it to each test. */
export interface PlatformConformanceSubject extends ConformanceSubject {
  readonly platform: RecordingPlatform
  /** A request that covers some recordings. */
  readonly request: ExportRequest
  /** The recordings that it covers and that can be delivered, by their ids. */
  readonly delivered: readonly string[]
  /** The recordings that it covers but that the platform cannot deliver. @defaultValue none */
  readonly failing?: readonly string[] | undefined
  /** Lets time pass until a job may have moved on. */
  advance(): Promise<void> | void
}

/** Options of {@link platformConformance}. */
export interface PlatformConformanceOptions {
  create(): Promise<PlatformConformanceSubject>
}

const hold = { tag: 'conformance-1' }
const states: readonly (JobState | 'UNKNOWN')[] = [
  'PENDING',
  'READY',
  'PROCESSING',
  'FULFILLED',
  'FAILED',
  'CANCELLED',
  'UNKNOWN',
]
/** Nothing that a platform has. */
const nobody = '00000000-0000-4000-8000-000000000000'
const mostPolls = 200

/** The contract of every `RecordingPlatform`. The suite tests its declared capabilities. */
export function platformConformance(runner: ConformanceRunner, options: PlatformConformanceOptions): void {
  const { expect } = runner
  const test = onSubject(runner, () => options.create())

  runner.describe('platform conformance: inspection', () => {
    test('has the methods that its capabilities promise', async ({ platform }) => {
      const { capabilities } = platform
      expect(platform.name !== '').toEqual(true)
      expect(['key', 'lookup', 'none'].includes(capabilities.idempotency)).toEqual(true)
      expect(!capabilities.deletionProtection || platform.protect !== undefined).toEqual(true)
      expect((platform.forcedRetries ?? 0) === 0 || platform.forceHoldMetadata !== undefined).toEqual(true)
    })

    test('says whose data it is, the same each time', async ({ platform }) => {
      const organization = await platform.organization()
      expect(organization.id !== '').toEqual(true)
      expect(await platform.organization()).toEqual(organization)
    })

    test('inspects the profile that the request names', async ({ platform, request }) => {
      const id = request.profileId ?? request.integrationId ?? ''
      const inspection = await platform.inspectProfile(id)
      expect(inspection.id).toEqual(id)
      expect(flawsOf(inspection.findings)).toEqual([])
      expect(inspection.findings.filter(({ code }) => code === 'profile-not-found')).toEqual([])
    })

    test('an unknown profile is a finding, not an error', async ({ platform }) => {
      const { findings } = await platform.inspectProfile(nobody)
      const found = findings.filter(({ code }) => code === 'profile-not-found')
      expect(found.map(({ severity }) => severity)).toEqual(['blocker'])
      expect(flawsOf(findings)).toEqual([])
    })

    test('inspects the request and says how far its index reaches', async ({ platform, request }) => {
      expect(flawsOf(await platform.inspectRequest(request))).toEqual([])
      const { availableUntil } = await platform.coverage(request.interval)
      expect(availableUntil === undefined || !Number.isNaN(Date.parse(availableUntil))).toEqual(true)
    })
  })

  runner.describe('platform conformance: jobs', () => {
    test('a job that was created is there, as plain data', async (subject) => {
      const { platform, request } = subject
      const job = await platform.createJob(request, { hold, runId: 'run-1' })
      expect(job.id !== '' && states.includes(job.state) && job.platformState !== '').toEqual(true)
      const read = await platform.getJob(job.id)
      expect(read.id).toEqual(job.id)
      expect(JSON.parse(JSON.stringify(read))).toEqual(withoutUndefined(read))
    })

    test('finds its own job again, and not that of another request or time', async (subject) => {
      const { platform, request } = subject
      if (platform.capabilities.idempotency === 'none') return
      const since = new Date(0).toISOString()
      expect(await platform.findJob(request, { hold, since })).toEqual(undefined)
      const job = await platform.createJob(request, { hold, runId: 'run-1' })
      expect((await platform.findJob(request, { hold, since }))?.id).toEqual(job.id)
      const { start } = request.interval
      const other = { ...request, interval: { start, end: new Date(Date.parse(start) + 60_000).toISOString() } }
      expect(await platform.findJob(other, { hold, since })).toEqual(undefined)
      expect(await platform.findJob(request, { hold, since: '2999-01-01T00:00:00.000Z' })).toEqual(undefined)
    })

    test('a job comes to its end once it is executed', async (subject) => {
      const job = await finished(subject)
      expect(job.state).toEqual('FULFILLED')
      // Executing one that is done for is refused or does nothing, but it does not start again.
      await codeOf(subject.platform.executeJob(job))
      expect((await subject.platform.getJob(job.id)).state).toEqual('FULFILLED')
    })

    test('an unknown job is JOB_NOT_FOUND', async ({ platform }) => {
      expect(await codeOf(platform.getJob(nobody))).toEqual('JOB_NOT_FOUND')
    })

    test('a cancelled job is cancelled, and cancelling it again is not an error', async ({ platform, request }) => {
      const { id } = await platform.createJob(request, { hold, runId: 'run-1' })
      await platform.cancelJob(id)
      expect((await platform.getJob(id)).state).toEqual('CANCELLED')
      expect(await codeOf(platform.cancelJob(id))).toEqual('resolved')
    })
  })

  runner.describe('platform conformance: recordings', () => {
    test('lists every recording that the request covers, each once', async (subject) => {
      const { platform, request, delivered, failing = [] } = subject
      if (!platform.capabilities.listsExpectedRecordings) return
      const job = await platform.createJob(request, { hold, runId: 'run-1' })
      const listed = await allOf(platform.expectedRecordings(job, request))
      const ids = listed.filter(({ skippedReason }) => skippedReason === undefined).map((one) => one.recordingId)
      expect(ids.sort()).toEqual([...delivered, ...failing].sort())
      expect(listed.every(({ conversationId }) => conversationId !== '')).toEqual(true)
    })

    test('names the recordings that it could not deliver', async (subject) => {
      const job = await finished(subject)
      const failed = await allOf(subject.platform.failedRecordings(job))
      expect(failed.map(({ recordingId }) => recordingId).sort()).toEqual([...(subject.failing ?? [])].sort())
    })

    test('protects conversations from deletion, and says of which it could not', async (subject) => {
      const { platform, request } = subject
      if (platform.protect === undefined || !platform.capabilities.listsExpectedRecordings) return
      const job = await platform.createJob(request, { hold, runId: 'run-1' })
      const listed = await allOf(platform.expectedRecordings(job, request))
      const ids = [...new Set(listed.map(({ conversationId }) => conversationId))]
      const result = await platform.protect(ids)
      expect(result.protectedConversations + result.failed.length).toEqual(ids.length)
    })
  })

  runner.describe('platform conformance: calls', () => {
    test('an aborted signal rejects every call with ABORTED, and creates nothing', async ({ platform, request }) => {
      const aborted = { signal: AbortSignal.abort(new Error('enough')) }
      const { interval } = request
      const job: ExportJob = { id: nobody, state: 'PENDING', platformState: 'PENDING', totals: {}, request }
      const calls = {
        organization: platform.organization(aborted),
        inspectProfile: platform.inspectProfile(nobody, aborted),
        coverage: platform.coverage(interval, aborted),
        createJob: platform.createJob(request, { hold, runId: 'run-1' }, aborted),
        getJob: platform.getJob(nobody, aborted),
        cancelJob: platform.cancelJob(nobody, aborted),
        failedRecordings: allOf(platform.failedRecordings(job, aborted)),
      }
      const codes: [string, unknown][] = []
      for (const [name, call] of Object.entries(calls)) codes.push([name, await codeOf(call)])
      expect(codes.filter(([, code]) => code !== 'ABORTED')).toEqual([])
      if (platform.capabilities.idempotency === 'none') return
      expect(await platform.findJob(request, { hold, since: new Date(0).toISOString() })).toEqual(undefined)
    })
  })
}

/** Creates a job and drives it to its end, as a run does. */
async function finished({ platform, request, advance }: PlatformConformanceSubject): Promise<ExportJob> {
  let job = await platform.createJob(request, { hold, runId: 'run-1' })
  for (let poll = 0; poll < mostPolls; poll += 1) {
    if (job.state === 'READY') await platform.executeJob(job)
    if (job.state === 'FULFILLED' || job.state === 'FAILED' || job.state === 'CANCELLED') return job
    await advance()
    job = await platform.getJob(job.id)
  }
  throw new Error(`The job ${job.id} is ${job.state} after ${mostPolls} polls. Does advance() let time pass?`)
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [
        name,
        typeof field === 'object' && field !== null && !Array.isArray(field) ? withoutUndefined(field) : field,
      ]),
  )
}
