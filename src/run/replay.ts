import { LegalHoldError } from '../model/errors.js'
import type { JournalRecord } from '../model/record.js'
import type { Account, ObjectEntry } from './account.js'

/** What a verdict's record says, as far as a resumed run needs it (`objectRecord` writes it). */
type JournalledVerdict = Omit<ObjectEntry, 'key' | 'lastModified' | 'isListed'> & {
  readonly object: { readonly key: string }
}

/**
 * Enters what a former part of the run found out about one object, as if it had been found out now.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` for a record that holds what this library writes into none
 */
export function replayVerdict(data: JournalRecord['data'], account: Account): void {
  try {
    account.enter(journalledEntry(data as unknown as JournalledVerdict))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new LegalHoldError(
      `A verdict in the journal holds what no verdict holds: ${error.message}. Keep the journal as it is, and begin a new one.`,
      { code: 'JOURNAL_CORRUPT', stage: 'journal', cause: error },
    )
  }
}

function journalledEntry(data: JournalledVerdict): ObjectEntry {
  const { place, verdict, outcome, reason, remediation, actions, estimate, before, after } = data
  return {
    key: data.object.key,
    place,
    verdict,
    outcome,
    reason,
    remediation,
    actions,
    estimate,
    lastModified: before?.lastModified,
    before,
    after,
    isListed: false,
  }
}
