import { expect, test } from 'vitest'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { mapHandler, S3BatchEngine, S3ShardStore, s3BatchHandler } from '#src/scale-aws.js'
import { S3ControlSimulator } from '#src/testing/index.js'
import { bucketOf, comparable, type Planted, plant, request } from '../scale-world.js'
import { functionArn, roleArn, s3World } from './world.js'

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
  const { settings, close } = await s3World()
  const store = new S3ShardStore({ ...settings, bucket: 'evidence' })
  const worker = shardWorker({ store, storage: world.storage, clock: world.clock })
  const control = new S3ControlSimulator({
    storage: settings,
    functions: { [functionArn]: s3BatchHandler({ worker, bucket: 'evidence' }) as never },
  })
  const listener = await control.listen()
  const engine = new S3BatchEngine({
    accountId: '123456789012',
    bucket: 'evidence',
    functionArn,
    roleArn,
    endpoint: listener.endpoint,
    region: 'eu-west-1',
    credentials: settings.credentials,
    retry: { minDelayMs: 1, maxDelayMs: 2 },
    s3: settings,
  })
  try {
    const scaled = new ScaledExporter({ exporter: world.exporter, store, engine })
    const report = await scaled.run(request, { runId: 'r', objectsPerShard: 10 })
    expect(report.scale).toMatchObject({ engine: 's3-batch', rounds: 1 })
    expect(report.scale?.shards).toBeGreaterThan(2)
    expect(comparable(report)).toEqual(comparable(single))
    expect(await bucketOf(world.storage)).toEqual(await bucketOf(alone.storage))
  } finally {
    engine.close()
    store.close()
    await control.close()
    await listener.close()
    await close()
  }
})

test('the handlers of both engines take the worker of the library', () => {
  const worker = shardWorker({ store: new S3ShardStore({ bucket: 'evidence', region: 'eu-west-1' }), ...plant([]) })
  expect([s3BatchHandler({ worker, bucket: 'evidence' }), mapHandler({ worker })].map((one) => typeof one)).toEqual([
    'function',
    'function',
  ])
})
