import { runWaits } from '../internal/waits/run-waits.js'
import { waitsOf } from '../internal/waits/waits.js'
import { LegalHoldError } from '../model/errors.js'
import type { NewRunEvent } from '../model/events.js'
import type { SealedEvidence } from '../model/evidence.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { EvidenceSink } from '../ports/evidence.js'
import { aloneOn } from './alone.js'
import { runOn, runOnJournal } from './journalled-run.js'
import type { RunExtras } from './run.js'
import { RunEnd } from './run-end.js'
import { emitter, type RunOptions } from './run-options.js'

type Emit = (event: NewRunEvent) => void

interface FinishedRun {
  readonly report: RunReport
  readonly sealed?: SealedEvidence
}

/** What is run, beside the options. */
interface Subject {
  readonly settings: Settings
  readonly request: ExportRequest
  readonly extras: RunExtras
}

/**
 * A run from its inspection to its seal. Whoever wants to know is told of its waits, and of its end.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED` with the report in its details, and what a run throws
 */
export async function runAndTell(
  settings: Settings,
  request: ExportRequest,
  options: RunOptions,
  extras: RunExtras = {},
): Promise<RunReport> {
  const emit = options.onEvent === undefined ? undefined : emitter(settings, options.onEvent)
  const waits = runWaits(options.signal, settings, emit)
  const inner = { ...options, signal: waits.signal }
  const end = new RunEnd(settings, request, inner)
  try {
    const subject = { settings, request, extras }
    const { report, sealed } = await sealedRun(subject, inner, emit).catch(async (error: unknown) => {
      await end.failed(error)
      throw error
    })
    await end.finished(report, sealed)
    return report
  } finally {
    waits.end()
  }
}

async function sealedRun(subject: Subject, options: RunOptions, emit: Emit | undefined): Promise<FinishedRun> {
  const { settings, request, extras } = subject
  const { evidence } = options
  if (evidence === undefined) return { report: await runOnJournal(settings, request, options, extras) }
  const journal = options.journal ?? settings.journal
  const run = () => runAndSeal(subject, { ...options, evidence, journal }, emit)
  // From before the evidence reads it: what another run wrote would be missing there, or be too much.
  return journal === undefined ? run() : aloneOn(journal, run)
}

/** @param options `journal`: that of the run, on which it is alone */
async function runAndSeal(
  { settings, request, extras }: Subject,
  { evidence, ...options }: RunOptions & { readonly evidence: EvidenceSink },
  emit: Emit | undefined,
): Promise<FinishedRun> {
  const { signal } = options
  const journal = await evidence.open(options.journal, { signal })
  const inner = { ...options, evidence, journal }
  const report =
    journal === options.journal
      ? await runOn(settings, request, inner, { ...extras, journal })
      : await runOnJournal(settings, request, inner, extras)
  const end = waitsOf(signal)?.slow?.begin('report', 'evidence', 'it is being written and signed')
  const sealed = await evidence
    .seal(journal, { signal, clock: settings.clock })
    .catch((error: unknown) => {
      throw notSealed(error, report, signal)
    })
    .finally(() => end?.end())
  emit?.({ type: 'sealed', evidence: sealed })
  return { report, sealed }
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
  // Sealed by itself, it would be compared with nothing.
  const isCorrupt = LegalHoldError.isInstance(error) && error.code === 'JOURNAL_CORRUPT'
  const remedy = isCorrupt
    ? 'Keep the journal as it is, and run again with a new one.'
    : 'The journal is complete: seal it again with sealEvidence().'
  return new LegalHoldError(
    `The run is finished and its report is in details.report, but its evidence could not be sealed: ${why} ${remedy}`,
    { code: 'EVIDENCE_NOT_SEALED', stage: 'report', details: { report }, cause: error },
  )
}
