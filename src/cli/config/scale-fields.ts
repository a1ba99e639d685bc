import type { S3BatchEngineOptions } from '../../scale/aws/batch/options.js'
import type { S3InventoryOptions } from '../../scale/aws/inventory/s3-inventory.js'
import type { MapEngineOptions } from '../../scale/aws/map/options.js'
import type { S3ShardStoreOptions } from '../../scale/aws/s3-shard-store.js'
import type { ScaledRunOptions } from '../../scale/scaled-exporter.js'
import { s3Fields } from './adapter-fields.js'
import { retryFields } from './exporter-fields.js'
import { flag, type MembersFor, number, object, text, words } from './field.js'

/** What only a program can give, and what the command takes from elsewhere. */
type OfPrograms = 'client' | 'clock' | 'requestHandler'

/** The engines that the command knows. */
export const engineNames = ['local', 's3-batch', 'map'] as const

const { region, endpoint, credentials, forcePathStyle, maxSockets, attemptTimeoutMs } = s3Fields.members
const { expectedBucketOwner, contentMd5, requestPayer, retry } = s3Fields.members

const store = object(
  'The bucket that keeps plans, lists, journals and seals: one for evidence, never that of the recordings.',
  {
    bucket: text('Its name.'),
    prefix: text("In front of all keys of runs; empty, or ends with a slash. Default: 'runs/'."),
    region: { ...region, about: 'Its region. Default: that of `s3`.' },
    endpoint: { ...endpoint, about: 'Another S3 server. Default: that of `s3`.' },
    credentials: { ...credentials, about: 'Keys. Default: those of `s3`.' },
    forcePathStyle,
    maxSockets,
    attemptTimeoutMs,
    expectedBucketOwner,
    contentMd5,
    requestPayer,
    retry,
    proveCondition: flag('See at the first write that the server keeps If-None-Match. Default: true.'),
  } satisfies MembersFor<S3ShardStoreOptions & { prefix: string }, OfPrograms | 'dispatcher'>,
)

const inventory = object(
  'An inventory of S3: what it shows to be held is not read. The run is complete only with --accept inventory-is-proof.',
  {
    bucket: text('The bucket that S3 delivers it to.'),
    prefix: text("Takes the last inventory under this prefix: 'PREFIX/SOURCE-BUCKET/ID/'."),
    manifest: text('Key of the manifest.json of one inventory, in place of prefix.'),
    region: { ...region, about: 'Its region. Default: that of `s3`.' },
    endpoint: { ...endpoint, about: 'Another S3 server. Default: that of `s3`.' },
    credentials: { ...credentials, about: 'Keys. Default: those of `s3`.' },
    forcePathStyle,
    maxSockets,
    attemptTimeoutMs,
    expectedBucketOwner,
    contentMd5,
    requestPayer,
    retry,
  } satisfies MembersFor<S3InventoryOptions & { prefix: string }, OfPrograms | 'dispatcher'>,
  ['bucket'],
)

/** How a service of AWS beside S3 is reached. */
const service = {
  region: text('Region of the service. Default: that of the store.'),
  endpoint: text('Another server of it.'),
  credentials: { ...credentials, about: 'Keys. Default: those of the store.' },
  attemptTimeoutMs: number('How long one request may take, in milliseconds.'),
  retry: retryFields,
}

export const scaleFields = object('How a run is spread over shards, for the commands `scale`.', {
  engine: words('Who runs the shards. Default: local.', engineNames),
  store,
  runId: text('Name of the run. Default: made from hold, bucket and request, so that the same command resumes.'),
  objectsPerShard: number('How large a shard is, in objects. Default: 1000.'),
  averageObjectBytes: number('Bytes of an object on average, for the estimate. Default: 1 MiB.'),
  concurrency: number('Shards at once. Default: 100, and 4 with the engine local.'),
  inventory,
  inventorySample: number('Objects of the inventory that are read before it is trusted. Default: 3000.'),
  maxRounds: number('Engine jobs at most: each is given the shards that are not sealed yet. Default: 3.'),
  pollMs: number("Time between two looks at the engine's job, in milliseconds. Default: 15000."),
  roundTimeoutMs: number('How long one round may take, in milliseconds. Default: 7 days.'),
  s3Batch: object(
    'S3 Batch Operations, for the engine s3-batch.',
    {
      accountId: text('Account of the jobs, 12 digits.'),
      functionArn: text("ARN of the worker's function with a version number."),
      roleArn: text('ARN of the role of S3 Batch Operations.'),
      prefix: text("Where manifests and reports are written. Default: 'engine/s3-batch/'."),
      priority: number('Jobs of a higher priority go first. Default: 10.'),
      confirmationRequired: flag('Whether a job waits until it is confirmed. Default: true.'),
      ...service,
    } satisfies MembersFor<S3BatchEngineOptions, OfPrograms | 'bucket' | 's3'>,
    ['accountId', 'functionArn', 'roleArn'],
  ),
  map: object(
    'Step Functions, for the engine map.',
    {
      stateMachineArn: text('ARN of the state machine.'),
      prefix: text("Where lists and results are written. Default: 'engine/map/'."),
      concurrency: number('Shards at once, where the run does not say. Default: 100.'),
      ...service,
    } satisfies MembersFor<MapEngineOptions, OfPrograms | 'bucket' | 's3'>,
    ['stateMachineArn'],
  ),
} satisfies MembersFor<
  ScaledRunOptions & { engine: string; store: object; s3Batch: object; map: object },
  'signal' | 'onEvent' | 'confirm' | 'dryRun' | 'evidence' | 'spool' | 'onFinish'
>)
