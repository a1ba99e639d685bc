import { randomBytes } from 'node:crypto'
import * as S3 from '@aws-sdk/client-s3'
import { type HoldRequirements, LegalHoldExporter, type ValidationSource, type Verdict } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { type CreateBucketOptions, S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'
import { upload } from '../storage/s3/world.js'
import { type ByteAnswer, ByteProxy, withHeader } from './byte-proxy.js'

export const bucket = 'evidence'
export const tag = 'discovery-batch-2023-10'

/** How requests reach the server: over this library's own connections, or through the SDK alone. */
export type Transport = 'past the SDK' | 'by the SDK'
export const transports: readonly Transport[] = ['past the SDK', 'by the SDK']

/** What the server says of the identity of each answer. */
export type Ids = 'own' | 'none' | 'constant'

/** An object as the bucket is filled with it. */
export interface Seed {
  readonly key: string
  readonly body: string
  readonly input?: Parameters<typeof upload>[3]
}

export interface AnswersWorld {
  readonly simulator: S3Simulator
  readonly proxy: ByteProxy
  readonly client: S3.S3Client
  readonly adapter: S3StorageAdapter
  readonly clock: SimulatedClock
  /** The same answer as a server with such ids gives it. */
  asGiven(answer: ByteAnswer): ByteAnswer
  validate(
    source: ValidationSource,
    options?: { readonly requirements?: HoldRequirements; readonly concurrency?: number },
  ): Promise<Verdict[]>
  close(): Promise<void>
}

/** A simulator behind a proxy that works on bytes, and an adapter that reaches it in one of both ways. */
export async function answersWorld(
  seeds: readonly Seed[],
  options: {
    readonly transport?: Transport
    readonly ids?: Ids
    readonly bucket?: CreateBucketOptions
  } = {},
): Promise<AnswersWorld> {
  const { transport = 'past the SDK', ids = 'own' } = options
  const clock = new SimulatedClock({ now: Date.UTC(2023, 9, 20, 12) })
  const simulator = new S3Simulator({ clock, maxClockSkewMs: Number.MAX_SAFE_INTEGER })
  simulator.createBucket(bucket, options.bucket ?? { objectLock: true })
  const listener = await simulator.listen()
  const connection = { region: simulator.region, credentials: S3Simulator.defaultCredentials, forcePathStyle: true }
  const client = new S3.S3Client({ ...connection, endpoint: listener.endpoint, maxAttempts: 1 })
  for (const { key, body, input } of seeds) await upload({ client, bucket }, key, body, input)
  const proxy = new ByteProxy(listener.endpoint)
  const endpoint = await proxy.listen()
  const asGiven = (answer: ByteAnswer): ByteAnswer => {
    if (ids === 'own') return answer
    const id = ids === 'none' ? undefined : 'CONSTANT'
    return withHeader(withHeader(answer, 'x-amz-request-id', id), 'x-amz-id-2', undefined)
  }
  proxy.fate = (_, answer) => ({ answer: asGiven(answer) })
  const own = new S3.S3Client({ ...connection, endpoint, maxAttempts: 1, requestChecksumCalculation: 'WHEN_REQUIRED' })
  const send = own.send.bind(own) as (command: never, options?: never) => Promise<unknown>
  const retry = { retries: 2, minDelayMs: 0, maxDelayMs: 1 }
  const adapter = new S3StorageAdapter(
    transport === 'by the SDK'
      ? { bucket, region: simulator.region, client: { send }, retry }
      : { ...connection, bucket, endpoint, retry },
  )
  return {
    simulator,
    proxy,
    client,
    adapter,
    clock,
    asGiven,
    async validate(source, { requirements, concurrency = 1 } = {}) {
      const exporter = new LegalHoldExporter({
        platform: new FakePlatform(),
        storage: adapter,
        hold: { tag },
        clock,
        concurrency,
        retry: { retries: 2, minDelayMs: 0, maxDelayMs: 1 },
        ...(requirements === undefined ? {} : { requirements }),
      })
      const verdicts: Verdict[] = []
      for await (const verdict of exporter.validate(source)) verdicts.push(verdict)
      return verdicts
    },
    async close() {
      adapter.close()
      own.destroy()
      client.destroy()
      await proxy.close()
      await listener.close()
      simulator.close()
    },
  }
}

/** The same answer, as if it had been made anew. */
export function madeAnew(answer: ByteAnswer): ByteAnswer {
  return withHeader(answer, 'x-amz-request-id', randomBytes(8).toString('hex').toUpperCase())
}
