// A coordinator in a process of its own, which may kill itself at one of its writes.

import { RecordingJobsPlatform } from '../../src/genesys.js'
import { type ExportRequest, type HoldRequirements, LegalHoldError, LegalHoldExporter } from '../../src/index.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../src/s3.js'
import { ScaledExporter } from '../../src/scale.js'
import {
  S3BatchEngine,
  type S3BatchEngineOptions,
  S3ShardStore,
  type S3ShardStoreOptions,
} from '../../src/scale-aws.js'
import { type Mortality, Writes } from './mortal.js'
import { fileClock } from './world-clock.js'

/** What the parent tells its coordinator. */
export interface CoordinatorOrders {
  readonly genesysEndpoint: string
  readonly storage: S3StorageOptions
  readonly store: S3ShardStoreOptions
  readonly engine: S3BatchEngineOptions
  readonly request: ExportRequest
  readonly requirements: HoldRequirements
  readonly tag: string
  readonly objectsPerShard: number
  readonly clockFile: string
  readonly mortality: Mortality
}

const orders = JSON.parse(process.argv[2] ?? '') as CoordinatorOrders
const writes = new Writes(orders.mortality)
const exporter = new LegalHoldExporter({
  platform: new RecordingJobsPlatform({
    region: 'eu-west-1',
    endpoint: orders.genesysEndpoint,
    clientId: 'simulator-client',
    clientSecret: 'simulator-secret',
  }),
  storage: new S3StorageAdapter(orders.storage),
  hold: { tag: orders.tag },
  requirements: orders.requirements,
  polling: { minIntervalMs: 5, maxIntervalMs: 50 },
  landingSettleMs: 20,
  landingQuietMs: 500,
  clock: fileClock(orders.clockFile),
})
const scaled = new ScaledExporter({
  exporter,
  store: writes.of(new S3ShardStore(orders.store), ['create']),
  engine: writes.of(new S3BatchEngine(orders.engine), ['submit', 'confirm']),
})
try {
  const { objectsPerShard } = orders
  const report = await scaled.run(orders.request, { runId: 'r', objectsPerShard, pollMs: 50 })
  process.stdout.write(JSON.stringify(report), () => process.exit(0))
} catch (error) {
  process.stderr.write(LegalHoldError.isInstance(error) ? `${error.code}: ${error.message}` : String(error), () =>
    process.exit(1),
  )
}
