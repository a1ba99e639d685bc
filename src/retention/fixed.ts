import { dayMs } from '../internal/durations.js'
import { OptionCheck } from '../internal/option-check.js'
import { counted } from '../internal/text/counted.js'
import type { Finding } from '../model/findings.js'
import type { BucketInspection } from '../model/inspection.js'
import type { HoldRequirements } from '../model/requirements.js'
import type { RetentionContext, RetentionPolicyAdapter } from '../ports/retention.js'

/** Settings of {@link FixedRetentionPolicy}. */
export interface FixedRetentionOptions {
  /** How long the recordings must be kept, in days from now. */
  readonly minimumDays: number
  /** After how many days your own archive deletes objects of the bucket. If it is left out, no deletion is known. */
  readonly deletesAfterDays?: number | undefined
}

/**
 * A minimum from your records schedule, which no system can be queried for. The guaranteed time is the longest of
 * the required legal hold (no end), the required `retainUntilDate` and the bucket's default Object Lock retention.
 * If it is shorter than the minimum, the finding is `retention-deletes-before-hold`: a blocker if
 * `deletesAfterDays` ends before the minimum, else a warning that nothing guarantees it.
 */
export class FixedRetentionPolicy implements RetentionPolicyAdapter {
  readonly name = 'fixed'
  readonly #options: FixedRetentionOptions

  /** @throws LegalHoldError `INVALID_OPTIONS` */
  constructor(options: FixedRetentionOptions) {
    const days = { minimumDays: options?.minimumDays, deletesAfterDays: options?.deletesAfterDays ?? 0 }
    const mistakes = new OptionCheck('The options of FixedRetentionPolicy')
    for (const [name, value] of Object.entries(days)) {
      const isDays = Number.isFinite(value) && value >= 0
      mistakes.check(isDays, name, `must be a number of days, not ${String(value)}`)
    }
    mistakes.throwIfAny()
    this.#options = options
  }

  async evaluate(context: RetentionContext): Promise<readonly Finding[]> {
    const { minimumDays, deletesAfterDays } = this.#options
    const guaranteed = guaranteedDays(context.requirements, context.bucketInspection, context.now)
    if (guaranteed >= minimumDays) return []
    const deletes = deletesAfterDays !== undefined && deletesAfterDays < minimumDays
    if (deletesAfterDays !== undefined && !deletes) return []
    return [
      {
        code: 'retention-deletes-before-hold',
        severity: deletes ? 'blocker' : 'warning',
        subject: context.bucket,
        message: deletes
          ? `Recordings are deleted after ${counted(deletesAfterDays, 'day')}, but the matter requires ${minimumDays}.`
          : `The matter requires ${counted(minimumDays, 'day')}, but Object Lock guarantees only ${Math.floor(guaranteed)}.`,
        remedy: 'Require an Object Lock legal hold or a retainUntilDate, or exempt the export from that retention.',
      },
    ]
  }
}

function guaranteedDays(requirements: HoldRequirements, bucket: BucketInspection, now: Date): number {
  if (requirements.legalHold) return Number.POSITIVE_INFINITY
  const { retainUntilDate } = requirements
  const required = retainUntilDate === undefined ? 0 : (Date.parse(retainUntilDate) - now.getTime()) / dayMs
  const { days = 0, years = 0 } = bucket.defaultRetention ?? {}
  return Math.max(required, days, years * 365)
}
