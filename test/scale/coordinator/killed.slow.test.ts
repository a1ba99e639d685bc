import { describe, expect, test } from 'vitest'
import { LegalHoldError, type RunEvent } from '#src/index.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import type { ListShardKeysOptions, ShardStore } from '#src/scale/ports/shard-store.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { bucketOf, ChaosEngine, comparable, type Planted, request, scaledWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
  { hour: 41, conversation: 'c2', fates: ['explained', 'conflicting', 'failed'], attachment: false },
  { hour: 42, conversation: 'c3', fates: ['untagged'], attachment: false },
  { hour: 42, conversation: 'c4', fates: ['foreign'], attachment: false },
]

/** The store as one process sees it, which is killed at its n-th write: before it, or after it. */
class Mortal implements ShardStore {
  writes = 0
  readonly #inner: ShardStore
  readonly #diesAt: number

  constructor(inner: ShardStore, diesAt: number) {
    this.#inner = inner
    this.#diesAt = diesAt
  }

  #live(): void {
    if (this.writes >= this.#diesAt) throw new Error('killed')
  }

  async create(key: string, content: Uint8Array): Promise<boolean> {
    this.#live()
    this.writes += 1
    // The last write happened or not: nobody was told.
    if (this.writes === this.#diesAt && this.#diesAt % 2 === 0) throw new Error('killed')
    const created = await this.#inner.create(key, content)
    this.#live()
    return created
  }

  async read(key: string) {
    this.#live()
    return this.#inner.read(key)
  }

  async *list(prefix: string, options?: ListShardKeysOptions) {
    this.#live()
    yield* this.#inner.list(prefix, options)
  }
}

const options = { runId: 'r', objectsPerShard: 4 }

async function baseline() {
  const world = scaledWorld(planted)
  const report = await world.run(options)
  return { report: comparable(report), bucket: await bucketOf(world.storage) }
}

function jobsByRound({ submitted }: ChaosEngine): readonly number[] {
  return submitted.map(({ round }) => round)
}

describe('a coordinator that is killed', () => {
  test('at any of its writes ends as one that was not, with one job a round', async () => {
    const expected = await baseline()
    let points = 0
    for (let diesAt = 1; ; diesAt += 1) {
      const world = scaledWorld(planted)
      const mortal = new Mortal(world.store, diesAt)
      const died = await world
        .scaledWith(mortal)
        .run(request, options)
        .then(
          () => false,
          () => true,
        )
      if (!died) break
      points += 1
      // Its claim on the journal stands a minute.
      world.clock.advance(120_000)
      const report = await world.run(options)
      expect(comparable(report)).toEqual(expected.report)
      expect(await bucketOf(world.storage)).toEqual(expected.bucket)
      expect(jobsByRound(world.engine)).toEqual([1])
      // Finished, it says the same again.
      expect((await world.run(options)).outcome).toBe(report.outcome)
    }
    expect(points).toBeGreaterThan(15)
  })

  test('before its claim is over nobody else goes on', async () => {
    const world = scaledWorld(planted)
    await world
      .scaledWith(new Mortal(world.store, 9))
      .run(request, options)
      .catch(() => {})
    const error = await world.run(options).catch((failure) => failure)
    expect(LegalHoldError.isInstance(error) && error.code).toBe('JOURNAL_LOCKED')
  })
})

describe('a worker that is killed', () => {
  const withWorkers = (diesAt: (call: number) => number) => {
    const world = scaledWorld(planted)
    const { store, storage, clock } = world
    let calls = 0
    const engine = new ChaosEngine((ref, invocation) => {
      calls += 1
      // A process that was killed is started again later.
      clock.advance(120_000)
      return shardWorker({ store: new Mortal(store, diesAt(calls)), storage, clock })(ref, invocation)
    })
    return { ...world, engine, run: () => world.scaledWith(store, engine).run(request, { ...options, maxRounds: 9 }) }
  }

  test('at any of its writes is resumed by the next, and the end is the same', async () => {
    const expected = await baseline()
    for (let at = 1; at <= 14; at += 1) {
      const world = withWorkers((call) => (call <= 3 ? at + call - 1 : Number.POSITIVE_INFINITY))
      const report = await world.run()
      expect(comparable(report)).toEqual(expected.report)
      expect(await bucketOf(world.storage)).toEqual(expected.bucket)
      expect(new Set(jobsByRound(world.engine)).size).toBe(world.engine.submitted.length)
    }
  })

  test('is waited for until its shard may be taken over, and the wait is told', async () => {
    const expected = await baseline()
    for (const deadlineMs of [undefined, 15 * 60_000]) {
      const world = scaledWorld(planted)
      const { store, storage, clock } = world
      let calls = 0
      const engine = new ChaosEngine((ref) => {
        calls += 1
        // The first of each shard dies, and nothing but the coordinator lets time pass.
        const diesAt = calls <= 3 ? 3 : Number.POSITIVE_INFINITY
        const invocation = deadlineMs === undefined ? {} : { deadlineMs: clock.now() + deadlineMs }
        return shardWorker({ store: new Mortal(store, diesAt), storage, clock })(ref, invocation)
      })
      const waits: RunEvent[] = []
      const onEvent = (event: RunEvent) => {
        if (event.type === 'waiting' && event.subject.includes('shards')) waits.push(event)
      }
      const startedAt = clock.now()
      const report = await world.scaledWith(store, engine).run(request, { ...options, onEvent })
      expect(comparable(report)).toEqual(expected.report)
      expect(report.scale).toMatchObject({ rounds: 2 })
      expect(jobsByRound(engine)).toEqual([1, 2])
      expect(waits[0]).toMatchObject({ waitedMs: 0, waitMs: expect.any(Number) })
      const waitedMs = clock.now() - startedAt
      expect(waitedMs).toBeGreaterThan((deadlineMs ?? 60_000) - 5_000)
      expect(waitedMs).toBeLessThan((deadlineMs ?? 60_000) + 120_000)
    }
  })

  test('in every round leaves its recordings as exceptions, and the run is incomplete', async () => {
    const world = withWorkers(() => 3)
    const report = await world.run()
    expect(report.outcome).toBe('incomplete')
    expect(report.coverage).toMatchObject({ proven: false, reason: expect.stringContaining('SHARD_UNFINISHED') })
    expect(report.counts.expected).toBe(6)
    const codes = report.exceptions.map(({ code }) => code)
    expect(codes.every((code) => code === 'SHARD_UNFINISHED')).toBe(true)
    expect(report.scale).toMatchObject({ rounds: 9, engine: 'chaos' })
    // Its journal holds together.
    expect((await world.run()).outcome).toBe('incomplete')
  })
})

test('the state of a run can be read from the store at any time', async () => {
  const world = scaledWorld(planted)
  const scaled = world.scaledWith()
  expect(await scaled.status('r')).toMatchObject({ state: 'unknown', sealed: 0 })
  const plan = await scaled.plan(request, options)
  expect(plan).toMatchObject({ runId: 'r', recordings: 6, objects: 12 })
  expect(world.engine.submitted).toEqual([])
  expect(await scaled.status('r')).toMatchObject({ state: 'planned', shards: plan.shards, recordings: 6 })
  const report = await world.run(options)
  expect(await scaled.status('r')).toMatchObject({ state: 'finished', sealed: plan.shards, outcome: report.outcome })
  expect(report.scale?.shards).toBe(plan.shards)
  await bucketless(world.store)
})

/** No secret and no content of an object goes to the store. */
async function bucketless(store: MemoryShardStore): Promise<void> {
  for await (const key of store.list('')) {
    expect(Buffer.from((await store.read(key)) as Uint8Array).toString()).not.toContain('sound of')
  }
}

test('a plan that is not confirmed submits nothing, and may be done later', async () => {
  const world = scaledWorld(planted)
  const error = await world.run({ ...options, confirm: () => false }).catch((failure) => failure)
  expect(LegalHoldError.isInstance(error) && error.code).toBe('ABORTED')
  expect(world.engine.submitted).toEqual([])
  expect((await world.run({ ...options, confirm: async () => true })).scale?.jobs).toHaveLength(1)
})

test('a list that somebody changed is not done, and nothing of it is in the report', async () => {
  const world = scaledWorld(planted)
  await world.scaledWith().plan(request, options)
  const changed = new MemoryShardStore()
  for await (const key of world.store.list('')) {
    const content = Buffer.from((await world.store.read(key)) as Uint8Array).toString()
    await changed.create(key, Buffer.from(key.includes('/shards/') ? content.replaceAll('c1-r0', 'forged') : content))
  }
  const { storage, clock } = world
  const engine = new ChaosEngine(shardWorker({ store: changed, storage, clock }))
  const report = await world.scaledWith(changed, engine).run(request, { ...options, maxRounds: 1 })
  expect(report.outcome).toBe('incomplete')
  expect(report.coverage).toMatchObject({ proven: false, reason: expect.stringContaining('SHARD_UNFINISHED') })
  expect(JSON.stringify(report)).not.toContain('forged')
  expect(JSON.stringify(await bucketOf(storage))).not.toContain('forged')
})

test('a run whose job was submitted is not asked for a confirmation again', async () => {
  const world = scaledWorld(planted)
  const { engine } = world
  const done = engine.done.bind(engine)
  engine.done = async () => {
    throw new Error('the coordinator died')
  }
  let asked = 0
  const confirm = () => {
    asked += 1
    return asked === 1
  }
  await expect(world.run({ ...options, confirm })).rejects.toThrow('the coordinator died')
  engine.done = done
  // What was planned may be asked for at any time.
  expect((await world.scaledWith().plan(request, options)).recordings).toBe(6)
  const report = await world.run({ ...options, confirm })
  expect(report.scale?.jobs).toHaveLength(1)
  expect(asked).toBe(1)
})
