/** How often and how patiently a request is repeated. Only errors marked `retryable` are. */
export interface RetryOptions {
  /**
   * Repeats after the first attempt.
   *
   * @defaultValue As many as `totalTimeoutMs` allows while the service cannot be reached or does not work (network,
   * timeout, 429, 5xx); 8 of the same in a row after any other failure
   */
  readonly retries?: number | undefined
  /** First back-off, doubled each time, with full jitter. @defaultValue 200 */
  readonly minDelayMs?: number | undefined
  /** @defaultValue 20000 */
  readonly maxDelayMs?: number | undefined
  /**
   * So long an outage may last: no repeat begins later than this after the first failure, and no longer wait that a
   * server asks for is obeyed.
   *
   * @defaultValue 600000 (10 min)
   */
  readonly totalTimeoutMs?: number | undefined
}

/** A policy with every default in its place. */
export type RetryPolicy = { [K in keyof RetryOptions]-?: number }

/** The default policy. */
export const retryDefaults: RetryPolicy = {
  retries: Number.POSITIVE_INFINITY,
  minDelayMs: 200,
  maxDelayMs: 20_000,
  totalTimeoutMs: 600_000,
}
