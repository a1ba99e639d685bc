import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExpectedListing, ExpectedRecording, UndecidedConversation } from '../../src/index.js'
import type { ExportRequest } from '../../src/model/request.js'
import { type RecordingJobsOptions, RecordingJobsPlatform } from '../../src/platforms/recording-jobs/platform.js'
import type { SimulatedConversation } from '../../src/testing/genesys/organization.js'
import { buildRecording } from '../../src/testing/index.js'
import { conversation, id } from '../testing/genesys/fixture.js'
import { request, startWorld } from './platform-world.js'

const job = { id: 'j', state: 'PENDING', platformState: 'PENDING', totals: {} } as const

/** So many conversations of two days ago, each with one message recording. */
function many(count: number, over: (number: number) => Partial<SimulatedConversation> = () => ({})) {
  return Array.from({ length: count }, (_, number) => conversation(number, over(number)))
}

async function list(
  world: Awaited<ReturnType<typeof startWorld>>,
  given: Partial<ExportRequest> = {},
  options: Partial<RecordingJobsOptions> = {},
) {
  const platform = new RecordingJobsPlatform({ ...world.connection, ...options })
  const undecided: UndecidedConversation[] = []
  let listing: ExpectedListing | undefined
  const recordings: ExpectedRecording[] = []
  const stream = platform.expectedRecordings(
    job,
    { ...request, ...given },
    {
      onUndecided: (open) => undecided.push(open),
      onListing: (told) => {
        listing = told
      },
    },
  )
  for await (const recording of stream) recordings.push(recording)
  if (listing === undefined) throw new Error('the listing was not told')
  return { recordings, ids: recordings.map(({ recordingId }) => recordingId).sort(), undecided, listing, platform }
}

const numbered = (count: number) => Array.from({ length: count }, (_, number) => id(2, number)).sort()

function refuseScan(world: Awaited<ReturnType<typeof startWorld>>, status: number) {
  const body = JSON.stringify({ message: 'no', code: 'x', status })
  world.simulator.faults.add({
    match: { operation: 'queryRetention' },
    action: { kind: 'respond', status, body },
    times: 5,
  })
}

describe('the expected recordings', () => {
  it('of many conversations come from the retention query, 500 a call, with their start', async () => {
    await using world = await startWorld(many(1_200))
    world.clock.advance(3 * 86_400_000)
    const { ids, listing, recordings } = await list(world)
    expect(ids).toEqual(numbered(1_200))
    expect(recordings[0]).toMatchObject({ conversationStart: '2023-10-19T09:05:00.000Z', mediaType: 'message' })
    expect(listing).toMatchObject({
      source: 'retention-query',
      calls: { 'retention-query': 3, 'recording-metadata': 0 },
      conversations: 1_200,
      undecided: 0,
    })
    expect(listing.calls.analytics).toBe(
      world.count('createConversationJob') +
        world.count('getConversationJob') +
        world.count('getConversationJobResults'),
    )
    expect(world.count('queryRetention')).toBe(3)
  })

  it('of a few conversations come from each of them, since nothing is cheaper for sure', async () => {
    await using world = await startWorld(many(30))
    const { ids, listing } = await list(world)
    expect(ids).toEqual(numbered(30))
    expect(listing).toMatchObject({
      source: 'recording-metadata',
      calls: { 'recording-metadata': 30, 'retention-query': 0 },
    })
    expect(world.count('queryRetention')).toBe(0)
  })

  it('of mixed media come from there too, and only those are asked for one by one that it does not know', async () => {
    const mixed = (number: number) => [
      ...conversation(number).recordings,
      buildRecording({
        id: id(4, number),
        media: 'call',
        communicationId: id(5, number),
        startTime: '2023-10-19T09:05:00.000Z',
        endTime: '2023-10-19T09:06:00.000Z',
      }),
    ]
    const special = (number: number) =>
      number < 3 ? { recordings: mixed(number) } : number < 5 ? { recordings: [] } : {}
    await using world = await startWorld(many(400, special))
    world.clock.advance(3 * 86_400_000)
    const { ids, listing } = await list(world, { mediaTypes: ['message'] })
    const messages = numbered(400).filter((one) => one !== id(2, 3) && one !== id(2, 4))
    expect(ids).toEqual([...messages, id(4, 0), id(4, 1), id(4, 2)].sort())
    expect(listing).toMatchObject({ source: 'retention-query', calls: { 'recording-metadata': 2 }, undecided: 0 })
  })

  it.each([403, 404, 400])('fall back to each conversation where the retention query answers %i', async (status) => {
    await using world = await startWorld(many(40))
    refuseScan(world, status)
    const { ids, listing } = await list(world, {}, { maxMetadataCalls: 39 })
    expect(ids).toHaveLength(39)
    expect(listing).toMatchObject({
      source: 'recording-metadata',
      calls: { 'recording-metadata': 39, 'retention-query': 1 },
      undecided: 1,
      reason: expect.stringContaining('was refused'),
    })
  })

  it('fail with it where the credentials do, since nothing else would be answered either', async () => {
    await using world = await startWorld(many(40))
    refuseScan(world, 401)
    await expect(list(world, {}, { maxMetadataCalls: 39 })).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' })
  })

  it.each([
    ['a page without a list', { total: 1 }],
    ['an entry without its conversation', { entities: [{ recordingId: id(2, 0) }] }],
    ['an entry that is null', { entities: [null] }],
  ])('do not take the word of a retention query with %s', async (_, body) => {
    await using world = await startWorld(many(40))
    world.simulator.faults.add({
      match: { operation: 'queryRetention' },
      action: { kind: 'respond', status: 200, body: JSON.stringify(body) },
      times: 5,
    })
    const { ids, listing } = await list(world, {}, { maxMetadataCalls: 39 })
    expect(ids).toHaveLength(39)
    expect(listing).toMatchObject({ source: 'recording-metadata', undecided: 1 })
  })

  it('do not read a whole organisation for the sake of one request', async () => {
    const old = { startTime: '2023-09-01T09:00:00.000Z', endTime: '2023-09-01T09:10:00.000Z' }
    const others = Array.from({ length: 3_000 }, (_, number) => conversation(10_000 + number, old, old))
    await using world = await startWorld([...others, ...many(20)])
    const { ids, listing } = await list(world, {}, { maxMetadataCalls: 19 })
    expect(ids).toHaveLength(19)
    expect(listing).toMatchObject({
      source: 'recording-metadata',
      calls: { 'recording-metadata': 19, 'retention-query': 5 },
      reason: expect.stringContaining('whole organisation'),
    })
  })

  it('end in detail where maxMetadataCalls says so, and name what stays undecided', async () => {
    await using world = await startWorld(many(40))
    refuseScan(world, 403)
    const { ids, listing, undecided } = await list(world, {}, { maxMetadataCalls: 25 })
    expect(ids).toHaveLength(25)
    expect(undecided).toHaveLength(15)
    expect(undecided[0]).toMatchObject({ conversationStart: '2023-10-19T09:05:00.000Z' })
    expect(listing).toMatchObject({
      calls: { 'recording-metadata': 25 },
      undecided: 15,
      reason: expect.stringContaining('maxMetadataCalls'),
    })
    expect(world.count('listRecordingMetadata')).toBe(25)
  })

  it('trust the retention query with recordings of the last day only as far as it shows any', async () => {
    // The simulator counts days exactly; a platform that counts whole days would show none of them.
    const recent = { startTime: '2023-10-20T10:00:00.000Z', endTime: '2023-10-20T10:10:00.000Z' }
    await using world = await startWorld(many(400, (number) => (number < 20 ? recent : {})))
    world.simulator.organization.conversations = world.simulator.organization.conversations.map((one, number) =>
      number < 20 ? conversation(number, recent, recent) : one,
    )
    const { ids, listing } = await list(world)
    expect(ids).toEqual(numbered(400))
    expect(listing.calls['recording-metadata']).toBe(20)
  })

  it('are refused with a limit that is none', () => {
    const options = { region: 'eu-west-1', clientId: 'a', clientSecret: 'b' }
    for (const maxMetadataCalls of [-1, 1.5, Number.NaN]) {
      expect(() => new RecordingJobsPlatform({ ...options, maxMetadataCalls })).toThrow(/maxMetadataCalls/)
    }
  })

  it('are the same from every source', async () => {
    const made = fc.array(
      fc.record({
        media: fc.constantFrom('call' as const, 'chat' as const, 'email' as const, 'message' as const),
        messageType: fc.constantFrom('whatsapp', 'webmessaging'),
        hour: fc.integer({ min: 0, max: 60 }),
        recordings: fc.array(fc.constantFrom('call', 'chat', 'email', 'message', 'screen'), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    const media = fc.constantFrom(
      undefined,
      'digital' as const,
      ['call' as const],
      ['message' as const, 'screen' as const],
    )
    await fc.assert(
      fc.asyncProperty(
        made,
        media,
        fc.constantFrom(undefined, ['whatsapp']),
        async (given, mediaTypes, messageTypes) => {
          const conversations = given.map(({ media: medium, messageType, hour, recordings }, number) => {
            const start = Date.parse('2023-10-17T20:00:00Z') + hour * 3_600_000
            const times = { startTime: new Date(start).toISOString(), endTime: new Date(start + 600_000).toISOString() }
            return conversation(number, {
              ...times,
              media: medium,
              ...(medium === 'message' ? { messageType } : {}),
              recordings: recordings.map((kind, at) =>
                buildRecording({
                  id: id(20 + at, number),
                  communicationId: id(30 + at, number),
                  // A recording of another medium than the conversation's only where the sessions tell so.
                  media: kind === 'screen' ? 'screen' : medium,
                  ...times,
                }),
              ),
            })
          })
          await using world = await startWorld(conversations)
          world.clock.advance(5 * 86_400_000)
          const wanted = { mediaTypes, messageTypes } as Partial<ExportRequest>
          const each = await list(world, wanted)
          // No calls to spare, so that the retention query has to do.
          const scanned = await list(world, wanted, { maxMetadataCalls: 0 })
          const open = new Set(scanned.undecided.map(({ conversationId }) => conversationId))
          const screens = new Set(
            conversations.flatMap(({ recordings }) =>
              recordings.filter(({ media: kind }) => kind === 'screen').map((r) => r.id),
            ),
          )
          const known = each.recordings.filter(({ conversationId }) => !open.has(conversationId))
          // The retention query does not tell media: a screen recording among messages is expected until it is asked for.
          expect(scanned.ids.filter((one) => !screens.has(one))).toEqual(
            known
              .map(({ recordingId }) => recordingId)
              .filter((one) => !screens.has(one))
              .sort(),
          )
          const missing = scanned.recordings.filter(({ recordingId }) => screens.has(recordingId))
          for await (const { recordingId, kind } of each.platform.explainMissing(missing, { ...request, ...wanted })) {
            expect(kind === 'not-covered').toBe(!each.ids.includes(recordingId))
          }
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('a recording that did not come', () => {
  it('is explained where the platform knows it no more, and not where it should be there', async () => {
    await using world = await startWorld(many(3))
    const platform = new RecordingJobsPlatform(world.connection)
    const missing = [
      { recordingId: id(2, 0), conversationId: id(1, 0) },
      { recordingId: id(9, 9), conversationId: id(1, 1) },
      { recordingId: id(9, 8), conversationId: id(9, 9) },
    ]
    const found: unknown[] = []
    let cost: ExpectedListing | undefined
    const onListing = (told: ExpectedListing) => {
      cost = told
    }
    for await (const one of platform.explainMissing(missing, request, { onListing })) found.push(one)
    expect(found).toEqual(
      expect.arrayContaining([
        { recordingId: id(2, 0), kind: 'expected' },
        { recordingId: id(9, 9), kind: 'skipped', reason: expect.stringContaining('deleted') },
      ]),
    )
    expect(cost).toMatchObject({ calls: { 'recording-metadata': 3 } })
  })

  it('costs no report where the platform does not answer', async () => {
    await using world = await startWorld(many(2))
    for (const [status, body] of [
      [200, '[null]'],
      [403, '{"code":"forbidden"}'],
    ] as const) {
      world.simulator.faults.add({
        match: { operation: 'listRecordingMetadata' },
        action: { kind: 'respond', status, body },
        times: 1,
      })
    }
    const platform = new RecordingJobsPlatform(world.connection)
    const missing = [0, 1].map((number) => ({ recordingId: id(2, number), conversationId: id(1, number) }))
    let cost: ExpectedListing | undefined
    const onListing = (told: ExpectedListing) => {
      cost = told
    }
    const found: unknown[] = []
    for await (const one of platform.explainMissing(missing, request, { onListing })) found.push(one)
    expect(found).toEqual([])
    expect(cost).toMatchObject({ reason: 'why 2 recordings are missing was not answered' })
  })
})
