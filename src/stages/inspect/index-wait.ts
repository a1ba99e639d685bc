import { sleepOrAbort } from '../../internal/abort.js'
import type { PlatformCoverage } from '../../model/platform.js'
import { covers } from '../../model/report.js'
import type { Interval } from '../../model/request.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'

const shortestPauseMs = 60_000
const longestPauseMs = 900_000

/**
 * Waits until the platform's index covers the interval (it may be 48 hours behind: genesys-facts, recording jobs), or
 * until the time is up. Either way it answers how far the index reaches.
 */
export async function waitForIndex(
  platform: RecordingPlatform,
  interval: Interval,
  timeoutMs: number,
  context: StageContext,
): Promise<PlatformCoverage> {
  const { clock, signal } = context
  const startedAt = clock.now()
  for (;;) {
    const coverage = await persist(context, 'inspect', 'coverage', () => platform.coverage(interval, { signal }))
    const waitedMs = clock.now() - startedAt
    if (covers(coverage, interval) || waitedMs >= timeoutMs) return coverage
    const { availableUntil } = coverage
    context.emit({ type: 'index-waiting', availableUntil, until: interval.end, waitedMs })
    const gapMs = availableUntil === undefined ? 0 : Date.parse(interval.end) - Date.parse(availableUntil)
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, gapMs / 4), timeoutMs - waitedMs)
    await sleepOrAbort(pauseMs, context, 'export')
  }
}
