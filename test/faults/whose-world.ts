import * as S3 from '@aws-sdk/client-s3'
import type { RunReport } from '#src/index.js'
import { S3LifecyclePolicy, S3StorageAdapter } from '#src/s3.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from '../fakes/platform.js'
import type { Transport } from './answers-world.js'
import { ByteProxy } from './byte-proxy.js'
import { at, bucket, hourMs, keyOf, now, runner, tag } from './matrix-world.js'

/** Recordings, each with a sidecar. */
const recordings = 2

export interface WhoseWorld {
  readonly proxy: ByteProxy
  run(): Promise<RunReport>
  /** What the bucket lacks; nothing may be lacking where a run said `complete`. */
  wrongs(): string[]
  close(): Promise<void>
}

/** A run over a proxy that works on bytes: recordings that are copied in parts, their sidecars copied at once. */
export async function whoseWorld(transport: Transport): Promise<WhoseWorld> {
  const clock = new SimulatedClock({ now })
  const simulator = new S3Simulator({ clock, maxClockSkewMs: Number.MAX_SAFE_INTEGER, minPartSizeBytes: 1 })
  simulator.createBucket(bucket, { objectLock: true, objectOwnership: 'ObjectWriter' })
  const listener = await simulator.listen()
  const location = { region: simulator.region, credentials: S3Simulator.defaultCredentials, forcePathStyle: true }
  const writer = new S3.S3Client({ ...location, endpoint: listener.endpoint })
  const hour = new Date(now - 27 * hourMs)
  const platform = new FakePlatform()
  platform.create = async () => job('PENDING', { createdAt: at(1) })
  platform.states = [job('FULFILLED', { createdAt: at(1), totals: { recordings, processed: recordings } })]
  for (let number = 1; number <= recordings; number += 1) {
    const [recordingId, conversationId] = [`r${number}`, `c${number}`]
    platform.expected.push({ recordingId, conversationId, conversationStart: hour.toISOString() })
    const path = keyOf(hour).replace('conversation_id=c1', `conversation_id=${conversationId}`)
    for (const [name, size] of [
      [`${recordingId}.json`, 900],
      [`${recordingId}.json_metadata.json`, 90],
    ] as const) {
      await writer.send(
        new S3.PutObjectCommand({
          Bucket: bucket,
          Key: `${path}/${name}`,
          // All alike but for this: only what a server says of them tells them apart.
          Body: `{"text":"${'x'.repeat(size)}${number}"}`,
          Metadata: { project: `x${number}` },
          Tagging: `team=y${number}`,
        }),
      )
    }
  }
  const proxy = new ByteProxy(listener.endpoint)
  const endpoint = await proxy.listen()
  const own = new S3.S3Client({ ...location, endpoint, maxAttempts: 1, requestChecksumCalculation: 'WHEN_REQUIRED' })
  const send = own.send.bind(own) as (command: never, options?: never) => Promise<unknown>
  const how = transport === 'by the SDK' ? { region: simulator.region, client: { send } } : { ...location, endpoint }
  const retry = { totalTimeoutMs: 60_000 }
  const settings = { ...how, bucket, multipartThresholdBytes: 700, retry, clock }
  const storage = new S3StorageAdapter(settings)
  const { run } = runner({
    platform: () => ({ platform, retention: [new S3LifecyclePolicy(settings)] }),
    storage,
    clock,
    retry,
  })
  return {
    proxy,
    run: () => run(),
    wrongs() {
      const wrongs: string[] = []
      for (const key of simulator.keys(bucket)) {
        const [current, original, ...more] = simulator.versions(bucket, key)
        const number = /r(\d)/.exec(key)?.[1]
        const { project, 'legal-hold-tag': hold } = Object.fromEntries(current?.metadata ?? [])
        const { team, 'legal-hold': tagged } = Object.fromEntries(current?.tags ?? [])
        if (original === undefined || more.length > 0) wrongs.push(`${key}: ${more.length + 1} copies`)
        if (project !== `x${number}` || hold !== tag) wrongs.push(`${key}: metadata`)
        if (team !== `y${number}` || tagged !== tag) wrongs.push(`${key}: tags`)
        if (current?.legalHold !== 'ON' || original?.legalHold !== 'ON') wrongs.push(`${key}: legal hold`)
        if (current?.retention === undefined) wrongs.push(`${key}: retention`)
      }
      return wrongs
    },
    async close() {
      storage.close()
      own.destroy()
      writer.destroy()
      await proxy.close()
      await listener.close()
      simulator.close()
    },
  }
}
