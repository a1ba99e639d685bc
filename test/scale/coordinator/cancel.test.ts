import { expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { LocalEngine } from '#src/scale/local-engine.js'
import type { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import type { EngineJob, ShardEngine, ShardJob } from '#src/scale/ports/shard-engine.js'
import type { ShardWorker } from '#src/scale/ports/shard-worker.js'
import { type Planted, request, scaledWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'untagged'], attachment: false },
  { hour: 41, conversation: 'c2', fates: ['untagged'], attachment: false },
]

/** An engine outside of the process: what it was given stays undone until it is told to work. */
class OutsideEngine implements ShardEngine {
  readonly name = 'outside'
  readonly capabilities = { confirms: false, limitsConcurrency: false }
  readonly jobs = new Map<string, EngineJob>()
  works = false
  /** Told of each look at a job. */
  onLook: () => void = () => {}
  readonly #worker: ShardWorker

  constructor(worker: ShardWorker) {
    this.#worker = worker
  }

  async submit({ token, round, refs }: ShardJob): Promise<EngineJob> {
    const job: EngineJob = { id: `job-${round}`, engine: this.name, state: 'active' }
    this.jobs.set(token, job)
    if (this.works) {
      for await (const ref of refs()) await this.#worker(ref)
      this.#end(job.id, 'complete')
    }
    return this.get(job.id)
  }

  async find(token: string) {
    return this.jobs.get(token)
  }

  async get(id: string): Promise<EngineJob> {
    this.onLook()
    const found = [...this.jobs.values()].find((job) => job.id === id)
    if (found === undefined) throw new Error(`no job ${id}`)
    return found
  }

  async cancel(id: string) {
    this.#end(id, 'cancelled')
  }

  async *results() {}

  #end(id: string, state: EngineJob['state']): void {
    for (const [token, job] of this.jobs) if (job.id === id) this.jobs.set(token, { ...job, state })
  }
}

const codeOf = (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error))
const options = { runId: 'r', objectsPerShard: 2, maxRounds: 1, pollMs: 1_000 }

function outsideWorld() {
  const world = scaledWorld(planted)
  const engine = new OutsideEngine(world.worker)
  return { ...world, engine, scaled: world.scaledWith(world.store, engine) }
}

test('a job that is cancelled while a coordinator follows it ends its run, and the next run does the rest', async () => {
  const { engine, scaled } = outsideWorld()
  let looks = 0
  engine.onLook = () => {
    looks += 1
    if (looks === 3) void scaled.cancel('r')
  }
  expect(await scaled.run(request, options).catch(codeOf)).toBe('JOB_CANCELLED')
  expect(await scaled.status('r')).toMatchObject({ state: 'running', sealed: 0, jobs: [{ state: 'cancelled' }] })
  engine.works = true
  // The round that was cancelled is none of those that may be tried.
  const report = await scaled.run(request, options)
  expect(report).toMatchObject({ outcome: 'complete', scale: { rounds: 2 } })
  expect(report.scale?.jobs.map(({ state }) => state)).toEqual(['cancelled', 'complete'])
})

test('a job that is cancelled while nobody follows it is passed over by the next run', async () => {
  const { clock, engine, scaled } = outsideWorld()
  const stop = new AbortController()
  engine.onLook = () => {
    if (engine.jobs.size === 1) stop.abort(new Error('the coordinator ends'))
  }
  expect(await scaled.run(request, { ...options, signal: stop.signal }).catch(codeOf)).toBe('ABORTED')
  engine.onLook = () => {}
  await scaled.cancel('r')
  await scaled.cancel('r')
  clock.advance(120_000)
  engine.works = true
  expect(await scaled.run(request, options)).toMatchObject({ outcome: 'complete', scale: { rounds: 2 } })
})

test('a run without a job has nothing to cancel', async () => {
  const { scaled } = outsideWorld()
  expect(await scaled.cancel('nobody').catch(codeOf)).toBe('ENGINE_JOB_NOT_FOUND')
  await scaled.plan(request, options)
  expect(await scaled.cancel('r').catch(codeOf)).toBe('ENGINE_JOB_NOT_FOUND')
  expect(await scaled.status('r')).toMatchObject({ state: 'planned' })
})

/** A local engine in each of two processes that share a store: one follows the run, and one only cancels. */
function localWorld(onShard: (at: number) => Promise<void>) {
  const world = scaledWorld([...planted, { hour: 42, conversation: 'c3', fates: ['untagged'], attachment: false }])
  let begun = 0
  const worker: ShardWorker = async (ref, invocation) => {
    begun += 1
    await onShard(begun)
    return invocation?.signal?.aborted
      ? { outcome: 'unfinished', ref, code: 'ABORTED', reason: 'stopped' }
      : world.worker(ref, invocation)
  }
  const here = () => world.scaledWith(world.store, new LocalEngine({ worker, concurrency: 1 }))
  const elsewhere = world.scaledWith(world.store, new LocalEngine({ worker: world.worker }))
  return { ...world, here, elsewhere, begun: () => begun }
}

const local = { runId: 'r', objectsPerShard: 2, maxRounds: 1, pollMs: 1 }

/** Waits until the store has what was asked for: the coordinator reads it by the machine's time. */
async function untilRead(store: MemoryShardStore): Promise<void> {
  const read = store.read.bind(store)
  await new Promise<void>((resolve) => {
    store.read = async (key) => {
      const found = await read(key)
      if (key.includes('/cancel/') && found !== undefined) resolve()
      return found
    }
  })
}

test('a local run is cancelled from another process; what is sealed stays, and the next run does the rest', async () => {
  const world = localWorld(async (at) => {
    if (at !== 2) return
    const isRead = untilRead(world.store)
    await world.elsewhere.cancel('r')
    await isRead
    await world.elsewhere.cancel('r')
  })
  expect(await world.here().run(request, local).catch(codeOf)).toBe('JOB_CANCELLED')
  expect(await world.elsewhere.status('r')).toMatchObject({ sealed: 1, jobs: [{ state: 'cancelled' }] })
  const report = await world.here().run(request, local)
  expect(report).toMatchObject({ outcome: 'complete', scale: { rounds: 2 } })
  expect(report.scale?.jobs.map(({ state }) => state)).toEqual(['cancelled', 'complete'])
  expect(await world.elsewhere.cancel('r').catch(codeOf)).toBe('ENGINE_JOB_NOT_FOUND')
})

test('a local run whose process was killed may be cancelled, and the next run does all the same', async () => {
  const stop = new AbortController()
  const world = localWorld(async (at) => {
    if (at === 2) stop.abort(new Error('the process ends'))
  })
  expect(
    await world
      .here()
      .run(request, { ...local, signal: stop.signal })
      .catch(codeOf),
  ).toBe('ABORTED')
  await world.elsewhere.cancel('r')
  world.clock.advance(120_000)
  const report = await world.here().run(request, local)
  expect(report).toMatchObject({ outcome: 'complete', scale: { rounds: 2 } })
  expect(report.scale?.jobs.map(({ state }) => state)).toEqual(['cancelled', 'complete'])
})
