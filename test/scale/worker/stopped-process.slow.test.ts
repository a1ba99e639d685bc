import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { runKeys } from '#src/scale/keys.js'
import { readPlan, refsOf } from '#src/scale/plan/plan.js'
import type { ShardRef } from '#src/scale/ports/shard-engine.js'
import { LocalEngine, ScaledExporter, shardWorker } from '#src/scale.js'
import { S3ShardStore } from '#src/scale-aws.js'
import { childFunction } from '#src/testing/index.js'
import { listen } from '#src/testing/listen.js'
import { bundled } from '../../crash/bundled.js'
import type { WorkerOrders } from '../../crash/worker-process.js'
import { setForward } from '../../crash/world-clock.js'
import { s3World } from '../aws/world.js'
import { plant, request, tag } from '../scale-world.js'

const folder = mkdtempSync(join(tmpdir(), 'stopped-'))
let program: Awaited<ReturnType<typeof bundled>>
beforeAll(async () => {
  program = await bundled('worker-process')
})
afterAll(() => {
  program.remove()
  rmSync(folder, { recursive: true, force: true })
})

const minuteMs = 60_000

/** A shard on S3, and workers in processes of their own, the first of which is stopped at a request. */
async function stoppable(number: number, isMeant: (incoming: Request) => boolean) {
  const { s3, client, settings, close } = await s3World()
  s3.createBucket('memory', { versioning: 'Enabled', objectLock: true })
  const planted = plant([{ hour: 40, conversation: 'c1', fates: ['untagged', 'held', 'untagged'], attachment: true }])
  for await (const { key } of planted.storage.list('')) {
    const [version] = planted.storage.versions(key)
    await client.send(
      new PutObjectCommand({ Bucket: 'memory', Key: key, Body: key, Metadata: version?.state?.metadata ?? {} }),
    )
  }
  const store = new S3ShardStore({ ...settings, bucket: 'evidence' })
  const storage = new S3StorageAdapter({ ...settings, bucket: 'memory' })
  const { platform } = planted
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    hold: { tag },
    // A tag is merged by two requests: what is there is read first.
    requirements: { metadata: { 'legal-hold-tag': tag }, tags: { matter: tag } },
    landingQuietMs: 1,
    landingSettleMs: 1,
  })
  const engine = new LocalEngine({ worker: shardWorker({ store, storage }) })
  await new ScaledExporter({ exporter, store, engine }).plan(request, { runId: 'r', objectsPerShard: 1_000 })
  const plan = await readPlan(store, runKeys('runs/', 'r'), {})
  const refs: ShardRef[] = []
  if (plan !== undefined) for await (const ref of refsOf(store, plan)) refs.push(ref)

  const clockFile = join(folder, `clock-${number}`)
  setForward(clockFile, 0)
  /** Answers the n-th of the meant requests of the first worker once it is stopped. */
  let requests = 0
  let isContinued = false
  /** Requests about recordings that change something, after it was continued. */
  const late: string[] = []
  let stop: ((child: ChildProcess) => void) | undefined
  let first: ChildProcess | undefined
  const stopped = new Promise<ChildProcess>((resolve) => {
    stop = resolve
  })
  const watched = await listen(async (incoming, context) => {
    const { pathname, search } = new URL(incoming.url)
    const isChange = incoming.method !== 'GET' && incoming.method !== 'HEAD' && pathname.includes('conversation_id')
    if (isContinued && isChange) late.push(`${incoming.method} ${pathname}${search}`)
    const answer = await s3.handle(incoming, context)
    if (isMeant(incoming)) requests += 1
    if (isMeant(incoming) && requests === number && first !== undefined) {
      // What it asked for is done; it hears of it when it is let go.
      first.kill('SIGSTOP')
      stop?.(first)
    }
    return answer
  })
  const ordersTo = (endpoint: string): WorkerOrders => ({
    store: { ...settings, endpoint, bucket: 'evidence' },
    storage: { ...settings, endpoint, bucket: 'memory' },
    clockFile,
    // What was on its way when the process was stopped was sent before the deadline: here that is one request at most.
    concurrency: 1,
    mortality: { killAt: 0, moment: 'before', counted: join(folder, `writes-${number}`) },
  })
  const event = {
    invocationSchemaVersion: '2.0',
    invocationId: 'i',
    job: { id: 'j' },
    tasks: refs.map(({ key }) => ({ taskId: 't', s3Key: encodeURIComponent(key), s3Bucket: 'evidence' })),
  }
  const invoke = (endpoint: string, onProcess?: (child: ChildProcess) => void) =>
    childFunction({
      module: pathToFileURL(program.path),
      env: {
        ...process.env,
        WORKER_ORDERS: JSON.stringify(ordersTo(endpoint)),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      onProcess,
    })(event as never, { getRemainingTimeInMillis: () => 15 * minuteMs })
  const inBucket = () =>
    s3.keys('memory').map((key) => [key, s3.versions('memory', key).map(({ body, ...rest }) => rest)])
  return {
    refs,
    stopped,
    first: () =>
      invoke(watched.endpoint, (child) => {
        first = child
      }),
    other: () => invoke(settings.endpoint),
    late,
    continued: () => {
      isContinued = true
    },
    advance: (ms: number) => setForward(clockFile, ms),
    state: () => ({ bucket: digestOf(inBucket()), store: s3.keys('evidence').length }),
    keys: () => s3.keys('memory'),
    versions: (key: string) => s3.versions('memory', key).length,
    close: async () => {
      store.close()
      storage.close()
      await watched.close()
      await close()
    },
  }
}

const digestOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

const codeOf = (answer: unknown) => (answer as { results: { resultCode: string }[] }).results[0]?.resultCode

// At each of a shard's hundred requests where that is asked for, else at some.
const { STOP_POINTS = '29' } = process.env
const step = STOP_POINTS === 'all' ? 1 : Number(STOP_POINTS)

/** Stops a worker at a request, lets another do its shard, and continues it. `false` where there was no such request. */
async function stoppedAt(number: number, isMeant: (incoming: Request) => boolean): Promise<boolean> {
  const world = await stoppable(number, isMeant)
  try {
    expect(world.refs).toHaveLength(1)
    const first = world.first()
    const child = await Promise.race([world.stopped, first.then(() => undefined)])
    if (child === undefined) return false
    world.advance(16 * minuteMs)
    expect(codeOf(await world.other()), `stopped at request ${number}`).toBe('Succeeded')
    const before = world.state()
    const exit = once(child, 'exit')
    world.continued()
    child.kill('SIGCONT')
    const answer = codeOf(await first)
    await exit
    // One that finds the seal of the other says so.
    expect(['Succeeded', 'TemporaryFailure']).toContain(answer)
    expect(world.late, `stopped at request ${number}`).toEqual([])
    expect(world.state(), `stopped at request ${number}`).toEqual(before)
    expect(world.keys().every((key) => world.versions(key) <= 2)).toBe(true)
    return true
  } finally {
    await world.close()
  }
}

describe('a process that was stopped past its deadline, and continued after a take-over', () => {
  test('changes nothing, at whatever request it was stopped', { timeout: 3_600_000 }, async () => {
    let points = 0
    for (let number = 2; await stoppedAt(number, () => true); number += step) points += 1
    console.log(`stopped at ${points} requests`)
    expect(points).toBeGreaterThan(3)
  })

  test('changes nothing between the two requests of one change either', async () => {
    const readsTags = ({ method, url }: Request) =>
      method === 'GET' && url.includes('c1-r1.opus?') && new URL(url).searchParams.has('tagging')
    let points = 0
    for (let number = 1; number <= 4 && (await stoppedAt(number, readsTags)); number += 1) points += 1
    expect(points).toBeGreaterThan(1)
  })
})
