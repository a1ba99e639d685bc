import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { LegalHoldError, LegalHoldExporter } from '../../../src/index.js'
import {
  aBucket,
  aConversation,
  aFault,
  anIntegration,
  anOrganization,
  aProfile,
  aRecording,
  expectAllHeld,
  expectHeld,
  expectNotHeld,
  MemoryJournal,
  MemoryStorageAdapter,
} from '../../../src/testing/index.js'

const hold = { tag: 'matter-1' }
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => {
      throw new Error('nothing failed')
    },
    (error: Error) => error,
  )

describe('the partner kit', () => {
  test('runs a whole export of what was built, in simulated time', async () => {
    await using world = await anOrganization()
      .inRegion('eu-west-2')
      .with(
        aBucket('evidence'),
        aConversation('whatsapp').with(aRecording().withTranscript().withAttachment('Rechnung März & Co.pdf')),
        aConversation('call').startingAt('2023-10-18T23:50:00Z').with(aRecording(), aRecording()),
      )
      .start({ strict: true })
    const exporter = new LegalHoldExporter({ ...world.ports, hold, residency: { regions: ['eu-west-2'] } })
    const began = world.clock.now()
    const journal = new MemoryJournal()
    const report = await exporter.run(world.request, { journal })
    expect(report.outcome).toBe('complete')
    expect(report.counts).toMatchObject({ expected: 3, repaired: 3 })
    expect(world.clock.now() - began).toBeGreaterThan(60_000)
    const [key = ''] = world.bucket.keys()
    await expectHeld(world.bucket, key)
    await expectHeld(world.bucket, key, 'matter-1')
    await expectHeld(world.ports.storage, key, hold)
    await expectAllHeld(world.bucket, { by: { metadata: { 'legal-hold-tag': 'matter-1' } } })
    expect(world.bucket.keys().length).toBe(8)
    expect(world.bucket.versions(key).length).toBe(2)
    expect((await journal.head())?.type).toBe('report')
  })

  test('an hour of landing takes no time, and what never lands is told', async () => {
    await using world = await anOrganization()
      .with(
        aConversation().with(aRecording().landingLate(1_500_000)),
        aConversation().with(aRecording().neverLanding()),
        aConversation().with(aRecording().failingAtSource()),
      )
      .start()
    const report = await new LegalHoldExporter({ ...world.ports, hold, landingQuietMs: 1_700_000 }).run(world.request)
    expect(report.counts).toMatchObject({ expected: 3, repaired: 1, missing: 1, failedAtSource: 1 })
    expect(report.outcome).toBe('incomplete')
  })

  test('ids are the same each time, and all differ', () => {
    const built = () => anOrganization().with(aConversation(), aConversation().with(aRecording(), aRecording())).build()
    const ids = built().conversations.flatMap(({ id, recordings }) => [
      id,
      ...recordings.flatMap((recording) => [recording.id, recording.communicationId]),
    ])
    expect(new Set(ids).size).toBe(8)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(built()).toEqual(built())
  })

  test('builders are templates: what comes of one does not change it', () => {
    const template = anOrganization().with(aConversation())
    template.with(aConversation()).inRegion('us-east-1')
    expect(template.build().conversations.length).toBe(1)
    const recording = aRecording()
    recording.withAttachment('a').sensitive()
    const [built] = anOrganization().with(aConversation().with(recording)).build().conversations
    expect(built?.recordings[0]?.attachments).toBe(undefined)
    expect(built?.recordings[0]?.sensitive).toBe(undefined)
  })

  test('faults are scripted by operation', async () => {
    await using world = await anOrganization()
      .with(
        aConversation(),
        aFault('createRecordingJob').losingTheAnswer(),
        aFault('HeadObject').answering(503).times(2),
        aFault('CopyObject').answeringAfter(503),
      )
      .start()
    const report = await new LegalHoldExporter({ ...world.ports, hold }).run(world.request)
    expect(report.outcome).toBe('complete')
    expect(world.genesys.jobs.length).toBe(1)
    expect(world.s3.requests.filter(({ status }) => status === 503).length).toBe(3)
  })

  test('profiles, integrations and buckets are built as inspection finds them', async () => {
    await using world = await anOrganization()
      .with(
        aBucket('plain').withoutVersions(),
        aBucket('other')
          .withoutObjectLock()
          .holding('x', { body: 'y', metadata: { 'legal-hold-tag': 'matter-1' } }),
        anIntegration().disabled().deliveringTo('other'),
        aProfile().withoutHoldMetadata().shortTerm(),
      )
      .behaving({ indexLagMs: 0 })
      .start()
    const { findings } = await new LegalHoldExporter({ ...world.ports, hold }).inspect(world.request)
    const codes = findings.map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining(['versioning-off', 'integration-disabled', 'bucket-mismatch']))
    await expectHeld(world.bucketNamed('other'), 'x', 'matter-1')
    expect(world.genesys.organization.exportProfiles[0]).toMatchObject({
      include_legal_hold_metadata: false,
      retention_policy: 'short-term',
    })
    expect(() => world.bucketNamed('nowhere')).toThrow(RangeError)
  })
})

describe('strict mode', () => {
  test('refuses what was not planned and fails when the world is closed', async () => {
    const world = await anOrganization()
      .with(aConversation())
      .start({ strict: ['getOrganization'] })
    const { platform, storage } = world.ports
    expect((await platform.organization()).id).toBe(world.genesys.organization.id)
    const refused = await failureOf(storage.head({ bucket: storage.bucket, key: 'k' }))
    expect(LegalHoldError.isInstance(refused)).toBe(true)
    expect(world.unplanned.map(({ operation }) => operation)).toContain('HeadObject')
    const failure = await failureOf(world.close())
    expect(failure).toBeInstanceOf(AssertionError)
    expect(failure.message).toMatch(/HeadObject: HEAD/)
  })

  test('says at once what was not planned, in the error of the call and as a warning of the process', async () => {
    const warned: Error[] = []
    const onWarning = (warning: Error) => void warned.push(warning)
    process.on('warning', onWarning)
    const world = await anOrganization().start({ strict: ['HeadObject'] })
    const { platform, storage } = world.ports
    expect(await failureOf(platform.organization())).toMatchObject({
      code: 'PLATFORM_REJECTED',
      message: expect.stringContaining('getOrganization was not planned: GET /api/v2/organizations/me'),
    })
    expect(await failureOf(storage.list('')[Symbol.asyncIterator]().next())).toMatchObject({
      code: 'STORAGE_REJECTED',
      message: expect.stringContaining('ListObjectsV2 was not planned: GET /'),
    })
    // A block that ends by these errors ends by a SuppressedError, which some runners print without what is in it.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warned.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      expect.stringContaining('UnplannedRequest: getOrganization: GET /api/v2/organizations/me'),
      expect.stringContaining('UnplannedRequest: ListObjectsV2: GET /'),
    ])
    await failureOf(world.close())
  })

  test('knows what no simulator has an operation for', async () => {
    const world = await anOrganization().start({ strict: true })
    await fetch(`${world.genesysConnection.endpoint}/api/v2/telephony/providers/edges`)
    await fetch(`${world.s3Connection.endpoint}/legal-hold-exports?accelerate&metrics&inventory=x`, { method: 'PATCH' })
    expect(world.unplanned.map(({ operation }) => operation)).toEqual(['unknown', 'Unknown'])
    expect(() => world.expectPlanned()).toThrow(AssertionError)
    await failureOf(world.close())
  })

  test('a world without it plans nothing', async () => {
    const world = await anOrganization().start()
    await fetch(`${world.genesysConnection.endpoint}/api/v2/telephony/providers/edges`)
    await world.close()
    expect(world.unplanned).toEqual([])
  })
})

describe('assertions', () => {
  const bucket = new MemoryStorageAdapter()
  bucket.put('tagged', { body: 'a', metadata: { 'legal-hold-tag': 'matter-1,matter-2' } })
  bucket.put('locked', { body: 'a', legalHold: 'ON' })
  bucket.put('bare', { body: 'a', metadata: { 'legal-hold-tag': ' ' } })

  test('expectHeld passes what is held', async () => {
    await expectHeld(bucket, 'tagged')
    await expectHeld(bucket, 'tagged', 'matter-2')
    await expectHeld(bucket, 'tagged', { tag: 'matter-1', matter: 'Doe v Example' })
    await expectHeld(bucket, 'locked')
    await expectHeld(bucket, 'locked', { legalHold: true })
    await expectNotHeld(bucket, 'bare')
    await expectNotHeld(bucket, 'tagged', 'matter-3')
    await expectNotHeld(bucket, 'locked', 'matter-1')
  })

  test.each([
    ['bare', undefined, /neither/],
    ['tagged', 'matter-3', /legal-hold-tag is matter-1,matter-2 and must be matter-3/],
    ['locked', 'matter-1', /legal-hold-tag is absent/],
    ['tagged', { legalHold: true }, /legal-hold is OFF/],
    ['tagged', {}, /nothing was required/],
    ['missing', undefined, /not there/],
  ] as const)('expectHeld fails for %s by %j', async (key, by, message) => {
    const failure = await failureOf(expectHeld(bucket, key, by))
    expect(failure).toBeInstanceOf(AssertionError)
    expect(failure.message).toMatch(message)
  })

  test('expectNotHeld fails for what is held or is not there', async () => {
    expect((await failureOf(expectNotHeld(bucket, 'tagged'))).message).toMatch(/is held/)
    expect((await failureOf(expectNotHeld(bucket, 'missing'))).message).toMatch(/is not in/)
  })

  test('expectAllHeld names what is not held, and an empty folder', async () => {
    expect((await failureOf(expectAllHeld(bucket))).message).toMatch(/1 of 3 objects .*\n {2}bare/)
    expect((await failureOf(expectAllHeld(bucket, { prefix: 'x/' }))).message).toMatch(/No object is under "x\/"/)
    await expectAllHeld(bucket, { prefix: 'tagged', by: 'matter-1' })
  })
})
