import { describe, expect, test } from 'vitest'
import { LegalHoldError, type RunEvent } from '#src/index.js'
import { pollingDefaults } from '#src/options/polling.js'
import type { StageContext } from '#src/stages/context.js'
import { createJob, waitForJob } from '#src/stages/export/job.js'
import { SimulatedClock } from '#src/testing/clock.js'
import { FakePlatform, job } from '../../fakes/platform.js'

const request = { integrationId: 'i', interval: { start: '2023-10-18T00:00:00Z', end: '2023-10-20T00:00:00Z' } }
const hold = { hold: { tag: 'm-1' }, runId: 'r' }

function contextWith(clock: SimulatedClock, signal?: AbortSignal): { context: StageContext; events: string[] } {
  const events: string[] = []
  const emit = (event: { readonly type: RunEvent['type'] }) => events.push(event.type)
  return { events, context: { clock, signal, emit, logger: undefined, retry: undefined } }
}

function lost(): LegalHoldError {
  return new LegalHoldError('connection reset', { code: 'NETWORK_ERROR', stage: 'export', outcome: 'unknown' })
}

function busy(): LegalHoldError {
  return new LegalHoldError('two jobs are running', { code: 'JOB_SLOTS_BUSY', stage: 'export', retryable: true })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!LegalHoldError.isInstance(error)) throw new Error(`not a LegalHoldError: ${String(error)}`)
  return error.code
}

describe('creating a job', () => {
  test('adopts the job whose answer was lost, and does not post again', async () => {
    const platform = new FakePlatform()
    platform.create = async () => {
      throw lost()
    }
    let lookups = 0
    platform.find = async () => {
      lookups += 1
      return lookups < 3 ? undefined : job('PENDING')
    }
    const { context, events } = contextWith(new SimulatedClock())
    expect((await createJob(platform, request, { ...hold, polling: pollingDefaults }, context)).id).toBe('job-1')
    expect(platform.calls.filter((call) => call === 'createJob')).toHaveLength(1)
    expect(events).toEqual(['job-created'])
  })

  test('posts again only after the platform was asked and knows of no such job', async () => {
    const platform = new FakePlatform()
    let posts = 0
    platform.create = async () => {
      posts += 1
      if (posts === 1) throw lost()
      return job('PENDING')
    }
    const { context } = contextWith(new SimulatedClock())
    await createJob(platform, request, { ...hold, polling: pollingDefaults }, context)
    expect(platform.calls).toEqual(['createJob', ...Array.from({ length: 6 }, () => 'findJob'), 'createJob'])
  })

  test('does not post again where the platform cannot be asked', async () => {
    const platform = new FakePlatform()
    platform.capabilities = { ...platform.capabilities, idempotency: 'none' }
    platform.create = async () => {
      throw lost()
    }
    const { context } = contextWith(new SimulatedClock())
    expect(await codeOf(createJob(platform, request, { ...hold, polling: pollingDefaults }, context))).toBe(
      'NETWORK_ERROR',
    )
    expect(platform.calls).toEqual(['createJob'])
  })

  test('waits its turn while both slots are busy, until the deadline', async () => {
    const platform = new FakePlatform()
    let posts = 0
    platform.create = async () => {
      posts += 1
      if (posts < 4) throw busy()
      return job('PENDING')
    }
    const { context, events } = contextWith(new SimulatedClock())
    await createJob(platform, request, { ...hold, polling: pollingDefaults }, context)
    expect(events).toEqual(['job-waiting', 'job-waiting', 'job-waiting', 'job-created'])

    platform.create = async () => {
      throw busy()
    }
    const clock = new SimulatedClock()
    const startedAt = clock.now()
    const polling = { ...pollingDefaults, deadlineMs: 600_000 }
    expect(await codeOf(createJob(platform, request, { ...hold, polling }, contextWith(clock).context))).toBe(
      'JOB_DEADLINE_EXCEEDED',
    )
    expect(clock.now() - startedAt).toBeLessThanOrEqual(600_000)
    expect(clock.now() - startedAt).toBeGreaterThan(500_000)
  })
})

describe('waiting for a job', () => {
  test('starts it when it is ready and polls until it is fulfilled', async () => {
    const platform = new FakePlatform()
    platform.states = [job('PENDING'), job('READY'), job('PROCESSING', { percentProgress: 50 }), job('FULFILLED')]
    const seen: string[] = []
    const options = { ...pollingDefaults, onProgress: (now: { state: string }) => seen.push(now.state) }
    const done = await waitForJob(platform, job('PENDING'), options, contextWith(new SimulatedClock()).context)
    expect(done.state).toBe('FULFILLED')
    expect(seen).toEqual(['PENDING', 'PENDING', 'READY', 'PROCESSING', 'PROCESSING', 'FULFILLED'])
    expect(platform.calls.filter((call) => call === 'executeJob')).toHaveLength(1)
  })

  test('waits its turn where another job took the slot before the start', async () => {
    const platform = new FakePlatform()
    platform.states = [job('READY'), job('READY'), job('PROCESSING'), job('FULFILLED')]
    let starts = 0
    platform.execute = async (ready) => {
      starts += 1
      if (starts < 3) throw busy()
      return { ...ready, state: 'PROCESSING' }
    }
    await waitForJob(platform, job('READY'), pollingDefaults, contextWith(new SimulatedClock()).context)
    expect(starts).toBe(3)
  })

  test('takes a job as started whose start was refused because it runs already', async () => {
    const platform = new FakePlatform()
    platform.states = [job('PROCESSING'), job('FULFILLED')]
    platform.execute = async () => {
      throw new LegalHoldError('already processing', { code: 'PLATFORM_CONFLICT', stage: 'export' })
    }
    await waitForJob(platform, job('READY'), pollingDefaults, contextWith(new SimulatedClock()).context)
    expect(platform.calls).toEqual(['executeJob', 'getJob', 'getJob'])
  })

  test.each([
    ['FAILED', 'JOB_FAILED'],
    ['CANCELLED', 'JOB_CANCELLED'],
  ] as const)('rejects with the platform’s own message when it is %s', async (state, code) => {
    const platform = new FakePlatform()
    platform.states = [job(state, { errorMessage: 'role cannot be assumed', correlationId: 'abc' })]
    const error = await waitForJob(
      platform,
      job('PENDING'),
      pollingDefaults,
      contextWith(new SimulatedClock()).context,
    ).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, requestId: 'abc', message: expect.stringContaining('role cannot be assumed') })
  })

  test('forgives an unknown state for some polls, then names it', async () => {
    const platform = new FakePlatform()
    const strange = job('UNKNOWN', { platformState: 'REBALANCING' })
    platform.states = [strange, strange, strange, job('FULFILLED')]
    const { context } = contextWith(new SimulatedClock())
    expect((await waitForJob(platform, job('PENDING'), pollingDefaults, context)).state).toBe('FULFILLED')
    platform.states = [strange]
    const error = await waitForJob(platform, job('PENDING'), pollingDefaults, context).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'JOB_STATE_UNKNOWN', message: expect.stringContaining('REBALANCING') })
  })

  test('stops at the deadline and within the bounds of the interval', async () => {
    const platform = new FakePlatform()
    platform.states = [job('PENDING')]
    const clock = new SimulatedClock()
    const startedAt = clock.now()
    const options = { ...pollingDefaults, deadlineMs: 3_600_000, minIntervalMs: 5_000, maxIntervalMs: 30_000 }
    expect(await codeOf(waitForJob(platform, job('PENDING'), options, contextWith(clock).context))).toBe(
      'JOB_DEADLINE_EXCEEDED',
    )
    const polls = platform.calls.length
    expect(clock.now() - startedAt).toBeLessThanOrEqual(3_600_000)
    expect(polls).toBeGreaterThanOrEqual(3_600_000 / 30_000 - 1)
    expect(polls).toBeLessThan(3_600_000 / 5_000)
  })

  test('ends at once when it is aborted, with the caller’s reason, and asks nothing more', async () => {
    const platform = new FakePlatform()
    platform.states = [job('PENDING')]
    const clock = new SimulatedClock({ autoAdvance: false })
    const controller = new AbortController()
    const waiting = waitForJob(
      platform,
      job('PENDING'),
      pollingDefaults,
      contextWith(clock, controller.signal).context,
    ).catch((thrown: unknown) => thrown)
    await new Promise(setImmediate)
    expect(clock.sleeping).toBe(1)
    controller.abort(new Error('court adjourned'))
    expect(await waiting).toMatchObject({ code: 'ABORTED', cause: { message: 'court adjourned' } })
    expect(clock.sleeping).toBe(0)
    clock.advance(1e9)
    expect(platform.calls).toEqual([])
  })

  test.each([
    ['throws', () => Promise.reject(new Error('observer'))],
    [
      'rejects',
      () => {
        throw new Error('observer')
      },
    ],
  ])('goes on when its observer %s', async (_, onProgress) => {
    const platform = new FakePlatform()
    const options = { ...pollingDefaults, onProgress }
    const done = await waitForJob(platform, job('PENDING'), options, contextWith(new SimulatedClock()).context)
    expect(done.state).toBe('FULFILLED')
  })
})
