import { describe, expect, test } from 'vitest'
import { MapEngine, mapHandler, stateMachineDefinition } from '../../../src/scale-aws.js'
import { DistributedMapSimulator, SimulatedClock, shardEngineConformance } from '../../../src/testing/index.js'
import { batchWorld, FakeWorker, functionArn, s3World } from './world.js'

const runner = { describe, test, expect }

describe('S3 Batch Operations', () => {
  shardEngineConformance(runner, {
    create: async () => {
      const world = await batchWorld()
      return {
        engine: world.engine,
        reopen: async () => world.open(),
        settle: () => world.control.idle(),
        invoked: () => world.worker.asked,
        fail: (shard, outcome) => void world.worker.answers.set(shard, outcome),
        unknownId: '8b1f0c3a-0000-4000-8000-000000000000',
        close: world.close,
      }
    },
  })
})

describe('a Distributed Map', () => {
  const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:legal-hold-shards'

  shardEngineConformance(runner, {
    create: async () => {
      const { settings, close } = await s3World()
      const worker = new FakeWorker()
      const sfn = new DistributedMapSimulator({
        storage: settings,
        stateMachines: { [machineArn]: stateMachineDefinition({ functionArn, maxAttempts: 2 }) },
        functions: { [functionArn]: mapHandler({ worker: worker.work }) as never },
        clock: new SimulatedClock(),
      })
      const listener = await sfn.listen()
      const engines: MapEngine[] = []
      const open = () => {
        const { endpoint } = listener
        const { credentials, region } = settings
        const engine = new MapEngine({
          stateMachineArn: machineArn,
          bucket: 'evidence',
          endpoint,
          credentials,
          region,
          s3: settings,
        })
        engines.push(engine)
        return engine
      }
      return {
        engine: open(),
        reopen: async () => open(),
        settle: () => sfn.idle(),
        invoked: () => worker.asked,
        fail: (shard, outcome) => void worker.answers.set(shard, outcome),
        unknownId: `${machineArn.replace('stateMachine', 'execution')}:none`,
        close: async () => {
          for (const engine of engines) engine.close()
          await sfn.close()
          await listener.close()
          await close()
        },
      }
    },
  })
})
