import { expect, test } from 'vitest'
import { LegalHoldError, LegalHoldExporter } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

const pauseMs = 5_000

test('a repair that is told to slow down pauses all lanes: nothing else is begun until the pause is over', async () => {
  const clock = new SimulatedClock({ now: '2026-01-01T00:00:00Z' })
  const calls: { readonly key: string; readonly at: number }[] = []
  let copies = 0
  let refusedAt: number | undefined
  let callsBefore = 0
  const storage = new MemoryStorageAdapter({
    clock,
    intercept: ({ operation, key }, when) => {
      if (when !== 'before' || key === undefined) return
      calls.push({ key, at: clock.now() })
      if (operation !== 'replaceMetadata') return
      copies += 1
      if (copies !== 20) return
      refusedAt = clock.now()
      // What begins in the same turn of the event loop has begun before the lanes can hear of it.
      setImmediate(() => {
        callsBefore = calls.length
      })
      throw new LegalHoldError('Slow down', {
        code: 'STORAGE_THROTTLED',
        stage: 'remediate',
        retryable: true,
        retryAfterMs: pauseMs,
        outcome: 'not-applied',
      })
    },
  })
  const keys = Array.from({ length: 200 }, (_, at) => `k${at}`)
  for (const key of keys) storage.put(key, { body: 'sound' })
  const exporter = new LegalHoldExporter({
    platform: new FakePlatform(),
    storage,
    hold: { tag: 'matter-1' },
    clock,
    concurrency: 8,
  })
  const outcomes: string[] = []
  for await (const { outcome } of exporter.remediate(keys)) outcomes.push(outcome)

  expect(outcomes).toEqual(keys.map(() => 'repaired'))
  const from = refusedAt ?? Number.NaN
  const begun = new Set(calls.slice(0, callsBefore).map(({ key }) => key))
  const later = calls.slice(callsBefore)
  const inPause = later.filter(({ at }) => at < from + pauseMs)
  // What was under way may end; no other object is touched, by any of the lanes.
  expect(inPause.filter(({ key }) => !begun.has(key))).toEqual([])
  // There was enough left to be begun.
  expect(later.filter(({ key }) => !begun.has(key)).length).toBeGreaterThan(100)
})
