import { hourMs, minuteMs } from '../internal/durations.js'
import type { Check } from '../internal/option-check.js'
/** How far a run goes to prove that nothing is missing. */
export interface ReconciliationOptions {
  /**
   * `recordings` looks for every recording that the platform lists; `counts` compares the job's totals only, and
   * treats everything in the hours of the interval as the job's.
   *
   * @defaultValue 'recordings' if the platform can list them
   */
  readonly reconciliation?: 'counts' | 'recordings' | undefined
  /**
   * What to do if the interval reaches past the end of the platform's index (up to 48 hours behind). `block`: the
   * blocker `interval-not-indexed`. `wait`: export what is indexed, wait, and export the rest by a separate job.
   *
   * @defaultValue 'block'
   */
  readonly onUnindexed?: 'block' | 'wait' | undefined
  /** Longest wait for the index. After it the rest is exported as far as it is indexed. @defaultValue 259200000 (72 h) */
  readonly indexTimeoutMs?: number | undefined
  /**
   * Longest interval of one job, as an ISO 8601 duration of weeks, days, hours and minutes: `P7D`, `PT12H`. A longer
   * request is split into several jobs, two at a time, and reported as one.
   *
   * @defaultValue none: one job
   */
  readonly maxJobInterval?: string | undefined
  /**
   * How many conversations one job names. A request that names more is split into several jobs, two at a time, and
   * reported as one.
   *
   * @defaultValue 100
   */
  readonly maxConversationIds?: number | undefined
  /**
   * Read each sidecar as well: one that names another recording or conversation than its key is `conflicting`, one that
   * is not valid JSON is `unreadable`. It costs a GET for each recording: 0.40 dollars and about as much time as the HEADs for a million.
   *
   * @defaultValue false
   */
  readonly verifySidecars?: boolean | undefined
}

/** The options with every default in its place. */
export interface ReconciliationSettings {
  readonly listsRecordings: boolean
  readonly waitForIndex: boolean
  readonly indexTimeoutMs: number
  readonly maxJobIntervalMs: number
  readonly maxConversationIds: number
  readonly verifySidecars: boolean
}

/** What the ports can do, as far as these options need it. */
export interface ReconciliationAbilities {
  readonly listsRecordings: boolean
  readonly protectsSource: boolean
  readonly readsText: boolean
}

/** Checks the options and fills in what was not given. */
export function reconciliationSettings(
  given: ReconciliationOptions,
  can: ReconciliationAbilities,
  check: Check,
): ReconciliationSettings {
  const { reconciliation, onUnindexed, indexTimeoutMs = 72 * hourMs, maxJobInterval, verifySidecars = false } = given
  check(
    [undefined, 'counts', 'recordings'].includes(reconciliation),
    'reconciliation',
    "must be 'counts' or 'recordings'",
  )
  check(
    reconciliation !== 'recordings' || can.listsRecordings,
    'reconciliation',
    "cannot be 'recordings': the platform does not list them",
  )
  check(
    reconciliation !== 'counts' || !can.protectsSource,
    'reconciliation',
    "cannot be 'counts' with protectSource, which needs to know the conversations",
  )
  check([undefined, 'block', 'wait'].includes(onUnindexed), 'onUnindexed', "must be 'block' or 'wait'")
  check(Number.isFinite(indexTimeoutMs) && indexTimeoutMs >= 0, 'indexTimeoutMs', 'must be a number of at least 0')
  const maxJobIntervalMs = maxJobInterval === undefined ? Number.POSITIVE_INFINITY : durationMs(maxJobInterval)
  check(maxJobIntervalMs >= minuteMs, 'maxJobInterval', 'must be an ISO 8601 duration of a minute or more, such as P7D')
  const { maxConversationIds = 100 } = given
  check(Number.isInteger(maxConversationIds) && maxConversationIds >= 1, 'maxConversationIds', 'must be 1 or more')
  check(typeof verifySidecars === 'boolean', 'verifySidecars', 'must be true or false')
  check(!verifySidecars || can.readsText, 'verifySidecars', 'needs a storage with readText')
  return {
    verifySidecars,
    listsRecordings: can.listsRecordings && reconciliation !== 'counts',
    waitForIndex: onUnindexed === 'wait',
    indexTimeoutMs,
    maxJobIntervalMs,
    maxConversationIds,
  }
}

const durationPattern = /^P(?=.)(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,6})M)?)?$/

/** Milliseconds of a duration; NaN for a text that is none. Months and years have no fixed length. */
function durationMs(text: unknown): number {
  const match = typeof text === 'string' ? durationPattern.exec(text) : null
  if (match === null) return Number.NaN
  const [weeks = 0, days = 0, hours = 0, minutes = 0] = match.slice(1).map((digits) => Number(digits ?? 0))
  return ((weeks * 7 + days) * 1_440 + hours * 60 + minutes) * minuteMs
}
