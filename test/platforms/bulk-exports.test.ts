import { afterEach, describe, expect, it } from 'vitest'
import type { ExportRequest } from '../../src/model/request.js'
import { BulkExportsPlatform } from '../../src/platforms/bulk-exports/platform.js'
import type { SimulatedExportProfile } from '../../src/testing/genesys/organization.js'
import { SimulatedClock } from '../../src/testing/index.js'
import { conversation, id, integrationId, profileId } from '../testing/genesys/fixture.js'
import { all, request as base, hold, startWorld } from './platform-world.js'
import { clientId, clientSecret, json, ScriptedServer } from './scripted-server.js'

const context = { hold, runId: 'run-1' }
const since = '2023-10-20T00:00:00Z'
const request: ExportRequest = { profileId, interval: base.interval }
const codes = (findings: readonly { code: string; severity: string }[]) =>
  findings.map(({ code, severity }) => `${code}: ${severity}`)

describe('a bulk export', () => {
  it('is created with filters and hold tag, starts by itself, and is followed to its end', async () => {
    await using world = await startWorld([
      conversation(1, { media: 'call' }, { sensitive: true }),
      conversation(2, { media: 'call' }, { failsAtSource: true }),
      conversation(3),
    ])
    const platform = new BulkExportsPlatform(world.connection)
    const asked: ExportRequest = { ...request, mediaTypes: ['call'], format: 'WAV' }
    const job = await platform.createJob(asked, context)
    expect(job).toMatchObject({ state: 'PENDING', platformState: 'pending', request: asked })
    expect(world.simulator.jobs[0]!.request).toEqual({
      integrationId,
      exportProfileId: profileId,
      filters: {
        mediaType: 'call',
        interval: '2023-10-18T12:00:00.000Z/2023-10-20T12:00:00.000Z',
        includeRecordingsWithSensitiveData: true,
      },
      format: 'WAV',
      metadata: { legal_hold_tag: 'discovery-batch-2023-10' },
    })
    expect(await platform.executeJob(job)).toBe(job)
    world.clock.advance(5_000)
    expect(await platform.getJob(job.id)).toMatchObject({ state: 'PROCESSING', platformState: 'in_progress' })
    world.clock.advance(60_000)
    const done = await platform.getJob(job.id)
    expect(done).toMatchObject({ state: 'FULFILLED', platformState: 'completed', totals: { recordings: 2, failed: 1 } })
    expect(await all(platform.failedRecordings(done))).toEqual([expect.objectContaining({ recordingId: id(2, 2) })])
    expect((await all(platform.expectedRecordings(done, asked))).map(({ recordingId }) => recordingId).sort()).toEqual([
      id(2, 1),
      id(2, 2),
    ])
    expect(world.puts.map(({ metadata }) => metadata)).toContainEqual({ 'legal-hold-tag': hold.tag })
  })

  it('asks for digital media by that word', async () => {
    await using world = await startWorld([conversation(1), conversation(2, { media: 'call' })])
    const platform = new BulkExportsPlatform(world.connection)
    await platform.createJob({ ...request, mediaTypes: 'digital', messageTypes: ['whatsapp'] }, context)
    expect(world.simulator.jobs[0]!.request.filters).toMatchObject({ mediaType: 'digital', messageTypes: ['whatsapp'] })
    expect(world.simulator.jobs[0]!.selected).toHaveLength(1)
    const findings = await platform.inspectRequest({ ...request, mediaTypes: 'digital', format: 'WAV' })
    expect(codes(findings)).toEqual(['format-not-applicable: warning', 'platform-cannot-stamp: info'])
    expect(await platform.inspectRequest({ ...request, mediaTypes: ['call'], format: 'WAV' })).toEqual([])
  })

  it('is posted once when its answer is lost, and found again by filters, format and tag', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new BulkExportsPlatform(world.connection)
    world.simulator.faults.add({
      match: { operation: 'createBulkExport' },
      action: { kind: 'respond-after', status: 502 },
    })
    await expect(platform.createJob(request, context)).rejects.toMatchObject({ code: 'JOB_OUTCOME_UNKNOWN' })
    expect(world.count('createBulkExport')).toBe(1)
    expect(platform.capabilities.idempotency).toBe('lookup')
    const jobId = world.simulator.jobs[0]!.id
    expect(await platform.findJob(request, { hold, since })).toMatchObject({ id: jobId })
    expect(await platform.findJob(request, { hold: { tag: 'other-matter' }, since })).toBeUndefined()
    expect(await platform.findJob({ ...request, format: 'WAV' }, { hold, since })).toBeUndefined()
    await platform.cancelJob(jobId)
    expect(await platform.findJob(request, { hold, since })).toBeUndefined()
  })

  it('that was lost is found when the clock of the platform is 5 minutes behind ours', async () => {
    await using world = await startWorld([conversation(1)])
    const ourClock = new SimulatedClock({ now: world.clock.now() + 300_000 })
    const platform = new BulkExportsPlatform({ ...world.connection, clock: ourClock })
    const job = await platform.createJob(request, context)
    const since = new Date(ourClock.now() - 120_000).toISOString()
    expect(await platform.findJob(request, { hold, since })).toMatchObject({ id: job.id })
  })

  it('in a state that is not known says so', async () => {
    await using world = await startWorld([conversation(1)], { reportedState: 'defrosting' })
    const platform = new BulkExportsPlatform(world.connection)
    expect(await platform.createJob(request, context)).toMatchObject({ state: 'UNKNOWN', platformState: 'defrosting' })
  })
})

describe('an export profile', () => {
  const profileOf = (world: { simulator: { organization: { exportProfiles: SimulatedExportProfile[] } } }) =>
    world.simulator.organization.exportProfiles[0]!

  it('is inspected with its integration', async () => {
    await using world = await startWorld([])
    const platform = new BulkExportsPlatform(world.connection)
    expect(await platform.inspectProfile(profileId)).toMatchObject({
      kind: 'export-profile',
      bucket: 'evidence',
      includesHoldMetadata: true,
      retentionPolicy: 'long-term',
      findings: [],
    })
    expect(await platform.inspectProfile(integrationId)).toMatchObject({ kind: 'integration', bucket: 'evidence' })
    expect(codes((await platform.inspectProfile(id(8, 8))).findings)).toEqual(['profile-not-found: blocker'])
    expect(await all(platform.profiles.list())).toMatchObject([{ id: profileId, integrationId }])
  })

  it('that leaves the hold out or strips it is found before anything runs', async () => {
    await using world = await startWorld([], { includeHoldMetadata: false, retentionPolicy: 'short-term' })
    const platform = new BulkExportsPlatform(world.connection)
    expect(codes((await platform.inspectProfile(profileId)).findings)).toEqual([
      'hold-metadata-disabled: blocker',
      'retention-strips-metadata: blocker',
    ])
  })

  it('is changed only when that is allowed, and put back only when that is wanted', async () => {
    await using world = await startWorld([], { includeHoldMetadata: false })
    const forbidden = new BulkExportsPlatform(world.connection)
    expect(forbidden.forcedRetries).toBe(0)
    await expect(forbidden.forceHoldMetadata(profileId)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(world.count('updateExportProfile')).toBe(0)

    const restoring = new BulkExportsPlatform({ ...world.connection, allowProfileUpdate: true, restoreProfile: true })
    expect(restoring.forcedRetries).toBe(1)
    const forced = await restoring.forceHoldMetadata(profileId)
    expect(forced.changed).toBe(true)
    expect(profileOf(world)).toMatchObject({ include_legal_hold_metadata: true, retention_policy: 'long-term' })
    await forced.restore()
    expect(profileOf(world).include_legal_hold_metadata).toBe(false)
    // By a process that was killed meanwhile: another one puts it back.
    await restoring.forceHoldMetadata(profileId)
    await restoring.restoreHoldMetadata(profileId, false)
    expect(profileOf(world).include_legal_hold_metadata).toBe(false)

    const keeping = new BulkExportsPlatform({ ...world.connection, allowProfileUpdate: true })
    await (await keeping.forceHoldMetadata(profileId)).restore()
    expect(profileOf(world).include_legal_hold_metadata).toBe(true)
    const again = await keeping.forceHoldMetadata(profileId)
    expect(again.changed).toBe(false)
    await expect(keeping.forceHoldMetadata(integrationId)).rejects.toMatchObject({ code: 'PROFILE_NOT_FOUND' })
  })

  it('that a request names and nobody knows is PROFILE_NOT_FOUND when the export is created', async () => {
    await using world = await startWorld([])
    const platform = new BulkExportsPlatform(world.connection)
    await expect(platform.createJob({ ...request, profileId: id(8, 8) }, context)).rejects.toMatchObject({
      code: 'PROFILE_NOT_FOUND',
    })
  })
})

describe('another dialect of the surface', () => {
  let server: ScriptedServer
  afterEach(() => server.close())
  const connect = async (options: object = {}) => {
    server = await new ScriptedServer().start()
    return new BulkExportsPlatform({
      region: 'eu-west-1',
      clientId,
      clientSecret,
      endpoint: server.endpoint,
      ...options,
    })
  }

  it('is spoken by overriding paths and fields, and read in snake_case or camelCase', async () => {
    const platform = await connect({
      paths: { create: '/api/v3/exports', job: '/api/v3/exports/{id}', profile: '/api/v3/profiles/{id}' },
      fields: { legalHoldTag: 'holdTag', metadata: 'labels', exportProfileId: 'profile' },
    })
    server.on('POST /api/v3/exports', () =>
      json(200, { job_id: 'e 1', state: 'Queued', created_at: '2023-10-20T12:00:00Z' }),
    )
    server.on('GET /api/v3/exports/e%201', () => json(200, { id: 'e 1', status: 'COMPLETED', percent_progress: 100 }))
    server.on('GET /api/v3/profiles/p-1', () =>
      json(200, { id: 'p-1', includeLegalHoldMetadata: false, retentionPolicy: { type: 'SHORT_TERM' } }),
    )
    const job = await platform.createJob({ ...request, profileId: 'p-1', integrationId: 'i-1' }, context)
    expect(job).toMatchObject({ id: 'e 1', state: 'PENDING', createdAt: '2023-10-20T12:00:00.000Z' })
    expect(JSON.parse(server.requests.at(-1)!.body)).toMatchObject({ profile: 'p-1', labels: { holdTag: hold.tag } })
    expect(await platform.getJob('e 1')).toMatchObject({ state: 'FULFILLED', percentProgress: 100 })
    expect(codes((await platform.inspectProfile('p-1')).findings)).toEqual([
      'hold-metadata-disabled: blocker',
      'retention-strips-metadata: blocker',
    ])
  })

  it('without a list of jobs cannot look one up and says so instead of "none"', async () => {
    const platform = await connect()
    server.on('GET /api/v2/recordings/exportprofiles/22222222-2222-4222-8222-222222222222', () =>
      json(200, { id: profileId }),
    )
    await expect(platform.findJob(request, { hold, since })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(platform.capabilities.idempotency).toBe('none')
    await expect(
      all(platform.failedRecordings({ id: 'x', state: 'FULFILLED', platformState: '', totals: {} })),
    ).resolves.toEqual([])
    await server.close()
    expect((await connect({ paths: { list: null } })).capabilities.idempotency).toBe('none')
  })

  it('whose list does not say what jobs are for cannot look one up either', async () => {
    const platform = await connect()
    const job = { id: 'e-1', status: 'running', dateCreated: '2023-10-20T12:00:00Z' }
    server.on('GET /api/v2/recordings/bulkexports', () => json(200, [job]))
    server.on('GET /api/v2/recordings/bulkexports/e-1', () => json(200, job))
    const asked = { ...request, integrationId }
    await expect(platform.findJob(asked, { hold, since })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(platform.findJob(asked, { hold, since: '2024-01-01T00:00:00Z' })).resolves.toBeUndefined()
  })

  it('refuses options that cannot work', async () => {
    server = await new ScriptedServer().start()
    const options = { region: 'eu-west-1', accessToken: 't', forcedRetries: 2, paths: { job: 'x', create: '/c' } }
    expect(() => new BulkExportsPlatform(options)).toThrow(/slash.*forcedRetries needs allowProfileUpdate/)
  })
})
