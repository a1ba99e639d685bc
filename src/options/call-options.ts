import { OptionCheck } from '../internal/option-check.js'
import type { Source } from '../internal/streams/source.js'
import type { ObjectRef } from '../model/object.js'
import type { ExportJob } from '../model/platform.js'
import type { CallOptions } from '../ports/runtime.js'
import { checkNames, isOptionalFlag, isPort, isRecord } from './checks.js'

/**
 * What each method of the exporter may be given beside `signal`. One that takes nothing else may be given whatever has a
 * signal: there is nothing to be misspelt that would change what it does.
 */
const namesOf = {
  inspectProfile: [],
  inspect: [],
  createJob: [],
  waitForJob: ['deadlineMs', 'minIntervalMs', 'maxIntervalMs', 'onProgress'],
  validate: [],
  remediate: ['dryRun'],
  release: ['reason', 'allowUnlock', 'dryRun', 'releaseSource', 'onSourceReleased'],
  reconcile: [],
  run: ['onEvent', 'dryRun', 'evidence', 'journal', 'onFinish'],
} as const

/**
 * Checks the options of one call and reports all mistakes at once. A `dryrun` that nobody reads would be a run
 * that changes objects.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, with `details.mistakes`
 */
export function checkCallOptions(method: keyof typeof namesOf, options: unknown): void {
  const mistakes = new OptionCheck(`The options of ${method}`)
  const { check } = mistakes
  const given = isRecord(options) ? options : {}
  check(options === undefined || isRecord(options), 'options', 'must be an object')
  const names: readonly string[] = namesOf[method]
  if (names.length > 0) checkNames(given, ['signal', ...names], '', check)
  const { signal, onEvent, onProgress, onSourceReleased, dryRun, evidence, journal, onFinish } = given
  const areFunctions = [onFinish ?? []].flat().every((one) => typeof one === 'function')
  check(areFunctions, 'onFinish', 'must be a notifier, or a list of notifiers')
  const isSignal = signal === undefined || (isPort(signal, ['addEventListener']) && 'aborted' in (signal as object))
  check(isSignal, 'signal', 'must be an AbortSignal')
  for (const [path, listener] of Object.entries({ onEvent, onProgress, onSourceReleased })) {
    check(listener === undefined || typeof listener === 'function', path, 'must be a function')
  }
  check(isOptionalFlag(dryRun), 'dryRun', 'must be true or false')
  check(
    evidence === undefined || isPort(evidence, ['open', 'seal']),
    'evidence',
    'must be what evidenceBundle() returns',
  )
  check(journal === undefined || isPort(journal, ['append', 'entries']), 'journal', 'must be a Journal')
  mistakes.throwIfAny()
}

/** Objects to process: keys, references, or the verdicts of `validate`. */
export type ObjectSource = Source<string | ObjectRef>

/** Sources of `validate` and `remediate`: objects, a prefix, or a job. */
export type ValidationSource = ObjectSource | { readonly prefix: string } | ExportJob

/** Options of `waitForJob`. */
export interface WaitForJobOptions extends CallOptions {
  /** The longest total wait, in milliseconds. @defaultValue the exporter's `polling.deadlineMs` */
  readonly deadlineMs?: number | undefined
  readonly minIntervalMs?: number | undefined
  readonly maxIntervalMs?: number | undefined
  /** Called after every poll. Its errors are logged and ignored. */
  readonly onProgress?: ((job: ExportJob) => void) | undefined
}
