import type { JournalData } from '../journal/records.js'
import type { Account } from './account.js'

/** Enters what a former part of the run found out about one object, as if it had been found out now. */
export function replayVerdict(data: JournalData['verdict'], account: Account): void {
  const { object, place, verdict, provenBy, asOf, outcome, reason, remediation, actions, estimate, before, after } =
    data
  account.enter({
    key: object.key,
    place,
    verdict,
    provenBy,
    asOf,
    outcome,
    reason,
    remediation,
    actions,
    estimate,
    lastModified: before?.lastModified,
    before,
    after,
    isListed: false,
  })
}
