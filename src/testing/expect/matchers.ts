import { LegalHoldError, type LegalHoldErrorCode } from '../../model/errors.js'
import type { Finding, FindingCode } from '../../model/findings.js'
import { contradictsItself, type RecordingCounts, type RecordingException, type RunReport } from '../../model/report.js'
import { expectHeld, type HeldBy } from '../kit/assertions.js'
import type { BucketView } from '../kit/simulated-bucket.js'
import { inWords, isLike, isPartlyLike, type PartlyLike } from './likeness.js'

/** What a matcher of `expect.extend` returns. */
export interface MatcherResult {
  readonly pass: boolean
  message(): string
}

/** The matchers as an `expect` has them; `R` is what its own matchers return. */
export interface LegalHoldMatchers<R = void> {
  /** Each expected recording of the report is held or repaired, there is one, and coverage is proven. */
  toBeComplete(): R
  /** The report counts so many recordings: `toHaveCounts({ held: 3, missing: 1 })`. States that are not named may be any. */
  toHaveCounts(counts: PartlyLike<RecordingCounts>): R
  /** One exception of the report is so: `toHaveException({ state: 'missing', recordingId: 'r7', reason: /never/ })`. */
  toHaveException(exception: PartlyLike<RecordingException>): R
  /** A report, an inspection or a list of findings has one with this code, and the members that are named. */
  toHaveFinding(code: FindingCode, finding?: PartlyLike<Finding>): R
  /** It is an error of this library, with this code and the members that are named. */
  toBeLegalHoldError(code?: LegalHoldErrorCode, error?: PartlyLike<LegalHoldError>): R
  /** The bucket holds an object that shows the hold. Await it. */
  toHoldObject(key: string, by?: HeldBy): Promise<void>
}

/**
 * Matchers for the `expect` of vitest, jest and others that have `expect.extend`. Importing
 * `genesys-legal-hold-exporter/testing/vitest` or `…/jest` adds them, with their types.
 *
 * A matcher that is given something else than it is for throws, so that `.not` proves nothing by accident.
 *
 * @example
 * expect.extend(legalHoldMatchers)
 */
export const legalHoldMatchers = {
  toBeComplete(received: unknown): MatcherResult {
    const report = reportOf(received, 'toBeComplete')
    const isComplete = report.outcome === 'complete' && !contradictsItself(report)
    return {
      pass: isComplete,
      message: () =>
        isComplete
          ? `The report says complete: ${recordings(report)}. It was not to.`
          : `The report is not complete: ${recordings(report)}${whyNot(report)}`,
    }
  },

  toHaveCounts(received: unknown, counts: PartlyLike<RecordingCounts>): MatcherResult {
    const report = reportOf(received, 'toHaveCounts')
    const unknown = Object.keys(counts).filter((name) => !Object.hasOwn(report.counts, name))
    if (unknown.length > 0) throw new TypeError(`toHaveCounts: a report has no count of ${unknown.join(', ')}.`)
    const pass = isPartlyLike(report.counts, counts)
    return {
      pass,
      message: () =>
        `The report counts ${inWords(report.counts)}, and was ${pass ? 'not ' : ''}to count ${inWords(counts)}.`,
    }
  },

  toHaveException(received: unknown, exception: PartlyLike<RecordingException>): MatcherResult {
    const report = reportOf(received, 'toHaveException')
    const pass = report.exceptions.some((one) => isPartlyLike(one, exception))
    if (!pass) requireAllExceptions(report)
    return {
      pass,
      message: () =>
        pass
          ? `The report has an exception with ${inWords(exception)}, and was not to.`
          : `No exception of the report has ${inWords(exception)}. It has:${lines(report.exceptions.map(inWords))}`,
    }
  },

  toHaveFinding(received: unknown, code: FindingCode, finding: PartlyLike<Finding> = {}): MatcherResult {
    const findings = findingsOf(received)
    const expected = { code, ...finding }
    const pass = findings.some((one) => isPartlyLike(one, expected))
    return {
      pass,
      message: () =>
        pass
          ? `There is a finding with ${inWords(expected)}, and was not to be.`
          : `No finding has ${inWords(expected)}. There are:${lines(findings.map((one) => `${one.severity} ${one.code}: ${one.message}`))}`,
    }
  },

  toBeLegalHoldError(
    received: unknown,
    code?: LegalHoldErrorCode,
    error: PartlyLike<LegalHoldError> = {},
  ): MatcherResult {
    if (isPromise(received))
      throw new TypeError('toBeLegalHoldError: this is a promise; use `await expect(…).rejects`.')
    const isOne = LegalHoldError.isInstance(received)
    const pass = isOne && (code === undefined || received.code === code) && isPartlyLike(received, error)
    const expected = inWords({ ...(code === undefined ? {} : { code }), ...error })
    return {
      pass,
      message: () => {
        const what = isOne
          ? `a LegalHoldError with ${received.code}: ${received.message}`
          : `no LegalHoldError: ${String(received)}`
        return `This is ${what}${pass ? '; it was not to be' : `; it was to be one with ${expected || 'any code'}`}.`
      },
    }
  },

  async toHoldObject(received: unknown, key: string, by?: HeldBy): Promise<MatcherResult> {
    const bucket = bucketOf(received)
    const name = { bucket: bucket.bucket, key }
    const { found } = await bucket.head(name, { full: true })
    // Else `.not` would pass for a key with a typing error.
    if (!found) throw new TypeError(`toHoldObject: ${key} is not in ${bucket.bucket}.`)
    const problem = await expectHeld(bucket, key, by).then(
      () => undefined,
      (error: Error) => error.message,
    )
    return {
      pass: problem === undefined,
      message: () => problem ?? `${key} in ${bucket.bucket} is held, and was not to be.`,
    }
  },
}

function reportOf(received: unknown, matcher: string): RunReport {
  if (isPromise(received)) throw new TypeError(`${matcher}: this is a promise; await the run first.`)
  const { outcome, counts, exceptions } = (received ?? {}) as Partial<RunReport>
  if (typeof outcome !== 'string' || typeof counts !== 'object' || !Array.isArray(exceptions)) {
    throw new TypeError(`${matcher} is for the report of a run, and this is none.`)
  }
  return received as RunReport
}

function findingsOf(received: unknown): readonly Finding[] {
  if (isPromise(received)) throw new TypeError('toHaveFinding: this is a promise; await it first.')
  const list = Array.isArray(received) ? received : (received as { findings?: unknown } | undefined)?.findings
  // An error that blocks a run has them, others have none.
  if (list === undefined && LegalHoldError.isInstance(received)) return []
  if (!Array.isArray(list)) throw new TypeError('toHaveFinding is for a report, an inspection or a list of findings.')
  return list
}

function bucketOf(received: unknown): BucketView {
  const { bucket, head } = (received ?? {}) as Partial<BucketView>
  if (typeof bucket === 'string' && typeof head === 'function') return received as BucketView
  throw new TypeError('toHoldObject is for a bucket: world.bucket, or a StorageAdapter.')
}

function isPromise(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}

/** A report lists the first 1,000 exceptions: that none of these is so says nothing of the rest. */
function requireAllExceptions({ counts, exceptions }: RunReport): void {
  const listed = exceptions.reduce((sum, { count = 1 }) => sum + count, 0)
  const all = counts.expected - counts.held - counts.repaired
  if (all <= listed) return
  throw new RangeError(
    `toHaveException: the report lists ${listed} of ${all} exceptions. Read all of them from its evidence.`,
  )
}

function recordings({ counts, outcome }: RunReport): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0)
  return `${outcome}, ${present.map(([name, count]) => `${count} ${name}`).join(', ') || 'nothing expected'}`
}

function whyNot(report: RunReport): string {
  const { coverage, exceptions } = report
  const reasons = [
    ...(contradictsItself(report) ? ['it says more than its own counts and coverage do'] : []),
    ...(isLike(coverage?.proven, true)
      ? []
      : [`coverage is not proven${coverage?.reason ? `: ${coverage.reason}` : ''}`]),
    ...exceptions.map(inWords),
  ]
  return lines(reasons)
}

function lines(all: readonly string[]): string {
  const more = all.length > 10 ? [`and ${all.length - 10} more`] : []
  const shown = [...all.slice(0, 10), ...more]
  return shown.length === 0 ? ' none' : `\n  ${shown.join('\n  ')}`
}
