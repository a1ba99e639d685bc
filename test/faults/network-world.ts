import * as S3 from '@aws-sdk/client-s3'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { type Journal, LegalHoldExporter, type RunEvent, type RunReport } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { type GenesysSimulator, S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { conversation, integrationId, simulate } from '../testing/genesys/fixture.js'
import { TcpProxy } from './proxy.js'

const tag = 'discovery-batch-2023-10'
const bucket = 'evidence'
const hourMs = 3_600_000
const now = Math.floor(Date.now() / hourMs) * hourMs
const at = (hoursAgo: number) => new Date(now - hoursAgo * hourMs).toISOString()
// Real time, since connections are real; long enough for a machine with much to do.
const attemptTimeoutMs = 1_500

export interface NetworkWorld {
  readonly clock: SimulatedClock
  readonly toGenesys: TcpProxy
  readonly toS3: TcpProxy
  readonly s3: S3Simulator
  readonly genesys: GenesysSimulator
  jobs(): number
  /** No connection until so much time has passed on the run's clock. */
  goneFor(ms: number): void
  run(journal: Journal, onEvent?: (event: RunEvent) => void, signal?: AbortSignal): Promise<RunReport>
  close(): Promise<void>
}

/** Both simulators on one clock, each behind a network of its own, with conversations of one recording each. */
export async function networkWorld(conversations: number): Promise<NetworkWorld> {
  let backAt = Number.NEGATIVE_INFINITY
  const proxies: TcpProxy[] = []
  const settle = () => {
    const isGone = clock.now() < backAt
    for (const proxy of proxies) {
      if (isGone && !proxy.dead) proxy.cut()
      proxy.dead = isGone
    }
  }
  const clock = new (class extends SimulatedClock {
    override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await super.sleep(ms, signal)
      settle()
    }
  })({ now })
  const s3 = new S3Simulator({ clock, maxClockSkewMs: Number.MAX_SAFE_INTEGER, minPartSizeBytes: 1 })
  s3.createBucket(bucket, { objectLock: true })
  const storeOver = await s3.listen()
  const location = { region: s3.region, credentials: S3Simulator.defaultCredentials, forcePathStyle: true }
  const writer = new S3.S3Client({ ...location, endpoint: storeOver.endpoint })
  const times = { startTime: at(27), endTime: at(26) }
  const { simulator: genesys } = simulate(
    Array.from({ length: conversations }, (_, number) => conversation(number + 1, times, times)),
    {
      clock,
      rateLimitPerMinute: 1_000_000,
      timings: { pendingMs: 1_000, processingMs: 10_000 },
      delivery: {
        region: s3.region,
        credentials: S3Simulator.defaultCredentials,
        put: async ({ key, body, contentType, metadata }) => {
          const Metadata = { ...metadata, project: 'x' }
          const object = { Bucket: bucket, Key: key, Body: body, ContentType: contentType, Metadata, Tagging: 'team=y' }
          await writer.send(new S3.PutObjectCommand(object))
        },
      },
    },
  )
  const platformOver = await genesys.listen()
  const [toGenesys, toS3] = [new TcpProxy(platformOver.endpoint), new TcpProxy(storeOver.endpoint)]
  proxies.push(toGenesys, toS3)
  const storage = new S3StorageAdapter({
    ...location,
    bucket,
    endpoint: await toS3.listen(),
    // So that the sidecars are copied at once and the recordings in parts.
    multipartThresholdBytes: 700,
    attemptTimeoutMs,
    clock,
  })
  const platform = new RecordingJobsPlatform({
    region: 'eu-west-1',
    clientId: 'simulator-client',
    clientSecret: 'simulator-secret',
    endpoint: await toGenesys.listen(),
    timeoutMs: attemptTimeoutMs,
    clock,
  })
  return {
    clock,
    toGenesys,
    toS3,
    s3,
    genesys,
    jobs: () => genesys.jobs.length,
    goneFor(ms) {
      backAt = clock.now() + ms
      settle()
    },
    run: (journal, onEvent, signal) =>
      new LegalHoldExporter({
        platform,
        storage,
        hold: { tag },
        requirements: { metadata: { 'legal-hold-tag': tag }, tags: { 'legal-hold': tag }, legalHold: true },
        clock,
      }).run({ integrationId, interval: { start: at(48), end: at(1) } }, { journal, onEvent, signal }),
    async close() {
      storage.close()
      for (const proxy of proxies) await proxy.close()
      await platformOver.close()
      await genesys.close()
      await storeOver.close()
      writer.destroy()
      s3.close()
    },
  }
}

/** What is wrong with bucket and platform after a run that said `complete`: nothing may be. */
export function wrongsOf({ s3, jobs }: NetworkWorld, conversations: number): string[] {
  const wrongs: string[] = []
  if (jobs() !== 1) wrongs.push(`${jobs()} jobs`)
  const keys = s3.keys(bucket)
  if (keys.length !== conversations * 2) wrongs.push(`${keys.length} objects`)
  for (const key of keys) {
    const [current, original, ...more] = s3.versions(bucket, key)
    if (original === undefined || more.length > 0) wrongs.push(`${key}: ${s3.versions(bucket, key).length} versions`)
    const { project, 'legal-hold-tag': hold } = Object.fromEntries(current?.metadata ?? [])
    const { team, 'legal-hold': tagged } = Object.fromEntries(current?.tags ?? [])
    if (project !== 'x' || hold !== tag) wrongs.push(`${key}: metadata`)
    if (team !== 'y' || tagged !== tag) wrongs.push(`${key}: tags`)
    if (current?.legalHold !== 'ON' || original?.legalHold !== 'ON') wrongs.push(`${key}: legal hold`)
  }
  if (s3.uploads(bucket).length > 0) wrongs.push('an upload is left')
  return wrongs
}
