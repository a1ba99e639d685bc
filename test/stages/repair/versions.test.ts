import { describe, expect, test } from 'vitest'
import { LegalHoldError, LegalHoldExporter, type LegalHoldExporterOptions } from '#src/index.js'
import { withDeletedKeys } from '#src/stages/discover/deleted.js'
import { MemoryStorageAdapter, type MemoryStorageOptions, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { repair, tag } from '../../fakes/repair.js'

const held = { 'legal-hold-tag': tag }
const all = { options: { versions: 'all' } } as const
const folder = 'org/year=2023/month=3/day=04/hour=9/conversation_id=c1'

const holds = (storage: MemoryStorageAdapter, key: string) =>
  storage.versions(key).map(({ deleteMarker, state }) => (deleteMarker ? 'deleted' : state?.legalHold))

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe("versions: 'all'", () => {
  test('holds every version beneath the current one, the one that a repair demoted included', async () => {
    const storage = new MemoryStorageAdapter()
    for (const body of ['1', '2', '3']) storage.put('k', { body })
    const { remediation, witness } = await repair(storage, 'k', all)
    expect(remediation).toMatchObject({
      outcome: 'repaired',
      steps: [
        { action: 'protect-original', versionId: 'v3' },
        { action: 'replace-metadata' },
        { action: 'hold-noncurrent', versionId: 'v2' },
        { action: 'hold-noncurrent', versionId: 'v1' },
      ],
    })
    expect(holds(storage, 'k')).toEqual(['OFF', 'ON', 'ON', 'ON'])
    expect(witness.notes.slice(-2)).toEqual(['> hold-noncurrent', '< hold-noncurrent'])
  })

  test('does so for an object that is held already, and says nothing of one with nothing beneath', async () => {
    const storage = new MemoryStorageAdapter()
    storage.put('a', { body: 'old' })
    for (const key of ['a', 'b']) storage.put(key, { metadata: held })
    expect((await repair(storage, 'a', all)).remediation).toMatchObject({
      outcome: 'repaired',
      verdict: { verdict: 'held' },
      steps: [{ action: 'hold-noncurrent', versionId: 'v1' }],
    })
    expect((await repair(storage, 'a', all)).remediation).toMatchObject({ outcome: 'not-needed', steps: [] })
    expect((await repair(storage, 'b', all)).remediation).toMatchObject({ outcome: 'not-needed', steps: [] })
  })

  test('plans only when it is dry, and changes nothing by default', async () => {
    const storage = new MemoryStorageAdapter()
    storage.put('k', {})
    storage.put('k', { metadata: held })
    expect((await repair(storage, 'k', { ...all, dryRun: true })).remediation).toMatchObject({
      outcome: 'planned',
      steps: [{ action: 'hold-noncurrent', versionId: 'v1' }],
    })
    expect((await repair(storage, 'k')).remediation.outcome).toBe('not-needed')
    expect(holds(storage, 'k')).toEqual(['OFF', 'OFF'])
  })

  test("leaves an object with another matter's tag alone, with all its versions", async () => {
    const storage = new MemoryStorageAdapter()
    storage.put('k', {})
    storage.put('k', { metadata: { 'legal-hold-tag': 'other' } })
    expect((await repair(storage, 'k', all)).remediation).toMatchObject({ outcome: 'refused', steps: [] })
    expect(holds(storage, 'k')).toEqual(['OFF', 'OFF'])
  })

  test('keeps what lies beneath a delete marker, and still says that the object is absent', async () => {
    const storage = new MemoryStorageAdapter()
    storage.put('k', {})
    storage.delete('k')
    const { remediation, verdict } = await repair(storage, 'k', all)
    expect(verdict).toMatchObject({
      verdict: 'absent',
      reason: 'absent (deleted, recoverable): a delete marker is on top, version v1 lies beneath',
      recoverable: { deleteMarker: 'v2', beneath: 'v1' },
    })
    expect(remediation).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('1 version held'),
      steps: [{ action: 'hold-noncurrent', versionId: 'v1' }],
    })
    expect(holds(storage, 'k')).toEqual(['deleted', 'ON'])
    expect((await repair(storage, 'k')).remediation).toMatchObject({ outcome: 'refused', steps: [] })
  })

  test('fails where a version cannot be held, and repeats what may pass', async () => {
    let faults = 2
    const fault = (retryable: boolean): MemoryStorageOptions => ({
      intercept: ({ operation }, when) => {
        if (operation !== 'putLegalHold' || when !== 'before' || faults === 0) return
        faults -= 1
        throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'remediate', retryable })
      },
    })
    const make = (retryable: boolean) => {
      const storage = new MemoryStorageAdapter(fault(retryable))
      storage.put('k', {})
      storage.put('k', { metadata: held })
      return storage
    }
    expect((await repair(make(true), 'k', all)).remediation.outcome).toBe('repaired')
    faults = 1
    expect((await repair(make(false), 'k', all)).remediation).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('STORAGE_FORBIDDEN'),
    })
  })

  test('is refused with a storage that cannot list versions', () => {
    const storage = new MemoryStorageAdapter()
    Object.assign(storage, { listVersions: undefined })
    const options = { platform: new FakePlatform(), storage, hold: { tag }, remediation: { versions: 'all' } } as const
    expect(() => new LegalHoldExporter(options)).toThrow(/lists versions/)
    expect(() => new LegalHoldExporter({ ...options, remediation: { versions: 'none' as never } })).toThrow(/'all'/)
  })
})

describe('a storage that shows deleted keys', () => {
  test('lists each key once, hidden ones as what lies beneath, and goes on after a key', async () => {
    const storage = new MemoryStorageAdapter()
    for (const key of ['p/a', 'p/b', 'p/b', 'p/c', 'q']) storage.put(key, { body: key })
    for (const key of ['p/a', 'p/b', 'p/marker-only']) storage.delete(key)
    const shown = withDeletedKeys(storage)
    expect((await collect(shown.list('p/'))).map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ['p/a', 3],
      ['p/b', 3],
      ['p/c', 3],
    ])
    expect((await collect(shown.list('p/', { startAfter: 'p/a' }))).map(({ key }) => key)).toEqual(['p/b', 'p/c'])
    // Everything else is the adapter's own.
    expect(await shown.head({ bucket: shown.bucket, key: 'p/c' })).toMatchObject({ found: true })
    expect(shown.capabilities).toBe(storage.capabilities)
  })
})

describe('an exporter', () => {
  const request = { integrationId: 'i', interval: { start: '2023-03-04T09:00:00Z', end: '2023-03-04T11:00:00Z' } }
  const world = (options: Partial<LegalHoldExporterOptions> = {}) => {
    const clock = new SimulatedClock({ now: '2023-03-04T12:00:00Z' })
    const platform = new FakePlatform()
    const storage = new MemoryStorageAdapter({ clock })
    clock.advance(10_000)
    platform.create = async () => ({
      id: 'job-1',
      state: 'PENDING',
      platformState: 'PENDING',
      totals: {},
      createdAt: '2023-03-04T12:00:00Z',
    })
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-03-04T09:30:00Z' })
    storage.put(`${folder}/r1.opus`, { metadata: held })
    storage.put(`${folder}/r1.opus_metadata.json`, { metadata: held })
    const exporter = new LegalHoldExporter({
      platform,
      storage,
      clock,
      hold: { tag },
      landingQuietMs: 5_000,
      ...options,
    })
    return { storage, exporter, platform }
  }

  test.each(['current', 'all'] as const)(
    'says of a recording that was deleted before it was ever listed that it can be had back (versions: %s)',
    async (versions) => {
      const { storage, exporter } = world({ remediation: { versions } })
      storage.delete(`${folder}/r1.opus`)
      const report = await exporter.run(request)
      expect(report).toMatchObject({ outcome: 'incomplete', counts: { expected: 1, missing: 1 } })
      expect(report.exceptions).toMatchObject([
        {
          state: 'missing',
          recordingId: 'r1',
          key: `${folder}/r1.opus`,
          reason: expect.stringContaining(
            'absent (deleted, recoverable): a delete marker is on top, version v1 lies beneath',
          ),
        },
      ])
      expect(holds(storage, `${folder}/r1.opus`)).toEqual(['deleted', versions === 'all' ? 'ON' : 'OFF'])
    },
  )

  test('whose versions may not be listed says that it is missing', async () => {
    const { storage, exporter } = world()
    storage.delete(`${folder}/r1.opus`)
    storage.listVersions = () => {
      throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'discover' })
    }
    expect((await exporter.run(request)).exceptions).toMatchObject([{ state: 'missing', reason: 'never delivered' }])
  })

  test("counts a recording as repaired whose older versions were held, and shows hidden keys with versions: 'all'", async () => {
    const { storage, exporter } = world({ remediation: { versions: 'all' } })
    storage.put(`${folder}/r1.opus`, { metadata: held })
    storage.put('loose', {})
    storage.delete('loose')
    expect(await collect(exporter.validate({ prefix: 'loose' }))).toMatchObject([{ verdict: 'absent' }])
    const repairs = await collect(exporter.remediate({ prefix: 'org/' }, { dryRun: true }))
    expect(repairs).toMatchObject([{ outcome: 'planned', steps: [{ action: 'hold-noncurrent', versionId: 'v1' }] }])
    expect(await exporter.run(request)).toMatchObject({
      outcome: 'complete',
      counts: { repaired: 1 },
      remediations: { steps: { 'hold-noncurrent': 1 } },
    })
    expect(await collect(exporter.remediate({ prefix: 'org/' }))).toEqual([])
  })
})
