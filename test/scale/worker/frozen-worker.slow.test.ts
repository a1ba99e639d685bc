import { expect, test } from 'vitest'
import { runShard } from '#src/scale/worker/run-shard.js'
import type { MemoryStorageAdapter } from '#src/testing/index.js'
import { bucketOf, type Planted, plannedWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
  { hour: 41, conversation: 'c2', fates: ['untagged', 'conflicting'], attachment: false },
]

const planned = () => plannedWorld(planted)

/** A storage that stops at its n-th reading until it is let go. */
function freezing(inner: MemoryStorageAdapter, at: number) {
  let reads = 0
  let thaw = () => {}
  let frozen = () => {}
  const isFrozen = new Promise<boolean>((resolve) => {
    frozen = () => resolve(true)
  })
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve
  })
  const storage = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const method = value.bind(target)
      if (name !== 'head' && name !== 'inspectBucket') return method
      return async (...given: readonly unknown[]) => {
        const answer = await method(...given)
        reads += 1
        if (reads === at) {
          frozen()
          await thawed
        }
        return answer
      }
    },
  })
  return { storage, isFrozen, thaw }
}

test('a worker that was frozen past its deadline changes nothing after another took over', async () => {
  let points = 0
  for (let at = 1; ; at += 1) {
    const { store, storage, clock, ref } = await planned()
    const cold = freezing(storage, at)
    const deadlineMs = clock.now() + 900_000
    const first = runShard(ref, { store, storage: cold.storage, clock }, { deadlineMs })
    const isFrozen = await Promise.race([cold.isFrozen, first.then(() => false)])
    if (!isFrozen) break
    points += 1
    expect(await runShard(ref, { store, storage, clock })).toMatchObject({
      outcome: 'unfinished',
      code: 'JOURNAL_LOCKED',
    })
    clock.advance(1_000_000)
    expect(await runShard(ref, { store, storage, clock })).toMatchObject({ outcome: 'sealed', isNew: true })
    const bucket = await bucketOf(storage)
    const seals = store.size
    cold.thaw()
    const end = await first
    expect(end.outcome === 'sealed' ? end.isNew : end.outcome).toBe(end.outcome === 'sealed' ? false : 'unfinished')
    expect(await bucketOf(storage)).toEqual(bucket)
    expect(store.size).toBe(seals)
  }
  expect(points).toBeGreaterThan(5)
})
