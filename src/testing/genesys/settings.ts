import { hourMs } from '../../internal/durations.js'
import type { FolderPadding } from './delivery/layout.js'

/** How the simulated platform behaves. All of it may be changed while the simulator runs. */
export interface SimulatorSettings {
  /** How far the index lags behind the clock. @defaultValue 172800000, the documented 48 hours */
  indexLagMs: number
  timings: SimulatorTimings
  /** Requests a minute and token. @defaultValue 300 */
  rateLimitPerMinute: number
  /** @defaultValue 86400000 */
  tokenTtlMs: number
  /** What refuses a third job; which of these Genesys sends is unknown. @defaultValue 429 */
  slotRefusalStatus: 429 | 400 | 409
  /** Jobs that may be pending or processing. @defaultValue 2 */
  jobSlots: number
  /** Recordings, picked by their ids, that land after the job says FULFILLED. @defaultValue none */
  lateLanding: { share: number; delayMs: number }
  /** Every job that starts ends as FAILED with this message. @defaultValue undefined */
  failJobsWith: string | undefined
  /** Every job is reported in this state in place of its own, e.g. a state that no client knows. @defaultValue undefined */
  reportedState: string | undefined
  /** @defaultValue 'unpadded' */
  folderPadding: FolderPadding
  /** Whether a recording is gone once its `deleteDate` has passed, unless it is protected. @defaultValue false */
  enforceDeletion: boolean
  /** Conversations an organisation may protect. @defaultValue 1000 */
  protectionCap: number
  /**
   * Ids of conversations that PUT deletionprotection passes over, and answers as if it had protected them.
   *
   * @defaultValue none
   */
  silentlyUnprotected: readonly string[]
  /**
   * Redaction is on: a job that asks for sensitive recordings is refused to a client that may not view them.
   *
   * @defaultValue true
   */
  redaction: boolean
  /**
   * `GET /api/v2/authorization/divisionspermitted/paged/me` answers a client-credentials grant; whether Genesys does is not
   * documented.
   *
   * @defaultValue true
   */
  answersDivisionsPermitted: boolean
  /** PUT deletionprotection answers `failedUpdates`; before SDK 259 it answered nothing. @defaultValue true */
  reportFailedUpdates: boolean
}

/** How long things take, in milliseconds of the simulator's clock. */
export interface SimulatorTimings {
  /** From created to READY. @defaultValue 60000 */
  pendingMs: number
  /** From executed to FULFILLED. @defaultValue 60000 */
  processingMs: number
  /** Of a conversation details job, half of it QUEUED. @defaultValue 0 */
  analyticsMs: number
  /** Of an audit query, half of it Queued. @defaultValue 0 */
  auditMs: number
  /** How much later an archived recording lands. @defaultValue 0 */
  restoreMs: number
}

/** The settings to begin with; each has its default. */
export type SimulatorSettingsInit = {
  readonly [K in Exclude<keyof SimulatorSettings, 'timings'>]?: SimulatorSettings[K] | undefined
} & { readonly timings?: Partial<SimulatorTimings> | undefined }

/** Lays what is given over the defaults. */
export function settingsFrom(given: SimulatorSettingsInit): SimulatorSettings {
  return {
    indexLagMs: given.indexLagMs ?? 48 * hourMs,
    timings: { pendingMs: 60_000, processingMs: 60_000, analyticsMs: 0, auditMs: 0, restoreMs: 0, ...given.timings },
    rateLimitPerMinute: given.rateLimitPerMinute ?? 300,
    tokenTtlMs: given.tokenTtlMs ?? 24 * hourMs,
    slotRefusalStatus: given.slotRefusalStatus ?? 429,
    jobSlots: given.jobSlots ?? 2,
    lateLanding: { ...(given.lateLanding ?? { share: 0, delayMs: 0 }) },
    failJobsWith: given.failJobsWith,
    reportedState: given.reportedState,
    folderPadding: given.folderPadding ?? 'unpadded',
    enforceDeletion: given.enforceDeletion ?? false,
    protectionCap: given.protectionCap ?? 1_000,
    silentlyUnprotected: given.silentlyUnprotected ?? [],
    redaction: given.redaction ?? true,
    answersDivisionsPermitted: given.answersDivisionsPermitted ?? true,
    reportFailedUpdates: given.reportFailedUpdates ?? true,
  }
}
