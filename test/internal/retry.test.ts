import { describe, expect, test } from 'vitest'
import { LegalHoldError, type LegalHoldErrorCode } from '#src/index.js'
import { Lanes } from '#src/internal/lanes.js'
import { type RetryOptions, retrying } from '#src/internal/retry.js'
import { SimulatedClock } from '#src/testing/index.js'

const stage = 'validate'

function fault(code: LegalHoldErrorCode, init: { retryable?: boolean; retryAfterMs?: number } = {}): LegalHoldError {
  return new LegalHoldError(`failed with ${code}`, { code, stage, retryable: true, ...init })
}

/** Attempts that fail until so much time has passed; the times at which they were made, and what came of it. */
async function outage(lastsMs: number, error: () => LegalHoldError, options?: RetryOptions, lanes?: Lanes) {
  const clock = new SimulatedClock({ now: 0 })
  const attempts: number[] = []
  const work = retrying(
    async () => {
      attempts.push(clock.now())
      if (clock.now() < lastsMs) throw error()
      return 'done'
    },
    options,
    { stage, clock, lanes },
  )
  const result = await work.catch((failure: unknown) => failure)
  return { attempts, result, endedAt: clock.now() }
}

describe('a request that is repeated', () => {
  test.each(['NETWORK_ERROR', 'TIMEOUT', 'STORAGE_UNAVAILABLE', 'STORAGE_THROTTLED', 'PLATFORM_UNAVAILABLE'] as const)(
    'survives five minutes of %s',
    async (code) => {
      const { result, attempts } = await outage(300_000, () => fault(code))
      expect(result).toBe('done')
      // Patiently: every 10 s on average, not thousands of times.
      expect(attempts.length).toBeGreaterThan(12)
      expect(attempts.length).toBeLessThan(120)
    },
  )

  test('ends with the last failure when the outage has lasted for the total time', async () => {
    const { result, endedAt } = await outage(3_600_000, () => fault('NETWORK_ERROR'))
    expect(result).toMatchObject({ code: 'NETWORK_ERROR' })
    expect(endedAt).toBeGreaterThan(570_000)
    expect(endedAt).toBeLessThanOrEqual(600_000)
  })

  test('waits only as long as the caller lets it', async () => {
    const { result, endedAt } = await outage(300_000, () => fault('TIMEOUT'), { totalTimeoutMs: 30_000 })
    expect(result).toMatchObject({ code: 'TIMEOUT' })
    expect(endedAt).toBeLessThanOrEqual(30_000)
  })

  test('counts the time from the first failure on, however long the attempt before it took', async () => {
    const clock = new SimulatedClock({ now: 0 })
    let attempts = 0
    const copied = await retrying(
      async () => {
        attempts += 1
        if (attempts > 1) return 'done'
        await clock.sleep(3_600_000)
        throw fault('NETWORK_ERROR')
      },
      undefined,
      { stage, clock },
    )
    expect(copied).toBe('done')
  })

  test('is given up after eight repeats for what is no outage', async () => {
    const { result, attempts } = await outage(Number.POSITIVE_INFINITY, () => fault('STORAGE_RESPONSE_INVALID'))
    expect(result).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
    expect(attempts).toHaveLength(9)
  })

  test('does not count what is no outage against the time of one', async () => {
    let failures = 0
    const mixed = () => {
      failures += 1
      return fault(failures % 10 === 0 ? 'OBJECT_CHANGED' : 'NETWORK_ERROR')
    }
    const { result } = await outage(300_000, mixed)
    expect(result).toBe('done')
    expect(failures).toBeGreaterThan(12)
  })

  test('is repeated as often as `retries` says where that is given', async () => {
    const { attempts } = await outage(Number.POSITIVE_INFINITY, () => fault('NETWORK_ERROR'), { retries: 3 })
    expect(attempts).toHaveLength(4)
    const once = await outage(Number.POSITIVE_INFINITY, () => fault('NETWORK_ERROR'), { retries: 0 })
    expect(once.attempts).toHaveLength(1)
  })

  test('is not repeated again by whoever repeats the operation it is part of', async () => {
    const clock = new SimulatedClock({ now: 0 })
    let requests = 0
    const inner = () =>
      retrying(
        async () => {
          requests += 1
          throw fault('NETWORK_ERROR')
        },
        undefined,
        { stage, clock },
      )
    await expect(retrying(inner, undefined, { stage, clock })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    expect(clock.now()).toBeLessThanOrEqual(600_000)
    expect(requests).toBeGreaterThan(12)
  })

  test('waits between nothing and all of a doubling back-off (full jitter)', async () => {
    const ratios: number[] = []
    for (let run = 0; run < 300; run += 1) {
      const { attempts } = await outage(Number.POSITIVE_INFINITY, () => fault('NETWORK_ERROR'), { retries: 4 })
      for (let at = 1; at < attempts.length; at += 1) {
        ratios.push(((attempts[at] ?? 0) - (attempts[at - 1] ?? 0)) / (200 * 2 ** (at - 1)))
      }
    }
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1)
    expect(Math.min(...ratios)).toBeLessThan(0.1)
    expect(Math.max(...ratios)).toBeGreaterThan(0.9)
    expect(mean).toBeGreaterThan(0.4)
    expect(mean).toBeLessThan(0.6)
  })

  test('obeys Retry-After exactly, and not beyond the total time', async () => {
    const obeyed = await outage(1, () => fault('STORAGE_THROTTLED', { retryAfterMs: 7_000 }))
    expect(obeyed.attempts).toEqual([0, 7_000])
    const absurd = await outage(1, () => fault('STORAGE_THROTTLED', { retryAfterMs: 86_400_000 }))
    expect(absurd.result).toMatchObject({ code: 'STORAGE_THROTTLED', retryAfterMs: 86_400_000 })
    expect(absurd.endedAt).toBe(0)
  })

  test('pauses the other lanes for a Retry-After that it obeys, and not for one that it refuses', async () => {
    for (const [retryAfterMs, most] of [
      [7_000, 7_000],
      [86_400_000, 10_000],
    ] as const) {
      const lanes = new Lanes({ most: 4, clock: { now: () => 0, sleep: async () => {} } })
      const throttled = () => fault('STORAGE_THROTTLED', { retryAfterMs })
      await outage(1, throttled, { retries: 0 }, lanes)
      const waitMs = lanes.turn()
      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(most)
    }
  })

  test('is not repeated where that would help nothing', async () => {
    const { attempts } = await outage(1, () => fault('STORAGE_FORBIDDEN', { retryable: false }))
    expect(attempts).toHaveLength(1)
  })
})
