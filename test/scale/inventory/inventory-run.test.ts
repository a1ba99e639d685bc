import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import type { InventoryRow } from '#src/scale/ports/inventory-source.js'
import {
  bucketOf,
  ChaosEngine,
  comparable,
  type Fate,
  folderOf,
  type Planted,
  request,
  scaledWorld,
  tag,
} from '../scale-world.js'
import { acceptance, everyFacet, inventoriedWorld, inventoryOf, rowsOf } from './inventory-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['held', 'held', 'untagged'], attachment: false },
  { hour: 41, conversation: 'c2', fates: ['held', 'held'], attachment: false },
  { hour: 42, conversation: 'c3', fates: ['held'], attachment: false },
]
const codeOf = (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error))
const options = { objectsPerShard: 4 }

/** What a report says beside what it owes to an inventory. */
function withoutInventory(report: Parameters<typeof comparable>[0]): unknown {
  const { inventory: _, verdicts, ...rest } = report
  const findings = rest.findings.filter(({ code }) => code !== 'inventory-is-proof')
  const accepted = rest.accepted.filter((code) => code !== 'inventory-is-proof')
  return comparable({ ...rest, findings, accepted, verdicts: verdicts && { ...verdicts, digest: '' } })
}

async function alone(given: readonly Planted[]) {
  const world = await inventoriedWorld(given)
  const report = await world.run(options)
  return { report, read: world.read.length, bucket: await bucketOf(world.storage) }
}

describe('a run with an inventory', () => {
  test('reads only what the inventory does not show to be held, and ends as one without', async () => {
    const expected = await alone(planted)
    const world = await inventoriedWorld(planted, { accept: [acceptance] })
    const { inventory } = world
    const report = await world.run({ ...options, inventory, inventorySample: 2 })
    expect(report.outcome).toBe('complete')
    expect(report.accepted).toEqual(['inventory-is-proof'])
    expect(withoutInventory(report)).toEqual(withoutInventory(expected.report))
    expect(await bucketOf(world.storage)).toEqual(expected.bucket)
    // Five recordings with their sidecars; two of these objects are the sample.
    expect(report.inventory).toEqual({
      name: 'test-inventory',
      asOf: new Date(world.asOf).toISOString(),
      trusted: true,
      sample: { of: 10, read: 2, confirmed: 2, changed: 0, contradicted: 0 },
      objects: 10,
      bound: { confidence: 0.95, rate: 0.776394, objects: 8 },
    })
    expect(expected.read - world.read.length).toBe(10 - 2)
  })

  test('without the acceptance is incomplete, and says why', async () => {
    const world = await inventoriedWorld(planted)
    const { inventory } = world
    const plan = await world.scaledWith().plan(request, { runId: 'r', ...options, inventory })
    expect(plan.inventory).toMatchObject({ trusted: true, objects: 10, absent: 0 })
    expect(plan.findings.map(({ code }) => code)).toContain('inventory-is-proof')
    const report = await world.run(options)
    expect(report).toMatchObject({ outcome: 'incomplete', accepted: [], coverage: { proven: true } })
    expect(report.counts.held + report.counts.repaired).toBe(report.counts.expected)
    const found = report.findings.find(({ code }) => code === 'inventory-is-proof')
    expect(found).toMatchObject({ severity: 'blocker', subject: 'memory' })
    expect(found?.message).toContain('10 objects are not read')
    // Finished, it says the same again, and its journal holds together.
    expect(await world.run(options)).toEqual(report)
  })

  test('that began before the recordings landed reads every object', async () => {
    const expected = await alone(planted)
    const world = await inventoriedWorld(planted)
    const early = Date.parse('2023-10-20T12:00:30Z')
    const report = await world.run({ ...options, inventory: inventoryOf(world.rows, early) })
    expect(report.outcome).toBe('complete')
    expect(report.inventory).toMatchObject({ trusted: false, objects: 0, sample: { of: 0 } })
    expect(world.read.length).toBe(expected.read)
    expect(withoutInventory(report)).toEqual(withoutInventory(expected.report))
  })

  test('reads what was written, replaced or added since', async () => {
    const world = await inventoriedWorld(planted, { accept: [acceptance] })
    const media = (conversation: string, hour: number, at: number) =>
      `${folderOf(hour, conversation, hour % 2 === 0)}/${conversation}-r${at}.opus`
    const { storage } = world
    const inventory = inventoryOf(world.rows, world.asOf)
    // The same content without the hold: nothing but its time tells it from the one that the inventory has.
    storage.put(media('c2', 41, 0), { body: 'sound of c2-r0' })
    storage.put(`${folderOf(42, 'c3')}/added.jpg`, { body: 'photo' })
    const report = await world.run({ ...options, inventory, inventorySample: 100 })
    expect(world.read).toContain(media('c2', 41, 0))
    expect(world.read).toContain(`${folderOf(42, 'c3')}/added.jpg`)
    expect(report.inventory).toMatchObject({
      trusted: true,
      sample: { of: 10, read: 10, confirmed: 9, changed: 1 },
      objects: 9,
    })
    expect(report.counts).toMatchObject({ held: 3, repaired: 3 })
    expect(report.outcome).toBe('complete')
    const state = storage.versions(media('c2', 41, 0))[0]?.state
    expect(state?.metadata).toMatchObject({ 'legal-hold-tag': tag })
  })

  test('sees a hold that was lifted since by the sample only, and then reads every object', async () => {
    const planting = planted.map((one) => ({ ...one, fates: one.fates.map((): Fate => 'held') }))
    const requirements = { tags: { 'legal-hold': 'matter-1' } }
    const world = await inventoriedWorld(planting, { requirements, accept: [acceptance] })
    for (const { key } of world.rows)
      await world.storage.mergeTags({ bucket: 'memory', key }, { 'legal-hold': 'matter-1' })
    const inventory = inventoryOf(await rowsOf(world.storage), world.asOf)
    const [lifted = ''] = world.rows.map(({ key }) => key)
    await world.storage.replaceTags({ bucket: 'memory', key: lifted }, {}, { expected: { 'legal-hold': 'matter-1' } })
    const report = await world.run({ ...options, inventory, inventorySample: 100 })
    expect(report.inventory).toMatchObject({
      trusted: false,
      reason: '1 of 12 objects of the sample contradicts it',
      objects: 0,
    })
    expect(report.remediations.repaired).toBe(1)
    expect(report).toMatchObject({ outcome: 'complete', accepted: [] })
  })

  test('counts the recordings that it has no file of', async () => {
    const world = await inventoriedWorld([
      ...planted,
      { hour: 43, conversation: 'c4', fates: ['missing', 'deleted', 'skipped', 'held'], attachment: true },
    ])
    const plan = await world.scaledWith().plan(request, { runId: 'r', ...options, inventory: world.inventory })
    expect(plan.inventory).toMatchObject({ absent: 2, objects: 12 })
    const without = await scaledWorld(planted)
      .scaledWith()
      .plan(request, { runId: 'r', ...options })
    expect(without).not.toHaveProperty('inventory')
    expect(plan.estimate.requests.HeadObject).toBeLessThan(2 * plan.objects! * 3)
  })

  test('of another bucket, of the future or of former versions only is refused before anything is exported', async () => {
    const world = await inventoriedWorld(planted)
    const { rows, asOf } = world
    const refused = [inventoryOf(rows, asOf, { bucket: 'other' }), inventoryOf(rows, asOf + 3_600_000)]
    for (const inventory of refused) {
      expect(await world.run({ ...options, inventory }).catch(codeOf)).toBe('INVENTORY_UNREADABLE')
    }
    expect(world.platform.calls.filter((call) => call.startsWith('create'))).toEqual([])
    const deep = await inventoriedWorld(planted, { remediation: { versions: 'all' } })
    expect(() => deep.run({ ...options, inventory: deep.inventory })).toThrow('versions')
  })
})

test('an inventory that lists all versions and does not say which is current is used by the newest of each key', async () => {
  const world = await inventoriedWorld(planted, { accept: [acceptance] })
  await world.run({ ...options, runId: 'first' })
  world.clock.advance(3_600_000)
  const rows = (await rowsOf(world.storage)).map(({ isLatest: _, ...row }) => row)
  const inventory = inventoryOf(rows, world.clock.now())
  expect(rows.length).toBeGreaterThan(new Set(rows.map(({ key }) => key)).size)
  const scaled = world.scaledWith(world.store, new ChaosEngine(world.worker))
  const report = await scaled.run(request, { ...options, runId: 'second', inventory, inventorySample: 4 })
  expect(report).toMatchObject({ outcome: 'complete', counts: { held: 6 }, inventory: { objects: 12 } })
})

test('an inventory without a column for what the hold requires proves nothing', async () => {
  const expected = await alone(planted)
  for (const missing of ['metadata', 'etag'] as const) {
    const world = await inventoriedWorld(planted)
    const facets = everyFacet.filter((facet) => facet !== missing)
    const report = await world.run({ ...options, inventory: inventoryOf(world.rows, world.asOf, { facets }) })
    expect(report.inventory).toMatchObject({ trusted: false, objects: 0, reason: expect.stringContaining('no column') })
    expect([report.outcome, world.read.length]).toEqual(['complete', expected.read])
  }
})

/** What may be wrong with a row. */
const flaws: Readonly<Record<string, (row: InventoryRow) => readonly InventoryRow[]>> = {
  right: (row) => [row],
  gone: () => [],
  twice: (row) => [row, row],
  'twice, and one without the hold': (row) => [row, { ...row, metadata: {} }],
  'another ETag': (row) => [{ ...row, etag: 'x' }],
  'no ETag': ({ etag: _, ...row }) => [row],
  'another size': (row) => [{ ...row, sizeBytes: 7 }],
  'another time': (row) => [{ ...row, lastModified: '2023-10-20T11:00:00.000Z' }],
  'no time': ({ lastModified: _, ...row }) => [row],
  'a former version': (row) => [{ ...row, isLatest: false }],
  'a delete marker': (row) => [{ ...row, isDeleteMarker: true }],
  'no metadata': ({ metadata: _, ...row }) => [row],
  'another hold': (row) => [{ ...row, metadata: { 'legal-hold-tag': 'other' } }],
  'written since': (row) => [{ ...row, lastModified: '2023-10-20T13:30:00.000Z' }],
  'a hold that is not there': (row) => [{ ...row, metadata: { 'legal-hold-tag': tag } }],
}

const fates: readonly Fate[] = [
  'untagged',
  'held',
  'held',
  'held',
  'conflicting',
  'without-sidecar',
  'empty',
  'missing',
  'deleted',
]
const worlds = fc.uniqueArray(
  fc.record({
    hour: fc.integer({ min: 30, max: 50 }),
    conversation: fc.constantFrom('c', 'c-1', 'c0', 'd', 'ä'),
    fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 3 }),
    attachment: fc.boolean(),
  }),
  { selector: ({ conversation }) => conversation, minLength: 1, maxLength: 4 },
)
const lies = ['another ETag', 'another size', 'another time', 'a hold that is not there']
const harmless = Object.keys(flaws).filter((name) => !lies.includes(name))
const listOf = (names: readonly string[]) =>
  fc.array(fc.constantFrom('right', 'right', ...names), { minLength: 1, maxLength: 9 })
const flawed = fc.oneof({ weight: 3, arbitrary: listOf(harmless) }, { weight: 1, arbitrary: listOf(lies) })

test('whatever an inventory says, nothing is complete by it alone, and nothing is taken for held that is not', async () => {
  const rested = { accepted: 0, not: 0 }
  await fc.assert(
    fc.asyncProperty(worlds, flawed, fc.boolean(), async (given, list, isAccepted) => {
      const expected = await alone(given)
      const world = await inventoriedWorld(given, isAccepted ? { accept: [acceptance] } : {})
      const rows = world.rows.flatMap((row, at) => flaws[list[at % list.length] ?? 'right']?.(row) ?? [])
      const inventory = inventoryOf(rows, world.asOf)
      // Each line is sampled: a lie is found.
      const report = await world.run({ ...options, inventory, inventorySample: 1_000 })
      const { objects = 0, trusted } = report.inventory ?? {}
      if (!trusted) expect(objects).toBe(0)
      if (objects > 0) rested[isAccepted ? 'accepted' : 'not'] += 1
      if (objects > 0 && !isAccepted) expect(report.outcome).not.toBe('complete')
      else expect(report.outcome).toBe(expected.report.outcome)
      expect(withoutInventory({ ...report, outcome: expected.report.outcome })).toEqual(
        withoutInventory(expected.report),
      )
      expect(await bucketOf(world.storage)).toEqual(expected.bucket)
    }),
    { numRuns: 30 },
  )
  expect(Math.min(rested.accepted, rested.not)).toBeGreaterThan(0)
})
