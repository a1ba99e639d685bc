import { minuteMs } from '../internal/durations.js'
/** How long to wait for what a fulfilled job has not delivered yet. */
export interface LandingOptions {
  /** All the waiting after the job was fulfilled. @defaultValue 1800000 (30 min) */
  readonly landingTimeoutMs: number
  /** Nothing new for this long, and the waiting is over. @defaultValue 120000 (2 min) */
  readonly landingQuietMs: number
  /** A folder is looked at once more, this long after its last new object. @defaultValue 2000 */
  readonly landingSettleMs: number
  /** All the waiting, instead of `landingTimeoutMs`, while recordings are being restored from the archive. @defaultValue 21600000 (6 h) */
  readonly restoreTimeoutMs: number
}

export const landingDefaults: LandingOptions = {
  landingTimeoutMs: 30 * minuteMs,
  landingQuietMs: 2 * minuteMs,
  landingSettleMs: 2_000,
  restoreTimeoutMs: 21_600_000,
}
