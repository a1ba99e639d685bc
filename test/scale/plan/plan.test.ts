import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys } from '#src/internal/key-order.js'
import { collect } from '#src/internal/streams/streams.js'
import { s3Prices } from '#src/model/prices.js'
import { LocalEngine } from '#src/scale/local-engine.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import { type CutShard, cut } from '#src/scale/plan/cut.js'
import { estimateOf } from '#src/scale/plan/estimate.js'
import { compareRows, type PlacedRow, placeOf } from '#src/scale/plan/row.js'
import type { SliceBound } from '#src/scale/plan/slice.js'
import { Spool } from '#src/scale/plan/spool.js'
import type { ShardEngine } from '#src/scale/ports/shard-engine.js'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardStorage } from '#src/scale/worker/shard-storage.js'
import { MapEngine } from '#src/scale-aws.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { ChaosEngine, folderOf, type Planted, request, scaledWorld } from '../scale-world.js'

const first = Date.parse('2023-10-17T00:00:00Z')
const hourMs = 3_600_000
const id = fc.constantFrom('c', 'c-', 'c.', 'c0', 'c+', 'c c', 'c%', 'd', 'ä', 'ￜ', '😀', '')
const rows = fc.array(fc.tuple(fc.integer({ min: -30, max: 60 }), id, fc.nat(3)), { maxLength: 60, size: 'max' })
const rowOf = ([hour, conversation, at]: [number, string, number]): PlacedRow => {
  const conversationId = `x${conversation}`
  const conversationStart = new Date(first + hour * hourMs + 1_000).toISOString()
  const recording = { recordingId: `${conversationId}${at}`, conversationId, conversationStart }
  return placeOf(conversationId, conversationStart, { kind: 'recording', recording })
}

/** Whether a place is before a bound. */
function isBefore(place: SliceBound, bound: SliceBound | undefined): boolean {
  if (bound === undefined) return false
  return place.hour === bound.hour ? compareKeys(place.name, bound.name) < 0 : place.hour < bound.hour
}

async function* of<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

test('rows are sorted as a listing is, however many there is room for', async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (given, room) => {
      const placed = given.map(rowOf)
      const store = new MemoryShardStore()
      const limits = { rows: room, pieceBytes: 100, runs: 2 + (room % 3) }
      const spool = new Spool(store, (run, piece) => `spool/${run}/${piece}`, limits)
      for (const row of placed) {
        spool.add(row)
        await spool.room()
      }
      const sorted = await collect(spool.sorted())
      expect(sorted).toEqual(placed.toSorted(compareRows))
      const keys = sorted.map(({ hour, conversationId }) => `${hour + 1e15}/conversation_id=${conversationId}/`)
      expect(keys).toEqual(keys.toSorted(compareKeys))
    }),
    { numRuns: 100 },
  )
})

test('however many runs there are, few are read side by side', async () => {
  const open = new Set<string>()
  let most = 0
  class Watched extends MemoryShardStore {
    override async read(key: string) {
      open.add(key.slice(0, key.lastIndexOf('/')))
      most = Math.max(most, open.size)
      return super.read(key)
    }
    override async create(key: string, content: Uint8Array) {
      // The first piece of a merged run: what was read before is of other merges.
      if (key.endsWith('/0')) open.clear()
      return super.create(key, content)
    }
  }
  const spool = new Spool(new Watched(), (run, piece) => `spool/${run}/${piece}`, { rows: 3, pieceBytes: 100, runs: 4 })
  const count = 3 * 4 ** 4 - 1
  for (let at = 0; at < count; at += 1) {
    spool.add(rowOf([(at * 7) % 50, `c${(at * 31) % count}`, 0]))
    await spool.room()
  }
  open.clear()
  const sorted = await collect(spool.sorted())
  expect(sorted).toHaveLength(count)
  expect(sorted).toEqual(sorted.toSorted(compareRows))
  // Three of each of four levels: one run fewer than makes one of the next.
  expect(most).toBeLessThanOrEqual(4 * 4)
  expect(most).toBeGreaterThan(4)
})

describe('shards', () => {
  const range = { first: first - 24 * hourMs, last: first + 70 * hourMs }
  const cutOf = (given: readonly [number, string, number][], objectsPerShard: number, hoursPerShard = 24) => {
    const sorted = given.map((row) => rowOf([...row])).sort(compareRows)
    return collect(cut(of(sorted), { objectsPerShard, objectsPerRecording: 2, hoursPerShard, range }))
  }

  test('adjoin, keep conversations whole, and lose nothing', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 20 }), async (given, size) => {
        const shards = await cutOf(given, size, 1 + (size % 7))
        expect(shards.flatMap(({ rows: held }) => held)).toHaveLength(given.length)
        expect(shards[0]?.slice.from).toBeUndefined()
        expect(shards.at(-1)?.slice.to).toBeUndefined()
        for (const [at, { slice }] of shards.entries()) expect(shards[at + 1]?.slice.from).toEqual(slice.to)
        const seen = new Map<string, number>()
        for (const [at, { rows: held, slice }] of shards.entries()) {
          for (const row of held) {
            if (row.kind !== 'recording') continue
            const { conversationId, conversationStart } = row.recording
            const { hour } = placeOf(conversationId, conversationStart, row)
            const place = { hour, name: `conversation_id=${conversationId}/` }
            expect(isBefore(place, slice.from)).toBe(false)
            expect(slice.to === undefined || isBefore(place, slice.to)).toBe(true)
            const name = `${conversationId} ${conversationStart}`
            expect(seen.get(name) ?? at).toBe(at)
            seen.set(name, at)
          }
        }
        const unique = new Set(given.map(([hour, conversation, number]) => `${hour} ${conversation} ${number}`))
        expect(shards.reduce((sum, { recordings }) => sum + recordings, 0)).toBe(unique.size)
      }),
      { numRuns: 100 },
    )
  })

  test('are whole hours but where an hour alone has more, and none has more than it may', async () => {
    const [size, most] = [12, 6]
    let split = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(8), fc.nat(30), fc.nat(1)), { maxLength: 60, size: 'max' }),
        async (given) => {
          const named = given.map(([hour, at, number]) => [hour, String(at), number] as [number, string, number])
          const shards = await cutOf(named, size)
          const ofHour = new Map<number, number>()
          for (const [hour] of named) ofHour.set(hour, (ofHour.get(hour) ?? 0) + 1)
          const shardsOf = new Map<number, Set<number>>()
          for (const [at, { rows: held }] of shards.entries()) {
            const conversations = new Set<string>()
            for (const row of held) {
              if (row.kind !== 'recording') continue
              const { conversationId, conversationStart = '' } = row.recording
              const hour = Math.floor((Date.parse(conversationStart) - first) / hourMs)
              conversations.add(`${hour} ${conversationId}`)
              shardsOf.set(hour, (shardsOf.get(hour) ?? new Set()).add(at))
            }
            // The last conversation of an hour that is split may be more than there is room for.
            if (conversations.size > 1) expect(held.length).toBeLessThan(most + held.length / conversations.size + 2)
          }
          for (const [hour, { size: parts }] of shardsOf) {
            if (parts > 1) split += 1
            if ((ofHour.get(hour) ?? 0) <= most) expect(parts, `hour ${hour}`).toBe(1)
          }
          // Two that follow each other are not one: each is as full as whole hours let it be.
          const sizes = shards.map(({ rows: held }) => held.length).filter((length) => length > 0)
          for (const [at, length] of sizes.entries())
            expect(length + (sizes[at + 1] ?? most)).toBeGreaterThanOrEqual(most)
        },
      ),
      { numRuns: 200 },
    )
    expect(split).toBeGreaterThan(0)
  })

  test('have the recordings that are copied in parts apart, and no more bytes than a function copies', async () => {
    const gib = 1024 ** 3
    const size = fc.constantFrom(undefined, 1, 4 * gib, 5 * gib, 5 * gib + 1, 60 * gib)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(9), fc.nat(5), size), { maxLength: 40, size: 'max' }),
        async (given) => {
          const sized = given.map(([hour, conversation, sizeBytes], at): PlacedRow => {
            const conversationId = `x${conversation}`
            const conversationStart = new Date(first + hour * hourMs).toISOString()
            const recording = { recordingId: `r${at}`, conversationId, conversationStart, sizeBytes }
            return placeOf(conversationId, conversationStart, { kind: 'recording', recording })
          })
          const options = { objectsPerShard: 20, objectsPerRecording: 2, hoursPerShard: 24, range }
          const shards = await collect(cut(of(sized.toSorted(compareRows)), options))
          expect(shards.reduce((sum, { recordings }) => sum + recordings, 0)).toBe(given.length)
          for (const [at, { slice }] of shards.entries()) expect(shards[at + 1]?.slice.from).toEqual(slice.to)
          for (const { rows: held } of shards) {
            const recordings = held.flatMap((row) => (row.kind === 'recording' ? [row.recording] : []))
            const conversations = new Set(recordings.map((one) => `${one.conversationStart} ${one.conversationId}`))
            if (conversations.size < 2) continue
            const sizes = recordings.map(({ sizeBytes = 0 }) => sizeBytes)
            expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * gib)
            expect(sizes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(50 * gib)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('an id that the lists name for two conversations is a contradiction, wherever they lie', async () => {
    const world = scaledWorld([
      { hour: 40, conversation: 'c1', fates: ['held'], attachment: false },
      { hour: 44, conversation: 'c2', fates: ['held'], attachment: false },
    ])
    for (const [at, recording] of world.platform.expected.entries()) {
      world.platform.expected[at] = { ...recording, recordingId: 'r' }
      const folder = folderOf(at === 0 ? 40 : 44, recording.conversationId)
      for (const name of ['r.opus', 'r.opus_metadata.json']) world.storage.put(`${folder}/${name}`, { body: 'x' })
    }
    const report = await world.run({ objectsPerShard: 1 })
    expect(report.scale?.shards).toBeGreaterThan(1)
    expect(report.coverage).toMatchObject({ proven: false, reason: expect.stringContaining('two conversations') })
    expect(report.outcome).toBe('incomplete')
  })

  test('each object of a bucket is seen by exactly one of them', async () => {
    const storage = new MemoryStorageAdapter()
    const given: [number, string, number][] = []
    for (const hour of [3, 4, 5]) {
      for (const conversation of ['c', 'c-', 'c.', 'c0', 'd', 'ä', '😀']) {
        given.push([hour, conversation, 0], [hour, conversation, 1])
        for (const name of ['a.opus', 'b']) storage.put(`${folderOf(hour, `x${conversation}`, hour % 2 === 0)}/${name}`)
      }
      storage.put(`${folderOf(hour, 'zz', true)}/foreign`)
    }
    storage.put(`${folderOf(40, 'foreign')}/x`)
    storage.put('org/year=2023/month=10/day=17/misc/x')
    storage.put('org/strange/x')
    for (const size of [1, 3, 8, 1_000]) {
      const shards: readonly CutShard[] = await cutOf(given, size, 5)
      const found: string[] = []
      for (const { slice } of shards) {
        const seen = shardStorage(storage, { organizationId: 'org', slice, mayChange: async () => {} })
        const walk = async (prefix: string): Promise<void> => {
          // As a run does it: an hour is listed, and so is a folder of another name.
          const isLeaf = !/^org\/(year=\d+\/(month=\d+\/(day=\d+\/)?)?)?$/.test(prefix)
          if (isLeaf) for await (const { key } of seen.list(prefix)) found.push(key)
          else for await (const folder of seen.listFolders(prefix)) await walk(folder)
        }
        await walk('org/')
      }
      expect(found.toSorted()).toEqual((await collect(storage.list('org/'))).map(({ key }) => key).toSorted())
    }
  })
})

test('an estimate adds up, and grows as the work does', () => {
  const facts = { averageObjectBytes: 1 << 20, concurrency: 100, engine: 's3-batch', prices: s3Prices }
  const at = (objects: number) =>
    estimateOf({ ...facts, objects, repairs: objects, shards: objects / 1_000, recordings: objects / 2 })
  const { requests, dollars, bytes } = at(1_000_000)
  expect(requests).toMatchObject({ HeadObject: 3_000_000, CopyObject: 1_000_000, PutObjectLegalHold: 1_000_000 })
  // By the list: a hold and a copy 10.00, three HEADs 1.20, and listings of 7,000 pages.
  expect(dollars.requests).toBeCloseTo(10 + 1.2 + (6_000 + 1_000) * 0.000005, 1)
  const { total, storagePerMonth: _, ...parts } = dollars
  expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 2)
  expect(bytes.storage).toBe(1_000_000 * (1 << 20))
  for (const name of ['requests', 'lambda', 'evidence', 'cloudTrail'] as const) {
    expect(at(1_000_000_000).dollars[name] / dollars[name]).toBeGreaterThan(990)
    expect(at(1_000_000_000).dollars[name] / dollars[name]).toBeLessThan(1_010)
  }
})

test('a plan proposes the reserved concurrency of the function where the engine has no limit of its own', async () => {
  const planted: readonly Planted[] = Array.from({ length: 9 }, (_, hour) => ({
    hour: 40 + hour,
    conversation: `c${hour}`,
    fates: ['held'],
    attachment: false,
  }))
  const world = scaledWorld(planted)
  const planOf = (limitsConcurrency: boolean, concurrency: number) => {
    const engine = Object.assign(new ChaosEngine(world.worker), { capabilities: { confirms: true, limitsConcurrency } })
    const options = { runId: `${limitsConcurrency}-${concurrency}`, objectsPerShard: 2, concurrency }
    return world.scaledWith(world.store, engine).plan(request, options)
  }
  expect((await planOf(false, 5)).estimate).toMatchObject({ concurrency: 5, reservedConcurrency: 5 })
  const wide = await planOf(false, 500)
  expect(wide.estimate.reservedConcurrency).toBe(wide.shards)
  expect((await planOf(true, 5)).estimate).not.toHaveProperty('reservedConcurrency')
})

test('how many shards run at once is what the caller says, else what the engine does', async () => {
  const world = scaledWorld([{ hour: 40, conversation: 'c1', fates: ['held'], attachment: false }])
  const { store, worker, exporter } = world
  const by = (engine: ShardEngine) => new ScaledExporter({ exporter, store, engine })
  const capabilities = { confirms: false, limitsConcurrency: true, concurrency: 7 }
  const engine = Object.assign(new ChaosEngine(worker), { capabilities })
  expect((await by(engine).plan(request, { runId: 'a' })).estimate.concurrency).toBe(7)
  await by(engine).run(request, { runId: 'a' })
  const other = new ChaosEngine(worker)
  await by(other).run(request, { runId: 'b', concurrency: 3 })
  expect([engine, other].map(({ submitted }) => submitted.map(({ concurrency }) => concurrency))).toEqual([
    [undefined],
    [3],
  ])
  const local = new LocalEngine({ worker, concurrency: 2 })
  expect((await by(local).plan(request, { runId: 'c' })).estimate.concurrency).toBe(2)
  const map = new MapEngine({
    stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:m',
    bucket: 'evidence',
    region: 'eu-west-1',
    concurrency: 500,
  })
  expect((await by(map).plan(request, { runId: 'd' })).estimate.concurrency).toBe(500)
})
