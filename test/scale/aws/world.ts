import { createHash } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import type { EngineJob, ShardJob, ShardRef, ShardResult } from '../../../src/scale/ports/shard-engine.js'
import type { ShardEnd, ShardWorker } from '../../../src/scale/ports/shard-worker.js'
import { S3BatchEngine, type S3BatchEngineOptions, s3BatchHandler } from '../../../src/scale-aws.js'
import { S3ControlSimulator, type S3ControlSimulatorOptions, S3Simulator } from '../../../src/testing/index.js'

export const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:legal-hold-worker:7'
export const roleArn = 'arn:aws:iam::123456789012:role/legal-hold-batch'
export const digest = createHash('sha256').update('list').digest('hex')

export function refOf(shard: number, prefix = 'runs/r1/'): ShardRef {
  return { shard, key: `${prefix}shards/${String(shard).padStart(8, '0')}-${digest}.jsonl` }
}

export function jobOf(refs: readonly ShardRef[], overrides: Partial<ShardJob> = {}): ShardJob {
  return {
    token: 'token-1',
    runId: 'r1',
    planSha256: digest,
    round: 1,
    shards: refs.length,
    refs: async function* () {
      yield* refs
    },
    ...overrides,
  }
}

export const refs = (count: number) => Array.from({ length: count }, (_, at) => refOf(at))

/** A worker of the test's own: it remembers what it was asked, and answers by the shard. */
export class FakeWorker {
  readonly asked: string[] = []
  readonly answers = new Map<number, ShardEnd['outcome'] | ShardEnd['outcome'][]>()

  /** Called with each invocation, once it is counted. */
  onAsked: (count: number) => void | Promise<void> = () => {}

  readonly work: ShardWorker = async (ref) => {
    this.asked.push(ref.key)
    await this.onAsked(this.asked.length)
    const given = this.answers.get(ref.shard) ?? 'sealed'
    const outcome = typeof given === 'string' ? given : (given.shift() ?? 'sealed')
    if (outcome === 'sealed') return { outcome, ref, sealSha256: digest, isNew: true }
    return { outcome, ref, code: 'TIMEOUT', reason: 'the deadline came' }
  }
}

export async function all(results: AsyncIterable<ShardResult>): Promise<ShardResult[]> {
  const found: ShardResult[] = []
  for await (const result of results) found.push(result)
  return found.sort((a, b) => (a.key < b.key ? -1 : 1))
}

const retry = { minDelayMs: 1, maxDelayMs: 2 }

/** S3 with an evidence bucket, on loopback. */
export async function s3World() {
  const s3 = new S3Simulator()
  const listener = await s3.listen()
  s3.createBucket('evidence', { objectLock: true })
  const { endpoint } = listener
  const credentials = S3Simulator.defaultCredentials
  const client = new S3Client({ endpoint, region: s3.region, credentials, forcePathStyle: true })
  return {
    s3,
    client,
    settings: { endpoint, region: s3.region, credentials },
    close: async () => {
      client.destroy()
      await listener.close()
    },
  }
}

/** The engine over both simulators, by real HTTP. */
export async function batchWorld(
  options: Partial<S3ControlSimulatorOptions> & { readonly engine?: Partial<S3BatchEngineOptions> } = {},
) {
  const { engine: engineOptions, ...simulatorOptions } = options
  const { s3, client, settings, close } = await s3World()
  const worker = new FakeWorker()
  const control = new S3ControlSimulator({
    storage: settings,
    functions: { [functionArn]: s3BatchHandler({ worker: worker.work, bucket: 'evidence' }) as never },
    ...simulatorOptions,
  })
  const listener = await control.listen()
  const engines: S3BatchEngine[] = []
  const open = (overrides: Partial<S3BatchEngineOptions> = {}) => {
    const engine = new S3BatchEngine({
      accountId: '123456789012',
      bucket: 'evidence',
      functionArn,
      roleArn,
      endpoint: listener.endpoint,
      region: 'eu-west-1',
      credentials: settings.credentials,
      retry,
      s3: settings,
      ...engineOptions,
      ...overrides,
    })
    engines.push(engine)
    return engine
  }
  return {
    s3,
    client,
    settings,
    control,
    worker,
    open,
    engine: open(),
    endpoint: listener.endpoint,
    close: async () => {
      for (const engine of engines) engine.close()
      await control.close()
      await listener.close()
      await close()
    },
  }
}

export type BatchWorld = Awaited<ReturnType<typeof batchWorld>>

/** Submits, confirms, and waits for the end. */
export async function runToEnd({ engine, control }: BatchWorld, job: ShardJob): Promise<EngineJob> {
  const { id } = await engine.submit(job)
  await control.idle()
  const waiting = await engine.get(id)
  if (waiting.state === 'waiting') await engine.confirm(id)
  await control.idle()
  return engine.get(id)
}
