import { LegalHoldError } from '../model/errors.js'
import type { Journal } from '../ports/journal.js'

/** What writes into a journal without being a run, by the id that its records bear. */
const own: Readonly<Record<string, string>> = {
  release: 'a release',
  remediate: 'a repair outside of a run',
}

/** What the records of this id are of, where they are not of a run. */
export function ownJournalOf(runId: string): string | undefined {
  return Object.hasOwn(own, runId) ? own[runId] : undefined
}

/**
 * Checks the journal of a separate release or repair before its first record. One journal is the record of one
 * run. With any other record in it that run could neither be resumed nor sealed.
 *
 * @throws LegalHoldError `CHECKPOINT_MISMATCH`
 */
export async function requireJournalWithoutRun(journal: Journal | undefined, what: keyof typeof own): Promise<void> {
  if (journal === undefined) return
  for await (const { runId } of journal.entries()) {
    if (ownJournalOf(runId) !== undefined) return
    throw new LegalHoldError(
      `The journal is the record of a run (${runId}), and ${own[what]} needs its own journal. Name another journal.`,
      { code: 'CHECKPOINT_MISMATCH', stage: 'journal', details: { runId, differences: ['run'] } },
    )
  }
}
