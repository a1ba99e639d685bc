import { LegalHoldError } from '../model/errors.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import { runOnJournal } from './journalled-run.js'
import type { RunExtras } from './run.js'
import { emitter, type RunOptions } from './run-options.js'

/**
 * Runs, or resumes what the journal records, and seals the evidence where the options ask for it.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED` with the report in its details, and what a run throws
 */
export async function runWithEvidence(
  settings: Settings,
  request: ExportRequest,
  options: RunOptions,
  extras: RunExtras = {},
): Promise<RunReport> {
  const { evidence, signal } = options
  if (evidence === undefined) return runOnJournal(settings, request, options, extras)
  const journal = await evidence.open(options.journal ?? settings.journal, { signal })
  const report = await runOnJournal(settings, request, { ...options, journal }, extras)
  const sealed = await evidence.seal(journal, { signal }).catch((error: unknown) => {
    throw notSealed(error, report, signal)
  })
  emitter(settings, options.onEvent)({ type: 'sealed', evidence: sealed })
  return report
}

function notSealed(error: unknown, report: RunReport, signal: AbortSignal | undefined): LegalHoldError {
  if (signal?.aborted) {
    return new LegalHoldError(
      'The run is finished and its report is in details.report, but it was aborted while its evidence was sealed. ' +
        'Run again with the same journal, or seal it with sealEvidence().',
      { code: 'ABORTED', stage: 'report', details: { report }, cause: signal.reason },
    )
  }
  const why = error instanceof Error ? error.message : String(error)
  return new LegalHoldError(
    `The run is finished and its report is in details.report, but its evidence could not be sealed: ${why} ` +
      'The journal is complete: seal it again with sealEvidence().',
    { code: 'EVIDENCE_NOT_SEALED', stage: 'report', details: { report }, cause: error },
  )
}
