import { describe, expect, test } from 'vitest'
import { LocalEngine } from '#src/scale/local-engine.js'
import { runShard } from '#src/scale/worker/run-shard.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { bucketOf, folderOf, type Planted, plannedWorld, request, scaledWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
  { hour: 41, conversation: 'c2', fates: ['untagged', 'conflicting'], attachment: false },
]

const planned = () => plannedWorld(planted)

describe('a worker', () => {
  test('seals a shard once, and says so whoever asks again', async () => {
    const { store, storage, clock, ref } = await planned()
    const first = await runShard(ref, { store, storage, clock })
    expect(first).toMatchObject({ outcome: 'sealed', isNew: true })
    const { sealSha256 } = first as { sealSha256: string }
    expect(await runShard(ref, { store, storage, clock })).toEqual({ outcome: 'sealed', ref, sealSha256, isNew: false })
  })

  test('is sealed whatever the verdicts are', async () => {
    const { store, storage, clock, ref } = await planned()
    expect((await runShard(ref, { store, storage, clock })).outcome).toBe('sealed')
    const report = await scaledWorld(planted).run()
    expect(report.counts).toMatchObject({ repaired: 3, conflicting: 1 })
  })

  test('begins nothing shortly before its deadline, and the next call resumes', async () => {
    const { store, storage, clock, ref } = await planned()
    const before = await bucketOf(storage)
    const late = await runShard(ref, { store, storage, clock }, { deadlineMs: clock.now() + 9_000 })
    expect(late.outcome).toBe('unfinished')
    expect(await bucketOf(storage)).toEqual(before)
    clock.advance(60_000)
    expect((await runShard(ref, { store, storage, clock })).outcome).toBe('sealed')
  })

  test('begins no copy that its deadline would end, and the next call with more time does it', async () => {
    const { store, storage, clock, ref } = await planned()
    const media = `${folderOf(40, 'c1')}/c1-r0.opus`
    const seconds = 101
    const copyBytesPerSecond = `sound of c1-r0`.length / seconds
    const parts = { store, storage, clock, copyBytesPerSecond }
    const isCopied = () => storage.versions(media).length > 1
    // With the 10 s that a change may take.
    const short = await runShard(ref, parts, { deadlineMs: clock.now() + (seconds + 9) * 1_000 })
    expect(short).toMatchObject({ outcome: 'unfinished', code: 'TIMEOUT' })
    expect(short).toMatchObject({ reason: expect.stringContaining('No invocation as short as this one') })
    expect(isCopied()).toBe(false)
    clock.advance(200_000)
    const long = await runShard(ref, parts, { deadlineMs: clock.now() + (seconds + 11) * 1_000 })
    expect(long).toMatchObject({ outcome: 'sealed' })
    expect(storage.versions(media)).toHaveLength(2)
  })

  test.each([
    ['a key of another form', 'runs/r/shards/x.jsonl'],
    ['a list that is not there', `runs/r/shards/00000000-${'0'.repeat(64)}.jsonl`],
  ])('refuses %s', async (_, key) => {
    const { store, storage, clock } = await planned()
    const end = await runShard({ shard: 0, key }, { store, storage, clock })
    expect(end).toMatchObject({ outcome: 'refused', code: 'CHECKPOINT_MISMATCH' })
  })

  test('refuses a list that somebody wrote under the key of another, and a bucket that is not the plan’s', async () => {
    const { store, storage, clock, ref } = await planned()
    const content = (await store.read(ref.key)) as Uint8Array
    const key = `runs/r/shards/00000000-${'1'.repeat(64)}.jsonl`
    await store.create(key, content)
    expect(await runShard({ shard: 0, key }, { store, storage, clock })).toMatchObject({ outcome: 'refused' })
    const other = new MemoryStorageAdapter({ bucket: 'other', clock })
    expect(await runShard(ref, { store, storage: other, clock })).toMatchObject({ outcome: 'refused' })
  })
})

test('a run with the engine of this process is complete, and its shards are its own', async () => {
  const world = scaledWorld(planted.map((one) => ({ ...one, fates: ['untagged' as const] })))
  const engine = new LocalEngine({ worker: world.worker, concurrency: 2 })
  const report = await world.scaledWith(world.store, engine).run(request, { runId: 'l', objectsPerShard: 2 })
  expect(report).toMatchObject({ outcome: 'complete', scale: { engine: 'local', rounds: 1 } })
  expect(report.scale?.jobs).toMatchObject([{ round: 1, state: 'complete' }])
})
