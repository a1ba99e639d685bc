import type { LegalHoldExporter, StorageAdapter } from 'genesys-legal-hold-exporter'
import {
  LocalEngine,
  MemoryShardStore,
  ScaledExporter,
  type ShardEngine,
  type ShardStore,
  shardVerifier,
  shardWorker,
} from 'genesys-legal-hold-exporter/scale'
import {
  MapEngine,
  mapHandler,
  S3BatchEngine,
  S3ShardStore,
  s3BatchHandler,
  stateMachineDefinition,
} from 'genesys-legal-hold-exporter/scale/aws'
import { DistributedMapSimulator, S3ControlSimulator, S3Simulator } from 'genesys-legal-hold-exporter/testing'

/** Who does the shards of a run. */
export type EngineName = 'local' | 's3-batch' | 'map'

const evidenceBucket = 'legal-hold-evidence'
const accountId = '123456789012'
const functionArn = `arn:aws:lambda:eu-west-1:${accountId}:function:legal-hold-worker:1`
const roleArn = `arn:aws:iam::${accountId}:role/legal-hold-batch`
const stateMachineArn = `arn:aws:states:eu-west-1:${accountId}:stateMachine:legal-hold-shards`

interface Parts {
  readonly store: ShardStore
  readonly engine: ShardEngine
  close(): Promise<void>
}

/** A run over shards, and what verifies their evidence. Its servers run until it is closed. */
export async function openShards(name: EngineName, exporter: LegalHoldExporter, storage: StorageAdapter) {
  const { store, engine, close } = name === 'local' ? localParts(storage) : await awsParts(name, storage)
  return { scaled: new ScaledExporter({ exporter, store, engine }), verifier: shardVerifier({ store }), close }
}

/** This process does the shards, four at a time. */
function localParts(storage: StorageAdapter): Parts {
  const store = new MemoryShardStore()
  const engine = new LocalEngine({ worker: shardWorker({ store, storage }) })
  return { store, engine, close: async () => {} }
}

/** A simulated service does the shards through a function of this process; the store is an S3 server of its own. */
async function awsParts(name: Exclude<EngineName, 'local'>, storage: StorageAdapter): Promise<Parts> {
  const server = new S3Simulator()
  server.createBucket(evidenceBucket, { objectLock: true })
  const { endpoint, close: closeServer } = await server.listen()
  const s3 = { endpoint, region: server.region, credentials: S3Simulator.defaultCredentials }
  const store = new S3ShardStore({ ...s3, bucket: evidenceBucket })
  const worker = shardWorker({ store, storage })
  const simulator =
    name === 's3-batch'
      ? new S3ControlSimulator({
          storage: s3,
          accountId,
          functions: { [functionArn]: s3BatchHandler({ worker, bucket: evidenceBucket }) },
        })
      : new DistributedMapSimulator({
          storage: s3,
          stateMachines: { [stateMachineArn]: stateMachineDefinition({ functionArn }) },
          functions: { [functionArn]: mapHandler({ worker }) },
        })
  const service = await simulator.listen()
  const connection = { bucket: evidenceBucket, ...s3, endpoint: service.endpoint, s3 }
  const engine =
    name === 's3-batch'
      ? new S3BatchEngine({ ...connection, accountId, functionArn, roleArn })
      : new MapEngine({ ...connection, stateMachineArn })
  return {
    store,
    engine,
    close: async () => {
      engine.close()
      store.close()
      await simulator.close()
      await service.close()
      await closeServer()
    },
  }
}
