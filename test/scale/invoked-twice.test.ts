import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import type { ListShardKeysOptions, ShardStore } from '#src/scale/ports/shard-store.js'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { ChaosEngine, type Planted, plant, request, tag } from './scale-world.js'

const planted: readonly Planted[] = Array.from({ length: 40 }, (_, at) => ({
  hour: 40 + (at % 10),
  conversation: `c${at}`,
  fates: at % 4 === 0 ? ['held', 'untagged'] : ['untagged'],
  attachment: at % 5 === 0,
}))
/** 30 % of the shards twice at once, 10 % three times. */
const times = (shard: number) => (shard % 10 < 3 ? 2 : shard % 10 === 3 ? 3 : 1)

/** Each call of a worker has journals of its own: what it would be without a fence. */
class WithoutFence implements ShardStore {
  readonly #inner: ShardStore
  readonly #own = new MemoryShardStore()

  constructor(inner: ShardStore) {
    this.#inner = inner
  }

  #of(key: string): ShardStore {
    return key.includes('/journals/') ? this.#own : this.#inner
  }

  create(key: string, content: Uint8Array) {
    return this.#of(key).create(key, content)
  }

  read(key: string) {
    return this.#of(key).read(key)
  }

  list(prefix: string, options?: ListShardKeysOptions) {
    return this.#of(prefix).list(prefix, options)
  }
}

/** The same bucket through an adapter of its own: what is called twice knows nothing of its other call. */
function ofAnotherProcess(storage: MemoryStorageAdapter): MemoryStorageAdapter {
  return new Proxy(storage, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function doubled(hasFence: boolean) {
  const { platform, clock, storage: filled } = plant(planted)
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  let copies = 0
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  // Requests overlap as they do over a network.
  const storage = new MemoryStorageAdapter({
    clock,
    intercept: async ({ operation }, when) => {
      if (when === 'after' && operation === 'replaceMetadata') copies += 1
      for (let left = random(6); left > 0; left -= 1) await turn()
    },
  })
  for await (const { key } of filled.list('')) {
    const [version] = filled.versions(key)
    storage.put(key, { body: key, metadata: version?.state?.metadata ?? {} })
  }
  // The hold is asked for as metadata, and nothing as Object Lock.
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, landingQuietMs: 20_000 })
  const store = new MemoryShardStore()
  const engine = new ChaosEngine(
    (ref, invocation) => {
      const parts = { storage: ofAnotherProcess(storage), clock, store: hasFence ? store : new WithoutFence(store) }
      return shardWorker(parts)(ref, invocation)
    },
    { times },
  )
  const report = await new ScaledExporter({ exporter, store, engine }).run(request, { runId: 'r', objectsPerShard: 4 })
  const objects: { versions: number; holds: number; isHeld: boolean }[] = []
  for await (const { key } of storage.list('')) {
    const versions = storage.versions(key)
    const [current] = versions
    objects.push({
      versions: versions.length,
      // Of the copy: the original is protected before it is demoted.
      holds: current?.state?.legalHold === 'ON' ? 1 : 0,
      isHeld: current?.state?.metadata['legal-hold-tag'] === tag,
    })
  }
  return { report, copies, objects, shards: report.scale?.shards ?? 0 }
}

function harmOf({ copies, objects, report }: Awaited<ReturnType<typeof doubled>>): string[] {
  const harm: string[] = []
  if (objects.some(({ versions }) => versions > 2)) harm.push('a key has more than two versions')
  if (objects.some(({ holds }) => holds > 0)) harm.push('a hold that nobody asked for')
  if (copies !== report.remediations.repaired) harm.push('more copies than repairs')
  return harm
}

describe('shards that are called twice and three times at once', () => {
  test('are done once', async () => {
    const done = await doubled(true)
    expect(done.shards).toBeGreaterThan(10)
    expect(done.report.outcome).toBe('complete')
    expect(done.objects.every(({ isHeld }) => isHeld)).toBe(true)
    expect(harmOf(done)).toEqual([])
  })

  test('without the fence they are not: what is looked for would be seen', async () => {
    expect(harmOf(await doubled(false))).not.toEqual([])
  })
})
