// A coordinator with an inventory, in a process of its own, which may kill itself at one of its HEADs: those of the sample come first.

import { type ExpectedRecording, type ExportRequest, LegalHoldError, LegalHoldExporter } from '../../src/index.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../src/s3.js'
import { LocalEngine, ScaledExporter, shardWorker } from '../../src/scale.js'
import { S3Inventory, type S3InventoryOptions, S3ShardStore, type S3ShardStoreOptions } from '../../src/scale-aws.js'
import { FakePlatform, job } from '../fakes/platform.js'
import { type Mortality, Writes } from './mortal.js'
import { fileClock } from './world-clock.js'

/** What the parent tells its coordinator. */
export interface InventoryOrders {
  readonly expected: readonly ExpectedRecording[]
  /** Of the platform's job, ISO 8601. */
  readonly createdAt: string
  readonly storage: S3StorageOptions
  readonly store: S3ShardStoreOptions
  readonly inventory: S3InventoryOptions
  readonly inventorySample: number
  readonly request: ExportRequest
  readonly clockFile: string
  readonly mortality: Mortality
}

const orders = JSON.parse(process.argv[2] ?? '') as InventoryOrders
const clock = fileClock(orders.clockFile)
const platform = new FakePlatform()
const count = orders.expected.length
const totals = { recordings: count, processed: count, failed: 0, skipped: 0 }
const done = job('FULFILLED', { createdAt: orders.createdAt, totals })
Object.assign(platform, { expected: orders.expected, states: [done], create: async () => done, find: async () => done })
const storage = new Writes(orders.mortality).of(new S3StorageAdapter(orders.storage), ['head'])
const store = new S3ShardStore(orders.store)
const exporter = new LegalHoldExporter({
  platform,
  storage,
  clock,
  hold: { tag: 'matter-1' },
  requirements: { legalHold: true },
  concurrency: 1,
  landingQuietMs: 20,
  landingSettleMs: 20,
  accept: ['inventory-is-proof'],
})
const engine = new LocalEngine({ worker: shardWorker({ store, storage, clock }) })
const inventory = new S3Inventory(orders.inventory)
try {
  const { request, inventorySample } = orders
  const scaled = new ScaledExporter({ exporter, store, engine })
  const report = await scaled.run(request, { runId: 'r', objectsPerShard: 8, pollMs: 50, inventory, inventorySample })
  process.stdout.write(JSON.stringify(report), () => process.exit(0))
} catch (error) {
  process.stderr.write(LegalHoldError.isInstance(error) ? `${error.code}: ${error.message}` : String(error), () =>
    process.exit(1),
  )
}
