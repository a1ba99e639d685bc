// The Lambda function of the library in a process of its own, which may kill itself at one of its writes.

import { S3StorageAdapter, type S3StorageOptions } from '../../src/s3.js'
import { shardWorker } from '../../src/scale.js'
import { S3ShardStore, type S3ShardStoreOptions, s3BatchHandler } from '../../src/scale-aws.js'
import { type Mortality, Writes } from './mortal.js'
import { fileClock } from './world-clock.js'

/** What the parent tells its worker. */
export interface WorkerOrders {
  readonly store: S3ShardStoreOptions
  readonly storage: S3StorageOptions
  readonly clockFile: string
  /** Objects at once. @defaultValue as for an exporter */
  readonly concurrency?: number | undefined
  readonly mortality: Mortality
}

const orders = JSON.parse(process.env.WORKER_ORDERS ?? '') as WorkerOrders
const writes = new Writes(orders.mortality)
const clock = fileClock(orders.clockFile)
const worker = shardWorker({
  store: writes.of(new S3ShardStore(orders.store), ['create']),
  storage: writes.of(new S3StorageAdapter(orders.storage), [
    'replaceMetadata',
    'mergeTags',
    'replaceTags',
    'putLegalHold',
    'putRetention',
  ]),
  clock,
  concurrency: orders.concurrency,
  marginMs: 500,
})

export const handler = s3BatchHandler({ worker, clock })
