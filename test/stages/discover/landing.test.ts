import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, type LegalHoldExporterOptions, type RunEvent } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, type FakeConversation, keyOf } from '../../fakes/conversations.js'

const start = '2023-10-18T12:00:00.000Z'
const end = '2023-10-20T12:00:00.000Z'
const hourMs = 3_600_000
const request = { integrationId: 'i', interval: { start, end } }

function world() {
  const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
  const lists: string[] = []
  const walks: string[] = []
  const storage = new MemoryStorageAdapter({
    clock,
    intercept: ({ operation, key = '' }, when) => {
      if (when === 'after') return
      if (operation === 'list') lists.push(key)
      if (operation === 'listFolders') walks.push(key)
    },
  })
  const platform = new ConversationPlatform(clock, storage)
  const run = (options: Partial<LegalHoldExporterOptions> = {}, onEvent?: (event: RunEvent) => void) =>
    new LegalHoldExporter({ platform, storage, clock, hold: { tag: 't' }, lookbackHours: 0, ...options }).run(request, {
      onEvent,
    })
  return { clock, storage, platform, lists, walks, run }
}

/** A conversation in each hour of the interval. */
function hourly(over: (hour: number) => Partial<FakeConversation> = () => ({})): FakeConversation[] {
  return Array.from({ length: 48 }, (_, hour) => ({
    id: `c${hour}`,
    start: new Date(Date.parse(start) + hour * hourMs + 60_000).toISOString(),
    ...over(hour),
  }))
}

const folderOf = (conversation: FakeConversation) => keyOf(conversation).replace(/conversation_id=.*/, '')
const counted = (keys: readonly string[]) => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

describe('the landing', () => {
  test('lists each folder once after the last object and is over within seconds of it', async () => {
    const { platform, storage, lists, walks, clock, run } = world()
    platform.conversations.push(...hourly(() => ({ landsAfterMs: 9_000 })))
    let landedAt = 0
    void clock.sleep(1).then(async () => {
      while (storage.versions(keyOf(platform.conversations[47]!)).length === 0) await clock.sleep(100)
      landedAt = clock.now()
    })
    const report = await run()
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 48, repaired: 48 } })
    expect(Date.parse(report.finishedAt) - landedAt).toBeLessThan(6_000)
    // When they arrived, and once more 2 s later for what follows a recording.
    for (const [folder, times] of counted(lists)) expect([folder, times]).toEqual([folder, 2])
    expect(new Set(lists).size).toBe(48)
    expect(walks.length).toBeLessThan(40)
  })

  test('looks again only in the hour of the one that is late', async () => {
    const { platform, lists, walks, clock, run } = world()
    const late = (hour: number) => ({ landsAfterMs: hour === 30 ? 200_000 : 500 })
    // Another one of that hour has made its folder.
    platform.conversations.push(...hourly(late), { id: 'neighbour', start: '2023-10-19T18:30:00Z' })
    let landedAt = 0
    void clock.sleep(200_000).then(() => {
      landedAt = clock.now()
    })
    const report = await run({ landingQuietMs: 300_000 })
    expect(report.outcome).toBe('complete')
    expect(Date.parse(report.finishedAt) - landedAt).toBeLessThan(20_000)
    const counts = counted(lists)
    const folder = folderOf(platform.conversations[30]!)
    expect(counts.get(folder)).toBeGreaterThan(20)
    counts.delete(folder)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3)
    expect(walks.length).toBeLessThan(40)
  })

  test('looks for the folder of the one that is late on its own path', async () => {
    const { platform, lists, walks, run } = world()
    platform.conversations.push(...hourly((hour) => ({ landsAfterMs: hour === 30 ? 200_000 : 500 })))
    const report = await run({ landingQuietMs: 300_000 })
    expect(report.outcome).toBe('complete')
    const folder = folderOf(platform.conversations[30]!)
    expect(walks.filter((prefix) => !folder.startsWith(prefix)).length).toBeLessThan(10)
    expect(Math.max(...counted(lists).values())).toBeLessThanOrEqual(3)
  })

  test('lists an hour no more once all of it has been left alone, but for a last look at the very end', async () => {
    const { platform, lists, run } = world()
    platform.processingMs = 2 * hourMs
    platform.conversations.push(...hourly((hour) => ({ landsAfterMs: 1_000 + hour * 140_000 })))
    const report = await run({ landingQuietMs: 120_000 })
    expect(report.outcome).toBe('complete')
    const first = folderOf(platform.conversations[0]!)
    const times = counted(lists)
    expect(times.get(first)).toBeLessThanOrEqual(5)
    const beforeTheEnd = lists.slice(0, lists.lastIndexOf(first))
    expect(beforeTheEnd.lastIndexOf(first)).toBeLessThan(lists.length / 3)
    expect(Date.parse(report.finishedAt) - Date.parse(report.startedAt)).toBeLessThan(2 * hourMs + 120_000)
  })

  test('finds a transcript that comes within the quiet time after its recording', async () => {
    const { platform, storage, clock, run } = world()
    platform.processingMs = hourMs
    platform.conversations.push(...hourly((hour) => ({ landsAfterMs: hour === 40 ? hourMs - 1_000 : 1_000 })))
    const transcript = keyOf(platform.conversations[3]!).replace(/r-c3.json$/, 'c3-x.transcript.json')
    void clock.sleep(90_000).then(() => storage.put(transcript, {}))
    const report = await run()
    expect(report).toMatchObject({ outcome: 'complete', objects: { transcripts: 1 } })
    expect(storage.versions(transcript)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': 't' })
  })

  test('reads the hour in which a conversation began, however long before the interval that was', async () => {
    const { platform, lists, run } = world()
    const early = { id: 'early', start: '2023-10-11T03:20:00Z', end: '2023-10-18T13:00:00Z' }
    platform.conversations.push(early, ...hourly())
    const report = await run()
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 49, repaired: 49 } })
    const outside = [...new Set(lists)].filter((prefix) => prefix.includes('day=11/'))
    expect(outside).toEqual([folderOf(early)])
  })

  test('ends after the quiet time where something never comes, and says so', async () => {
    const { platform, lists, run } = world()
    platform.conversations.push(...hourly((hour) => (hour === 7 ? { landsAfterMs: undefined } : {})))
    const report = await run({ landingQuietMs: 60_000 })
    expect(report).toMatchObject({
      outcome: 'incomplete',
      counts: { missing: 1 },
      exceptions: [{ recordingId: 'r-c7', reason: 'never delivered' }],
    })
    const waitedMs = Date.parse(report.finishedAt) - Date.parse(report.startedAt)
    expect(waitedMs).toBeGreaterThan(60_000)
    expect(waitedMs).toBeLessThan(90_000)
    expect(counted(lists).get(folderOf(platform.conversations[8]!))).toBeLessThanOrEqual(3)
  })

  test('ends at its time limit, however much keeps coming', async () => {
    const { platform, storage, clock, run } = world()
    platform.conversations.push(...hourly((hour) => (hour === 7 ? { landsAfterMs: undefined } : {})))
    const folder = folderOf(platform.conversations[7]!)
    void clock.sleep(1_000).then(async () => {
      for (let n = 0; n < 40; n += 1) {
        storage.put(`${folder}conversation_id=c7/c7-${n}.transcript.json`, {})
        await clock.sleep(10_000)
      }
    })
    const report = await run({ landingTimeoutMs: 100_000, landingQuietMs: 60_000 })
    const waitedMs = Date.parse(report.finishedAt) - Date.parse(report.startedAt)
    expect(waitedMs).toBeGreaterThan(100_000)
    expect(waitedMs).toBeLessThan(130_000)
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { missing: 1 } })
  })
})
