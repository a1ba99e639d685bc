import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { RecordingJobsPlatform } from '#src/platforms/recording-jobs/platform.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import type { SimulatedConversation, SimulatedRecording } from '#src/testing/genesys/organization.js'
import { buildRecording, MemoryStorageAdapter } from '#src/testing/index.js'
import { startWorld } from '../../platforms/platform-world.js'
import { conversation, id, integrationId } from '../../testing/genesys/fixture.js'

const none = { missing: 0, failed: 0, skipped: 0 }
/** The index reaches until noon of the 20th, when the job is created. */
const request = { integrationId, interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T00:00:00Z' } }

function part(number: number, startTime: string, endTime: string, over: Partial<SimulatedRecording> = {}) {
  return buildRecording({
    id: id(6, number),
    communicationId: id(7, number),
    media: 'message',
    startTime,
    endTime,
    ...over,
  })
}

const inside = part(1, '2023-10-19T09:05:00.000Z', '2023-10-19T09:25:00.000Z')

/** A WhatsApp thread that began inside the interval and goes on after it. */
function thread(recordings: readonly SimulatedRecording[], over: Partial<SimulatedConversation> = {}) {
  return conversation(1, {
    startTime: '2023-10-19T09:05:00.000Z',
    endTime: '2023-10-20T11:00:00.000Z',
    ongoing: true,
    recordings,
    ...over,
  })
}

interface Options {
  /** Milliseconds from the creation of the job until its list is asked for. */
  readonly listedAfterMs?: number
  readonly refusesRetentionQuery?: boolean
}

async function run(conversations: SimulatedConversation[], { listedAfterMs = 0, refusesRetentionQuery }: Options = {}) {
  let bucket: MemoryStorageAdapter | undefined
  await using genesys = await startWorld(conversations, {
    delivery: {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
      put: async ({ key, body }) => {
        bucket?.put(key, { body: Buffer.from(body) })
      },
    },
  })
  if (refusesRetentionQuery) {
    const action = { kind: 'respond', status: 403, body: '{"code":"forbidden"}' } as const
    genesys.simulator.faults.add({ match: { operation: 'queryRetention' }, action, times: 100 })
  }
  const storage = new MemoryStorageAdapter({ clock: genesys.clock, bucket: 'evidence' })
  bucket = storage
  // A list in memory takes no time, and the clock moves with every wait: what is due by then lands before it is listed.
  const listing = storage.list.bind(storage)
  storage.list = async function* (...given) {
    await genesys.simulator.settle()
    yield* listing(...given)
  }
  const platform = new RecordingJobsPlatform(genesys.connection)
  const list = platform.expectedRecordings.bind(platform)
  platform.expectedRecordings = (...given) => {
    genesys.clock.advance(listedAfterMs)
    return list(...given)
  }
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock: genesys.clock,
    hold: { tag: 't' },
    landingQuietMs: 20_000,
  })
  const report = await exporter.run(request, { journal })
  const keys = [1, 2].map((number) => {
    for (const hour of ['9', '09']) {
      const [version] = storage.versions(
        `33333333-3333-4333-8333-333333333333/year=2023/month=10/day=19/hour=${hour}/conversation_id=${id(1, 1)}/${id(6, number)}.json`,
      )
      if (version !== undefined) return version.state?.metadata?.['legal-hold-tag']
    }
    return undefined
  })
  const records = []
  for await (const record of journal.entries()) records.push(record)
  return { report, holds: keys, listing: records.find(({ type }) => type === 'listing')?.data }
}

describe('a thread that goes on after the interval', () => {
  const later = part(2, '2023-10-20T10:00:00.000Z', '2023-10-20T13:00:00.000Z')

  test('is complete without what was recorded of it later and is not indexed, and says so', async () => {
    const { report, listing } = await run([thread([inside, later])])
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 1, repaired: 1 },
      exceptions: [],
      reconciliation: { laterThanInterval: 1 },
    })
    expect(listing).toMatchObject({
      expected: 1,
      laterThanInterval: 1,
      laterRecordings: [{ recordingId: id(6, 2), conversationId: id(1, 1) }],
    })
  })

  test('is complete, too, where the index has caught up with it since the job was created', async () => {
    const ended = thread([inside, later], { ongoing: false, endTime: '2023-10-20T13:00:00.000Z' })
    const { report } = await run([ended], { listedAfterMs: 2 * 3_600_000 })
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 1, repaired: 1, skippedAtSource: 0, missing: 0 },
      reconciliation: { laterThanInterval: 1 },
    })
  })

  test.each([true, false])('in one session is dated by the retention query, or stays expected', async (refused) => {
    const again = { ...later, communicationId: inside.communicationId }
    const ended = thread([inside, again], { ongoing: false, endTime: '2023-10-20T13:00:00.000Z' })
    const { report } = await run([ended], { listedAfterMs: 2 * 3_600_000, refusesRetentionQuery: refused })
    expect(report.outcome).toBe(refused ? 'incomplete' : 'complete')
    expect(report.counts.expected).toBe(refused ? 2 : 1)
    if (refused) expect(report.reconciliation.reason).toContain('later than the interval')
  })

  test('is held with what the job delivers of it, which is waited for', async () => {
    const indexed = part(2, '2023-10-20T05:00:00.000Z', '2023-10-20T06:00:00.000Z', { landsLateMs: 15_000 })
    const { report, holds } = await run([thread([inside, indexed])])
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 2, repaired: 2 } })
    expect(report.reconciliation.laterThanInterval).toBeUndefined()
    expect(holds).toEqual(['t', 't'])
  })

  test('is not complete where the job counts what never came of it', async () => {
    const lost = part(2, '2023-10-20T05:00:00.000Z', '2023-10-20T06:00:00.000Z', { neverLands: true })
    expect((await run([thread([inside, lost])])).report).toMatchObject({
      outcome: 'incomplete',
      coverage: { proven: false, reason: expect.stringContaining('counts 2 recordings') },
    })
  })

  test('is not complete while somebody handles it since before the end of the interval', async () => {
    const cut = part(2, '2023-10-19T23:30:00.000Z', '2023-10-20T13:00:00.000Z')
    const { report } = await run([thread([inside, cut])])
    expect(report.outcome).toBe('incomplete')
    expect(report.counts).toMatchObject({ expected: 2, repaired: 1 })
    expect(report.reconciliation.laterThanInterval).toBeUndefined()
  })
})

describe('a ledger', () => {
  const later = { recordingId: 'r', conversationId: 'c', isLaterThanInterval: true }
  const land = (ledger: RecordingLedger) => {
    for (const [kind, suffix] of [
      ['recording', ''],
      ['sidecar', '_metadata.json'],
    ] as const) {
      ledger.enter(`r.wav${suffix}`, { kind, recordingId: 'r', conversationId: 'c' }, 'held')
    }
  }

  test('counts a recording that is later than the interval once it lands', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect(later)
    expect([ledger.size, ledger.pending, ledger.later, ledger.withdrawn, ledger.unlisted]).toEqual([0, 0, 1, 0, 0])
    expect(ledger.settle(none).counts.expected).toBe(0)
    expect(ledger.isExpected('r', 'c')).toBe(true)
    land(ledger)
    expect([ledger.size, ledger.pending, ledger.later, ledger.withdrawn, ledger.unlisted]).toEqual([1, 0, 0, 0, 1])
    expect(ledger.settle(none).counts).toMatchObject({ expected: 1, held: 1 })
  })

  test.each([[[later, { ...later, isLaterThanInterval: false }]], [[{ ...later, isLaterThanInterval: false }, later]]])(
    'expects what is later than one part of the interval and belongs to another',
    (lists) => {
      const ledger = new RecordingLedger(true)
      for (const one of lists) ledger.expect(one)
      expect([ledger.size, ledger.pending, ledger.later]).toEqual([1, 1, 0])
      land(ledger)
      expect(ledger.settle(none).counts).toMatchObject({ expected: 1, held: 1 })
    },
  )

  test('does not excuse one that the job says it could not export', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect(later)
    ledger.failedAtSource('r', 'codec', 'c')
    expect(ledger.settle(none).counts).toMatchObject({ expected: 1, failedAtSource: 1 })
  })
})
