import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ExpectedListing, ExpectedRecording, ExpectedRecordingsOptions } from '../../src/index.js'
import type { ExportRequest } from '../../src/model/request.js'
import { GenesysClient } from '../../src/platforms/client/client.js'
import { expectedRecordings, type ListingSettings } from '../../src/platforms/expected/expected-recordings.js'
import { SimulatedClock } from '../../src/testing/index.js'
import { all, request } from './platform-world.js'
import { clientId, clientSecret, json, ScriptedServer } from './scripted-server.js'

const jobs = '/api/v2/analytics/conversations/details/jobs'
let server: ScriptedServer

beforeEach(async () => {
  server = await new ScriptedServer().start()
  server.on(`POST ${jobs}`, () => json(202, { jobId: 'q' }))
  server.on(`GET ${jobs}/q`, () => json(200, { state: 'FULFILLED' }))
})
afterEach(() => server.close())

let listing: ExpectedListing | undefined
const undecided: string[] = []

function expected(given: Partial<ExportRequest> = {}, settings: Partial<ListingSettings> = {}) {
  const clock = new SimulatedClock({ now: Date.now() })
  const client = new GenesysClient({ region: 'eu-west-1', clientId, clientSecret, endpoint: server.endpoint, clock })
  listing = undefined
  undecided.length = 0
  const options: ExpectedRecordingsOptions = {
    onListing: (told) => {
      listing = told
    },
    onUndecided: ({ conversationId }) => undecided.push(conversationId),
  }
  const limits = { maxMetadataCalls: 100, screens: true, ...settings }
  return all(expectedRecordings(client, { ...request, ...given }, options, limits))
}

function answerWith(conversations: object[], recordings: object[], extra: object = {}) {
  server.on(`GET ${jobs}/q/results`, () => json(200, { conversations, ...extra }))
  server.on('GET /api/v2/conversations/c/recordingmetadata', () => json(200, recordings))
}

it('mark what the platform leaves out on purpose, and not what it exports', async () => {
  answerWith(
    [{ conversationId: 'c' }],
    [
      { id: 'plain', media: 'audio' },
      { id: 'card', media: 'audio', containsSensitiveData: true },
      { id: 'gone', media: 'audio', fileState: 'DELETED', deleteDate: '2023-10-01T00:00:00.000+0000' },
    ],
  )
  const reasons = async (includeSensitive: boolean) =>
    (await expected({ includeSensitive })).map(({ recordingId, skippedReason }) => [recordingId, skippedReason])
  expect(await reasons(false)).toEqual([
    ['plain', undefined],
    ['card', 'sensitive: the request leaves such recordings out'],
    ['gone', 'deleted at the source'],
  ])
  expect(await reasons(true)).toEqual([
    ['plain', undefined],
    ['card', undefined],
    ['gone', 'deleted at the source'],
  ])
  expect((await expected())[2]!.deleteAt).toBe('2023-10-01T00:00:00.000Z')
})

it('are all of a conversation that the request matches, whatever their medium', async () => {
  answerWith(
    [{ conversationId: 'c' }],
    [
      { id: 'wa', media: 'message' },
      { id: 'call', media: 'audio' },
      { id: 'screen', media: 'audio', mediaSubtype: 'Screen' },
      { id: 'strange', media: 'hologram' },
    ],
  )
  const digital = await expected({ mediaTypes: ['message'], messageTypes: ['whatsapp'] })
  expect(digital.map(({ recordingId, mediaType }) => [recordingId, mediaType])).toEqual([
    ['wa', 'message'],
    ['call', 'call'],
    ['screen', 'screen'],
    ['strange', undefined],
  ])
  // A recording job without screen recordings.
  const ids = (await expected({}, { screens: false })).map(({ recordingId }) => recordingId)
  expect(ids).toEqual(['wa', 'call', 'strange'])
})

const indexed = '2023-10-20T13:00:00.000Z'

const laterOf = (recordings: readonly ExpectedRecording[]) =>
  recordings.flatMap(({ recordingId, isLaterThanInterval }) => (isLaterThanInterval ? [recordingId] : []))

it('count one that began inside the interval and ended after the index did, and mark one that began later', async () => {
  const times = (startTime: string, endTime: string) => ({ startTime, endTime })
  answerWith(
    [{ conversationId: 'c' }],
    [
      { id: 'inside', ...times('2023-10-20T11:00:00Z', '2023-10-20T11:59:00Z') },
      { id: 'straddling', ...times('2023-10-20T11:59:59.999Z', '2023-10-20T13:30:00Z') },
      { id: 'later', ...times('2023-10-20T12:00:00Z', '2023-10-20T13:30:00Z') },
      { id: 'later-indexed', ...times('2023-10-20T12:00:00Z', '2023-10-20T12:30:00Z') },
      { id: 'unknown-start', endTime: '2023-10-20T13:30:00Z' },
      { id: 'going-on', startTime: '2023-10-20T11:00:00Z' },
    ],
    { dataAvailabilityDate: indexed },
  )
  const recordings = await expected()
  expect(recordings.map(({ recordingId }) => recordingId).sort()).toEqual([
    'going-on',
    'inside',
    'later',
    'later-indexed',
    'straddling',
    'unknown-start',
  ])
  expect(laterOf(recordings)).toEqual(['later', 'later-indexed'])
  // Nobody says when it was created.
  expect(listing?.reason).toMatch(/of 1 recording it is not known whether it is later than the interval/)
})

describe('whose metadata do not say when they began', () => {
  const leg = (segmentStart: string, segmentEnd?: string) => ({ segmentStart, ...(segmentEnd ? { segmentEnd } : {}) })
  const agent = (sessionId: string, ...segments: object[]) => ({
    purpose: 'agent',
    sessions: [{ sessionId, mediaType: 'message', segments }],
  })
  /** Over days, and of the customer's session all of it. */
  const thread = (...participants: object[]) => ({
    conversationId: 'c',
    conversationStart: '2023-10-20T09:00:00Z',
    participants: [
      { purpose: 'customer', sessions: [{ sessionId: 'all', segments: [leg('2023-10-20T09:00:00Z')] }] },
      ...participants,
    ],
  })
  const morning = agent('s1', leg('2023-10-20T09:00:00Z', '2023-10-20T10:00:00Z'))
  const nextDay = agent('s2', leg('2023-10-21T08:00:00Z', '2023-10-21T09:00:00Z'))
  const created = (times: Record<string, string>) =>
    server.on('GET /api/v2/recordings/retention/query', () =>
      json(200, {
        entities: Object.entries(times).map(([recordingId, creationTime]) => ({
          recordingId,
          conversationId: 'c',
          creationTime,
        })),
      }),
    )
  const both = [
    { id: 'r1', media: 'message', startTime: null },
    { id: 'r2', media: 'message', startTime: null },
  ]

  it('are dated by when they were created, which the retention query says', async () => {
    answerWith([thread(morning, nextDay)], both, { dataAvailabilityDate: '2023-10-22T00:00:00Z' })
    created({ r1: '2023-10-20T09:00:00Z', r2: '2023-10-21T08:00:00Z' })
    const recordings = await expected()
    expect(recordings.map(({ recordingId }) => recordingId)).toEqual(['r1', 'r2'])
    expect(laterOf(recordings)).toEqual(['r2'])
    expect(listing).toMatchObject({ calls: { 'retention-query': 1 }, ongoing: 0 })
    expect(listing?.reason).toBeUndefined()
  })

  it('are dated by their session, without another call', async () => {
    const dated = [
      { ...both[0], endTime: '2023-10-20T10:00:00Z', sessionId: 's1' },
      { ...both[1], endTime: '2023-10-21T09:00:00Z', sessionId: 's2' },
    ]
    answerWith([thread(morning, nextDay)], dated, { dataAvailabilityDate: '2023-10-22T00:00:00Z' })
    expect(laterOf(await expected())).toEqual(['r2'])
    expect(listing).toMatchObject({ calls: { 'retention-query': 0 } })
  })

  it.each<[string, object[], object[], Record<string, string>]>([
    [
      'somebody handled it when the interval ended',
      [agent('s1', leg('2023-10-20T11:30:00Z', '2023-10-20T12:30:00Z'))],
      both,
      { r2: '2023-10-20T12:30:01Z' },
    ],
    [
      'it was created when it ended',
      [morning, nextDay],
      [{ ...both[1], endTime: '2023-10-21T09:00:00Z' }],
      { r2: '2023-10-21T09:00:00Z' },
    ],
    ['the retention query does not name it', [morning, nextDay], both, {}],
  ])('are expected where that proves nothing: %s', async (_, participants, recordings, times) => {
    answerWith([thread(...participants)], recordings, { dataAvailabilityDate: '2023-10-22T00:00:00Z' })
    created(times)
    const listed = await expected()
    expect(listed.map(({ recordingId }) => recordingId)).toContain('r2')
    expect(laterOf(listed)).toEqual([])
    const isCut = participants.length === 1
    expect(listing?.calls['retention-query']).toBe(isCut ? 0 : 1)
    if (!isCut) expect(listing?.reason).toMatch(/not known whether (?:it is|they are) later than the interval/)
  })

  it('are in no doubt where all that was handled inside the interval is over, and in doubt where it is not', async () => {
    created({ r1: '2023-10-20T09:00:00Z', r2: '2023-10-21T08:00:00Z' })
    const ongoing = async (...participants: object[]) => {
      answerWith([thread(...participants)], both, { dataAvailabilityDate: '2023-10-22T00:00:00Z' })
      await expected()
      return listing?.ongoing
    }
    expect(await ongoing(morning)).toBe(0)
    expect(await ongoing(morning, agent('s2', leg('2023-10-21T08:00:00Z')))).toBe(0)
    expect(await ongoing(agent('s1', leg('2023-10-20T09:00:00Z')))).toBe(1)
    expect(await ongoing(agent('s1', leg('2023-10-20T09:00:00Z', '2023-10-22T01:00:00Z')))).toBe(1)
    // Of sessions nothing is known; that a recording began later shows that the thread has moved on.
    expect(await ongoing()).toBe(0)
    created({ r1: '2023-10-20T09:00:00Z' })
    expect(await ongoing()).toBe(1)
    expect(await ongoing(agent('s1', leg('2023-10-20T09:00:00Z')), nextDay)).toBe(1)
  })
})

it.each([
  ['[null]', [null]],
  ['an entry without an id', [{ media: 'audio' }]],
  ['an entry that is none', ['r']],
])('are no empty list where the recordings are %s', async (_, recordings) => {
  answerWith([{ conversationId: 'c' }], recordings as object[])
  await expect(expected()).rejects.toMatchObject({
    code: 'PLATFORM_RESPONSE_INVALID',
    message: expect.stringContaining('recordings of the conversation c'),
  })
})

it.each([
  ['{}', {}],
  ['a list of another name', { items: [{ conversationId: 'c' }] }],
  ['no list', { conversations: { c: 1 }, dataAvailabilityDate: indexed }],
  ['conversations without ids', { conversations: [{}], dataAvailabilityDate: indexed }],
  ['null', { conversations: [null], dataAvailabilityDate: indexed }],
])('are no empty list where analytics answers %s', async (_, body) => {
  server.on(`GET ${jobs}/q/results`, () => json(200, body))
  await expect(expected()).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID' })
})

it('are none where analytics says how far it looked and names no conversation', async () => {
  server.on(`GET ${jobs}/q/results`, () => json(200, { dataAvailabilityDate: indexed }))
  expect(await expected()).toEqual([])
  expect(listing).toMatchObject({ conversations: 0 })
  expect(listing?.doubt).toBeUndefined()
})

it('are in doubt where a conversation has not ended, was recorded and has none, or lies beyond what was listed', async () => {
  const ended = { conversationEnd: '2023-10-20T10:00:00Z' }
  const recorded = (recording: boolean) => ({ participants: [{ sessions: [{ mediaType: 'voice', recording }] }] })
  answerWith([{ conversationId: 'c' }], [{ id: 'r' }])
  await expected()
  expect(listing).toMatchObject({ ongoing: 1 })
  answerWith([{ conversationId: 'c', ...ended, ...recorded(true) }], [])
  await expected()
  expect(listing).toMatchObject({
    ongoing: 0,
    doubt: expect.stringMatching(/1 conversation was recorded.*such as c$/),
  })
  answerWith([{ conversationId: 'c', ...ended, ...recorded(false) }], [])
  await expected()
  expect(listing?.doubt).toBeUndefined()
  answerWith([{ conversationId: 'c', ...ended }], [{ id: 'r' }], { dataAvailabilityDate: '2023-10-20T11:00:00Z' })
  await expected()
  expect(listing).toMatchObject({ doubt: 'analytics listed the conversations only until 2023-10-20T11:00:00.000Z' })
})

it('are undecided where the platform does not know a conversation that analytics lists', async () => {
  answerWith([{ conversationId: 'c' }, { conversationId: 'gone' }], [{ id: 'r' }])
  expect((await expected()).map(({ recordingId }) => recordingId)).toEqual(['r'])
  expect(undecided).toEqual(['gone'])
  expect(listing).toMatchObject({ undecided: 1, reason: expect.stringContaining('404') })
})

it('keep the contradiction of an id that two conversations claim', async () => {
  answerWith([{ conversationId: 'c' }, { conversationId: 'd' }], [{ id: 'r' }])
  server.on('GET /api/v2/conversations/d/recordingmetadata', () => json(200, [{ id: 'r' }]))
  expect((await expected()).map(({ conversationId }) => conversationId)).toEqual(['c', 'd'])
})

it('come once each', async () => {
  answerWith([{ conversationId: 'c' }, { conversationId: 'c' }], [{ id: 'r' }])
  expect((await expected()).map(({ recordingId }) => recordingId)).toEqual(['r'])
})
