import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { real, realEndpoint } from '../storage/s3/world.js'
import { deliver, judge, type Race, Racers, requirementsOf } from './racing.js'

const seed = Number(process.env.RACE_SEED ?? 1)
const rounds = Number(process.env.RACE_ROUNDS ?? 1)

const races: readonly (readonly [string, Race])[] = [
  ['two merge', { objects: 30, where: 'metadata', before: [], merged: ['m1', 'm2'], released: [] }],
  ['three merge', { objects: 30, where: 'metadata', before: ['m0'], merged: ['m1', 'm2', 'm3'], released: [] }],
  [
    'one merges, one is released',
    { objects: 30, where: 'metadata', before: ['m0', 'm9'], merged: ['m1'], released: ['m9'] },
  ],
  [
    'two merge, one is released',
    { objects: 30, where: 'metadata', before: ['m0', 'm9'], merged: ['m1', 'm2'], released: ['m9'] },
  ],
  [
    'one merges, two are released',
    { objects: 30, where: 'metadata', before: ['m8', 'm9'], merged: ['m1'], released: ['m8', 'm9'] },
  ],
  [
    'two merge, one is released, tags too',
    { objects: 30, where: 'both', before: ['m0', 'm9'], merged: ['m1', 'm2'], released: ['m9'] },
  ],
  [
    'two merge, one is released, tags only',
    { objects: 30, where: 'tags', before: ['m0', 'm9'], merged: ['m1', 'm2'], released: ['m9'] },
  ],
]

describe.runIf(realEndpoint !== undefined)('exporters in processes of their own on the server at S3_ENDPOINT', () => {
  let racers: Racers
  beforeAll(() => {
    racers = new Racers(3)
  })
  afterAll(() => racers.close())

  const cases = Array.from({ length: rounds }, (_, at) => seed + at).flatMap((number) =>
    races.flatMap(([name, race]) => [0, 40].map((jitterMs) => [name, number, jitterMs, race] as const)),
  )
  test.each(cases)('%s (seed %i, jitter %i)', async (_, number, jitterMs, race) => {
    const world = await real(true)
    const prefix = 'race/'
    const keys = await deliver(world, prefix, race)
    const order = (work: 'merge' | 'release') => (tag: string, at: number) => ({
      storage: world.settings,
      prefix,
      tag,
      requirements: requirementsOf(race.where, tag),
      work,
      concurrency: [1, 4, 16][(number + at) % 3] ?? 4,
      jitterMs,
      seed: number * 1000 + at,
    })
    const orders = [...race.merged.map(order('merge')), ...race.released.map(order('release'))]
    await racers.race(orders)
    // S3 has no condition on tags (docs/repair.md, races): what one overwrote of another's list, the next run mends.
    if (race.where !== 'metadata') for (const one of orders) await racers.race([one])
    const wrong = await judge(world, prefix, keys, race)
    await world.close()
    expect(wrong).toEqual([])
  })
})
