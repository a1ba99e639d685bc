import type { Check } from '../internal/option-check.js'
import { type FindingCode, findingCodes } from '../model/findings.js'
import { checkNames, isRecord, isText } from './checks.js'

/** A blocker that the run accepts, and why. */
export interface Acceptance {
  readonly code: FindingCode
  /** Who answers for it and why. It is recorded in the journal. */
  readonly reason?: string | undefined
}

/** The accepted codes, and their reasons as far as there are any. */
export interface Acceptances {
  readonly codes: ReadonlySet<FindingCode>
  readonly reasons: ReadonlyMap<FindingCode, string>
}

/** Reads the option `accept`: codes, or codes with a reason. */
export function acceptancesOf(given: readonly unknown[] | undefined, check: Check): Acceptances {
  const codes = new Set<FindingCode>()
  const reasons = new Map<FindingCode, string>()
  for (const item of given ?? []) {
    const { code, reason } = isRecord(item) ? item : { code: item }
    if (isRecord(item)) checkNames(item, ['code', 'reason'], 'accept.', check)
    const known = findingCodes.find((one) => one === code)
    check(known !== undefined, 'accept', `${JSON.stringify(code)} is not a finding code`)
    check(reason === undefined || isText(reason), 'accept', 'a reason must be a text')
    if (known === undefined) continue
    codes.add(known)
    if (isText(reason)) reasons.set(known, reason)
  }
  return { codes, reasons }
}
