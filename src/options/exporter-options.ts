import { systemClock } from '../internal/clock.js'
import { withDefaults } from '../internal/defaults.js'
import { loggerOf } from '../internal/logging.js'
import { type Check, OptionCheck } from '../internal/option-check.js'
import type { RetryOptions } from '../internal/retry.js'
import { LegalHoldError } from '../model/errors.js'
import type { FindingCode } from '../model/findings.js'
import { checkHold, type LegalHold } from '../model/hold.js'
import type { Residency } from '../model/inspection.js'
import { type PriceTable, s3Prices } from '../model/prices.js'
import type { ExportRequest, MediaType } from '../model/request.js'
import { defaultRequirements, type HoldRequirements } from '../model/requirements.js'
import type { Journal } from '../ports/journal.js'
import type { RecordingPlatform } from '../ports/platform.js'
import type { RetentionPolicyAdapter } from '../ports/retention.js'
import type { Clock, Logger } from '../ports/runtime.js'
import type { StorageAdapter } from '../ports/storage.js'
import { type Acceptance, acceptancesOf } from './acceptance.js'
import { checkNames, isOptionalFlag, isPort, isRecord, isText, valueText } from './checks.js'
import { type LandingOptions, landingDefaults } from './landing.js'
import { type PollingOptions, pollingDefaults } from './polling.js'
import { type ReconciliationOptions, type ReconciliationSettings, reconciliationSettings } from './reconciliation.js'
import { type RemediationOptions, type RepairOptions, remediationDefaults } from './remediation.js'
import { checkRequirements, lowerCaseNames } from './requirements.js'

/** How much work is done at once. */
export interface ConcurrencyOptions {
  /**
   * Objects read and repaired at once. Up to a quarter more are under way while some wait for the journal.
   *
   * @defaultValue 64
   */
  readonly objects?: number | undefined
  /** Folders listed in parallel. @defaultValue 8 */
  readonly folders?: number | undefined
}

type Partially<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Options of `LegalHoldExporter`. */
export interface LegalHoldExporterOptions extends Partially<LandingOptions>, ReconciliationOptions {
  /** The Genesys Cloud side: `RecordingJobsPlatform`, `BulkExportsPlatform`, or your own. */
  readonly platform: RecordingPlatform
  /** Where the recordings land: `S3StorageAdapter`, or your own. */
  readonly storage: StorageAdapter
  /** Policies that may delete, expire or strip the recordings. Several may be given. @defaultValue none */
  readonly retention?: RetentionPolicyAdapter | readonly RetentionPolicyAdapter[] | undefined
  readonly hold: LegalHold
  /** What each object must show. @defaultValue `{ metadata: { 'legal-hold-tag': hold.tag } }` */
  readonly requirements?: HoldRequirements | undefined
  /** Where data may lie. @defaultValue anywhere */
  readonly residency?: Residency | undefined
  readonly remediation?:
    | (Partially<RemediationOptions> & {
        /**
         * What the storage charges, for the cost in the report.
         *
         * @defaultValue `s3Prices`, the list prices of us-east-1
         */
        readonly prices?: PriceTable | undefined
      })
    | undefined
  /** Record of everything that is observed and done. @defaultValue none */
  readonly journal?: Journal | undefined
  /** A number is that of {@link ConcurrencyOptions.objects}. @defaultValue 64 */
  readonly concurrency?: number | ConcurrencyOptions | undefined
  /** For every request. Adapters with their own policy keep to it. */
  readonly retry?: RetryOptions | undefined
  /**
   * How long to wait for the first answer of each service, in milliseconds. A wrong host or a closed port is
   * reported after this time. An outage in the middle of a run is waited for longer.
   *
   * @defaultValue 15000
   */
  readonly connectTimeoutMs?: number | undefined
  readonly polling?: Partially<PollingOptions> | undefined
  /**
   * Cancel the jobs of a run that is aborted. Without it they continue, and the run finds them when it resumes with its
   * journal.
   *
   * @defaultValue false
   */
  readonly cancelJobOnAbort?: boolean | undefined
  /** Blockers that do not stop the run: codes, or codes with the reason, which is recorded. @defaultValue none */
  readonly accept?: readonly (FindingCode | Acceptance)[] | undefined
  /**
   * Read Genesys' audit trail: who deleted, exported, protected and unprotected recordings since the interval
   * began. It shows who deleted missing recordings, and is part of the report and the evidence. It needs
   * `audits:audit:view`.
   *
   * @defaultValue false
   */
  readonly audit?: boolean | undefined
  /**
   * Name agents and customers in the exceptions of the report. They are personal data.
   *
   * @defaultValue false
   */
  readonly includeParticipants?: boolean | undefined
  /** Who runs the export: a person or a service, in your own words. It goes into the journal and the report. */
  readonly operator?: string | undefined
  /**
   * The command or job that runs it, without secrets. It goes into the journal and the report.
   *
   * @defaultValue none
   */
  readonly command?: string | undefined
  /** How long before the interval a conversation with activity in it may have begun, in hours. @defaultValue 24 */
  readonly lookbackHours?: number | undefined
  readonly clock?: Clock | undefined
  /** `console`, or a logger of pino or winston, without an adapter. @defaultValue none */
  readonly logger?: Logger | undefined
}

/** Options with every default in its place. */
export interface Settings {
  readonly platform: RecordingPlatform
  readonly storage: StorageAdapter
  readonly retention: readonly RetentionPolicyAdapter[]
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly residency: Residency | undefined
  readonly remediation: RepairOptions
  readonly prices: PriceTable
  readonly journal: Journal | undefined
  readonly objectConcurrency: number
  readonly folderConcurrency: number
  readonly retry: RetryOptions | undefined
  readonly connectTimeoutMs: number
  readonly polling: PollingOptions
  readonly cancelJobOnAbort: boolean
  readonly landing: LandingOptions
  readonly reconciliation: ReconciliationSettings
  readonly accept: ReadonlySet<FindingCode>
  readonly acceptReasons: ReadonlyMap<FindingCode, string>
  readonly audit: boolean
  readonly includeParticipants: boolean
  readonly operator: string | undefined
  readonly command: string | undefined
  readonly lookbackHours: number
  readonly clock: Clock
  readonly logger: Logger | undefined
}

/**
 * Checks the options eagerly and reports all mistakes at once.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, with `details.mistakes`; `INVALID_HOLD` if the tag is the only mistake
 */
export function checkOptions(options: LegalHoldExporterOptions): Settings {
  const mistakes = new OptionCheck('The options of LegalHoldExporter')
  const { check } = mistakes
  const given: Partial<LegalHoldExporterOptions> = withoutMalformed(options, check)
  const now = isPort(given.clock, ['now']) ? (given.clock as Clock).now() : Date.now()
  checkNames(given, Object.keys(optionNames), '', check)
  check(isPort(given.platform, ['createJob', 'getJob']), 'platform', 'must be a RecordingPlatform')
  check(isPort(given.storage, ['head', 'list']), 'storage', 'must be a StorageAdapter')
  const retention = given.retention === undefined ? [] : [given.retention].flat()
  for (const [at, policy] of retention.entries()) {
    check(isPort(policy, ['evaluate']), `retention[${at}]`, 'must be a RetentionPolicyAdapter')
  }
  check(given.journal === undefined || isPort(given.journal, ['append', 'entries']), 'journal', 'must be a Journal')
  const concurrency = concurrencyOf(given.concurrency)
  for (const [name, value] of Object.entries(concurrency)) {
    check(Number.isInteger(value) && value >= 1 && value <= 10_000, `concurrency.${name}`, 'must be 1 to 10000')
  }
  const lookbackHours = given.lookbackHours ?? 24
  check(Number.isFinite(lookbackHours) && lookbackHours >= 0, 'lookbackHours', 'must be a number of hours')
  const accept = acceptancesOf(given.accept, check)
  const onConflict = given.remediation?.onConflict
  check(
    onConflict === undefined || onConflict === 'refuse' || onConflict === 'merge',
    'remediation.onConflict',
    "must be 'refuse' or 'merge'",
  )
  const versions = given.remediation?.versions
  check(
    versions === undefined || versions === 'current' || versions === 'all',
    'remediation.versions',
    "must be 'current' or 'all'",
  )
  check(
    versions !== 'all' || typeof given.storage?.listVersions === 'function',
    'remediation.versions',
    "can only be 'all' with a storage that lists versions",
  )
  checkNames(given.remediation ?? {}, [...Object.keys(remediationDefaults), 'prices'], 'remediation.', check)
  checkNames(given.polling ?? {}, Object.keys(pollingDefaults), 'polling.', check)
  checkNames(given.retry ?? {}, retryNames, 'retry.', check)
  if (isRecord(given.concurrency)) checkNames(given.concurrency, Object.keys(concurrency), 'concurrency.', check)
  checkPrices(given.remediation?.prices, check)
  checkDurations(given, check)
  const reconciliation = reconciliationSettings(
    given,
    {
      listsRecordings: given.platform?.capabilities?.listsExpectedRecordings === true,
      protectsSource: given.platform?.protectSource === true,
      readsText: typeof given.storage?.readText === 'function',
    },
    check,
  )
  checkRequirements(given.requirements, now, check)
  if (given.residency !== undefined) {
    const regions: unknown = given.residency?.regions
    check(
      Array.isArray(regions) && regions.every(isText),
      'residency.regions',
      'must be a list of AWS region names, e.g. residency: { regions: ["eu-west-1"] }',
    )
  }
  check(given.clock === undefined || isPort(given.clock, ['now', 'sleep']), 'clock', 'must be a Clock')
  const methods = ['debug', 'info', 'warn', 'error']
  check(given.logger === undefined || isPort(given.logger, methods), 'logger', `must have ${methods.join(', ')}`)
  for (const name of ['cancelJobOnAbort', 'audit', 'includeParticipants'] as const) {
    check(isOptionalFlag(given[name]), name, 'must be true or false')
  }
  for (const name of ['operator', 'command'] as const) {
    check(given[name] === undefined || isText(given[name]), name, 'must be a text that is not empty')
  }
  const { protectOriginal } = given.remediation ?? {}
  check(isOptionalFlag(protectOriginal), 'remediation.protectOriginal', 'must be true or false')
  const hold = holdOf(given.hold, mistakes)
  mistakes.throwIfAny()
  return {
    platform: options.platform,
    storage: options.storage,
    retention,
    hold,
    requirements: lowerCaseNames(options.requirements ?? defaultRequirements(hold)),
    residency: options.residency,
    prices: options.remediation?.prices ?? s3Prices,
    remediation: {
      ...withDefaults(remediationDefaults, options.remediation),
      allowOverwrite: accept.codes.has('versioning-off'),
    },
    journal: options.journal,
    objectConcurrency: concurrency.objects,
    folderConcurrency: concurrency.folders,
    retry: options.retry,
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    polling: withDefaults(pollingDefaults, options.polling),
    cancelJobOnAbort: options.cancelJobOnAbort ?? false,
    landing: withDefaults(landingDefaults, options),
    reconciliation,
    accept: accept.codes,
    acceptReasons: accept.reasons,
    audit: options.audit ?? options.platform.audit ?? false,
    includeParticipants: options.includeParticipants ?? false,
    operator: options.operator,
    command: options.command,
    lookbackHours,
    clock: options.clock ?? systemClock,
    logger: loggerOf(options.logger),
  }
}

/**
 * Only a wrong tag has its own code. With other mistakes beside it, it is one of several.
 *
 * @throws LegalHoldError `INVALID_HOLD`
 */
function holdOf(hold: LegalHold | undefined, mistakes: OptionCheck): LegalHold {
  try {
    return checkHold(hold as LegalHold)
  } catch (error) {
    if (mistakes.isFine || !(error instanceof LegalHoldError)) throw error
    const path = typeof hold === 'string' ? 'hold' : 'hold.tag'
    mistakes.add(path, `is not usable: ${error.message.replace(/\.$/, '')}`)
    return hold as LegalHold
  }
}

/** The options without those whose form is wrong, which are reported: what lies within them cannot be looked at. */
function withoutMalformed(options: unknown, check: Check): Partial<LegalHoldExporterOptions> {
  if (!isRecord(options)) {
    check(options === undefined || options === null, 'options', `must be an object, not ${valueText(options)}`)
    return {}
  }
  const given: Partial<LegalHoldExporterOptions> = options
  const { remediation, retry, polling, accept } = options
  const wrong = Object.entries({ remediation, retry, polling }).filter(
    ([, value]) => value !== undefined && !isRecord(value),
  )
  for (const [name, value] of wrong) check(false, name, `must be an object, not ${valueText(value)}`)
  const isList = accept === undefined || Array.isArray(accept)
  check(isList, 'accept', 'must be a list of finding codes')
  if (wrong.length === 0 && isList) return given
  const malformed = Object.fromEntries(wrong.map(([name]) => [name, undefined]))
  return { ...given, ...malformed, ...(isList ? {} : { accept: undefined }) }
}

function checkPrices(prices: unknown, check: Check): void {
  if (prices === undefined) return
  const classes = isRecord(prices) && isRecord(prices.classes) ? Object.values(prices.classes) : []
  const isPriced = (value: unknown) => isRecord(value) && Object.values(value).every(isPrice)
  const isTable =
    isRecord(prices) &&
    isText(prices.asOf) &&
    isPrice(prices.listsPer1000) &&
    isRecord(prices.classes) &&
    'STANDARD' in prices.classes
  check(
    isTable && classes.every(isPriced),
    'remediation.prices',
    'must be a PriceTable with at least the class STANDARD',
  )
}

function isPrice(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function concurrencyOf(given: LegalHoldExporterOptions['concurrency']): { objects: number; folders: number } {
  const defaults = { objects: 64, folders: 8 }
  if (given === undefined) return defaults
  return isRecord(given) ? withDefaults(defaults, given) : { ...defaults, objects: given as number }
}

function checkDurations(given: Partial<LegalHoldExporterOptions>, check: Check): void {
  const durations: Record<string, number | undefined> = {
    landingTimeoutMs: given.landingTimeoutMs,
    landingQuietMs: given.landingQuietMs,
    landingSettleMs: given.landingSettleMs,
    restoreTimeoutMs: given.restoreTimeoutMs,
    connectTimeoutMs: given.connectTimeoutMs,
    'polling.minIntervalMs': given.polling?.minIntervalMs,
    'polling.maxIntervalMs': given.polling?.maxIntervalMs,
    'polling.deadlineMs': given.polling?.deadlineMs,
    'polling.unknownStatePolls': given.polling?.unknownStatePolls,
    'retry.retries': given.retry?.retries,
    'retry.minDelayMs': given.retry?.minDelayMs,
    'retry.maxDelayMs': given.retry?.maxDelayMs,
    'retry.totalTimeoutMs': given.retry?.totalTimeoutMs,
  }
  for (const [path, value] of Object.entries(durations)) {
    check(value === undefined || (Number.isFinite(value) && value >= 0), path, 'must be a number of at least 0')
  }
}

// Records, so that the compiler asks for every name that is added to the type.
export const requestNames: Record<keyof ExportRequest, true> = {
  profileId: true,
  integrationId: true,
  interval: true,
  mediaTypes: true,
  messageTypes: true,
  conversationIds: true,
  divisionIds: true,
  format: true,
  includeSensitive: true,
}

// Written down, since the defaults lie beside what is only loaded for a run.
const retryNames: readonly (keyof RetryOptions)[] = ['retries', 'minDelayMs', 'maxDelayMs', 'totalTimeoutMs']

const optionNames: Record<keyof LegalHoldExporterOptions, true> = {
  platform: true,
  storage: true,
  retention: true,
  hold: true,
  requirements: true,
  residency: true,
  remediation: true,
  journal: true,
  concurrency: true,
  retry: true,
  connectTimeoutMs: true,
  polling: true,
  cancelJobOnAbort: true,
  audit: true,
  includeParticipants: true,
  operator: true,
  command: true,
  restoreTimeoutMs: true,
  maxConversationIds: true,
  accept: true,
  lookbackHours: true,
  landingTimeoutMs: true,
  landingQuietMs: true,
  landingSettleMs: true,
  reconciliation: true,
  onUnindexed: true,
  indexTimeoutMs: true,
  maxJobInterval: true,
  verifySidecars: true,
  clock: true,
  logger: true,
}

export const mediaTypes: ReadonlySet<unknown> = new Set<MediaType>(['call', 'chat', 'email', 'message', 'screen'])
