import { waitsOf } from '../internal/waits/waits.js'
import { withinTime } from '../internal/waits/within-time.js'
import { LegalHoldError } from '../model/errors.js'
import type { SealedEvidence } from '../model/evidence.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { Notice, Notifier } from '../ports/notifier.js'
import type { RunOptions } from './run-options.js'

/** Longest time that the end of a run waits for those who are told of it. */
const longestMs = 60_000
const longestMessage = 500

/** Tells the notifiers what became of a run. None of them changes it. */
export class RunEnd {
  readonly #settings: Settings
  readonly #request: ExportRequest
  readonly #options: RunOptions

  constructor(settings: Settings, request: ExportRequest, options: RunOptions) {
    this.#settings = settings
    this.#request = request
    this.#options = options
  }

  async finished(report: RunReport, sealed: SealedEvidence | undefined): Promise<void> {
    const { outcome, counts, runId } = report
    const evidence = sealed && { fingerprint: sealed.fingerprint, statementSha256: sealed.statementSha256 }
    await this.#tell({ kind: 'run-finished', runId, outcome, counts, evidence })
  }

  async failed(error: unknown): Promise<void> {
    const isOurs = LegalHoldError.isInstance(error)
    const { message = String(error) } = (error ?? {}) as { readonly message?: string }
    const facts = isOurs
      ? { code: error.code, stage: error.stage, retryable: error.retryable, requestId: error.requestId }
      : { code: 'UNEXPECTED' as const, retryable: false }
    // What is not ours may quote anything.
    const shown = isOurs ? message.slice(0, longestMessage) : 'The run failed unexpectedly; its log says why.'
    await this.#tell({ kind: 'run-failed', error: { ...facts, message: shown } })
  }

  async #tell(facts: Pick<Notice, 'kind' | 'runId' | 'outcome' | 'counts' | 'evidence' | 'error'>): Promise<void> {
    const notifiers = [this.#options.onFinish ?? []].flat() as readonly Notifier[]
    if (notifiers.length === 0) return
    const { hold, storage, clock } = this.#settings
    const notice: Notice = {
      schemaVersion: 1,
      at: new Date(clock.now()).toISOString(),
      hold: { tag: hold.tag, ...(hold.matter === undefined ? {} : { matter: hold.matter }) },
      bucket: storage.bucket,
      interval: this.#request.interval,
      dryRun: this.#options.dryRun ?? false,
      ...facts,
    }
    await Promise.all(notifiers.map((notifier) => this.#tellOne(notifier, notice)))
  }

  async #tellOne(notifier: Notifier, notice: Notice): Promise<void> {
    const told = waitsOf(this.#options.signal)?.slow?.begin('report', 'a notifier', 'it is told of the end of the run')
    const late = () => new Error(`A notifier did not end within ${longestMs / 1_000} s.`)
    try {
      // A run that was aborted is told of anyway: its signal would end this at once.
      await withinTime(async (signal) => notifier(notice, { signal }), { timeoutMs: longestMs, late, stage: 'report' })
    } catch (error) {
      this.#settings.logger?.warn('A notifier of the run failed; the run is what it was.', { err: error })
    } finally {
      told?.end()
    }
  }
}
