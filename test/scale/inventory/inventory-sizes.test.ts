import { describe, expect, test } from 'vitest'
import { runKeys } from '#src/scale/keys.js'
import { readPlan, refsOf } from '#src/scale/plan/plan.js'
import { decodeList } from '#src/scale/plan/shard-list.js'
import type { InventorySource } from '#src/scale/ports/inventory-source.js'
import { type Planted, request } from '../scale-world.js'
import { everyFacet, inventoriedWorld, inventoryOf } from './inventory-world.js'

const planted: readonly Planted[] = ['c1', 'c2', 'c3', 'c4', 'c5'].map((conversation) => ({
  hour: 40,
  conversation,
  fates: conversation === 'c3' ? ['untagged', 'held'] : ['held'],
  attachment: true,
}))
const gib = 1024 ** 3

/** The conversations of each shard of a plan, and the kinds of lines in its lists that are neither. */
async function planned(
  sizeOf: (key: string) => number | undefined,
  { asOf, facets = everyFacet }: { readonly asOf?: number; readonly facets?: typeof everyFacet } = {},
  listed: (recordingId: string) => number | undefined = () => undefined,
) {
  const world = await inventoriedWorld(planted)
  for (const [at, recording] of world.platform.expected.entries()) {
    world.platform.expected[at] = { ...recording, sizeBytes: listed(recording.recordingId) }
  }
  const rows = world.rows.map((row) => ({ ...row, sizeBytes: sizeOf(row.key) ?? row.sizeBytes }))
  const inventory: InventorySource = inventoryOf(rows, asOf ?? world.asOf, { facets })
  await world.scaledWith().plan(request, { runId: 'r', inventory, inventorySample: 1 })
  const plan = await readPlan(world.store, runKeys('runs/', 'r'), {})
  const shards: string[][] = []
  for await (const { key } of refsOf(world.store, plan!)) {
    const list = decodeList((await world.store.read(key))!)
    if (typeof list === 'string') throw new Error(list)
    const { rows: lines } = list
    expect(lines.filter((line) => line.kind === 'inventory' && line.line === undefined)).toEqual([])
    shards.push([
      ...new Set(lines.flatMap((line) => (line.kind === 'recording' ? [line.recording.conversationId] : []))),
    ])
  }
  return { shards: shards.filter((conversations) => conversations.length > 0), trusted: plan?.inventory?.trusted }
}

const apart = [['c1', 'c2'], ['c3'], ['c4', 'c5']]
const together = [['c1', 'c2', 'c3', 'c4', 'c5']]

describe('the sizes of an inventory', () => {
  test.each(['c3-r0.opus', 'c3-r1.opus', 'c3/photo.jpg'])(
    'put a conversation whose %s is copied in parts in a shard of its own',
    async (name) => {
      expect((await planned(() => undefined)).shards).toEqual(together)
      expect((await planned((key) => (key.endsWith(name) ? 5 * gib : undefined))).shards).toEqual(together)
      expect((await planned((key) => (key.endsWith(name) ? 5 * gib + 1 : undefined))).shards).toEqual(apart)
    },
  )

  test('keep a shard to what one invocation copies', async () => {
    const { shards } = await planned((key) => (key.endsWith('-r0.opus') ? 5 * gib : 3 * gib))
    // With sidecar and photo 11 GiB each, and c3 with a recording and a sidecar more: the first four are 50 GiB.
    expect(shards).toEqual([['c1', 'c2', 'c3', 'c4'], ['c5']])
  })

  test('count where nothing else of the inventory is trusted', async () => {
    const isLarge = (key: string) => (key.endsWith('c3-r0.opus') ? 6 * gib : undefined)
    const early = await planned(isLarge, { asOf: Date.parse('2023-10-20T12:00:30Z') })
    expect(early).toEqual({ shards: apart, trusted: false })
    expect(await planned(isLarge, { facets: ['size'] })).toEqual({ shards: apart, trusted: false })
  })

  test('are not believed without their column', async () => {
    const facets = everyFacet.filter((facet) => facet !== 'size')
    const isLarge = (key: string) => (key.endsWith('c3-r0.opus') ? 6 * gib : undefined)
    expect((await planned(isLarge, { facets })).shards).toEqual(together)
  })

  test('count before those that the platform lists, which count where the inventory has none', async () => {
    const listed = (recordingId: string) => (recordingId === 'c3-r0' ? 6 * gib : undefined)
    expect((await planned(() => undefined, {}, listed)).shards).toEqual(together)
    const facets = everyFacet.filter((facet) => facet !== 'size')
    expect((await planned(() => undefined, { facets }, listed)).shards).toEqual(apart)
  })
})
