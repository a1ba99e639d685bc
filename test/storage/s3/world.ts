import { createHash } from 'node:crypto'
import * as S3 from '@aws-sdk/client-s3'
import type { ObjectState } from '../../../src/model/object.js'
import type { Clock } from '../../../src/ports/runtime.js'
import type { HeadOptions, StorageAdapter, StorageNeeds } from '../../../src/ports/storage.js'
import type { S3StorageOptions } from '../../../src/s3.js'
import { S3StorageAdapter } from '../../../src/s3.js'
import type { CreateBucketOptions, S3SimulatorCredentials } from '../../../src/testing/index.js'
import { S3Simulator } from '../../../src/testing/index.js'

/** A real server instead of the simulator, e.g. Ceph RGW: set S3_ENDPOINT and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. */
export const realEndpoint = process.env.S3_ENDPOINT

export interface World {
  readonly simulator: S3Simulator
  readonly endpoint: string
  readonly bucket: string
  readonly settings: S3StorageOptions
  readonly client: S3.S3Client
  adapter(options?: Partial<S3StorageOptions>): S3StorageAdapter
  close(): Promise<void>
}

let count = 0

/** A simulator with one bucket in it, an adapter on it and a plain SDK client beside it. */
export async function simulated(
  options: {
    readonly bucket?: CreateBucketOptions
    readonly credentials?: readonly S3SimulatorCredentials[]
    readonly minPartSizeBytes?: number
    readonly clock?: Clock
  } = {},
): Promise<World> {
  const { bucket: bucketOptions, ...simulatorOptions } = options
  const simulator = new S3Simulator({
    ...simulatorOptions,
    ...(options.credentials === undefined
      ? {}
      : { credentials: [S3Simulator.defaultCredentials, ...options.credentials] }),
  })
  const listener = await simulator.listen()
  const bucket = 'evidence'
  simulator.createBucket(bucket, bucketOptions ?? { objectLock: true })
  const settings = {
    bucket,
    endpoint: listener.endpoint,
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    retry: { retries: 3, minDelayMs: 1, maxDelayMs: 2 },
  }
  const client = plainClient(settings.endpoint, settings.region, settings.credentials)
  const adapters: S3StorageAdapter[] = []
  return {
    simulator,
    endpoint: listener.endpoint,
    bucket,
    settings,
    client,
    adapter(overrides = {}) {
      const adapter = new S3StorageAdapter({ ...settings, ...overrides })
      adapters.push(adapter)
      return adapter
    },
    async close() {
      client.destroy()
      for (const adapter of adapters) adapter.close()
      await listener.close()
      simulator.close()
    },
  }
}

/** A new bucket on the server that the environment names. */
export async function real(lock: boolean): Promise<Omit<World, 'simulator'>> {
  const credentials = {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  }
  const region = process.env.AWS_REGION ?? 'us-east-1'
  const endpoint = realEndpoint ?? ''
  const client = plainClient(endpoint, region, credentials)
  count += 1
  const bucket = `legal-hold-test-${process.pid}-${Date.now()}-${count}`
  await client.send(new S3.CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: lock }))
  const settings = { bucket, endpoint, region, credentials }
  const adapters: S3StorageAdapter[] = []
  return {
    endpoint,
    bucket,
    settings,
    client,
    adapter(overrides = {}) {
      const adapter = new S3StorageAdapter({ ...settings, ...overrides })
      adapters.push(adapter)
      return adapter
    },
    async close() {
      client.destroy()
      for (const adapter of adapters) adapter.close()
    },
  }
}

function plainClient(endpoint: string, region: string, credentials: S3.S3ClientConfig['credentials']): S3.S3Client {
  return new S3.S3Client({
    endpoint,
    region,
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

export type PutInput = Omit<S3.PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>

/** Uploads as the platform would. Bytes, since Node writes the headers of a string body as UTF-8. */
export async function upload(
  world: Pick<World, 'client' | 'bucket'>,
  key: string,
  body: string | Uint8Array = 'sound',
  input: PutInput = {},
) {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  // S3 asks for a digest as soon as a lock is given.
  const ContentMD5 = createHash('md5').update(bytes).digest('base64')
  return world.client.send(
    new S3.PutObjectCommand({ Bucket: world.bucket, Key: key, Body: bytes, ContentMD5, ...input }),
  )
}

export async function fullState(
  adapter: StorageAdapter,
  key: string,
  options: HeadOptions & { versionId?: string } = {},
) {
  const ref = { bucket: adapter.bucket, key, versionId: options.versionId }
  const head = await adapter.head(ref, { full: true, ...options })
  if (!head.found) throw new Error(`${key} was not found`)
  return head.state
}

export function needs(overrides: Partial<StorageNeeds> = {}): StorageNeeds {
  return {
    prefix: 'org/',
    metadata: true,
    tags: false,
    legalHold: false,
    retention: false,
    remediate: true,
    protectOriginal: true,
    ...overrides,
  }
}

/** What an error says to a program; fails where the promise is kept. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    const { code, outcome, retryable, status, details, message, stage, retryAfterMs, requestId, cause } =
      error as Record<string, unknown>
    return { code, outcome, retryable, status, details, message, stage, retryAfterMs, requestId, cause }
  }
  throw new Error('The promise was kept.')
}

export type { ObjectState }
export { S3 }

/** An adapter that must go through the SDK, since its client has a `send` of its own. */
export function adapterBySdk(settings: S3StorageOptions): { adapter: S3StorageAdapter; close(): void } {
  const { bucket, attemptTimeoutMs, ...rest } = settings
  const config = { ...rest, forcePathStyle: true, maxAttempts: 1, retryMode: 'standard' }
  const client = new S3.S3Client(config as S3.S3ClientConfig)
  const send = client.send.bind(client) as (command: never, options?: never) => Promise<unknown>
  const adapter = new S3StorageAdapter({ bucket, attemptTimeoutMs, region: settings.region, client: { send } })
  return {
    adapter,
    close: () => {
      adapter.close()
      client.destroy()
    },
  }
}
