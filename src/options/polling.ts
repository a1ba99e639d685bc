import { hourMs, minuteMs } from '../internal/durations.js'
/** How a job is polled. */
export interface PollingOptions {
  /** Shortest time between two polls. @defaultValue 1000 */
  readonly minIntervalMs: number
  /** Longest time between two polls. @defaultValue 60000 */
  readonly maxIntervalMs: number
  /** The longest total wait, for a free slot and for the job's end. @defaultValue 43200000 (12 h) */
  readonly deadlineMs: number
  /** How many polls in a row may answer with a state that this library does not know. @defaultValue 5 */
  readonly unknownStatePolls: number
}

export const pollingDefaults: PollingOptions = {
  minIntervalMs: 1_000,
  maxIntervalMs: minuteMs,
  deadlineMs: 12 * hourMs,
  unknownStatePolls: 5,
}
