import { describe, expect, test } from 'vitest'
import { type ExpectedListing, type ExpectedRecordingsOptions, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { RecordingJobsPlatform } from '#src/platforms/recording-jobs/platform.js'
import type { SimulatedConversation } from '#src/testing/genesys/organization.js'
import { buildRecording, MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, type FakeConversation, keyOf } from '../../fakes/conversations.js'
import { countsOnly, folder, oneRecording, request } from '../../fakes/one-recording.js'
import { type FakePlatform, job } from '../../fakes/platform.js'
import { cutPowerBeforeReport } from '../../fakes/power-cut.js'
import { startWorld } from '../../platforms/platform-world.js'
import { conversation, id, integrationId, organizationId } from '../../testing/genesys/fixture.js'

const minuteMs = 60_000

describe('the sidecar of a recording', () => {
  test('is that of its own file, and not of another rendition', async () => {
    const { deliver, run } = oneRecording()
    deliver('r1.opus', 'r1.wav_metadata.json')
    expect(await run()).toMatchObject({
      outcome: 'incomplete',
      counts: { missing: 1 },
      exceptions: [{ recordingId: 'r1', reason: expect.stringContaining('companion missing') }],
    })
    deliver('r1.opus_metadata.json')
    // The sidecar of the other rendition testifies to a file that is not there.
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { missing: 1 } })
    deliver('r1.wav')
    expect(await run()).toMatchObject({ outcome: 'complete' })
  })

  test('is asked for of one rendition: what a converter put beside it has none, and is held', async () => {
    const { deliver, run, holdOn } = oneRecording()
    deliver('r1.opus', 'r1.wav')
    expect((await run()).counts).toMatchObject({ expected: 1, missing: 1 })
    deliver('r1.opus_metadata.json')
    expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1 } })
    expect(holdOn('r1.wav')).toBe('t')
  })

  test('is asked for on a platform that lists no recordings, too', async () => {
    const { platform, deliver, run } = oneRecording()
    countsOnly(platform, 1)
    const media = '11111111-1111-4111-8111-111111111111.wav'
    deliver(media)
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { expected: 1, missing: 1 } })
    deliver(`${media}_metadata.json`)
    expect(await run()).toMatchObject({ outcome: 'incomplete' })
  })

  test('is waited for there', async () => {
    const { platform, clock, deliver, run } = oneRecording()
    countsOnly(platform, 1)
    const media = '11111111-1111-4111-8111-111111111111.wav'
    void clock.sleep(3_000).then(() => deliver(media))
    void clock.sleep(15_000).then(() => deliver(`${media}_metadata.json`))
    expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
  })
})

describe('with verifySidecars a sidecar', () => {
  const id1 = '11111111-1111-4111-8111-111111111111'
  const text = (content: unknown) => (typeof content === 'string' ? content : JSON.stringify(content))

  async function report(content: unknown, verifySidecars = true) {
    const { storage, platform, run } = oneRecording()
    platform.expected.length = 0
    platform.expected.push({ recordingId: id1, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    storage.put(`${folder}/${id1}.opus`, {})
    storage.put(`${folder}/${id1}.opus_metadata.json`, { body: text(content) })
    return run({ verifySidecars })
  }

  test.each([
    ['of its recording', { recordingId: id1.toUpperCase(), conversationId: 'c1', mediaType: 'Call' }],
    ['that names neither', { mediaType: 'Call', userIds: [] }],
    ['with a byte order mark', `\uFEFF{"recordingId":"${id1}"}`],
  ])('%s is accepted', async (_, content) => {
    expect(await report(content)).toMatchObject({ outcome: 'complete', counts: { repaired: 1 } })
  })

  test.each([
    ['another recording', { recordingId: 'other' }, 'conflicting', 'contradicts its key: it says recordingId "other"'],
    ['another conversation', { conversationId: 'c2' }, 'conflicting', 'conversationId "c2"'],
    ['nothing, not even JSON', '<html>', 'unreadable', 'is not valid JSON'],
    ['a number', '7', 'unreadable', 'is not a JSON object'],
    ['too much', ' '.repeat(1_048_577), 'unreadable', 'larger than 1 MiB'],
  ])('that says %s is not', async (_, content, state, reason) => {
    const told = await report(content)
    expect(told).toMatchObject({ outcome: 'incomplete', exceptions: [{ recordingId: id1, state }] })
    expect(told.exceptions[0]?.reason).toContain(reason)
    // It carries the hold all the same.
    expect(told.remediations.repaired).toBe(2)
    expect(await report(content, false)).toMatchObject({ outcome: 'complete' })
  })

  test('needs a storage that reads texts', () => {
    const { storage, platform } = oneRecording()
    Object.assign(storage, { readText: undefined })
    expect(() => new LegalHoldExporter({ platform, storage, hold: { tag: 't' }, verifySidecars: true })).toThrow(
      'readText',
    )
  })
})

test('what an earlier export left in the same hours is no proof of what this job counts', async () => {
  const { platform, clock, deliver, run } = oneRecording()
  countsOnly(platform, 2)
  const media = (number: number) => `11111111-1111-4111-8111-11111111111${number}.wav`
  for (const number of [1, 2]) deliver(media(number), `${media(number)}_metadata.json`)
  clock.advance(10 * minuteMs)
  // Of the two that it counts the job delivers one.
  void clock.sleep(500).then(() => deliver(media(3), `${media(3)}_metadata.json`))
  expect(await run()).toMatchObject({
    outcome: 'incomplete',
    counts: { expected: 4, repaired: 3, missing: 1 },
    exceptions: [{ state: 'missing', count: 1 }],
  })
})

describe('what is deleted after it was found to be held', () => {
  const files = ['r1.json', 'r1.json_metadata.json', 'c1-x.transcript.json', 'attachments/a/scan.pdf']
  const late = { recordingId: 'r2', conversationId: 'c2', conversationStart: '2023-10-20T10:30:00Z' }
  const lateKey = 'org/year=2023/month=10/day=20/hour=10/conversation_id=c2/r2.json'

  test.each([
    ['the recording', [0], 'deleted since'],
    ['its sidecar', [1], 'deleted since'],
    ['a transcript', [2], 'companion deleted since'],
    ['an attachment', [3], 'companion deleted since'],
    ['everything', [0, 1, 2, 3], 'deleted since'],
  ])('is missing: %s', async (_, deleted, reason) => {
    const { storage, platform, clock, deliver, run } = oneRecording({ landingQuietMs: 300_000 })
    platform.expected.push(late)
    deliver(...files)
    // Another hour keeps the run going.
    void clock.sleep(100_000).then(() => {
      for (const at of deleted) storage.delete(`${folder}/${files[at]}`)
    })
    void clock.sleep(200_000).then(() => {
      for (const key of [lateKey, `${lateKey}_metadata.json`]) storage.put(key, {})
    })
    const report = await run()
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { expected: 2, repaired: 1, missing: 1 } })
    expect(report.exceptions).toMatchObject([{ recordingId: 'r1', reason: expect.stringContaining(reason) }])
  })

  test('between two parts of a run is missing', async () => {
    const { storage, clock, deliver, run } = oneRecording()
    const journal = new MemoryJournal()
    deliver(...files)
    const putPowerBack = cutPowerBeforeReport(journal)
    await expect(run({ journal })).rejects.toThrow('journal could not be written')
    putPowerBack()
    clock.advance(minuteMs)
    storage.delete(`${folder}/${files[2]}`)
    expect(await run({ journal })).toMatchObject({ outcome: 'incomplete', resumed: 1, counts: { missing: 1 } })
  })

  test("is missing with versions: 'all', too, which lists what a delete marker hides", async () => {
    const { storage, platform, clock, deliver, run } = oneRecording({ landingQuietMs: 300_000 })
    platform.expected.push(late)
    deliver(...files)
    void clock.sleep(100_000).then(() => storage.delete(`${folder}/r1.json`))
    void clock.sleep(200_000).then(() => {
      for (const key of [lateKey, `${lateKey}_metadata.json`]) storage.put(key, {})
    })
    expect(await run({ remediation: { versions: 'all' } })).toMatchObject({
      outcome: 'incomplete',
      exceptions: [{ recordingId: 'r1', reason: expect.stringContaining('recoverable') }],
    })
  })
})

describe('a list that is in doubt', () => {
  function listed(listing: Partial<ExpectedListing>) {
    const { platform, deliver, run } = oneRecording()
    const told = { source: 'recording-metadata', calls: {}, conversations: 1, undecided: 0, ...listing }
    platform.expectedRecordings = async function* (this: FakePlatform, ...[, , options]: unknown[]) {
      yield* platform.expected
      ;(options as ExpectedRecordingsOptions).onListing?.(told)
    }
    deliver('r1.json', 'r1.json_metadata.json')
    return run
  }

  test('proves nothing, and says why', async () => {
    expect(await listed({})()).toMatchObject({ outcome: 'complete' })
    expect(await listed({ doubt: 'some were not shown' })()).toMatchObject({
      outcome: 'incomplete',
      coverage: { proven: false, reason: 'some were not shown' },
    })
    expect(await listed({ ongoing: 2 })()).toMatchObject({
      outcome: 'incomplete',
      coverage: { proven: false, reason: expect.stringContaining('2 conversations had not ended') },
    })
  })

  test('does not count what went on after an earlier part of the interval: it belongs to the next part, too', async () => {
    const conversations = async (ongoing: readonly number[]) => {
      const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
      const storage = new MemoryStorageAdapter({ clock })
      const platform = new ConversationPlatform(clock, storage)
      platform.conversations.push({ id: 'c', start: '2023-10-19T10:00:00Z' })
      const list = platform.expectedRecordings.bind(platform)
      const told = { source: 'x', calls: {}, conversations: 1, undecided: 0 }
      platform.expectedRecordings = async function* (job_, given, options?: ExpectedRecordingsOptions) {
        yield* list(job_, given)
        const isLast = given.interval.end === '2023-10-20T11:00:00.000Z'
        options?.onListing?.({ ...told, ongoing: ongoing[isLast ? 1 : 0] })
      }
      return new LegalHoldExporter({ platform, storage, clock, hold: { tag: 't' }, maxJobInterval: 'PT24H' }).run(
        request,
      )
    }
    expect((await conversations([3, 0])).coverage).toMatchObject({ proven: true })
    expect((await conversations([0, 3])).coverage).toMatchObject({ proven: false })
  })
})

test('what one job leaves out and the next one delivers is waited for', async () => {
  const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ConversationPlatform(clock, storage)
  const straddling: FakeConversation = { id: 's', start: '2023-10-19T10:00:00Z', end: '2023-10-19T13:00:00Z' }
  platform.conversations.push({ ...straddling, landsAfterMs: 15_000 })
  const list = platform.expectedRecordings.bind(platform)
  platform.expectedRecordings = async function* (job_, given) {
    const isFirst = given.interval.start === '2023-10-18T12:00:00.000Z'
    for await (const one of list(job_, given)) yield isFirst ? { ...one, skippedReason: 'sensitive' } : one
  }
  const getJob = platform.getJob.bind(platform)
  platform.getJob = async (jobId) => {
    const known = await getJob(jobId)
    return jobId === 'job-1' ? { ...known, totals: { recordings: 0, processed: 0 } } : known
  }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 't' }, maxJobInterval: 'PT24H' })
  expect(await exporter.run(request)).toMatchObject({
    counts: { expected: 1, repaired: 1 },
    outcome: 'complete',
  })
  expect(storage.versions(keyOf(straddling))[0]?.state?.metadata).toEqual({ 'legal-hold-tag': 't' })
})

describe('recordings of other media in a conversation that a digital request matches', () => {
  const call = (number: number, over: object = {}) =>
    buildRecording({
      id: id(4, number),
      media: 'call',
      communicationId: id(5, number),
      startTime: '2023-10-19T09:05:00.000Z',
      endTime: '2023-10-19T09:06:00.000Z',
      ...over,
    })
  const mixed = (number: number, over: object = {}) => {
    const plain = conversation(number)
    return { ...plain, recordings: [...plain.recordings, call(number, over)] }
  }

  async function run(conversations: SimulatedConversation[]) {
    let storage: MemoryStorageAdapter | undefined
    await using genesys = await startWorld(conversations, {
      delivery: {
        region: 'eu-west-1',
        credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
        put: async ({ key, body }) => {
          storage?.put(key, { body: Buffer.from(body) })
        },
      },
    })
    const bucket = new MemoryStorageAdapter({ clock: genesys.clock, bucket: 'evidence' })
    storage = bucket
    const report = await new LegalHoldExporter({
      platform: new RecordingJobsPlatform(genesys.connection),
      storage: bucket,
      clock: genesys.clock,
      hold: { tag: 't' },
      landingQuietMs: 20_000,
    }).run({ ...request, integrationId, mediaTypes: 'digital' })
    return { report, storage: bucket }
  }
  const keyOfCall = (number: number) =>
    `${organizationId}/year=2023/month=10/day=19/hour=09/conversation_id=${id(1, number)}/${id(4, number)}.wav`

  test('are delivered by the job, expected and held', async () => {
    const { report, storage } = await run([mixed(1), conversation(2)])
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 3, repaired: 3 },
      objects: { unexpected: 0 },
    })
    const keys = [keyOfCall(1), keyOfCall(1).replace('hour=09', 'hour=9')]
    const states = keys.flatMap((key) => storage.versions(key).map(({ state }) => state?.metadata))
    expect(states[0]).toEqual({ 'legal-hold-tag': 't' })
  })

  test('are missing where the job counts them and they never come', async () => {
    const { report } = await run([mixed(1, { neverLands: true }), conversation(2)])
    expect(report).toMatchObject({
      outcome: 'incomplete',
      counts: { expected: 3, repaired: 2, missing: 1 },
      exceptions: [{ recordingId: id(4, 1) }],
    })
  })

  test('are left out of account where the job does not count them either', async () => {
    const { platform, deliver, run: runFake } = oneRecording()
    platform.expected.push({ recordingId: 'call', conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    Object.assign(platform, {
      explainMissing: async function* () {
        yield { recordingId: 'call', kind: 'not-covered', reason: 'call' }
      },
    })
    deliver('r1.json', 'r1.json_metadata.json')
    platform.states = [job('FULFILLED', { totals: { recordings: 1, processed: 1 } })]
    expect(await runFake()).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
    platform.states = [job('FULFILLED', { totals: { recordings: 2, processed: 2 } })]
    expect(await runFake()).toMatchObject({ outcome: 'incomplete', counts: { expected: 2, missing: 1 } })
    // A job that does not count proves nothing of what is left out.
    platform.states = [job('FULFILLED')]
    expect(await runFake()).toMatchObject({ outcome: 'incomplete', counts: { expected: 2, missing: 1 } })
  })
})

test('one that ended after the index did is accounted for: the job left it out', async () => {
  await using genesys = await startWorld(
    [
      conversation(1),
      conversation(2, {}, { startTime: '2023-10-19T09:20:00.000Z', endTime: '2023-10-20T12:30:00.000Z' }),
    ],
    {
      delivery: {
        region: 'eu-west-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        put: async (o) => put(o),
      },
    },
  )
  const storage = new MemoryStorageAdapter({ clock: genesys.clock, bucket: 'evidence' })
  function put({ key, body }: { readonly key: string; readonly body: Uint8Array }) {
    storage.put(key, { body: Buffer.from(body) })
  }
  const report = await new LegalHoldExporter({
    platform: new RecordingJobsPlatform(genesys.connection),
    storage,
    clock: genesys.clock,
    hold: { tag: 't' },
    landingQuietMs: 20_000,
  }).run({ ...request, integrationId })
  expect(report).toMatchObject({
    outcome: 'incomplete',
    counts: { expected: 2, repaired: 1, skippedAtSource: 1 },
    exceptions: [{ recordingId: id(2, 2), reason: expect.stringContaining('not indexed') }],
  })
})

describe('conversations older than five years', () => {
  const old = { start: '2018-01-01T00:00:00Z', end: '2018-02-01T00:00:00Z' }

  test('are in no list, so that what lands counts against the totals of the job', async () => {
    const { platform, deliver, run } = oneRecording()
    Object.assign(platform, { listsRecordings: () => false })
    platform.expectedRecordings = () => {
      throw new Error('the list is not asked for')
    }
    const media = '11111111-1111-4111-8111-111111111111.wav'
    deliver(media, `${media}_metadata.json`)
    platform.states = [job('FULFILLED', { totals: { recordings: 2, processed: 2 } })]
    expect(await run()).toMatchObject({
      outcome: 'incomplete',
      coverage: { depth: 'counts' },
      counts: { expected: 2, repaired: 1, missing: 1 },
    })
  })

  test('are listed by no platform, and cannot share a job with younger ones', async () => {
    await using genesys = await startWorld([])
    const platform = new RecordingJobsPlatform(genesys.connection)
    const given = (interval: typeof old) => ({ integrationId, interval })
    expect(platform.listsRecordings(given(old))).toBe(false)
    expect(platform.listsRecordings({ integrationId, interval: request.interval })).toBe(true)
    const straddling = given({ start: '2018-10-01T00:00:00Z', end: '2018-11-01T00:00:00Z' })
    expect(platform.listsRecordings(straddling)).toBe(false)
    const refused = { code: 'INVALID_REQUEST', message: expect.stringContaining('split the interval at 2018-10-20') }
    await expect(platform.inspectRequest(straddling)).rejects.toMatchObject(refused)
    await expect(platform.createJob(straddling, { hold: { tag: 't' }, runId: 'r' })).rejects.toMatchObject(refused)
    const protecting = new RecordingJobsPlatform({ ...genesys.connection, protectSource: true })
    await expect(protecting.inspectRequest(given(old))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a file in the folder of another conversation', () => {
  const id1 = '11111111-1111-4111-8111-111111111111'

  test('is not the recording of that id that never came', async () => {
    const { platform, storage, run } = oneRecording()
    platform.expected.length = 0
    platform.expected.push(
      { recordingId: 'r0', conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' },
      { recordingId: id1, conversationId: 'c2', conversationStart: '2023-10-20T09:30:00Z' },
    )
    for (const name of ['r0.wav', `${id1}.wav`]) {
      for (const file of [name, `${name}_metadata.json`]) storage.put(`${folder}/${file}`, { body: file })
    }
    const report = await run()
    expect(report).toMatchObject({
      outcome: 'incomplete',
      counts: { expected: 2, repaired: 1, missing: 1 },
      exceptions: [{ recordingId: id1, conversationId: 'c2', state: 'missing' }],
    })
  })
})
