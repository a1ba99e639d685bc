import { LegalHoldError } from '../model/errors.js'
import { isPort } from '../options/checks.js'
import type { Journal } from '../ports/journal.js'

// Two runs on one journal would each take the other's records for its own.
const inUse = new WeakSet<Journal>()

/**
 * Does work on a journal that no other run of this process writes meanwhile.
 *
 * @throws LegalHoldError `JOURNAL_LOCKED`, `INVALID_OPTIONS` for what is no journal, and what the work throws
 */
export async function aloneOn<T>(journal: Journal, work: () => Promise<T>): Promise<T> {
  if (!isPort(journal, ['append', 'entries'])) {
    throw new LegalHoldError('The option `journal` of run must be a Journal.', {
      code: 'INVALID_OPTIONS',
      stage: 'options',
    })
  }
  if (inUse.has(journal)) {
    throw new LegalHoldError(
      'Another run of this process is writing this journal. Wait for it, or use another journal.',
      {
        code: 'JOURNAL_LOCKED',
        stage: 'journal',
      },
    )
  }
  inUse.add(journal)
  try {
    return await work()
  } finally {
    inUse.delete(journal)
  }
}
