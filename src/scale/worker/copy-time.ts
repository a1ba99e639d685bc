import { LegalHoldError } from '../../model/errors.js'
import type { ObjectState } from '../../model/object.js'

/** What an invocation has of time; moments in milliseconds since the epoch. */
export interface CopyTime {
  readonly beganMs: number
  readonly nowMs: number
  /** A copy must have ended by then. */
  readonly untilMs: number
  /** @defaultValue 64000000 */
  readonly copyBytesPerSecond?: number | undefined
}

/** Eight parts at once at 8 MB/s. One at less than 10 MB/s counts as stalled: see `storage/s3/repair/multipart.ts`. */
const defaultCopyBytesPerSecond = 64_000_000

/**
 * Refuses a copy that would not end in time: S3 would have copied in vain, and the next invocation would begin again.
 *
 * @throws LegalHoldError `TIMEOUT`
 */
export function requireTimeToCopy(copied: ObjectState, time: CopyTime): void {
  const { beganMs, nowMs, untilMs, copyBytesPerSecond = defaultCopyBytesPerSecond } = time
  const { key, sizeBytes = 0 } = copied
  const copyMs = (sizeBytes / copyBytesPerSecond) * 1_000
  if (nowMs + copyMs <= untilMs) return
  const advice =
    beganMs + copyMs <= untilMs
      ? 'The next invocation resumes with it.'
      : 'No invocation as short as this one can do it: give this shard to a worker with more time, or set copyBytesPerSecond if S3 copies faster.'
  throw new LegalHoldError(
    `To copy ${JSON.stringify(key)} of ${sizeBytes} bytes takes some ${Math.ceil(copyMs / 1_000)} s, and the invocation ends before that: nothing more is begun. ${advice}`,
    // Of the journal, as a claim that ends is: the run stops here, and no object counts as failed.
    { code: 'TIMEOUT', stage: 'journal', retryable: false, details: { key, sizeBytes } },
  )
}
