import { minuteMs } from '../internal/durations.js'
/** How long to wait for what a fulfilled job has not delivered yet. */
export interface LandingOptions {
  /** All the waiting after the job was fulfilled. @defaultValue 1800000 (30 min) */
  readonly landingTimeoutMs: number
  /** Nothing new for this long, and the waiting is over. @defaultValue 120000 (2 min) */
  readonly landingQuietMs: number
  /** A folder is looked at once more, this long after its last new object. @defaultValue 2000 */
  readonly landingSettleMs: number
}

export const landingDefaults: LandingOptions = {
  landingTimeoutMs: 30 * minuteMs,
  landingQuietMs: 2 * minuteMs,
  landingSettleMs: 2_000,
}
