import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type JournalRecord,
  LegalHoldError,
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  MemoryJournal,
  type Release,
  readTagList,
} from '#src/index.js'
import { MemoryStorageAdapter, type MemoryStorageOptions, type SeedObject, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

const tag = 'matter-1'
const key = 'k'
const reason = 'court order 12/34'
const both = { metadata: { 'legal-hold-tag': tag, project: 'x' }, tags: { hold: tag }, legalHold: true }

function world(
  object: SeedObject,
  over: Partial<LegalHoldExporterOptions> & { readonly memory?: MemoryStorageOptions } = {},
) {
  const { memory, ...options } = over
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock, ...memory })
  storage.put(key, object)
  const journal = new MemoryJournal()
  const platform = new FakePlatform()
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock,
    journal,
    hold: { tag },
    requirements: both,
    ...options,
  })
  return { storage, journal, exporter }
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

const current = (storage: MemoryStorageAdapter) => {
  const state = storage.versions(key)[0]?.state
  return { metadata: { ...state?.metadata }, tags: { ...(state?.tags as object) }, legalHold: state?.legalHold }
}
const holds = (storage: MemoryStorageAdapter) => storage.versions(key).map(({ state }) => state?.legalHold)

const shared: SeedObject = {
  body: 'sound',
  metadata: { 'legal-hold-tag': `a, ${tag},b`, project: 'x' },
  tags: { hold: `a ${tag}`, team: 'y' },
  legalHold: 'ON',
}
const ours: SeedObject = { metadata: { 'legal-hold-tag': tag, project: 'x' }, tags: { hold: tag }, legalHold: 'ON' }

describe('a release', () => {
  test("takes one matter's tag off and leaves the others, in their order, and the hold", async () => {
    const { storage, exporter } = world(shared)
    const releases = await collect(exporter.release([key], { reason, allowUnlock: true }))
    expect(releases).toMatchObject([{ outcome: 'released', remaining: ['a', 'b'], legalHold: 'ON' }])
    expect(current(storage)).toEqual({
      metadata: { 'legal-hold-tag': 'a,b', project: 'x' },
      tags: { hold: 'a', team: 'y' },
      legalHold: 'ON',
    })
  })

  test('of the last matter leaves the hold on, unless it may be lifted', async () => {
    const locked = world(ours)
    expect(await collect(locked.exporter.release([key], { reason }))).toMatchObject([
      { outcome: 'released', remaining: [], legalHold: 'ON' },
    ])
    expect(current(locked.storage)).toEqual({ metadata: { project: 'x' }, tags: {}, legalHold: 'ON' })
    const unlocked = world(ours)
    expect(await collect(unlocked.exporter.release([key], { reason, allowUnlock: true }))).toMatchObject([
      {
        outcome: 'released',
        legalHold: 'OFF',
        steps: [{ action: 'replace-tags' }, { action: 'replace-metadata', legalHold: 'OFF' }],
      },
    ])
    expect(current(unlocked.storage)).toEqual({ metadata: { project: 'x' }, tags: {}, legalHold: 'OFF' })
    // The version that carries the tag stays, and stays held.
    expect(holds(unlocked.storage)).toEqual(['OFF', 'ON'])
  })

  test('never touches what is not the hold: other values, retention, objects that do not carry the tag', async () => {
    const retention = { mode: 'GOVERNANCE', retainUntilDate: '2040-01-01T00:00:00.000Z' } as const
    const { storage, exporter } = world({ ...ours, retention })
    storage.put('other', { metadata: { 'legal-hold-tag': 'matter-10' }, legalHold: 'ON' })
    storage.put('bare', { legalHold: 'ON' })
    const releases = await collect(exporter.release({ prefix: '' }, { reason, allowUnlock: true }))
    expect(releases.map(({ object }) => object.key)).toEqual([key])
    expect(storage.versions(key)[0]?.state?.retention).toEqual(retention)
    for (const left of ['other', 'bare']) {
      expect(storage.versions(left)).toMatchObject([{ state: { legalHold: 'ON' } }])
    }
  })

  test('plans only when it is dry', async () => {
    const { storage, exporter } = world(ours)
    expect(await collect(exporter.release([key], { reason, allowUnlock: true, dryRun: true }))).toMatchObject([
      { outcome: 'planned', steps: [{ action: 'replace-tags' }, { action: 'replace-metadata', legalHold: 'OFF' }] },
    ])
    expect(storage.versions(key)).toHaveLength(1)
    expect(current(storage).tags).toEqual({ hold: tag })
  })

  test('is journalled with its reason: before, each change, after', async () => {
    const { journal, exporter } = world(ours)
    await collect(exporter.release([key], { reason, allowUnlock: true }))
    const records: JournalRecord[] = await collect(journal.entries())
    expect(records.map(({ type }) => type)).toEqual(['release', 'intent', 'outcome', 'intent', 'outcome', 'release'])
    expect(records[0]?.data).toMatchObject({ hold: { tag }, reason, allowUnlock: true, phase: 'begun' })
    for (const { data } of records.slice(1, 5)) expect(data).toMatchObject({ hold: tag, release: { reason } })
    expect(records.at(-1)?.data).toMatchObject({ phase: 'ended', counts: { released: 1, failed: 0 } })
  })

  test.each([[undefined], [{}], [{ reason: ' ' }], [{ reason, allowUnlock: 'yes' }]])(
    'without a proper reason is refused: %j',
    async (options) => {
      const { storage, journal, exporter } = world(ours)
      await expect(collect(exporter.release([key], options as never))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
      await expect(collect(exporter.release(undefined as never, { reason }))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
      expect(storage.versions(key)).toHaveLength(1)
      expect(await journal.head()).toBeUndefined()
    },
  )

  test('and a repair of its own are refused the journal of a run, and a run theirs, before anything is done', async () => {
    const { storage, journal, exporter } = world(ours)
    const refused = (what: string) => ({
      code: 'CHECKPOINT_MISMATCH',
      stage: 'journal',
      message: expect.stringContaining(what),
    })
    await journal.append({ time: '2026-01-01T00:00:00.000Z', runId: 'run-1', type: 'run-started', data: {} })
    await expect(collect(exporter.release([key], { reason }))).rejects.toMatchObject(refused('a release needs'))
    await expect(collect(exporter.remediate(['bare']))).rejects.toMatchObject(
      refused('a repair outside of a run needs'),
    )
    expect(await collect(journal.entries())).toHaveLength(1)
    expect(storage.versions(key)).toHaveLength(1)
    const own = new MemoryJournal()
    await own.append({ time: '2026-01-01T00:00:00.000Z', runId: 'release', type: 'release', data: {} })
    const interval = { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' }
    const running = exporter.run({ integrationId: 'i', interval }, { journal: own })
    await expect(running).rejects.toMatchObject(refused('the record of a release'))
    expect(await collect(own.entries())).toHaveLength(1)
  })

  test('does nothing that it could not write into the journal', async () => {
    const { storage, journal, exporter } = world(ours)
    const append = journal.append.bind(journal)
    journal.append = async (record) => {
      if (record.type === 'intent') throw new Error('disk full')
      return append(record)
    }
    await expect(collect(exporter.release([key], { reason }))).rejects.toMatchObject({ stage: 'journal' })
    expect(current(storage).tags).toEqual({ hold: tag })
  })

  test('leaves alone what it cannot read or could not write back', async () => {
    const { storage, exporter } = world(ours, { memory: { versioning: false } })
    const [refused] = await collect(exporter.release([key], { reason }))
    expect(refused).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('versioning-off') })
    expect(current(storage).tags).toEqual({ hold: tag })
    const hidden = world({ missingMetadata: 1, tags: { hold: tag } })
    expect(await collect(hidden.exporter.release([key], { reason }))).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('could not be read') },
    ])
  })

  test('of a hold without a tag is one of the lock alone, and asks for allowUnlock', async () => {
    const { storage, exporter } = world({ legalHold: 'ON' }, { requirements: { legalHold: true } })
    for (const dryRun of [true, false]) {
      expect(await collect(exporter.release([key], { reason, dryRun }))).toMatchObject([
        { outcome: 'refused', legalHold: 'ON', reason: expect.stringContaining('allowUnlock') },
      ])
    }
    expect(current(storage).legalHold).toBe('ON')
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toMatchObject([
      { outcome: 'released' },
    ])
    expect(current(storage).legalHold).toBe('OFF')
    expect(await collect(exporter.release([key], { reason }))).toEqual([])
  })

  test('of tags alone lifts the hold first, so that the next one finds what this one left', async () => {
    let dies = true
    const requirements = { tags: { hold: tag }, legalHold: true }
    const { storage, exporter } = world(
      { tags: { hold: tag }, legalHold: 'ON' },
      {
        requirements,
        memory: {
          intercept: ({ operation }, when) => {
            if (operation !== 'replaceTags' || when !== 'before' || !dies) return
            throw new LegalHoldError('no', { code: 'STORAGE_UNAUTHORIZED', stage: 'remediate' })
          },
        },
      },
    )
    await expect(collect(exporter.release([key], { reason, allowUnlock: true }))).rejects.toThrow()
    expect(current(storage)).toEqual({ metadata: {}, tags: { hold: tag }, legalHold: 'OFF' })
    dies = false
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toMatchObject([
      { outcome: 'released' },
    ])
    expect(current(storage)).toEqual({ metadata: {}, tags: {}, legalHold: 'OFF' })
  })

  test.each(['before', 'after'] as const)(
    'puts the hold back where another matter comes %s the tag is gone',
    async (moment) => {
      let theirs = true
      const made: ReturnType<typeof world> = world(
        { tags: { hold: tag }, legalHold: 'ON' },
        {
          requirements: { tags: { hold: tag }, legalHold: true },
          memory: {
            intercept: async ({ operation }, when) => {
              if (operation !== 'replaceTags' || when !== moment || !theirs) return
              theirs = false
              const value = moment === 'before' ? `${tag} theirs` : 'theirs'
              await made.storage.mergeTags({ bucket: made.storage.bucket, key }, { hold: value })
            },
          },
        },
      )
      const [release] = await collect(made.exporter.release([key], { reason, allowUnlock: true }))
      expect(release).toMatchObject({ outcome: 'released', remaining: ['theirs'], legalHold: 'ON' })
      expect(current(made.storage)).toEqual({ metadata: {}, tags: { hold: 'theirs' }, legalHold: 'ON' })
    },
  )
})

describe("a release with versions: 'all'", () => {
  const remediation = { versions: 'all' } as const

  test('lets go of the versions beneath that no other matter holds', async () => {
    const { storage, exporter } = world({ body: 'delivered', legalHold: 'ON' }, { remediation })
    storage.put(key, { metadata: { 'legal-hold-tag': `other,${tag}` }, legalHold: 'ON' })
    storage.put(key, ours)
    const [release] = await collect(exporter.release([key], { reason, allowUnlock: true }))
    expect(release).toMatchObject({ outcome: 'released', remaining: [] })
    expect(holds(storage)).toEqual(['OFF', 'OFF', 'ON', 'OFF'])
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toEqual([])
  })

  test('finishes one that was interrupted between the versions', async () => {
    let faults = 1
    const { storage, exporter } = world(
      { body: 'delivered', legalHold: 'ON' },
      {
        remediation,
        memory: {
          intercept: ({ operation, versionId }, when) => {
            if (operation !== 'putLegalHold' || when !== 'before' || versionId !== 'v1' || faults === 0) return
            faults -= 1
            throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'remediate' })
          },
        },
      },
    )
    storage.put(key, ours)
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toMatchObject([{ outcome: 'failed' }])
    expect(holds(storage)).toEqual(['OFF', 'OFF', 'ON'])
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toMatchObject([
      { outcome: 'released' },
    ])
    expect(holds(storage)).toEqual(['OFF', 'OFF', 'OFF'])
  })

  test('leaves the versions of an object alone that never carried the tag, or without allowUnlock', async () => {
    const { storage, exporter } = world({ legalHold: 'ON' }, { remediation })
    storage.put(key, { metadata: { project: 'y' } })
    expect(await collect(exporter.release([key], { reason, allowUnlock: true }))).toEqual([])
    storage.put(key, ours)
    await collect(exporter.release([key], { reason }))
    expect(holds(storage)).toEqual(['ON', 'ON', 'OFF', 'ON'])
  })
})

describe('whatever is on an object and whatever fails', () => {
  const matter = fc.constantFrom('a', 'b', `${tag}0`, tag)
  const list = fc.uniqueArray(matter, { maxLength: 4 })
  const faults = fc.array(
    fc.record({
      at: fc.nat(25),
      when: fc.constantFrom('before' as const, 'after' as const),
      outcome: fc.constantFrom('unknown' as const, 'not-applied' as const),
    }),
    { maxLength: 3 },
  )

  test('a release takes our tag and nothing else, and the hold only with the last one', async () => {
    await fc.assert(
      fc.asyncProperty(
        list,
        list,
        fc.boolean(),
        fc.boolean(),
        faults,
        async (inMetadata, inTags, isOn, allowUnlock, schedule) => {
          let calls = 0
          const { storage, exporter } = world(
            {
              metadata: { project: 'x', ...(inMetadata.length > 0 ? { 'legal-hold-tag': inMetadata.join(',') } : {}) },
              tags: { team: 'y', ...(inTags.length > 0 ? { hold: inTags.join(' ') } : {}) },
              legalHold: isOn ? 'ON' : 'OFF',
            },
            {
              retry: { retries: 10, minDelayMs: 1, maxDelayMs: 1 },
              memory: {
                intercept: (call, when) => {
                  if (when === 'before') calls += 1
                  const fault = schedule.find((one) => one.at === calls && one.when === when)
                  if (fault === undefined) return
                  // What was done cannot have been refused.
                  const outcome = when === 'after' ? 'unknown' : fault.outcome
                  throw new LegalHoldError(call.operation, {
                    code: 'STORAGE_UNAVAILABLE',
                    stage: 'remediate',
                    retryable: true,
                    outcome,
                  })
                },
              },
            },
          )
          const releases: Release[] = await collect(exporter.release([key], { reason, allowUnlock }))
          const carried = inMetadata.includes(tag) || inTags.includes(tag)
          const others = (tags: readonly string[]) => tags.filter((other) => other !== tag)
          const isLast = others(inMetadata).length + others(inTags).length === 0
          const after = current(storage)
          expect(releases.map(({ outcome }) => outcome)).toEqual(carried ? ['released'] : [])
          expect(readTagList(after.metadata['legal-hold-tag' as never] ?? '', 'metadata')).toEqual(others(inMetadata))
          expect(readTagList(after.tags['hold' as never] ?? '', 'object-tag')).toEqual(others(inTags))
          expect({ ...after.metadata, 'legal-hold-tag': 0 }).toEqual({ project: 'x', 'legal-hold-tag': 0 })
          expect({ ...after.tags, hold: 0 }).toEqual({ team: 'y', hold: 0 })
          const lifted = carried && isLast && allowUnlock
          expect(after.legalHold).toBe(isOn && !lifted ? 'ON' : 'OFF')
        },
      ),
      { numRuns: 300 },
    )
  })
})
