import { observe } from '../internal/observe.js'
import { serverName } from '../internal/server-name.js'
import type { RunIdentity } from '../journal/record-data.js'
import type { NewRunEvent, RunEvent } from '../model/events.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { EvidenceSink } from '../ports/evidence.js'
import type { Journal } from '../ports/journal.js'
import type { Notifier } from '../ports/notifier.js'

/** Options of one run. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Called for every event. Its errors are logged and ignored. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined
  /**
   * Export and validate, but change no object, setting or protection. Repairs are only planned. An earlier job of
   * ours for the same request is reused, since an export rewrites every object.
   *
   * @defaultValue false
   */
  readonly dryRun?: boolean | undefined
  /**
   * Turns the run's journal into evidence that others can verify: `evidenceBundle({ dir, signer })` of
   * `genesys-legal-hold-exporter/node`. A finished run that cannot be sealed rejects with `EVIDENCE_NOT_SEALED`, and its
   * report is in `details.report`.
   *
   * @defaultValue none
   */
  readonly evidence?: EvidenceSink | undefined
  /**
   * Record of everything that is observed and done, from which an interrupted run resumes.
   *
   * @defaultValue the exporter's own, if it has one
   */
  readonly journal?: Journal | undefined
  /**
   * Called at the end of the run and when it fails, with the result: `webhookNotifier`, `snsNotifier`,
   * `eventBridgeNotifier` of `genesys-legal-hold-exporter/node`, or your own. Its errors are logged and change
   * nothing. The run waits for notifiers at most one minute.
   *
   * @defaultValue none
   */
  readonly onFinish?: Notifier | readonly Notifier[] | undefined
}

/** What makes two runs the same. */
export function identityOf(settings: Settings, request: ExportRequest, options: RunOptions): RunIdentity {
  const { hold, requirements, platform, storage } = settings
  return {
    request,
    hold,
    requirements,
    dryRun: options.dryRun ?? false,
    platform: { name: platform.name, region: platform.region },
    storage: { name: storage.name, bucket: storage.bucket, endpoint: serverName(storage.endpoint) },
  }
}

/** An observer that throws must not fail the run that it watches. */
export function emitter(settings: Settings, onEvent: RunOptions['onEvent']): (event: NewRunEvent) => void {
  if (onEvent === undefined) return () => {}
  return (event) => {
    const at = new Date(settings.clock.now()).toISOString()
    observe(onEvent, { ...event, at }, 'onEvent', settings.logger)
  }
}
