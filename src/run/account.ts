import type { ListedObject } from '../model/object.js'
import type { ObjectOutcome, ObjectPlace, Remediation, RepairEstimate, Verdict, VerdictKind } from '../model/verdict.js'
import type { RecordingLedger } from '../stages/account/ledger.js'
import { SeenObjects } from '../stages/discover/seen-objects.js'
import type { Processed } from '../stages/object/processed.js'
import type { Tally } from './tally.js'

/** A state of an object, as far as the account needs it. */
export interface EnteredState {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  readonly sizeBytes?: number | undefined
}

/** What became of one object, found out now or told by a journal. */
export interface ObjectEntry {
  readonly key: string
  readonly place: ObjectPlace
  readonly verdict: VerdictKind
  readonly provenBy?: Verdict['provenBy']
  readonly asOf?: string | undefined
  readonly outcome: ObjectOutcome
  readonly reason?: string | undefined
  readonly remediation?: Remediation['outcome'] | undefined
  readonly actions: readonly string[]
  readonly estimate?: RepairEstimate | undefined
  /** When the object had been written, before anything was done to it. */
  readonly lastModified?: string | undefined
  readonly before?: EnteredState | undefined
  readonly after?: EnteredState | undefined
  /** Whether a listing of this run brought it: then it was met, and its state is remembered as it was listed. */
  readonly isListed: boolean
}

/** What an account is made of. */
export interface AccountParts {
  readonly ledger: RecordingLedger
  readonly tally: Tally
  /** Whether repairs come later, and skip finished objects. */
  readonly isSwept: boolean
  /** Whether an object that carries the hold needs no further look: its former versions may be due. */
  readonly heldIsDone: boolean
}

/** The one door into the account of a run: whatever is to know of an object learns of it here, live and resumed alike. */
export class Account {
  /**
   * States of objects that need not be read again, those among them that the run wrote itself, and, only if repairs come later,
   * those that are done with: held, repaired or beyond repair.
   */
  readonly seen = new SeenObjects()
  readonly #parts: AccountParts

  constructor(parts: AccountParts) {
    this.#parts = parts
  }

  /** An object was found; what becomes of it may never be entered. */
  meet(key: string, place: ObjectPlace): void {
    const { ledger, tally } = this.#parts
    ledger.know(key, place, tally.found(key, place))
  }

  /** Enters what became of an object. */
  enter(entry: ObjectEntry): void {
    const { ledger, tally } = this.#parts
    const { key, place, verdict, outcome, reason, before, after, provenBy, asOf } = entry
    tally.judged({ key, verdict, outcome, state: after ?? before, provenBy, asOf })
    tally.count(verdict, entry.remediation, entry.actions, entry.estimate)
    const isFresh = ledger.isFresh({ lastModified: entry.lastModified })
    // Not as it was listed: a rewritten object may be of another size by now.
    const sizeBytes = after?.sizeBytes ?? before?.sizeBytes
    ledger.enter(key, place, outcome, { reason, isFresh, sizeBytes })
    // Where no list names it, a recording is known by what is entered of it. What was listed is met before it is looked at.
    if (!entry.isListed) this.meet(key, place)
    this.#remember(entry)
  }

  /** Whether the run wrote the object as it is listed: that is no arrival. */
  isWritten(object: ListedObject): boolean {
    return this.seen.isWritten(object)
  }

  /** Whether the repairs that come later need not look at the object. */
  isDone(object: ListedObject): boolean {
    return this.seen.isDone(object)
  }

  #remember({ key, verdict, remediation, before, after, isListed }: ObjectEntry): void {
    const { isSwept, heldIsDone } = this.#parts
    const isDone = isSwept && (remediation !== undefined || (verdict === 'held' && heldIsDone))
    // Without a state it was not read, so it is read again.
    if (before !== undefined) {
      const found = { key, etag: before.etag, lastModified: before.lastModified }
      if (!isListed) this.seen.add(found)
      if (isDone) this.seen.addDone(found)
    }
    if (after === undefined) return
    this.seen.addWritten({ key, etag: after.etag, lastModified: after.lastModified }, isDone)
  }
}

/** The entry of an object that was dealt with just now. Pure. */
export function entryOf(
  { verdict, remediation, outcome, reason }: Processed,
  place: ObjectPlace,
  found: Pick<ListedObject, 'lastModified'>,
  isListed: boolean,
): ObjectEntry {
  return {
    key: verdict.object.key,
    place,
    verdict: verdict.verdict,
    provenBy: verdict.provenBy,
    asOf: verdict.asOf,
    outcome,
    reason,
    remediation: remediation?.outcome,
    actions: remediation?.steps.map(({ action }) => action) ?? [],
    estimate: remediation?.estimate,
    lastModified: found.lastModified ?? verdict.state?.lastModified,
    before: remediation?.before ?? verdict.state,
    after: remediation?.after,
    isListed,
  }
}
