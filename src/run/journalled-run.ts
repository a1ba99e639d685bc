import { waitsOf } from '../internal/waits/waits.js'
import { readCheckpoint, requireSameRun } from '../journal/checkpoint.js'
import { LegalHoldError } from '../model/errors.js'
import { contradictsItself, type RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { Journal } from '../ports/journal.js'
import { aloneOn } from './alone.js'
import { Run, type RunExtras } from './run.js'
import { emitter, identityOf, type RunOptions } from './run-options.js'

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
  return aloneOn(journal, () => runOn(settings, request, options, { journal, ...extras }))
}

/**
 * The same, where the caller has made sure that the run is alone on the journal.
 *
 * @throws LegalHoldError `CHECKPOINT_MISMATCH`, `JOURNAL_LOCKED`, `JOURNAL_CORRUPT`, and what a run throws
 */
export async function runOn(
  settings: Settings,
  request: ExportRequest,
  options: RunOptions,
  extras: RunExtras & { readonly journal: Journal },
): Promise<RunReport> {
  const { journal } = extras
  try {
    await journal.open?.()
    const report = await goOn(settings, request, options, extras)
    await journal.close?.()
    return report
  } catch (error) {
    // What stopped the run is what is reported.
    await journal.close?.().catch(() => {})
    throw error
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
