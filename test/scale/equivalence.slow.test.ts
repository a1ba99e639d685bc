import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf, comparable, type Fate, type Planted, plant, request, scaledWorld } from './scale-world.js'

const all: readonly Fate[] = [
  'untagged',
  'held',
  'conflicting',
  'without-sidecar',
  'empty',
  'missing',
  'explained',
  'not-covered',
  'noted',
  'failed',
  'skipped',
  'deleted',
  'later',
  'later-delivered',
  'foreign',
]
const well: readonly Fate[] = ['untagged', 'held']

const conversations = (fates: readonly Fate[]) =>
  fc
    .uniqueArray(
      fc.record({
        hour: fc.integer({ min: 0, max: 90 }),
        conversation: fc.constantFrom('c', 'c-1', 'c.1', 'c0', 'd', 'e', 'f', 'ä', 'z'),
        fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 3 }),
        attachment: fc.boolean(),
      }),
      { selector: ({ conversation }) => conversation, maxLength: 8 },
    )
    .map((list): readonly Planted[] => list)

async function agree(planted: readonly Planted[], objectsPerShard: number, times: readonly number[]) {
  const single = plant(planted)
  const alone = await single.exporter.run(request)
  const at = (shard: number) => times[shard % Math.max(1, times.length)] ?? 1
  const sharded = scaledWorld(planted, { times: at, order: (shard) => (shard * 7_919 + times.length) % 101 })
  const merged = await sharded.run({ objectsPerShard })
  expect(comparable(merged)).toEqual(comparable(alone))
  expect(await bucketOf(sharded.storage)).toEqual(await bucketOf(single.storage))
}

describe('a run over shards is the run of one process', () => {
  const size = fc.integer({ min: 1, max: 12 })
  const times = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 })

  test('where all is well', async () => {
    await fc.assert(fc.asyncProperty(conversations(well), size, times, agree), { numRuns: 12 })
  })

  test('whatever became of the recordings', async () => {
    await fc.assert(fc.asyncProperty(conversations(all), size, times, agree), { numRuns: 30 })
  })
})
