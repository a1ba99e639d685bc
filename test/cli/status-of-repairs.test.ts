import { describe, expect, test } from 'vitest'
import { type HoldRequirements, LegalHoldExporter } from '#src/index.js'
import { FileJournal } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { freshFolder } from '../custody/bundle-world.js'
import { FakePlatform } from '../fakes/platform.js'
import { cli } from './run-cli.js'

const tag = 'm-1'
const reason = 'order of 4 March'

function world(requirements?: HoldRequirements) {
  const dir = freshFolder('release-journal')
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  for (const key of ['a', 'b']) storage.put(key, { metadata: { 'legal-hold-tag': tag } })
  const journal = () => new FileJournal(dir)
  const hold = { tag, matter: 'Doe v. Acme' }
  const exporter = (kept: FileJournal = journal()) =>
    new LegalHoldExporter({ platform: new FakePlatform(), storage, clock, hold, requirements, journal: kept })
  return { dir, storage, exporter, journal }
}

const json = async (dir: string) => JSON.parse((await cli(['status', dir, '--json'])).out)

describe('status of the journal of a release', () => {
  test('says what it is, and what it came to', async () => {
    const { dir, exporter } = world()
    for await (const _ of exporter().release({ prefix: '' }, { reason }));
    const { code, out, err } = await cli(['status', dir])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^journal of a release: finished\n/)
    expect(out).toContain(reason)
    expect(out).toContain('Doe v. Acme')
    expect(out).toContain('2 released')
    expect(out).toContain('4 made, 0 failed, 0 without a known end')
    expect(await json(dir)).toMatchObject({
      schemaVersion: 1,
      kind: 'release',
      state: 'finished',
      hold: { tag },
      reason,
      dryRun: false,
      allowUnlock: false,
      releases: 1,
      counts: { released: 2, failed: 0 },
      changes: { made: 4, failed: 0, unknown: 0 },
      lastMoved: { record: 'release' },
    })
  })

  test('says of one that was interrupted how it continues, and counts the last one only', async () => {
    const { dir, exporter, storage } = world()
    for await (const _ of exporter().release(['b'], { reason }));
    const copy = storage.replaceMetadata.bind(storage)
    storage.replaceMetadata = async () => {
      throw new Error('power cut')
    }
    await expect(async () => {
      for await (const _ of exporter().release({ prefix: '' }, { reason }));
    }).rejects.toThrow()
    const { code, out } = await cli(['status', dir])
    expect(code).toBe(3)
    expect(out).toMatch(/^journal of a release: interrupted\n/)
    expect(out).toContain('the last of 2 releases')
    expect(out).toContain('The same release command, with this journal, does the rest.')
    expect(await json(dir)).toMatchObject({ changes: { made: 1, unknown: 1 }, state: 'interrupted' })
    storage.replaceMetadata = copy
    for await (const _ of exporter().release({ prefix: '' }, { reason }));
    expect(await json(dir)).toMatchObject({ state: 'finished', releases: 3, counts: { released: 1 } })
  })

  test('has the exit code of a bad result where objects were refused', async () => {
    const { dir, exporter, storage } = world({ legalHold: true })
    storage.put('locked', { legalHold: 'ON' })
    for await (const _ of exporter().release({ prefix: '' }, { reason }));
    const { counts } = await json(dir)
    expect(counts.refused + counts.failed).toBeGreaterThan(0)
    expect((await cli(['status', dir])).code).toBe(2)
  })
})

test('status of the journal of repairs outside of a run says what it is', async () => {
  const { dir, exporter, storage, journal } = world()
  storage.put('bare', {})
  const kept = journal()
  for await (const _ of exporter(kept).remediate({ prefix: '' }));
  await kept.close()
  const { code, out } = await cli(['status', dir])
  expect(code).toBe(0)
  expect(out).toMatch(/^journal of repairs outside of a run: finished\n/)
  expect(await json(dir)).toMatchObject({ kind: 'remediation', hold: { tag }, changes: { unknown: 0, failed: 0 } })
})
