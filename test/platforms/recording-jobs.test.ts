import { describe, expect, it } from 'vitest'
import type { ExportJob } from '../../src/model/platform.js'
import { BulkExportsPlatform } from '../../src/platforms/bulk-exports/platform.js'
import { RecordingJobsPlatform } from '../../src/platforms/recording-jobs/platform.js'
import type { RecordingPlatform } from '../../src/ports/platform.js'
import { buildIntegration, SimulatedClock } from '../../src/testing/index.js'
import { conversation, id, integrationId, now, organizationId } from '../testing/genesys/fixture.js'
import { all, hold, request, startWorld } from './platform-world.js'

const context = { hold, runId: 'run-1' }
const since = '2023-10-20T00:00:00Z'
const codes = (findings: readonly { code: string; severity: string }[]) =>
  findings.map(({ code, severity }) => `${code}: ${severity}`)

async function fulfilled(platform: RecordingPlatform, job: ExportJob, clock: SimulatedClock): Promise<ExportJob> {
  let current = job
  while (current.state !== 'FULFILLED') {
    clock.advance(1_000)
    current = await platform.getJob(job.id)
    if (current.state === 'READY') current = await platform.executeJob(current)
  }
  return current
}

describe('a recording job', () => {
  it('is created, started when READY and followed to FULFILLED, with what failed', async () => {
    await using world = await startWorld([conversation(1), conversation(2, {}, { failsAtSource: true })])
    const platform = new RecordingJobsPlatform(world.connection)
    const created = await platform.createJob(request, context)
    expect(created).toMatchObject({ state: 'PENDING', request, createdAt: new Date(now).toISOString() })
    expect(created.correlationId).toBeDefined()
    await expect(platform.executeJob(created)).rejects.toMatchObject({ code: 'PLATFORM_CONFLICT' })
    const done = await fulfilled(platform, created, world.clock)
    expect(done).toMatchObject({ percentProgress: 100, totals: { recordings: 2, failed: 1 } })
    expect(await all(platform.failedRecordings(done))).toEqual([
      { recordingId: id(2, 2), conversationId: id(1, 2), reason: undefined },
    ])
    await expect(platform.executeJob({ ...done, state: 'READY' })).resolves.toMatchObject({ state: 'FULFILLED' })
  })

  it('lists failed recordings over all pages', async () => {
    const many = Array.from({ length: 250 }, (_, number) => conversation(number, {}, { failsAtSource: true }))
    await using world = await startWorld(many)
    const platform = new RecordingJobsPlatform(world.connection)
    const done = await fulfilled(platform, await platform.createJob(request, context), world.clock)
    const failed = await all(platform.failedRecordings(done))
    expect(new Set(failed.map(({ recordingId }) => recordingId)).size).toBe(250)
    expect(world.count('listFailedRecordings')).toBe(3)
  })

  it('is posted once when its answer is lost, and found again by its query', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    await platform.createJob({ ...request, mediaTypes: 'digital' }, context)
    world.simulator.faults.add({ match: { operation: 'createRecordingJob' }, action: { kind: 'reset-after' } })
    await expect(platform.createJob(request, context)).rejects.toMatchObject({
      code: 'JOB_OUTCOME_UNKNOWN',
      outcome: 'unknown',
    })
    expect(world.simulator.jobs).toHaveLength(2)
    const found = await platform.findJob(request, { hold, since })
    expect(found).toMatchObject({ id: world.simulator.jobs[1]!.id, request })
    await expect(platform.findJob({ ...request, includeSensitive: false }, { hold, since })).resolves.toBeUndefined()
    await expect(platform.findJob(request, { hold, since: '2023-10-21T00:00:00Z' })).resolves.toBeUndefined()
    await platform.cancelJob(found!.id)
    await expect(platform.findJob(request, { hold, since })).resolves.toBeUndefined()
  })

  it.each([
    ['behind', -300_000],
    ['ahead of', 300_000],
  ])(
    'that was lost is found when the clock of the platform is 5 minutes %s ours, and an older one is not',
    async (_, skewMs) => {
      const platformClock = new SimulatedClock({ now: Date.parse(now) + skewMs })
      await using world = await startWorld([conversation(1)], { clock: platformClock })
      const ourClock = new SimulatedClock({ now })
      const platform = new RecordingJobsPlatform({ ...world.connection, clock: ourClock })
      const older = await platform.createJob(request, context)
      const toleranceMs = 120_000
      ourClock.advance(toleranceMs + 10_000)
      platformClock.advance(toleranceMs + 10_000)
      const since = new Date(ourClock.now() - toleranceMs).toISOString()
      const fresh = () => new RecordingJobsPlatform({ ...world.connection, clock: ourClock })
      expect(older.id).toBe(world.simulator.jobs[0]!.id)
      expect(await fresh().findJob(request, { hold, since })).toBeUndefined()
      world.simulator.faults.add({ match: { operation: 'createRecordingJob' }, action: { kind: 'reset-after' } })
      await expect(platform.createJob(request, context)).rejects.toMatchObject({ code: 'JOB_OUTCOME_UNKNOWN' })
      expect(await fresh().findJob(request, { hold, since })).toMatchObject({ id: world.simulator.jobs[1]!.id })
    },
  )

  it.each([429, 400, 409] as const)('waits for nothing itself when both slots are busy, said by %i', async (status) => {
    await using world = await startWorld([conversation(1)], { slotRefusalStatus: status })
    const platform = new RecordingJobsPlatform(world.connection)
    await platform.createJob(request, context)
    await platform.createJob(request, context)
    expect(codes(await platform.inspectRequest(request))).toEqual([
      'job-slots-busy: warning',
      'job-overlaps: warning',
      'job-overlaps: warning',
    ])
    await expect(platform.createJob(request, context)).rejects.toMatchObject({
      code: 'JOB_SLOTS_BUSY',
      retryable: true,
      outcome: 'not-applied',
      status,
    })
    expect(world.count('createRecordingJob')).toBe(3)
  })

  it('of the same interval and integration is told before another is created, with its id', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    const { interval } = request
    const dayMs = 86_400_000
    const later = (ms: number) => new Date(Date.parse(interval.end) + ms).toISOString()
    await platform.createJob({ ...request, interval: { start: interval.end, end: later(dayMs) } }, context)
    expect(codes(await platform.inspectRequest(request))).toEqual([])
    const job = await platform.createJob({ ...request, interval: { start: later(-1_000), end: later(dayMs) } }, context)
    const found = (await platform.inspectRequest(request)).filter(({ code }) => code === 'job-overlaps')
    expect(found).toMatchObject([{ severity: 'warning', subject: job.id }])
  })

  it('in a state that is not known says so', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    const job = await platform.createJob(request, context)
    world.simulator.settings.reportedState = 'HIBERNATING'
    expect(await platform.getJob(job.id)).toMatchObject({ state: 'UNKNOWN', platformState: 'HIBERNATING' })
  })

  it('is cancelled, even when the first answer was lost', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    const job = await platform.createJob(request, context)
    world.simulator.faults.add({ match: { operation: 'deleteRecordingJob' }, action: { kind: 'reset-after' } })
    await platform.cancelJob(job.id)
    expect(await platform.getJob(job.id)).toMatchObject({ state: 'CANCELLED' })
    await expect(platform.cancelJob(id(9, 9))).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    await expect(platform.getJob(id(9, 9))).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  it('is started, even when the first answer was lost', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    const job = await platform.createJob(request, context)
    world.clock.advance(1_000)
    world.simulator.faults.add({ match: { operation: 'executeRecordingJob' }, action: { kind: 'reset-after' } })
    await expect(platform.executeJob(await platform.getJob(job.id))).resolves.toMatchObject({ state: 'PROCESSING' })
  })
})

describe('expected recordings', () => {
  const later = { startTime: '2023-10-20T11:00:00.000Z', endTime: '2023-10-20T11:10:00.000Z' }
  const conversations = () => [
    conversation(1),
    conversation(2, { messageType: 'webmessaging' }),
    conversation(3, { media: 'call' }),
    conversation(4, { media: 'chat' }),
    conversation(5, later),
    conversation(6, { startTime: '2023-10-01T09:00:00.000Z', endTime: '2023-10-01T09:10:00.000Z' }),
    conversation(7, { media: 'email' }, { sensitive: true }),
  ]

  it.each([
    ['all media', {}, [1, 2, 3, 4, 5, 7]],
    ['digital', { mediaTypes: 'digital' as const }, [1, 2, 4, 5, 7]],
    ['calls', { mediaTypes: ['call'] as const }, [3]],
    ['WhatsApp', { mediaTypes: ['message'] as const, messageTypes: ['whatsapp'] }, [1, 5]],
    ['two conversations', { conversationIds: [id(1, 1), id(1, 6), id(1, 4)] }, [1, 4]],
  ])('are those that the job of %s exports', async (_, given, numbers) => {
    await using world = await startWorld(conversations())
    const platform = new RecordingJobsPlatform(world.connection)
    const asked = { ...request, ...given }
    const job = await platform.createJob(asked, context)
    const expected = await all(platform.expectedRecordings(job, asked))
    expect(expected.map(({ recordingId }) => recordingId).sort()).toEqual(numbers.map((number) => id(2, number)))
    expect(world.simulator.jobs[0]!.selected.map(({ recordingId }) => recordingId).sort()).toEqual(
      numbers.map((number) => id(2, number)),
    )
  })

  it('name conversation and medium, and what began in the interval although the index does not know its end yet', async () => {
    const growing = conversation(8, {}, { endTime: '2023-10-20T11:30:00.000Z' })
    await using world = await startWorld([...conversations(), growing], {
      indexLagMs: 3_600_000 * 2,
      timings: { analyticsMs: 60_000 },
    })
    const platform = new RecordingJobsPlatform(world.connection)
    const job = { id: 'any', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} } as const
    const expected = await all(platform.expectedRecordings(job, request))
    expect(expected).toHaveLength(6)
    expect(expected).toContainEqual(expect.objectContaining({ recordingId: id(2, 8) }))
    expect(expected).toContainEqual(
      expect.objectContaining({ recordingId: id(2, 3), conversationId: id(1, 3), mediaType: 'call' }),
    )
    // The query took a minute of the platform's time.
    const { availableUntil } = await platform.coverage(request.interval)
    expect(Date.parse(availableUntil!)).toBe(world.clock.now() - 7_200_000)
  })

  it('stop at once when they are aborted, and leave no timer', async () => {
    await using world = await startWorld(conversations(), { timings: { analyticsMs: 60_000 } })
    const clock = new SimulatedClock({ autoAdvance: false })
    const platform = new RecordingJobsPlatform({ ...world.connection, clock })
    const controller = new AbortController()
    const job = { id: 'any', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} } as const
    const work = all(platform.expectedRecordings(job, request, { signal: controller.signal }))
    await expect.poll(() => clock.sleeping).toBe(1)
    controller.abort()
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' })
    expect(clock.sleeping).toBe(0)
  })

  it('end with the reason when the platform gives the query up', async () => {
    await using world = await startWorld(conversations())
    world.simulator.faults.add({
      match: { operation: 'getConversationJob' },
      action: { kind: 'respond', status: 200, body: JSON.stringify({ state: 'FAILED', errorMessage: 'too much' }) },
    })
    const platform = new RecordingJobsPlatform(world.connection)
    const job = { id: 'any', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} } as const
    await expect(all(platform.expectedRecordings(job, request))).rejects.toThrow(/FAILED: too much/)
  })
})

describe('inspection', () => {
  it('reads bucket and role of the integration and says that jobs never stamp', async () => {
    await using world = await startWorld([])
    const platform = new RecordingJobsPlatform(world.connection)
    expect(await platform.organization()).toMatchObject({ id: organizationId })
    expect(platform.region).toBe('eu-west-1')
    const profile = await platform.inspectProfile(integrationId)
    expect(profile).toMatchObject({ kind: 'integration', bucket: 'evidence' })
    expect(profile.role).toMatch(/^arn:aws:iam/)
    expect(codes(profile.findings)).toEqual(['platform-cannot-stamp: info'])
  })

  it('finds an integration that is unknown, disabled or inactive', async () => {
    await using world = await startWorld([])
    const platform = new RecordingJobsPlatform(world.connection)
    const { integrations } = world.simulator.organization
    integrations.push(
      buildIntegration({ id: id(8, 1), bucket: 'b', intendedState: 'DISABLED', reportedState: 'INACTIVE' }),
      buildIntegration({
        id: id(8, 2),
        bucket: 'b',
        reportedState: 'ERROR',
        properties: { s3: { bucketName: 'nested' } },
      }),
    )
    const first = async (profileId: string) => codes((await platform.inspectProfile(profileId)).findings)[0]
    expect(await first(id(8, 0))).toBe('profile-not-found: blocker')
    expect(await first(id(8, 1))).toBe('integration-disabled: blocker')
    expect(await first(id(8, 2))).toBe('integration-inactive: blocker')
    expect((await platform.inspectProfile(id(8, 2))).bucket).toBe('nested')
  })

  it('finds a format, excluded sensitive recordings, and a missing permission', async () => {
    await using world = await startWorld([], {
      clients: [{ clientId: 'simulator-client', clientSecret: 'simulator-secret', permissions: ['recording:job:add'] }],
    })
    const platform = new RecordingJobsPlatform({ ...world.connection, protectSource: true })
    const conversationIds = Array.from({ length: 1_001 }, (_, number) => id(1, number))
    const findings = await platform.inspectRequest({
      ...request,
      format: 'WAV',
      includeSensitive: false,
      conversationIds,
    })
    expect(codes(findings)).toEqual([
      'format-not-applicable: warning',
      'sensitive-recordings-excluded: warning',
      'deletion-protection-cap: warning',
      'permission-missing: blocker',
    ])
  })

  it('refuses options that contradict each other', () => {
    const options = { region: 'eu-west-1', accessToken: 't', actionDate: 'tomorrow', actionAgeDays: 3 }
    expect(() => new RecordingJobsPlatform(options)).toThrow(/not both.*not a valid ISO 8601/)
  })
})

describe('deletion protection', () => {
  it('protects in batches of 100, always says so explicitly, and tells which it could not', async () => {
    await using world = await startWorld(Array.from({ length: 250 }, (_, number) => conversation(number)))
    const platform = new RecordingJobsPlatform(world.connection)
    const ids = Array.from({ length: 250 }, (_, number) => id(1, number))
    const result = await platform.protect([...ids, id(7, 7), ids[0]!])
    expect(result.protectedConversations).toBe(250)
    expect(result.failed).toEqual([
      { conversationId: id(7, 7), code: 'not.found', reason: expect.stringContaining('Unable') },
    ])
    expect(world.count('listProtectedConversations')).toBe(3)
    const calls = world.simulator.requests.filter(({ operation }) => operation === 'protectConversations')
    expect(calls.map(({ target }) => target)).toEqual(
      Array(3).fill('/api/v2/recordings/deletionprotection?protect=true'),
    )
    expect(world.simulator.protectedConversations.size).toBe(250)
  })

  it('needs no failed updates to know which are protected', async () => {
    await using world = await startWorld(
      [1, 2].map((number) => conversation(number)),
      {
        reportFailedUpdates: false,
        protectionCap: 1,
      },
    )
    const platform = new RecordingJobsPlatform(world.connection)
    expect(await platform.protect([id(1, 1)])).toEqual({ protectedConversations: 1, failed: [] })
    expect(await platform.protect([id(1, 1), id(1, 2)])).toEqual({
      protectedConversations: 1,
      failed: [{ conversationId: id(1, 2), code: 'not-protected', reason: expect.any(String) }],
    })
  })

  it.each([true, false])(
    'counts nothing that it was not told of afterwards, whatever the request answered',
    async (told) => {
      const many = Array.from({ length: 150 }, (_, number) => conversation(number))
      const silentlyUnprotected = [id(1, 3), id(1, 120)]
      await using world = await startWorld(many, { reportFailedUpdates: told, silentlyUnprotected })
      for (const platform of [new RecordingJobsPlatform(world.connection), new BulkExportsPlatform(world.connection)]) {
        const result = await platform.protect(many.map((one) => one.id))
        expect(result.protectedConversations).toBe(148)
        expect(result.failed).toMatchObject(
          silentlyUnprotected.map((conversationId) => ({ conversationId, code: 'not-protected' })),
        )
      }
    },
  )

  it('says that it does not know where the platform does not answer, and why', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(world.connection)
    const answers = [
      [403, '{"message":"no","code":"forbidden","status":403}'],
      [200, '{"entities":[]}'],
      [200, '<html></html>'],
    ] as const
    for (const [status, body] of answers) {
      const action = { kind: 'respond', status, body } as const
      world.simulator.faults.add({ match: { operation: 'listProtectedConversations' }, action, times: 10 })
      expect(await platform.protect([id(1, 1)])).toMatchObject({
        protectedConversations: 0,
        failed: [{ conversationId: id(1, 1), code: 'not-verified', reason: expect.stringContaining('not answered') }],
      })
      world.simulator.faults.clear()
    }
    expect(await platform.protect([id(1, 1)])).toEqual({ protectedConversations: 1, failed: [] })
  })

  it('needs the permission to apply it, and none to ask', async () => {
    const withPermissions = (...permissions: string[]) => ({
      clients: [{ clientId: 'simulator-client', clientSecret: 'simulator-secret', permissions }],
    })
    await using granted = await startWorld([conversation(1)], withPermissions('recording:deletionProtection:apply'))
    const protecting = new RecordingJobsPlatform(granted.connection)
    expect(await protecting.protect([id(1, 1)])).toEqual({ protectedConversations: 1, failed: [] })
    for (const permission of ['recording:deletionProtection:revoke', 'recording:recording:view']) {
      await using refused = await startWorld([conversation(1)], withPermissions(permission))
      await expect(new RecordingJobsPlatform(refused.connection).protect([id(1, 1)])).rejects.toMatchObject({
        code: 'PLATFORM_FORBIDDEN',
        message: expect.stringContaining('recording:deletionProtection:apply'),
      })
    }
  })
})
