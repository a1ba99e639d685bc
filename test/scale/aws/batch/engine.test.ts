import { afterEach, describe, expect, test } from 'vitest'
import { all, type BatchWorld, batchWorld, jobOf, refOf, refs, runToEnd } from '../world.js'

const open: BatchWorld[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
async function world(options: Parameters<typeof batchWorld>[0] = {}) {
  const opened = await batchWorld(options)
  open.push(opened)
  return opened
}

const xml = (code: string) => ({
  headers: { 'content-type': 'application/xml' },
  body: `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
})

describe('a job of S3 Batch Operations', () => {
  test('waits to be confirmed, does every shard once, and reports each', async () => {
    const it = await world()
    const job = jobOf(refs(25))
    const submitted = await it.engine.submit(job)
    expect(submitted).toMatchObject({ engine: 's3-batch', state: 'preparing' })
    await it.control.idle()
    expect(await it.engine.get(submitted.id)).toMatchObject({ state: 'waiting' })
    expect(it.worker.asked).toEqual([])
    await it.engine.confirm(submitted.id)
    await it.control.idle()
    const ended = await it.engine.get(submitted.id)
    expect(ended).toMatchObject({ state: 'complete', counts: { total: 25, succeeded: 25, failed: 0 } })
    expect([...it.worker.asked].sort()).toEqual(refs(25).map(({ key }) => key))
    expect(it.worker.asked).not.toEqual(refs(25).map(({ key }) => key))
    expect(await all(it.engine.results(submitted.id))).toEqual(
      refs(25).map(({ key }) => ({ key, outcome: 'succeeded' })),
    )
    expect(it.control.jobs[0]?.history).toEqual([
      ...['New', 'Preparing', 'Suspended', 'Ready', 'Active', 'Completing', 'Complete'],
    ])
  })

  test('is created once a token, by whoever submits it', async () => {
    const it = await world()
    const job = jobOf(refs(3))
    const first = await it.engine.submit(job)
    const again = await it.open().submit(job)
    expect(again.id).toBe(first.id)
    expect(it.control.jobs).toHaveLength(1)
    const other = await it.engine.submit(jobOf(refs(3), { token: 'token-2', round: 2 }))
    expect(other.id).not.toBe(first.id)
    expect(await it.engine.find('token-1')).toMatchObject({ id: first.id })
    expect(await it.engine.find('token')).toBeUndefined()
    expect(await it.engine.find('n-1')).toBeUndefined()
  })

  test('two processes that submit at once have one job', async () => {
    const it = await world()
    const jobs = await Promise.all([it.engine, it.open(), it.open()].map((engine) => engine.submit(jobOf(refs(4)))))
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1)
    expect(it.control.jobs).toHaveLength(1)
  })

  test.each([
    ['an answer that was lost', { kind: 'reset-after' } as const],
    ['500 after it did the work', { kind: 'respond-after', status: 500, ...xml('InternalServiceException') } as const],
    ['an answer that was cut off', { kind: 'truncate' } as const],
    ['429 before it did the work', { kind: 'respond', status: 429, ...xml('TooManyRequestsException') } as const],
    ['503 SlowDown', { kind: 'respond', status: 503, ...xml('SlowDown') } as const],
  ])('%s makes no second job', async (_, action) => {
    const it = await world()
    it.control.faults.add({ match: { operation: 'CreateJob' }, action })
    const { id } = await it.engine.submit(jobOf(refs(3)))
    expect(it.control.jobs.map((job) => job.id)).toEqual([id])
  })

  test('what was lost is looked for before it is sent again', async () => {
    const it = await world()
    it.control.faults.add({ match: { operation: 'CreateJob' }, action: { kind: 'reset-after' } })
    await it.engine.submit(jobOf(refs(3)))
    // Once before the first attempt, once after it was lost; the job is found, and CreateJob is not sent again.
    expect(it.control.counts()).toMatchObject({ CreateJob: 1, ListJobs: 2 })
  })

  test('429 to every question is waited out', async () => {
    const it = await world()
    for (const operation of ['ListJobs', 'CreateJob', 'DescribeJob', 'UpdateJobStatus']) {
      const action = { kind: 'respond', status: 429, ...xml('TooManyRequestsException') } as const
      it.control.faults.add({ match: { operation }, action, times: 3 })
    }
    expect(await runToEnd(it, jobOf(refs(3)))).toMatchObject({ state: 'complete' })
  })

  test('a token that was used with other parameters finds the first job', async () => {
    const it = await world()
    const first = await it.engine.submit(jobOf(refs(3)))
    // As long as the list does not show it, CreateJob is what tells.
    it.control.faults.add({
      match: { operation: 'ListJobs' },
      action: {
        kind: 'respond',
        status: 200,
        headers: { 'content-type': 'application/xml' },
        body: '<ListJobsResult><Jobs></Jobs></ListJobsResult>',
      },
    })
    const again = await it.open({ priority: 99 }).submit(jobOf(refs(3)))
    expect(again.id).toBe(first.id)
    expect(it.control.jobs).toHaveLength(1)
  })

  test('a job is found over all pages of the list', async () => {
    const it = await world({ maxPageSize: 2 })
    for (let at = 0; at < 7; at += 1) await it.engine.submit(jobOf(refs(1), { token: `token-${at}` }))
    const [first] = it.control.jobs
    expect(await it.engine.find('token-0')).toMatchObject({ id: first?.id })
    expect(await it.engine.find('token-9')).toBeUndefined()
  })
})

describe('how a job ends', () => {
  test('verdicts do not matter, temporary failures are tried again, refusals are failures', async () => {
    const it = await world()
    it.worker.answers.set(1, ['unfinished', 'unfinished', 'sealed'])
    it.worker.answers.set(2, 'refused')
    it.worker.answers.set(
      3,
      Array.from({ length: 10 }, () => 'unfinished' as const),
    )
    const ended = await runToEnd(it, jobOf(refs(6)))
    expect(ended).toMatchObject({ state: 'complete', counts: { total: 6, succeeded: 4, failed: 2 } })
    const results = await all(it.engine.results(ended.id))
    expect(results.map(({ outcome }) => outcome)).toEqual([
      ...['succeeded', 'succeeded', 'failed', 'failed', 'succeeded', 'succeeded'],
    ])
    expect(results[2]?.reason).toBe('PermanentFailure: TIMEOUT: the deadline came: HTTP 200')
    expect(results[3]?.reason).toContain('TemporaryFailure')
  })

  test('invocations that come twice, time out, crash or find no room are what the report says', async () => {
    const it = await world({ functionTimeoutMs: 3000 })
    const faults = it.control.taskFaults
    faults.add({ key: '00000000-', action: { kind: 'duplicate' } })
    faults.add({ key: '00000001-', action: { kind: 'again' } })
    faults.add({ key: '00000002-', action: { kind: 'throttle' }, times: 3 })
    faults.add({ key: '00000003-', action: { kind: 'timeout' } })
    faults.add({ key: '00000004-', action: { kind: 'crash' } })
    faults.add({ key: '00000005-', action: { kind: 'crash-after' } })
    const ended = await runToEnd(it, jobOf(refs(7)))
    const results = await all(it.engine.results(ended.id))
    expect(results.map(({ outcome }) => outcome === 'succeeded')).toEqual([true, true, true, false, false, false, true])
    expect(results[3]?.reason).toContain('Task timed out after 3.00 seconds')
    const times = (shard: number) => it.worker.asked.filter((key) => key === refOf(shard).key).length
    expect([0, 1, 2, 3, 4, 5, 6].map(times)).toEqual([2, 2, 1, 1, 0, 1, 1])
  })

  test('more than half of a thousand tasks that fail end the job, and what is left was not tried', async () => {
    const it = await world({ concurrency: 1 })
    for (let shard = 0; shard < 1500; shard += 1) if (shard % 3 > 0) it.worker.answers.set(shard, 'refused')
    const ended = await runToEnd(it, jobOf(refs(1500)))
    expect(ended.state).toBe('failed')
    expect(ended.reason).toContain('FailureThresholdExceeded')
    expect(it.worker.asked.length).toBeGreaterThanOrEqual(1000)
    expect(it.worker.asked.length).toBeLessThan(1500)
    expect((await all(it.engine.results(ended.id))).length).toBe(it.worker.asked.length)
  })

  test('999 tasks that all fail do not', async () => {
    const it = await world()
    for (let shard = 0; shard < 999; shard += 1) it.worker.answers.set(shard, 'refused')
    expect(await runToEnd(it, jobOf(refs(999)))).toMatchObject({ state: 'complete', counts: { failed: 999 } })
  })

  test('a paused job is paused, and ends once it is resumed', async () => {
    const it = await world({ concurrency: 1 })
    const { id } = await it.engine.submit(jobOf(refs(8)))
    await it.control.idle()
    it.worker.onAsked = (count) => {
      if (count === 3) it.control.pause(id)
    }
    await it.engine.confirm(id)
    await it.control.idle()
    expect(await it.engine.get(id)).toMatchObject({ state: 'paused' })
    expect(it.worker.asked.length).toBe(3)
    it.control.resume(id)
    await it.control.idle()
    expect(await it.engine.get(id)).toMatchObject({ state: 'complete', counts: { succeeded: 8 } })
  })

  test('a job is cancelled while it waits; one that has ended is left as it is', async () => {
    const it = await world()
    const { id } = await it.engine.submit(jobOf(refs(3)))
    await it.control.idle()
    await it.engine.cancel(id)
    await it.engine.cancel(id)
    expect(await it.engine.get(id)).toMatchObject({ state: 'cancelled' })
    expect(await all(it.engine.results(id))).toEqual([])
    const ended = await runToEnd(it, jobOf(refs(1), { token: 'other' }))
    await it.engine.cancel(ended.id)
    await it.engine.confirm(ended.id)
    expect(await it.engine.get(ended.id)).toMatchObject({ state: 'complete' })
  })

  test('a lost answer to the confirmation does not matter', async () => {
    const it = await world()
    const { id } = await it.engine.submit(jobOf(refs(3)))
    await it.control.idle()
    it.control.faults.add({ match: { operation: 'UpdateJobStatus' }, action: { kind: 'reset-after' } })
    await it.engine.confirm(id)
    await it.control.idle()
    expect(await it.engine.get(id)).toMatchObject({ state: 'complete' })
  })

  test('a job that is not there, and an engine without the right to ask', async () => {
    const it = await world()
    await expect(it.engine.get('8b1f0c3a-0000-4000-8000-000000000000')).rejects.toMatchObject({
      code: 'ENGINE_JOB_NOT_FOUND',
      stage: 'scale',
    })
    const foreign = it.open({ accountId: '999999999999' })
    await expect(foreign.find('token-1')).rejects.toMatchObject({ code: 'ENGINE_REJECTED', status: 403 })
  })

  test('a job that is not known in its first moment is asked for again', async () => {
    const it = await world()
    const { id } = await it.engine.submit(jobOf(refs(1)))
    it.control.faults.add({
      match: { operation: 'DescribeJob' },
      action: { kind: 'respond', status: 404, ...xml('NoSuchJob') },
    })
    expect((await it.engine.get(id)).id).toBe(id)
  })

  test('a function that does not exist fails the job', async () => {
    const it = await world({ functions: {} })
    const ended = await runToEnd(it, jobOf(refs(2)))
    expect(ended).toMatchObject({ state: 'failed', reason: expect.stringContaining('FunctionNotFound') })
  })
})

describe('what cannot work is refused before anything is sent', () => {
  test.each([
    [{ functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:worker' }, /with a version number/],
    [{ functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:worker:$LATEST' }, /with a version number/],
    [{ functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:worker:live' }, /with a version number/],
    [{ accountId: '12345' }, /12 digits/],
    [{ roleArn: 'batch' }, /roleArn must be/],
    [{ endpoint: 'http://control.example' }, /not encrypted/],
    [{ priority: -1 }, /priority must be/],
    [{ prefix: '/x' }, /prefix must be/],
  ])('%j', async (options, message) => {
    const it = await world()
    expect(() => it.open(options)).toThrow(message)
  })

  test('a round without shards, and one whose count is wrong', async () => {
    const it = await world()
    await expect(it.engine.submit(jobOf([]))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(it.engine.submit(jobOf(refs(2), { shards: 3 }))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(it.engine.submit(jobOf(refs(2), { token: 'x'.repeat(65) }))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(it.control.jobs).toEqual([])
  })

  test('an aborted call sends nothing, and one that is aborted under way leaves its outcome open', async () => {
    const it = await world()
    await expect(it.engine.submit(jobOf(refs(2)), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(it.control.counts()).toEqual({})
    const controller = new AbortController()
    it.control.faults.add({ match: { operation: 'CreateJob' }, action: { kind: 'hang' } })
    const submitting = it.engine.submit(jobOf(refs(2)), { signal: controller.signal })
    while (it.control.jobs.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    await expect(submitting).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    expect(await it.engine.find('token-1')).toBeDefined()
  })
})
