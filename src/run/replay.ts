import { LegalHoldError } from '../model/errors.js'
import type { JournalRecord } from '../model/record.js'
import type { ObjectOutcome, ObjectPlace, Remediation, RepairEstimate, VerdictKind } from '../model/verdict.js'
import type { RecordingLedger } from '../stages/account/ledger.js'
import type { SeenObjects } from '../stages/discover/discover.js'
import type { Tally } from './tally.js'

/** What a verdict's record says, as far as a resumed run needs it (`objectRecord` writes it). */
interface JournalledVerdict {
  readonly object: { readonly key: string }
  readonly place: ObjectPlace
  readonly verdict: VerdictKind
  readonly outcome: ObjectOutcome
  readonly reason?: string | undefined
  readonly remediation?: Remediation['outcome'] | undefined
  readonly actions: readonly string[]
  readonly estimate?: RepairEstimate | undefined
  readonly before?: JournalledState | undefined
  readonly after?: JournalledState | undefined
}

interface JournalledState {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  readonly sizeBytes?: number | undefined
}

/** Where the account of a run is kept. */
export interface Account {
  readonly ledger: RecordingLedger
  readonly tally: Tally
  /** States of objects that need not be read again. */
  readonly seen: SeenObjects
  /** States of objects that are done with, held or repaired or beyond repair; only where repairs come later. */
  readonly done: SeenObjects
  /** Whether an object that carried the hold is done with. */
  readonly heldIsDone: boolean
}

/**
 * Enters what a former part of the run found out about one object, as if it had been found out now.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` for a record that holds what this library writes into none
 */
export function replayVerdict(data: JournalRecord['data'], account: Account): void {
  try {
    replay(data, account)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new LegalHoldError(
      `A verdict in the journal holds what no verdict holds: ${error.message}. Keep the journal as it is, and begin a new one.`,
      { code: 'JOURNAL_CORRUPT', stage: 'journal', cause: error },
    )
  }
}

function replay(data: JournalRecord['data'], account: Account): void {
  const { ledger, tally, seen, done, heldIsDone } = account
  const { object, place, verdict, outcome, reason, remediation, actions, estimate, before, after } =
    data as unknown as JournalledVerdict
  tally.judged({ key: object.key, verdict, outcome, state: after ?? before })
  tally.count(verdict, remediation, actions, estimate)
  // Where no list names it, a recording is known by what is entered of it.
  ledger.enter(object.key, place, outcome, reason, ledger.isFresh(before ?? {}), after?.sizeBytes ?? before?.sizeBytes)
  ledger.know(object.key, place, tally.found(object.key, place))
  // Without a state it was not read, so it is read again.
  for (const state of [before, after]) {
    if (state === undefined) continue
    seen.add({ key: object.key, ...state })
    if (remediation !== undefined || (verdict === 'held' && heldIsDone)) done.add({ key: object.key, ...state })
  }
}
