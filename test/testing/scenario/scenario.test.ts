import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { DeliveredObject } from '../../../src/testing/genesys/delivery/delivery.js'
import {
  createScenario,
  GenesysSimulator,
  type Scenario,
  type ScenarioOptions,
  SimulatedClock,
  simulatorCredentials,
} from '../../../src/testing/index.js'
import { login } from '../genesys/fixture.js'

const now = '2023-10-20T12:00:00.000Z'
const { genesys } = simulatorCredentials

/** Runs a recording job with the scenario's own request and returns what lay in the bucket before and what landed. */
async function run(scenario: Scenario) {
  const clock = new SimulatedClock({ now, autoAdvance: false })
  const landed: DeliveredObject[] = []
  const simulator = new GenesysSimulator({
    ...scenario.settings,
    clock,
    organization: scenario.organization,
    clients: scenario.clients,
    delivery: {
      region: scenario.region,
      credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
      put: async (object) => {
        landed.push(object)
      },
    },
  })
  const token = await login(simulator, genesys.clientId, genesys.clientSecret)
  const call = async (method: string, path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}` }
    const url = `https://api.mypurecloud.ie${path}`
    const response = await simulator.handle(new Request(url, { method, headers, body: JSON.stringify(body) }))
    expect(response.ok, await response.clone().text()).toBe(true)
    return (await response.json()) as { id: string }
  }
  const { mediaTypes } = scenario.request
  const media = mediaTypes === 'digital' ? ['chat', 'email', 'message'] : mediaTypes?.map(() => 'voice')
  const predicates = media?.map((value) => ({ dimension: 'mediaType', operator: 'matches', value }))
  const { id } = await call('POST', '/api/v2/recording/jobs', {
    action: 'EXPORT',
    actionDate: now,
    integrationId: scenario.request.integrationId,
    includeRecordingsWithSensitiveData: true,
    conversationQuery: {
      interval: `${scenario.interval.start}/${scenario.interval.end}`,
      ...(predicates === undefined ? {} : { segmentFilters: [{ type: 'or', predicates }] }),
    },
  })
  clock.advance(1_000)
  await simulator.settle()
  await call('PUT', `/api/v2/recording/jobs/${id}`, { state: 'PROCESSING' })
  clock.advance(4_000)
  await simulator.settle()
  const landedInTime = landed.length
  clock.advance(2_000)
  await simulator.settle()
  const selected = simulator.jobs[0]!.selected.map(({ recordingId }) => recordingId)
  return { landed, landedInTime, selected, job: simulator.jobs[0]! }
}

describe('createScenario', () => {
  it.each([
    ['the default', {}],
    ['one recording', { count: 1 }],
    ['none', { count: 0 }],
    ['calls', { count: 37, media: 'call' }],
    ['all media', { count: 61, media: 'all' }],
    ['some that fail at source', { count: 40, failAtSource: 5 }],
    [
      'an interval of the past',
      { count: 30, interval: { start: '2023-03-01T00:00:00Z', end: '2023-03-02T00:00:00Z' } },
    ],
  ] satisfies [string, Omit<ScenarioOptions, 'now'>][])(
    'has exactly the recordings in scope it promises: %s',
    async (_, options) => {
      const scenario = createScenario({ now, ...options })
      const { selected, landed, job } = await run(scenario)
      expect(scenario.inScope.recordingIds).toHaveLength(('count' in options ? options.count : undefined) ?? 200)
      expect(selected.toSorted()).toEqual(scenario.inScope.recordingIds.toSorted())
      expect(landed).toHaveLength(scenario.inScope.objects)
      const failed = job.deliveries.filter(({ state }) => state === 'failed').map(({ recordingId }) => recordingId)
      expect(failed.toSorted()).toEqual(scenario.inScope.failAtSourceIds.toSorted())
      expect(failed).toHaveLength('failAtSource' in options ? options.failAtSource : 0)
    },
  )

  it('makes the brief’s case: digital media with all that makes it hard', async () => {
    const scenario = createScenario({ now })
    const { landed, landedInTime } = await run(scenario)
    const keys = landed.map(({ key }) => key)
    const messageTypes = new Set(scenario.organization.conversations.map(({ messageType }) => messageType))
    expect(messageTypes).toEqual(new Set(['whatsapp', 'webmessaging', undefined]))
    expect(scenario.inScope.sensitive).toBeGreaterThan(3)
    expect(scenario.inScope.landingLate).toBeGreaterThan(2)
    expect(landedInTime).toBeLessThan(landed.length)
    expect(keys.some((key) => key.endsWith('.transcript.json'))).toBe(true)
    expect(keys.some((key) => /\/attachments\/[^/]+\/.*[ü😀&+ ]/u.test(key))).toBe(true)
    expect(scenario.inScope.conversations).toBeLessThan(200)
    const inScope = new Set(scenario.inScope.recordingIds)
    const early = scenario.organization.conversations.filter(
      ({ startTime, recordings }) =>
        recordings.some(({ id }) => inScope.has(id)) && Date.parse(startTime) < Date.parse(scenario.interval.start),
    )
    expect(early.length).toBeGreaterThan(2)
    // Nothing of what was there before is in scope, and some of it lies in hours of what is.
    const folderOf = (key: string) => key.split('/conversation_id=')[0]
    const before = scenario.preExistingObjects.map(({ key }) => key)
    expect(before.filter((key) => keys.includes(key))).toEqual([])
    const hours = new Set(keys.map(folderOf))
    expect(before.filter((key) => hours.has(folderOf(key)) && key.endsWith('.wav')).length).toBeGreaterThan(10)
    expect(before.some((key) => !key.startsWith(genesys.organizationId))).toBe(true)
    expect(
      landed.every(
        ({ bucket, metadata }) => bucket === simulatorCredentials.s3.bucket && Object.keys(metadata).length === 0,
      ),
    ).toBe(true)
  })

  it('is the same for the same options, and of other ids for others', () => {
    const ids = (options: Partial<ScenarioOptions>) =>
      createScenario({ now, count: 20, ...options }).inScope.recordingIds
    expect(ids({})).toEqual(ids({}))
    expect(ids({}).filter((id) => ids({ seed: 'other' }).includes(id))).toEqual([])
    expect(ids({}).filter((id) => ids({ failAtSource: 1 }).includes(id))).toEqual([])
    expect(createScenario({ now, count: 20 }).organization).toEqual(createScenario({ now, count: 20 }).organization)
  })

  it('has profiles and policies that inspection has to find fault with', () => {
    const { organization } = createScenario({ now })
    expect(organization.exportProfiles[0]).toMatchObject({
      id: genesys.exportProfileId,
      include_legal_hold_metadata: false,
      retention_policy: 'short-term',
    })
    expect(organization.mediaRetentionPolicies[0]).toMatchObject({
      enabled: true,
      actions: { retainRecording: true, retentionDuration: { deleteRetention: { days: 2 } } },
      mediaPolicies: { messagePolicy: {}, chatPolicy: {} },
    })
  })

  it('puts nothing into somebody else’s bucket but what is in scope', async () => {
    const scenario = createScenario({ now, count: 10, onlyInScope: true, bucket: 'theirs' })
    expect(scenario.preExistingObjects).toEqual([])
    const recordings = scenario.organization.conversations.flatMap((conversation) => conversation.recordings)
    expect(recordings).toHaveLength(10)
    expect((await run(scenario)).landed.every(({ bucket }) => bucket === 'theirs')).toBe(true)
  })

  it('refuses an interval that has not begun', () => {
    expect(() =>
      createScenario({ now, interval: { start: '2023-10-21T00:00:00Z', end: '2023-10-22T00:00:00Z' } }),
    ).toThrow(RangeError)
  })

  describe('with the user’s own files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'recordings-'))
    afterAll(() => rmSync(directory, { recursive: true }))

    it('makes each one a recording, byte for byte, and has nothing else in scope', async () => {
      const files: Record<string, Buffer> = {
        'Anruf Müller.WAV': Buffer.from([0, 255, 1, 254, 13, 10]),
        'chat.json': Buffer.from('{"a": 1}\r\n'),
        'mail.eml': Buffer.from('Subject: ä\r\n\r\n'),
        'screen.mp4': Buffer.from([0, 0, 0, 1]),
        'no-extension': Buffer.alloc(0),
        [join('deeper', 'voice.ogg')]: Buffer.from('OggS'),
      }
      mkdirSync(join(directory, 'deeper'))
      writeFileSync(join(directory, '.DS_Store'), 'not a recording')
      for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
      const scenario = createScenario({ now, recordingsDir: directory })
      const { landed, selected } = await run(scenario)
      expect(selected).toHaveLength(6)
      const bodies = landed.filter(({ key }) => !key.endsWith('_metadata.json'))
      const found = bodies.map(
        ({ key, body }) => `${key.match(/\.[^./]+$/)?.[0] ?? ''}:${Buffer.from(body).toString('hex')}`,
      )
      const expected = Object.entries(files).map(
        ([name, content]) => `${name.match(/\.[^./]+$/)?.[0] ?? ''}:${content.toString('hex')}`,
      )
      expect(found.toSorted()).toEqual(expected.toSorted())
      const media = new Map(
        landed
          .filter(({ key }) => key.endsWith('_metadata.json'))
          .map(({ key, body }) => [
            key.match(/\.(\w+)_metadata/)?.[1],
            JSON.parse(Buffer.from(body).toString()).mediaType,
          ]),
      )
      expect(Object.fromEntries(media)).toMatchObject({
        WAV: 'Call',
        json: 'Message',
        eml: 'Email',
        mp4: 'Screen',
        ogg: 'Call',
      })
    })
  })
})

describe('an ordinary organisation', () => {
  it('has two divisions, a recording in the archive and a thread without an end, all in scope', () => {
    const { organization, inScope } = createScenario({ now })
    expect(organization.divisions?.map(({ name }) => name)).toEqual(['Home', 'Customer Care'])
    const own = new Set(inScope.recordingIds)
    const ours = organization.conversations.filter(({ recordings }) => recordings.some(({ id }) => own.has(id)))
    expect(ours.filter(({ ongoing }) => ongoing)).toHaveLength(1)
    expect(
      ours.flatMap(({ recordings }) => recordings).filter(({ fileState }) => fileState === 'ARCHIVED'),
    ).toHaveLength(1)
    expect(ours.filter(({ divisionIds }) => divisionIds !== undefined).length).toBeGreaterThan(10)
  })
})
