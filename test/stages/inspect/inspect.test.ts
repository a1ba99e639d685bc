import { describe, expect, test } from 'vitest'
import { type Finding, LegalHoldError, type LegalHoldErrorCode, LegalHoldExporter } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from '../../fakes/platform.js'

const request = { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' } }

/** A run whose bucket answers its inspection with an error, `times` times. */
async function run(code: LegalHoldErrorCode, retryable: boolean, times = 1_000) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  platform.states = [job('FULFILLED', { totals: { recordings: 0 } })]
  let asked = 0
  const storage = new MemoryStorageAdapter({
    clock,
    intercept: ({ operation }, when) => {
      if (operation !== 'inspectBucket' || when !== 'before') return
      asked += 1
      if (asked <= times) throw new LegalHoldError('it is not there', { code, stage: 'inspect', retryable })
    },
  })
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'm-1' }, retry: { retries: 3 } })
  const outcome = await exporter.run(request).catch((error: unknown) => error)
  return { outcome, platform, asked: () => asked }
}

describe('a bucket that cannot be inspected', () => {
  test.each<[LegalHoldErrorCode, boolean, number]>([
    ['STORAGE_UNAVAILABLE', true, 4],
    ['NETWORK_ERROR', true, 4],
    ['STORAGE_RESPONSE_INVALID', true, 4],
    ['TIMEOUT', true, 4],
    ['BUCKET_NOT_FOUND', false, 1],
    ['NETWORK_ERROR', false, 1],
  ])('is a finding after all repeats, and nothing is created: %s', async (code, retryable, asked) => {
    const made = await run(code, retryable)
    expect(made.outcome).toMatchObject({ code: 'PREFLIGHT_BLOCKED' })
    const { findings } = made.outcome as { findings: Finding[] }
    expect(findings).toMatchObject([
      { code: 'bucket-unreachable', severity: 'blocker', subject: 'memory', message: expect.stringContaining(code) },
    ])
    expect(made.asked()).toBe(asked)
    expect(made.platform.calls).toEqual([])
  })

  test('for a moment is none', async () => {
    const made = await run('STORAGE_THROTTLED', true, 2)
    expect(made.outcome).toMatchObject({ outcome: 'nothing-expected' })
  })

  test.each<LegalHoldErrorCode>(['MISSING_CREDENTIALS', 'MISSING_DEPENDENCY', 'INVALID_OPTIONS'])(
    'because of the caller’s own setup stays an error: %s',
    async (code) => {
      expect((await run(code, false)).outcome).toMatchObject({ code })
    },
  )
})
