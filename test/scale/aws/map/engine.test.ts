import { PutObjectCommand } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { afterEach, describe, expect, test } from 'vitest'
import type { ShardJob } from '../../../../src/scale/ports/shard-engine.js'
import { MapEngine, type MapEngineOptions, mapHandler, stateMachineDefinition } from '../../../../src/scale-aws.js'
import {
  DistributedMapSimulator,
  type DistributedMapSimulatorOptions,
  SimulatedClock,
} from '../../../../src/testing/index.js'
import { all, FakeWorker, functionArn, jobOf, refOf, refs, s3World } from '../world.js'

const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:legal-hold-shards'
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function world(options: Partial<DistributedMapSimulatorOptions> & { readonly maxAttempts?: number } = {}) {
  const { s3, client, settings, close } = await s3World()
  const worker = new FakeWorker()
  const { maxAttempts = 3, ...simulatorOptions } = options
  const sfn = new DistributedMapSimulator({
    storage: settings,
    stateMachines: { [machineArn]: stateMachineDefinition({ functionArn, maxAttempts }) },
    functions: { [functionArn]: mapHandler({ worker: worker.work }) as never },
    clock: new SimulatedClock(),
    ...simulatorOptions,
  })
  const listener = await sfn.listen()
  const open = (overrides: Partial<MapEngineOptions> = {}) => {
    const engine = new MapEngine({
      stateMachineArn: `${machineArn}:3`,
      bucket: 'evidence',
      region: 'eu-west-1',
      endpoint: listener.endpoint,
      credentials: settings.credentials,
      retry: { minDelayMs: 1, maxDelayMs: 2 },
      s3: settings,
      ...overrides,
    })
    closing.push(() => engine.close())
    return engine
  }
  closing.push(
    close,
    () => listener.close(),
    () => sfn.close(),
  )
  const engine = open()
  const run = async (job: ShardJob) => {
    const { id } = await engine.submit(job)
    await sfn.idle()
    return engine.get(id)
  }
  return { s3, client, sfn, worker, open, engine, run, endpoint: listener.endpoint }
}

const refusal = (name: string) => ({
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: name, message: 'no' }),
})

describe('an execution of a Distributed Map', () => {
  test('does every shard once, and reports each', async () => {
    const { engine, run, worker, sfn } = await world()
    const ended = await run(jobOf(refs(25), { concurrency: 4 }))
    expect(ended).toMatchObject({ engine: 'map', state: 'complete', counts: { total: 25, succeeded: 25, failed: 0 } })
    expect([...worker.asked].sort()).toEqual(refs(25).map(({ key }) => key))
    expect(await all(engine.results(ended.id))).toEqual(refs(25).map(({ key }) => ({ key, outcome: 'succeeded' })))
    expect(sfn.executions[0]).toMatchObject({ maxConcurrency: 4, arn: expect.stringContaining(':token-1') })
  })

  test('runs no more at once than it was told', async () => {
    let [running, most] = [0, 0]
    const handler = async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return { results: [] }
    }
    const { run } = await world({ functions: { [functionArn]: handler } })
    await run(jobOf(refs(40), { concurrency: 3 }))
    expect(most).toBe(3)
  })

  test('is started once a token, by whoever submits it', async () => {
    const { engine, open, sfn, run } = await world()
    const jobs = await Promise.all([engine, open(), open({ concurrency: 7 })].map((one) => one.submit(jobOf(refs(4)))))
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1)
    await sfn.idle()
    // An execution that has ended is found as well.
    expect((await run(jobOf(refs(4)))).state).toBe('complete')
    expect(sfn.executions).toHaveLength(1)
    expect(await engine.find('token-2')).toBeUndefined()
    expect((await run(jobOf(refs(1), { token: 'a token/with: characters' }))).state).toBe('complete')
  })

  test.each([
    ['an answer that was lost', { kind: 'reset-after' } as const],
    ['500 after it did the work', { kind: 'respond-after', status: 500, ...refusal('InternalFailure') } as const],
    ['a throttle', { kind: 'respond', status: 400, ...refusal('ThrottlingException') } as const],
    ['a limit of executions', { kind: 'respond', status: 400, ...refusal('ExecutionLimitExceeded') } as const],
  ])('%s makes no second execution', async (_, action) => {
    const { engine, sfn } = await world()
    sfn.faults.add({ match: { operation: 'StartExecution' }, action })
    const { id } = await engine.submit(jobOf(refs(3)))
    expect(sfn.executions.map(({ arn }) => arn)).toEqual([id])
  })

  test('what is unfinished is tried again, what is refused is not, and both are failures in the end', async () => {
    const { engine, run, worker } = await world({ maxAttempts: 3 })
    worker.answers.set(1, ['unfinished', 'unfinished', 'sealed'])
    worker.answers.set(2, 'refused')
    worker.answers.set(3, 'unfinished')
    const ended = await run(jobOf(refs(5)))
    expect(ended).toMatchObject({ state: 'complete', counts: { total: 5, succeeded: 3, failed: 2 } })
    const results = await all(engine.results(ended.id))
    expect(results.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'failed', 'failed', 'succeeded'])
    expect(results[2]?.reason).toContain('ShardRefused')
    expect(results[3]?.reason).toContain('ShardUnfinished')
    const times = (shard: number) => worker.asked.filter((key) => key === refOf(shard).key).length
    expect([1, 2, 3].map(times)).toEqual([3, 1, 4])
  })

  test('throttles, crashes, time-outs and duplicates are got over', async () => {
    const { run, sfn, worker } = await world()
    const { taskFaults } = sfn
    taskFaults.add({ key: '00000000-', action: { kind: 'throttle' }, times: 2 })
    taskFaults.add({ key: '00000001-', action: { kind: 'crash' } })
    taskFaults.add({ key: '00000002-', action: { kind: 'timeout' } })
    taskFaults.add({ key: '00000003-', action: { kind: 'duplicate' } })
    taskFaults.add({ key: '00000004-', action: { kind: 'crash-after' } })
    expect(await run(jobOf(refs(6)))).toMatchObject({ state: 'complete', counts: { succeeded: 6 } })
    expect(worker.asked.length).toBe(9)
  })

  test('one that is cancelled ends, and can be redriven', async () => {
    const { engine, sfn, worker } = await world()
    const { id } = await engine.submit(jobOf(refs(9), { concurrency: 1 }))
    worker.onAsked = async (count) => {
      if (count === 3) await engine.cancel(id)
    }
    await sfn.idle()
    expect(await engine.get(id)).toMatchObject({ state: 'cancelled', counts: { total: 9, succeeded: 2, failed: 1 } })
    const results = await all(engine.results(id))
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['failed', 'succeeded', 'succeeded'])
    await engine.cancel(id)
    await engine.redrive(id)
    await sfn.idle()
    expect(await engine.get(id)).toMatchObject({ state: 'complete', counts: { succeeded: 9 } })
  })

  test('one without its state machine, its list or its right fails', async () => {
    const { open, engine, sfn } = await world()
    const other = open({ stateMachineArn: `${machineArn}-other` })
    await expect(other.submit(jobOf(refs(1)))).rejects.toMatchObject({ code: 'ENGINE_REJECTED' })
    await expect(engine.get(`${machineArn.replace('stateMachine', 'execution')}:none`)).rejects.toMatchObject({
      code: 'ENGINE_JOB_NOT_FOUND',
    })
    expect(sfn.executions).toEqual([])
  })
})

describe('its results', () => {
  test.each([
    ['another size', 'SUCCEEDED_0.json', '[]', /has 2 bytes/],
    ['no manifest', 'manifest.json', '{}', /names no files/],
    ['no JSON', 'manifest.json', 'x', /is not JSON/],
  ])('with %s cannot be read', async (_, name, Body, message) => {
    const { engine, run, s3, client } = await world()
    const ended = await run(jobOf(refs(2)))
    const Key = s3.keys('evidence').find((key) => key.endsWith(name)) ?? ''
    await client.send(new PutObjectCommand({ Bucket: 'evidence', Key, Body }))
    await expect(all(engine.results(ended.id))).rejects.toMatchObject({
      code: 'ENGINE_REPORT_UNREADABLE',
      message: expect.stringMatching(message),
    })
  })

  test('that could not be written fail the execution', async () => {
    const { engine, run, s3 } = await world()
    s3.faults.add({
      match: { operation: 'PutObject', path: '/results/' },
      times: 100,
      action: { kind: 'respond', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
    })
    const ended = await run(jobOf(refs(2)))
    expect(ended).toMatchObject({ state: 'failed', reason: expect.stringContaining('ResultWriterFailed') })
    await expect(all(engine.results(ended.id))).rejects.toMatchObject({ code: 'ENGINE_REPORT_UNREADABLE' })
  })
})

test.each([
  [{ stateMachineArn: 'x' }, /stateMachineArn must be/],
  [{ concurrency: 0 }, /concurrency must be/],
  [{ endpoint: 'http://states.example' }, /not encrypted/],
])('options that cannot work are refused: %j', async (options, message) => {
  const { open } = await world()
  expect(() => open(options)).toThrow(message)
})

test('a client of the caller is used as it is, without its retries', async () => {
  const { open, sfn, endpoint } = await world()
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' }
  const client = new SFNClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 5 })
  closing.push(() => client.destroy())
  const engine = open({ client, endpoint: undefined, retry: { retries: 0 } })
  sfn.faults.add({
    match: { operation: 'DescribeExecution' },
    action: { kind: 'respond', status: 500, ...refusal('InternalFailure') },
  })
  await expect(engine.find('token-1')).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', retryable: true })
  expect(sfn.counts().DescribeExecution).toBe(1)
  expect(await engine.find('token-1')).toBeUndefined()
})
