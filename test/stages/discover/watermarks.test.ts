import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldExporter, type LegalHoldExporterOptions } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import { readCheckpoint } from '#src/journal/checkpoint.js'
import type { DiscoveredObject } from '#src/stages/discover/discover.js'
import { Watermarks } from '#src/stages/discover/watermarks.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, keyOf } from '../../fakes/conversations.js'
import { FrailJournal, Life } from '../../fakes/mortal.js'
import { runStarted } from '../../fakes/run-started.js'

describe('watermarks', () => {
  const objectOf = (key: string): DiscoveredObject => ({
    object: { bucket: 'b', key, sizeBytes: 1 },
    place: { kind: 'unexpected' },
  })

  test('say that a folder is on record up to a key only when it is, in whatever order objects finish', async () => {
    // Pieces of three folders in some order, each piece of up to three objects, and the order in which all finish.
    const pieces = fc.array(fc.record({ folder: fc.nat(2), size: fc.nat(3) }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.infiniteStream(fc.nat(1_000)), async (listed, random) => {
        const handedOut = new Map<string, DiscoveredObject[]>()
        const underWay = new Set<DiscoveredObject>()
        const marks = new Map<string, string>()
        const watermarks = new Watermarks(new Map(), async (prefix, through) => {
          for (const object of handedOut.get(prefix) ?? []) {
            if (object.object.key <= through) expect(underWay.has(object)).toBe(false)
          }
          expect(through > (marks.get(prefix) ?? '')).toBe(true)
          marks.set(prefix, through)
        })
        const last = new Map<string, string>()
        const finishOne = async () => {
          const at = Number(random.next().value) % underWay.size
          const object = [...underWay][at] as DiscoveredObject
          underWay.delete(object)
          await watermarks.done(object)
        }
        for (const { folder, size } of listed) {
          const prefix = `f${folder}/`
          const objects = handedOut.get(prefix) ?? []
          handedOut.set(prefix, objects)
          const next = Array.from({ length: size }, (_, at) =>
            objectOf(`${prefix}${String(objects.length + at).padStart(4, '0')}`),
          )
          objects.push(...next)
          for (const object of next) underWay.add(object)
          const through = objects.at(-1)?.object.key
          if (through !== undefined) last.set(prefix, through)
          await watermarks.reach(prefix, through, next)
          while (underWay.size > 0 && Number(random.next().value) % 2 === 0) await finishOne()
        }
        while (underWay.size > 0) await finishOne()
        expect(marks).toEqual(last)
      }),
    )
  })

  test('are not said again, and never go back', async () => {
    const said: string[] = []
    const watermarks = new Watermarks(new Map([['f/', 'f/m']]), async (_, through) => {
      said.push(through)
    })
    expect(watermarks.after('f/')).toBe('f/m')
    for (const through of ['f/c', 'f/m', 'f/é', 'f/z', 'f/é']) await watermarks.reach('f/', through, [])
    // In the order of UTF-8 bytes.
    expect(said).toEqual(['f/é'])
  })
})

const tag = 'discovery-batch-2023-10'
const request = { integrationId: 'i', interval: { start: '2023-10-20T08:00:00Z', end: '2023-10-20T11:00:00Z' } }

interface Listing {
  readonly prefix: string
  readonly startAfter: string | undefined
  /** Objects that were validated before it began. */
  readonly heads: number
}

/** Three hours of ten conversations each, with a recording and its sidecar. */
function world(options: Partial<LegalHoldExporterOptions> = {}) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ConversationPlatform(clock, storage)
  platform.findJob = async () => platform.jobs[0]?.job as never
  platform.conversations.push(
    ...Array.from({ length: 30 }, (_, at) => ({
      id: `c${String(at).padStart(2, '0')}`,
      start: `2023-10-20T${String(8 + (at % 3)).padStart(2, '0')}:10:00Z`,
    })),
  )
  const journal = new FrailJournal()
  const listings: Listing[] = []
  const heads: string[] = []
  const list = storage.list.bind(storage)
  storage.list = (prefix, call = {}) => {
    // Of a folder, not of a key.
    if (prefix.endsWith('/')) listings.push({ prefix, startAfter: call.startAfter, heads: heads.length })
    return list(prefix, call)
  }
  const listVersions = storage.listVersions.bind(storage)
  storage.listVersions = (prefix, call = {}) => {
    // Of a folder, not of a key.
    if (prefix.endsWith('/')) listings.push({ prefix, startAfter: call.startAfter, heads: heads.length })
    return listVersions(prefix, call)
  }
  const keys = async (prefix: string) => (await collect(list(prefix))).map(({ key }) => key)
  const head = storage.head.bind(storage)
  storage.head = (ref, call) => {
    heads.push(ref.key)
    return head(ref, call)
  }
  const run = (life = new Life()) =>
    Promise.race([
      life.ended,
      new LegalHoldExporter({
        platform: life.around(platform),
        storage: life.around(storage),
        journal: life.around(journal),
        clock,
        hold: { tag },
        lookbackHours: 0,
        concurrency: 3,
        ...options,
      }).run(request),
    ])
  /** Killed when so many objects are on record. */
  const killedAfter = async (verdicts: number) => {
    const life = new Life()
    const append = journal.append.bind(journal)
    let count = 0
    journal.append = async (record, how) => {
      const kept = await append(record, how)
      if (record.type === 'verdict') count += 1
      if (count === verdicts) life.kill()
      return kept
    }
    expect(await run(life)).toBe('killed')
    journal.append = append
    listings.length = 0
    heads.length = 0
  }
  const data = (type: JournalRecord['type']) =>
    journal.records.filter((record) => record.type === type).map((record) => record.data)
  /** The last watermark of each folder. */
  const watermarks = () => new Map(data('watermark').map(({ prefix, through }) => [String(prefix), String(through)]))
  const recorded = () => new Set(data('verdict').map(({ object }) => (object as { readonly key: string }).key))
  return { clock, storage, platform, listings, heads, keys, run, killedAfter, watermarks, recorded }
}

describe('a resumed run', () => {
  describe.each(['current', 'all'] as const)('that holds versions: %s', (versions) => {
    test.each([5, 17, 23, 41, 58])('begins after what %i records tell, and then reads whole folders', async (at) => {
      const it = world({ remediation: { versions } })
      await it.killedAfter(at)
      const marks = it.watermarks()
      const recorded = it.recorded()
      for (const [prefix, through] of marks) {
        const below = (await it.keys(prefix)).filter((key) => key <= through)
        expect(below.length).toBeGreaterThan(0)
        expect(below.filter((key) => !recorded.has(key))).toEqual([])
      }
      if (at > 20) expect(marks.size).toBeGreaterThan(0)
      expect(await it.run()).toMatchObject({ outcome: 'complete', resumed: 1, counts: { expected: 30 } })
      const folders = new Set(it.listings.map(({ prefix }) => prefix))
      expect(folders.size).toBe(3)
      for (const prefix of folders) {
        const [first, ...others] = it.listings.filter((listing) => listing.prefix === prefix)
        expect(first?.startAfter).toBe(marks.get(prefix))
        if (marks.has(prefix)) expect(others.at(-1)).toMatchObject({ startAfter: undefined })
      }
      expect(it.heads.filter((key) => recorded.has(key))).toEqual([])
    })
  })

  test('sees what came late below its watermark, what was written again, and what was deleted', async () => {
    const it = world()
    await it.killedAfter(41)
    const [prefix, through] = [...it.watermarks()].find(([, key]) => /conversation_id=c(0[6-9]|[12])/.test(key)) ?? []
    const below = (await it.keys(prefix ?? '')).filter((key) => key <= String(through) && key.endsWith('.json'))
    const [rewritten, deleted] = below.filter((key) => !key.endsWith('_metadata.json'))
    if (rewritten === undefined || deleted === undefined) throw new Error('too little below the watermark')
    const late = rewritten.replace(/r-(c\d+)\.json$/, '$1-x.transcript.json')
    expect(late < String(through)).toBe(true)
    it.storage.put(rewritten, { body: 'again' })
    it.storage.put(late, {})
    it.storage.delete(deleted)
    expect(await it.run()).toMatchObject({
      outcome: 'incomplete',
      objects: { transcripts: 1 },
      counts: { expected: 30, missing: 1 },
      exceptions: [{ state: 'missing', reason: expect.stringContaining('deleted') }],
    })
    for (const key of [rewritten, late]) {
      expect(it.storage.versions(key)[0]?.state?.metadata).toMatchObject({ 'legal-hold-tag': tag })
    }
  })

  test('does not pass what was held back, since nobody may say anything about it yet', async () => {
    const it = world()
    // Older than the job: it may be about to be written again.
    const [first] = it.platform.conversations
    const old = keyOf(first as never)
    it.storage.put(old, { body: 'of an earlier export' })
    it.storage.put(`${old}_metadata.json`, { body: '{}' })
    it.clock.advance(60_000)
    Object.assign(first as object, { landsAfterMs: 9_000 })
    await it.killedAfter(23)
    const prefix = old.replace(/conversation_id=.*/, '')
    expect(it.watermarks().has(prefix)).toBe(false)
    expect(it.watermarks().size).toBeGreaterThan(0)
    expect(await it.run()).toMatchObject({ outcome: 'complete' })
    expect(it.storage.versions(old)[0]?.state?.metadata).toMatchObject({ 'legal-hold-tag': tag })
  })

  test('ends the same where the storage lists from the beginning whatever it is told', async () => {
    const it = world()
    const list = it.storage.list.bind(it.storage)
    it.storage.list = (prefix, call) => list(prefix, { signal: call?.signal })
    await it.killedAfter(41)
    const recorded = it.recorded()
    expect(await it.run()).toMatchObject({ outcome: 'complete', resumed: 1 })
    expect(it.heads.filter((key) => recorded.has(key))).toEqual([])
  })

  test('does not begin after a watermark of another attempt: its job wrote everything anew', async () => {
    const journal = new FrailJournal()
    const at = { time: '2023-10-20T12:00:00Z', runId: 'run' }
    const coverage = { availableUntil: at.time }
    const prefix = 'org/year=2023/month=10/day=20/hour=8/'
    const mark = async (through: string) => {
      await journal.append({ ...at, type: 'watermark', data: { prefix, through } })
      return (await readCheckpoint(journal))?.watermarks
    }
    await journal.append({ ...at, type: 'run-started', data: { ...runStarted, request } })
    await journal.append({ ...at, type: 'job-intent', data: { attempt: 0, request, coverage } })
    expect(await mark('a')).toEqual(new Map([[prefix, 'a']]))
    expect(await mark('b')).toEqual(new Map([[prefix, 'b']]))
    await journal.append({ ...at, type: 'job-intent', data: { attempt: 1, request, coverage } })
    expect((await readCheckpoint(journal))?.watermarks).toEqual(new Map())
  })
})
