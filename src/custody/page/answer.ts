import { counted, figure } from '../../internal/text/counted.js'
import { inventoryText } from '../../internal/text/inventory.js'
import type { RecordingState, RunReport } from '../../model/report.js'

/** States that leave the hold open, with the words for them, the gravest first. */
export const shortcomings: readonly (readonly [RecordingState, string])[] = [
  ['missing', 'missing'],
  ['conflicting', 'in conflict with another hold'],
  ['unreadable', 'not readable'],
  ['unrepaired', 'not repaired'],
  ['failedAtSource', 'failed at the source'],
  ['skippedAtSource', 'left out at the source'],
]

/**
 * The answer in one sentence: complete, or what is missing.
 *
 * @param otherHolds what stands on objects in conflict in place of this hold, if that is known
 */
export function answerOf(report: RunReport, otherHolds: readonly string[] = []): string {
  const { counts, coverage, hold, dryRun } = report
  const recordings = counted(counts.expected, 'recording')
  if (counts.expected === 0) return nothingMatched(report)
  if (report.outcome === 'complete') {
    const all =
      counts.expected === 1
        ? 'The 1 expected recording carries'
        : `All ${figure(counts.expected)} expected recordings carry`
    return `${all} the legal hold ${hold.tag}, companion files included.${byInventory(report)}${unmatched(report)}`
  }
  const open = counts.expected - counts.held - counts.repaired
  const list = shortcomings
    .filter(([state]) => counts[state] > 0)
    .map(([state, word]) => `${figure(counts[state])} ${word}${state === 'conflicting' ? namesOf(otherHolds) : ''}`)
  const missing =
    open === 0
      ? ''
      : `${figure(open)} of ${recordings} ${open === 1 ? 'is' : 'are'} not under the hold ${hold.tag}: ${list.join(', ')}.`
  const delivered = open === 0 ? `Every delivered recording carries the legal hold ${hold.tag}.` : ''
  const uncovered = coverage.proven ? '' : ` ${unproven(report)}`
  const dry = dryRun ? ' This was a dry run: repairs were planned and nothing was changed.' : ''
  return `${missing}${delivered}${uncovered}${byInventory(report)}${dry}${unmatched(report)}`
}

/** Every check of nothing passes: that must not read like a hold that is on something. */
function nothingMatched(report: RunReport): string {
  const beyond = report.coverage.proven ? 'Nothing is proven beyond that.' : unproven(report)
  return `No recording matched the request, so none was put under the legal hold ${report.hold.tag}. ${beyond}`
}

/** What the request names and nothing was found of. */
function unmatched({ findings }: RunReport): string {
  return findings.flatMap(({ code, message }) => (code === 'nothing-expected' ? [` ${message}`] : [])).join('')
}

/** What was not read. */
function byInventory({ inventory, accepted }: RunReport): string {
  if ((inventory?.objects ?? 0) === 0) return ''
  const said = accepted.includes('inventory-is-proof') ? 'accepted as proof' : 'not accepted as proof'
  return ` ${inventoryText(inventory)} This was ${said}.`
}

function unproven({ coverage }: RunReport): string {
  return `It is not proven that the list is complete: ${coverage.reason ?? 'unknown'}.`
}

/** The first of them by name. */
function namesOf(otherHolds: readonly string[]): string {
  const [first] = otherHolds
  if (first === undefined) return ''
  return ` (${first}${otherHolds.length === 1 ? '' : ` and ${figure(otherHolds.length - 1)} more`})`
}
