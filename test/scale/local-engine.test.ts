import { describe, expect, test } from 'vitest'
import { LocalEngine } from '#src/scale.js'
import { shardEngineConformance } from '#src/testing/index.js'
import { FakeWorker, jobOf, refs } from './aws/world.js'

describe('the engine of this process', () => {
  shardEngineConformance(
    { describe, test, expect },
    {
      create: async () => {
        const worker = new FakeWorker()
        const engine = new LocalEngine({ worker: worker.work, concurrency: 2 })
        const tokens = ['conformance-token-1', 'conformance-token-2']
        return {
          engine,
          // Its jobs end with their process: within it whoever asks is told of the same jobs.
          reopen: async () => engine,
          settle: async () => {
            for (const token of tokens) {
              const job = await engine.find(token)
              if (job !== undefined) await engine.done(job.id)
            }
          },
          invoked: () => worker.asked,
          fail: (shard, outcome) => void worker.answers.set(shard, outcome),
          unknownId: 'local-none',
          close: async () => {},
        }
      },
    },
  )

  test('does no more shards at once than it may, whatever the job asks for', async () => {
    let under = 0
    let most = 0
    const engine = new LocalEngine({
      concurrency: 3,
      worker: async (ref) => {
        under += 1
        most = Math.max(most, under)
        await new Promise((resolve) => setImmediate(resolve))
        under -= 1
        return { outcome: 'sealed', ref, sealSha256: '0'.repeat(64), isNew: true }
      },
    })
    const { id } = await engine.submit(jobOf(refs(20), { concurrency: 100 }))
    await engine.done(id)
    expect(most).toBe(3)
  })

  test('cancels what is under way, and begins nothing more', async () => {
    const asked: number[] = []
    const engine = new LocalEngine({
      concurrency: 1,
      worker: async (ref, { signal } = {}) => {
        asked.push(ref.shard)
        if (ref.shard === 1) await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
        return { outcome: 'unfinished', ref, code: 'ABORTED', reason: 'it was cancelled' }
      },
    })
    const { id } = await engine.submit(jobOf(refs(5)))
    await new Promise((resolve) => setImmediate(resolve))
    await engine.cancel(id)
    expect((await engine.get(id)).state).toBe('cancelled')
    expect(asked).toEqual([0, 1])
  })
})
