import { expect, test } from 'vitest'
import type { ShardWorker } from '#src/scale/ports/shard-worker.js'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { mapHandler, S3ShardStore, s3BatchHandler } from '#src/scale-aws.js'
import { bucketOf, comparable, type Planted, plant, request } from '../scale-world.js'
import { batchWorld, functionArn } from './world.js'

const planted: readonly Planted[] = Array.from({ length: 24 }, (_, at) => ({
  hour: 40 + (at % 8),
  conversation: `c${at}`,
  fates: at % 4 === 0 ? ['held', 'untagged'] : at % 7 === 0 ? ['missing'] : ['untagged'],
  attachment: at % 5 === 0,
}))

test('a run over S3 Batch Operations, its store on S3, ends as a run by itself', async () => {
  const alone = plant(planted)
  const single = await alone.exporter.run(request)
  const world = plant(planted)
  let worker: ShardWorker | undefined
  const over = s3BatchHandler({ worker: (...call) => (worker as ShardWorker)(...call), bucket: 'evidence' })
  const aws = await batchWorld({ functions: { [functionArn]: over as never } })
  const store = new S3ShardStore({ ...aws.settings, bucket: 'evidence' })
  worker = shardWorker({ store, storage: world.storage, clock: world.clock })
  try {
    const scaled = new ScaledExporter({ exporter: world.exporter, store, engine: aws.engine })
    const report = await scaled.run(request, { runId: 'r', objectsPerShard: 10 })
    expect(report.scale).toMatchObject({ engine: 's3-batch', rounds: 1 })
    expect(report.scale?.shards).toBeGreaterThan(2)
    expect(comparable(report)).toEqual(comparable(single))
    expect(await bucketOf(world.storage)).toEqual(await bucketOf(alone.storage))
  } finally {
    store.close()
    await aws.close()
  }
})

const odd = '/a b+%2B,"\n😀//'

test.each(['form', 'percent'] as const)(
  'a run whose keys have every odd character, empty parts included, ends as one whose keys have none: %s',
  async (keyEncoding) => {
    const world = plant(planted.slice(0, 6))
    let worker: ShardWorker | undefined
    const over = s3BatchHandler({ worker: (...call) => (worker as ShardWorker)(...call), bucket: 'evidence' })
    const aws = await batchWorld({ functions: { [functionArn]: over as never }, keyEncoding })
    const store = new S3ShardStore({ ...aws.settings, bucket: 'evidence' })
    worker = shardWorker({ store, storage: world.storage, clock: world.clock })
    try {
      const scaled = new ScaledExporter({ exporter: world.exporter, store, engine: aws.engine, prefix: odd })
      const report = await scaled.run(request, { runId: 'r', objectsPerShard: 4 })
      expect(report.scale?.jobs.map(({ state }) => state)).toEqual(['complete'])
      expect(report.outcome).toBe('complete')
      expect(aws.s3.keys('evidence').filter((key) => key.startsWith(`${odd}r/seals/`))).toHaveLength(
        report.scale?.shards ?? 0,
      )
    } finally {
      store.close()
      await aws.close()
    }
  },
)

test('the handlers of both engines take the worker of the library', () => {
  const worker = shardWorker({ store: new S3ShardStore({ bucket: 'evidence', region: 'eu-west-1' }), ...plant([]) })
  expect([s3BatchHandler({ worker, bucket: 'evidence' }), mapHandler({ worker })].map((one) => typeof one)).toEqual([
    'function',
    'function',
  ])
})
