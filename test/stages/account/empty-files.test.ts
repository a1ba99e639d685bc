import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, MemoryJournal, type RecordingPlatform } from '#src/index.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, keyOf } from '../../fakes/conversations.js'
import { countsOnly, folder, oneRecording, request } from '../../fakes/one-recording.js'
import { job } from '../../fakes/platform.js'
import { cutPowerBeforeReport } from '../../fakes/power-cut.js'

const mediaEmpty = 'not delivered: the file that came for it is empty (0 bytes)'
const sidecarEmpty = 'companion missing: its sidecar is empty (0 bytes)'
const files = ['r1.opus', 'r1.opus_metadata.json'] as const

/** The one recording, with the named files empty. */
function withEmpty(...empty: string[]) {
  const world = oneRecording()
  for (const name of new Set([...files, ...empty])) {
    world.storage.put(`${folder}/${name}`, { body: empty.includes(name) ? '' : name })
  }
  return world
}

describe('a file without a byte', () => {
  test.each([
    ['is no delivered recording', ['r1.opus'], mediaEmpty],
    ['is no sidecar', ['r1.opus_metadata.json'], sidecarEmpty],
    ['is neither', [...files], mediaEmpty],
    ['is no rendition of a recording that has another', ['r1.wav', 'r1.wav_metadata.json'], mediaEmpty],
  ])('%s', async (_, empty, reason) => {
    const { run, holdOn } = withEmpty(...empty)
    const report = await run()
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { expected: 1, missing: 1, held: 0, repaired: 0 } })
    expect(report.exceptions).toMatchObject([{ recordingId: 'r1', state: 'missing', reason }])
    // The file itself is evidence of what was delivered, and held like any other.
    for (const name of [...files, ...empty]) expect(holdOn(name)).toBe('t')
    expect(report.remediations).toMatchObject({ repaired: new Set([...files, ...empty]).size, failed: 0 })
  })

  test.each(files)('is waited for to be written again: %s', async (name) => {
    const { run, clock, deliver } = withEmpty(name)
    void clock.sleep(8_000).then(() => deliver(name))
    expect(await run()).toMatchObject({ outcome: 'complete', counts: { repaired: 1 } })
  })

  test('is seen by its HEAD where it was written after its listing, and until a listing shows it with content', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    const place = (kind: 'recording' | 'sidecar') => ({ kind, recordingId: 'r', conversationId: 'c' })
    const list = () => {
      const listing = ledger.beginListing('hour/')
      ledger.show({ key: 'r.wav', sizeBytes: 7 }, place('recording'), listing, true)
      ledger.show({ key: 'r.wav_metadata.json', sizeBytes: 7 }, place('sidecar'), listing, true)
      ledger.endListing(listing)
      return ledger.settle({ missing: 0, failed: 0, skipped: 0 })
    }
    list()
    ledger.enter('r.wav', place('recording'), 'held', { sizeBytes: 0 })
    ledger.enter('r.wav_metadata.json', place('sidecar'), 'held', { sizeBytes: 7 })
    const settled = ledger.settle({ missing: 0, failed: 0, skipped: 0 })
    expect(settled).toMatchObject({ counts: { missing: 1 }, exceptions: [{ reason: mediaEmpty }] })
    expect([...ledger.pendingRecordings()]).toHaveLength(1)
    expect(list()).toMatchObject({ counts: { missing: 0, held: 1 } })
  })

  test.each(['empty', undefined])('does not make up for what a job counts (%s)', async (body) => {
    const { platform, run, storage } = oneRecording({ reconciliation: 'counts' })
    const media = '11111111-1111-4111-8111-111111111111.wav'
    countsOnly(platform, 1)
    storage.put(`${folder}/${media}`, { body: body === 'empty' ? '' : 'sound' })
    storage.put(`${folder}/${media}_metadata.json`, { body: '{}' })
    expect(await run()).toMatchObject(
      body === 'empty'
        ? { outcome: 'incomplete', coverage: { depth: 'counts' }, counts: { expected: 1, missing: 1 } }
        : { outcome: 'complete', coverage: { depth: 'counts' }, counts: { expected: 1, repaired: 1 } },
    )
  })

  test('stays missing in a run that goes on with its journal', async () => {
    const { run, storage } = withEmpty('r1.opus')
    const journal = new MemoryJournal()
    const putPowerBack = cutPowerBeforeReport(journal)
    await expect(run({ journal })).rejects.toThrow('journal could not be written')
    putPowerBack()
    const head = storage.head.bind(storage)
    let heads = 0
    storage.head = (...given) => {
      heads += 1
      return head(...given)
    }
    expect(await run({ journal })).toMatchObject({
      resumed: 1,
      outcome: 'incomplete',
      counts: { missing: 1 },
      exceptions: [{ reason: mediaEmpty }],
    })
    expect(heads).toBe(0)
  })

  test.each([
    ['r1.opus', mediaEmpty],
    ['r1.opus_metadata.json', sidecarEmpty],
  ])('is missing to reconcile, which sends no HEAD: %s', async (name, reason) => {
    const { exporter } = withEmpty(name)
    const reconciled = await exporter().reconcile(job('FULFILLED', { request, createdAt: '2023-10-20T11:00:00Z' }))
    expect(reconciled).toMatchObject({ expected: 1, delivered: 0, missing: 1, exceptions: [{ reason }] })
  })

  test('is not explained away by the platform, which says that the job does not cover it or left it out', async () => {
    for (const kind of ['not-covered', 'skipped']) {
      const { platform, run } = withEmpty('r1.opus')
      Object.assign(platform, {
        explainMissing: async function* () {
          yield { recordingId: 'r1', kind, reason: 'sensitive' }
        },
      })
      platform.states = [job('FULFILLED', { totals: { recordings: 0, processed: 0 } })]
      expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { expected: 1, missing: 1 } })
    }
  })

  test('is missing where the request is split into jobs', async () => {
    const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
    const storage = new MemoryStorageAdapter({ clock })
    const platform = new ConversationPlatform(clock, storage)
    const conversations = [
      { id: 'a', start: '2023-10-18T13:00:00Z' },
      { id: 'b', start: '2023-10-20T10:00:00Z' },
    ]
    platform.conversations.push(...conversations)
    const put = storage.put.bind(storage)
    storage.put = (key, object) => put(key, key.endsWith('r-b.json') ? { ...object, body: '' } : object)
    const report = await new LegalHoldExporter({
      platform: platform as RecordingPlatform,
      storage,
      clock,
      hold: { tag: 't' },
      landingQuietMs: 20_000,
      maxJobInterval: 'PT24H',
    }).run(request)
    expect(report.jobs.length).toBeGreaterThan(1)
    expect(report).toMatchObject({
      outcome: 'incomplete',
      counts: { expected: 2, repaired: 1, missing: 1 },
      exceptions: [{ recordingId: 'r-b', reason: mediaEmpty }],
    })
    expect(keyOf(conversations[1] ?? { id: '', start: '' })).toContain('r-b.json')
  })
})

test('the marker of a folder, or an empty attachment, is no recording that is missing', async () => {
  const { deliver, storage, run } = oneRecording()
  deliver(...files)
  for (const key of ['', 'attachments/', 'attachments/a/', 'attachments/a/empty.txt']) {
    storage.put(`${folder}/${key}`, { body: '' })
  }
  storage.put('org/year=2023/month=10/day=20/hour=9/', { body: '' })
  expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
})
