import { counted } from '../../internal/text/counted.js'
import { unansweredFindings } from '../../model/findings.js'
import { isCount, isSame, itemsOf, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'

/** What was found before the report and must be in it. */
export class FindingsOnRecord {
  #inspected: readonly unknown[] = []
  #late: unknown[] = []
  readonly #accepted = new Set<unknown>()
  /** Of these, the ones that occurred. */
  readonly #recorded = new Set<unknown>()

  started({ accept }: Untrusted<JournalData['run-started' | 'run-resumed']>): void {
    for (const code of itemsOf(accept)) this.#accepted.add(code)
    this.#late = []
  }

  inspected({ findings }: Untrusted<JournalData['inspection']>): void {
    this.#inspected = itemsOf(findings)
    this.#late = []
  }

  accepted({ code }: Untrusted<JournalData['acceptance']>): void {
    this.#accepted.add(code)
    this.#recorded.add(code)
  }

  found(finding: Untrusted<JournalData['finding']>): void {
    this.#late.push(finding)
  }

  /** What was found before a job was at work was found by the inspection. */
  worked(): void {
    this.#late = []
  }

  /** Says why a report is not that of these findings. */
  report({ findings: given, accepted, outcome }: Untrusted<JournalData['report']>): string | undefined {
    const findings = itemsOf(given)
    if (!isSame(findings, [...this.#inspected, ...this.#late])) {
      return 'is a report with other findings than are on record'
    }
    const claimed = itemsOf(accepted)
    const acceptable = findings
      .map(membersOf)
      .filter(
        ({ severity, code }) => severity === 'blocker' || (unansweredFindings.has(code) && claimed.includes(code)),
      )
    const codes = [...new Set(acceptable.map(({ code }) => code))]
    // What came up during the run and was not accepted leaves it incomplete.
    const isLeftOpen = (code: unknown) => outcome === 'incomplete' && !this.#recorded.has(code)
    const known = codes.filter((code) => claimed.includes(code) || !isLeftOpen(code))
    if (!isSame(claimed, known)) return 'is a report that accepts other blockers than it names'
    const unknown = known.find((code) => !this.#accepted.has(code))
    return unknown === undefined ? undefined : `is a report that accepts ${quoted(unknown)}, which nobody accepted`
  }
}

/** Why a report cannot say of itself what it says; it may always say that the run is incomplete. */
export function contradictionOfOutcome({
  outcome,
  dryRun,
  counts,
  coverage,
  remediations,
  inventory,
  accepted,
  findings,
}: Untrusted<JournalData['report']>): string | undefined {
  if (outcome === 'incomplete') return undefined
  if (outcome !== 'complete' && outcome !== 'nothing-expected') {
    return `is a report whose outcome is ${quoted(outcome)}`
  }
  const { expected, held, repaired } = membersOf(counts)
  const isWhole = isCount(held) && isCount(repaired) && held + repaired === expected
  if (!isWhole) return `is a report that says ${outcome}, and counts recordings that are not under the hold`
  if ((expected === 0) !== (outcome === 'nothing-expected')) {
    return `is a report that says ${outcome}, and expects ${counted(expected as number, 'recording')}`
  }
  if (membersOf(coverage).proven !== true) return `is a report that says ${outcome}, and proves no coverage`
  const { objects: byInventory = 0 } = membersOf(inventory)
  if (byInventory !== 0 && !itemsOf(accepted).includes('inventory-is-proof')) {
    return `is a report that says ${outcome}, and rests on an inventory that nobody accepted as proof`
  }
  const codes = itemsOf(findings).map((finding) => membersOf(finding).code)
  const open = codes.find((code) => unansweredFindings.has(code) && !itemsOf(accepted).includes(code))
  if (open !== undefined) return `is a report that says ${outcome}, and nobody accepted ${quoted(open)}`
  const { planned } = membersOf(remediations)
  return dryRun === true && planned !== 0 ? `is a report that says ${outcome}, and repairs are only planned` : undefined
}

/** Why a report cannot be that of an attempt. */
export function contradictionOfAttempt(
  { remediations }: Untrusted<JournalData['report']>,
  attempt: number,
): string | undefined {
  const { forcedRetries } = membersOf(remediations)
  if (forcedRetries === Math.max(0, attempt)) return undefined
  return `is a report of ${quoted(forcedRetries)} forced retries, and ${Math.max(0, attempt)} are on record`
}
