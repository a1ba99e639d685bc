import type { Interval, PlatformCoverage } from './ports.js'

/** Whether the platform's index covers an interval to its end. */
export function covers({ availableUntil }: PlatformCoverage, interval: Interval): boolean {
  return availableUntil !== undefined && Date.parse(availableUntil) >= Date.parse(interval.end)
}
