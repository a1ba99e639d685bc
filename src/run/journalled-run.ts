import { waitsOf } from '../internal/waits/waits.js'
import { readCheckpoint, requireSameRun } from '../journal/checkpoint.js'
import { LegalHoldError } from '../model/errors.js'
import { contradictsItself, type RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import { isPort } from '../options/checks.js'
import type { Settings } from '../options/exporter-options.js'
import type { Journal } from '../ports/journal.js'
import { Run, type RunExtras } from './run.js'
import { emitter, identityOf, type RunOptions } from './run-options.js'

// Two runs on one journal would each take the other's records for its own.
const inUse = new WeakSet<Journal>()

/**
 * Runs, or resumes the run that the journal records.
 *
 * @throws LegalHoldError `CHECKPOINT_MISMATCH`, `JOURNAL_LOCKED`, `JOURNAL_CORRUPT`, and what a run throws
 */
export async function runOnJournal(
  settings: Settings,
  request: ExportRequest,
  options: RunOptions,
  extras: RunExtras = {},
): Promise<RunReport> {
  const journal = options.journal ?? settings.journal
  if (journal === undefined) return new Run(settings, request, options, extras).execute()
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
    await journal.open?.()
    const report = await goOn(settings, request, options, { journal, ...extras })
    await journal.close?.()
    return report
  } catch (error) {
    // What stopped the run is what is reported.
    await journal.close?.().catch(() => {})
    throw error
  } finally {
    inUse.delete(journal)
  }
}

async function goOn(
  settings: Settings,
  request: ExportRequest,
  options: RunOptions,
  { journal, ...extras }: RunExtras & { readonly journal: Journal },
): Promise<RunReport> {
  const emit = emitter(settings, options.onEvent)
  // A journal of a million records is read for some seconds before it is known what runs.
  const end = waitsOf(options.signal)?.slow?.begin('journal', 'journal of the run', 'it is being read')
  const checkpoint = await readCheckpoint(journal, { signal: options.signal }).finally(() => end?.end())
  if (checkpoint !== undefined) requireSameRun(checkpoint, identityOf(settings, request, options))
  const report = checkpoint?.report
  if (checkpoint === undefined || report === undefined) {
    return new Run(settings, request, options, { journal, checkpoint, ...extras }).execute()
  }
  if (contradictsItself(report)) {
    throw new LegalHoldError(`The journal holds a report that says ${report.outcome} although its own counts do not.`, {
      code: 'JOURNAL_CORRUPT',
      stage: 'report',
    })
  }
  const { runId, resumes, verdicts } = checkpoint
  emit({ type: 'run-resumed', runId, resumed: resumes, verdicts, finished: true })
  emit({ type: 'run-finished', report })
  return report
}
