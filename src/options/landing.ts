import { minuteMs } from '../internal/durations.js'
/** How long to wait for recordings that a fulfilled job has not delivered yet. */
export interface LandingOptions {
  /** The longest total wait after the job was fulfilled. @defaultValue 1800000 (30 min) */
  readonly landingTimeoutMs: number
  /** The wait ends when nothing new has arrived for this long. @defaultValue 120000 (2 min) */
  readonly landingQuietMs: number
  /** A folder is listed once more, this long after its last new object. @defaultValue 2000 */
  readonly landingSettleMs: number
  /**
   * The longest total wait while recordings are being restored from the archive, instead of `landingTimeoutMs`.
   *
   * @defaultValue 21600000 (6 h)
   */
  readonly restoreTimeoutMs: number
}

export const landingDefaults: LandingOptions = {
  landingTimeoutMs: 30 * minuteMs,
  landingQuietMs: 2 * minuteMs,
  landingSettleMs: 2_000,
  restoreTimeoutMs: 21_600_000,
}
