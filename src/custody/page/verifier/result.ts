import type { JournalRecord } from '../../../model/record.js'
import type { CustodyPredicate } from '../../bundle/contents.js'
import { type EvidenceProblem, type Findings, statusOf, type VerificationStatus } from '../../bundle/problem.js'

/** What the page shows: `cannot-check` where the browser lacks what it takes. */
export type PageStatus = VerificationStatus | 'cannot-check'

/** What a check came to. */
export interface PageResult {
  readonly status: PageStatus
  readonly problems: readonly EvidenceProblem[]
  /** What was not checked, and why. */
  readonly notes: readonly string[]
  /** Why this browser cannot check all of it. */
  readonly lacks: readonly string[]
  readonly fingerprint?: string | undefined
  readonly predicate?: CustodyPredicate | undefined
  readonly proven?: ProvenRecord | undefined
}

/** A record that leads to the root that was signed. */
export interface ProvenRecord {
  /** From 1. */
  readonly line: number
  readonly record: JournalRecord
  /** How many hashes lead from it to the root. */
  readonly steps: number
  /** The shard whose record it is, from 0; `line` and `steps` are then those beneath the shard's seal. */
  readonly shard?: number | undefined
}

/** The result of a check. What does not hold counts more than what this browser lacks. */
export function resultOf(
  findings: Findings,
  lacks: readonly string[],
  facts: Pick<PageResult, 'fingerprint' | 'predicate' | 'proven'> = {},
): PageResult {
  const status = statusOf(findings.problems)
  return {
    status: status !== 'does-not-verify' && lacks.length > 0 ? 'cannot-check' : status,
    problems: findings.problems,
    notes: findings.notes,
    lacks,
    ...facts,
  }
}

/**
 * The result of a check that ended in an error. What is read here may be anybody's: a value of another type, or nested
 * deeper than the stack, is not a bundle of ours. The rest is a file that cannot be read.
 */
export function resultOfFault(error: unknown, findings: Findings, lacks: readonly string[]): PageResult {
  const why = error instanceof Error ? error.message : String(error)
  if (!(error instanceof TypeError || error instanceof RangeError)) {
    return resultOf(findings, [...lacks, `A file cannot be read: ${why}`])
  }
  findings.fail('statement-malformed', `What is here cannot be evaluated: ${why}.`)
  return resultOf(findings, lacks)
}
