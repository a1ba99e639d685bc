import { LegalHoldError } from './errors.js'
import { type FindingCode, findingCodes } from './findings.js'
import { checkHold, isHoldTag, type LegalHold } from './hold.js'
import { systemClock } from './internal/clock.js'
import { withDefaults } from './internal/defaults.js'
import { loggerOf } from './internal/logging.js'
import type { RetryOptions } from './internal/retry.js'
import type { Clock, Journal, Logger, RecordingPlatform, RetentionPolicyAdapter, StorageAdapter } from './ports.js'
import { type PriceTable, s3Prices } from './prices.js'
import type { ExportRequest, MediaType } from './request.js'
import { defaultRequirements, type HoldRequirements } from './requirements.js'
import type { Residency } from './stages/inspect.js'
import { type LandingOptions, landingDefaults } from './stages/landing-options.js'
import { type PollingOptions, pollingDefaults } from './stages/polling-options.js'
import {
  type ReconciliationOptions,
  type ReconciliationSettings,
  reconciliationSettings,
} from './stages/reconciliation-options.js'
import { type RemediationOptions, type RepairOptions, remediationDefaults } from './stages/remediation-options.js'

/** How much goes on at once. */
export interface ConcurrencyOptions {
  /** Objects read and repaired at once. @defaultValue 64 */
  readonly objects?: number | undefined
  /** Folders listed side by side. @defaultValue 8 */
  readonly folders?: number | undefined
}

type Partially<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Options of `LegalHoldExporter`. */
export interface LegalHoldExporterOptions extends Partially<LandingOptions>, ReconciliationOptions {
  /** The Genesys Cloud side: `RecordingJobsPlatform`, `BulkExportsPlatform`, or your own. */
  readonly platform: RecordingPlatform
  /** Where the recordings land: `S3StorageAdapter`, or your own. */
  readonly storage: StorageAdapter
  /** What would delete, expire or strip the recordings; several may be given. @defaultValue none */
  readonly retention?: RetentionPolicyAdapter | readonly RetentionPolicyAdapter[] | undefined
  readonly hold: LegalHold
  /** What each object must show. @defaultValue `{ metadata: { 'legal-hold-tag': hold.tag } }` */
  readonly requirements?: HoldRequirements | undefined
  /** Where data may lie. @defaultValue anywhere */
  readonly residency?: Residency | undefined
  readonly remediation?:
    | (Partially<RemediationOptions> & {
        /** What the storage charges; for the cost in the report. @defaultValue `s3Prices`, the list prices of us-east-1 */
        readonly prices?: PriceTable | undefined
      })
    | undefined
  /** Record of all that is observed and done. @defaultValue none */
  readonly journal?: Journal | undefined
  /** A number is the count of objects read and repaired at once. @defaultValue 64 */
  readonly concurrency?: number | ConcurrencyOptions | undefined
  readonly retry?: RetryOptions | undefined
  readonly polling?: Partially<PollingOptions> | undefined
  /**
   * Cancel the jobs of a run that is aborted. Without it they go on, and the run finds them when it goes on with its
   * journal.
   *
   * @defaultValue false
   */
  readonly cancelJobOnAbort?: boolean | undefined
  /** Codes of blockers that do not stop the run. @defaultValue none */
  readonly accept?: readonly FindingCode[] | undefined
  /** How long before the interval a conversation with activity in it may have begun, in hours. @defaultValue 24 */
  readonly lookbackHours?: number | undefined
  readonly clock?: Clock | undefined
  /** `console`, or a logger of pino or winston, as it is. @defaultValue none */
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
  readonly polling: PollingOptions
  readonly cancelJobOnAbort: boolean
  readonly landing: LandingOptions
  readonly reconciliation: ReconciliationSettings
  readonly accept: ReadonlySet<FindingCode>
  readonly lookbackHours: number
  readonly clock: Clock
  readonly logger: Logger | undefined
}

/** One mistake in options or a request. */
export interface Mistake {
  readonly path: string
  readonly problem: string
}

/**
 * Checks the options eagerly and reports all mistakes at once.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, with `details.mistakes`; `INVALID_HOLD` where the tag is the only mistake
 */
export function checkOptions(options: LegalHoldExporterOptions): Settings {
  const mistakes: Mistake[] = []
  const check = (right: boolean, path: string, problem: string) => {
    if (!right) mistakes.push({ path, problem })
  }
  const given: Partial<LegalHoldExporterOptions> = withoutMalformed(options, check)
  const now = isPort(given.clock, ['now']) ? (given.clock as Clock).now() : Date.now()
  checkNames(given, Object.keys(optionNames), '', check)
  check(isPort(given.platform, ['createJob', 'getJob']), 'platform', 'has to be a RecordingPlatform')
  check(isPort(given.storage, ['head', 'list']), 'storage', 'has to be a StorageAdapter')
  const retention = given.retention === undefined ? [] : [given.retention].flat()
  for (const [at, policy] of retention.entries()) {
    check(isPort(policy, ['evaluate']), `retention[${at}]`, 'has to be a RetentionPolicyAdapter')
  }
  check(given.journal === undefined || isPort(given.journal, ['append', 'entries']), 'journal', 'has to be a Journal')
  const concurrency = concurrencyOf(given.concurrency)
  for (const [name, value] of Object.entries(concurrency)) {
    check(Number.isInteger(value) && value >= 1 && value <= 10_000, `concurrency.${name}`, 'has to be 1 to 10000')
  }
  const lookbackHours = given.lookbackHours ?? 24
  check(Number.isFinite(lookbackHours) && lookbackHours >= 0, 'lookbackHours', 'has to be a number of hours')
  for (const code of given.accept ?? []) {
    check((findingCodes as readonly string[]).includes(code), 'accept', `${JSON.stringify(code)} is no finding code`)
  }
  const onConflict = given.remediation?.onConflict
  check(
    onConflict === undefined || onConflict === 'refuse' || onConflict === 'merge',
    'remediation.onConflict',
    "has to be 'refuse' or 'merge'",
  )
  const versions = given.remediation?.versions
  check(
    versions === undefined || versions === 'current' || versions === 'all',
    'remediation.versions',
    "has to be 'current' or 'all'",
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
    check(Array.isArray(regions) && regions.every(isText), 'residency.regions', 'has to be a list of AWS region names')
  }
  check(given.clock === undefined || isPort(given.clock, ['now', 'sleep']), 'clock', 'has to be a Clock')
  const methods = ['debug', 'info', 'warn', 'error']
  check(given.logger === undefined || isPort(given.logger, methods), 'logger', `has to have ${methods.join(', ')}`)
  check(isOptionalFlag(given.cancelJobOnAbort), 'cancelJobOnAbort', 'has to be true or false')
  const { protectOriginal } = given.remediation ?? {}
  check(isOptionalFlag(protectOriginal), 'remediation.protectOriginal', 'has to be true or false')
  const hold = holdOf(given.hold, mistakes)
  if (mistakes.length > 0) throw mistaken('INVALID_OPTIONS', 'The options of LegalHoldExporter', mistakes)
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
      allowOverwrite: options.accept?.includes('versioning-off') === true,
    },
    journal: options.journal,
    objectConcurrency: concurrency.objects,
    folderConcurrency: concurrency.folders,
    retry: options.retry,
    polling: withDefaults(pollingDefaults, options.polling),
    cancelJobOnAbort: options.cancelJobOnAbort ?? false,
    landing: withDefaults(landingDefaults, options),
    reconciliation,
    accept: new Set(options.accept ?? []),
    lookbackHours,
    clock: options.clock ?? systemClock,
    logger: loggerOf(options.logger),
  }
}

/**
 * The tag alone has a code of its own: with anything else wrong beside it, it is one mistake of several.
 *
 * @throws LegalHoldError `INVALID_HOLD`
 */
function holdOf(hold: LegalHold | undefined, mistakes: Mistake[]): LegalHold {
  try {
    return checkHold(hold as LegalHold)
  } catch (error) {
    if (mistakes.length === 0 || !(error instanceof LegalHoldError)) throw error
    mistakes.push({ path: 'hold.tag', problem: `is not usable: ${error.message.replace(/\.$/, '')}` })
    return hold as LegalHold
  }
}

/** The options without those whose form is wrong, which are reported: what lies within them cannot be looked at. */
function withoutMalformed(options: unknown, check: Check): Partial<LegalHoldExporterOptions> {
  if (!isRecord(options)) {
    check(options === undefined || options === null, 'options', 'have to be an object')
    return {}
  }
  const given: Partial<LegalHoldExporterOptions> = options
  const { remediation, retry, polling, accept } = options
  const wrong = Object.entries({ remediation, retry, polling }).filter(
    ([, value]) => value !== undefined && !isRecord(value),
  )
  for (const [name] of wrong) check(false, name, 'has to be an object')
  const isList = accept === undefined || Array.isArray(accept)
  check(isList, 'accept', 'has to be a list of finding codes')
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
    'has to be a PriceTable with at least the class STANDARD',
  )
}

function isPrice(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** Notes a mistake where something is not right. */
export type Check = (right: boolean, path: string, problem: string) => void

export function isOptionalFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}

/** A name that nobody reads is a wish that nobody heard: a typo must not silently widen or weaken anything. */
export function checkNames(value: object, known: readonly string[], path: string, check: Check): void {
  for (const name of Object.keys(value)) {
    check(known.includes(name), `${path}${name}`, `is not known; known are ${known.join(', ')}`)
  }
}

/** Whether a value has the methods of a port. */
export function isPort(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
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
    check(value === undefined || (Number.isFinite(value) && value >= 0), path, 'has to be a number of at least 0')
  }
}

const metadataNamePattern = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/i

function checkRequirements(requirements: HoldRequirements | undefined, now: number, check: Check): void {
  if (requirements === undefined) return
  if (!isRecord(requirements)) {
    check(false, 'requirements', 'have to be an object')
    return
  }
  checkNames(requirements, Object.keys(requirementNames), 'requirements.', check)
  const metadata = entriesOf(requirements.metadata, 'requirements.metadata', check)
  const tags = entriesOf(requirements.tags, 'requirements.tags', check)
  const names = metadata.map(([name]) => name.toLowerCase())
  for (const [name, value] of metadata) {
    const path = `requirements.metadata.${name}`
    check(metadataNamePattern.test(name), path, 'is no name of an HTTP header')
    check(
      isHoldTag(value) || /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value),
      path,
      'has to be printable ASCII without blanks at its ends',
    )
    // S3 knows no upper case in names: of two that differ by case only one could be met.
    const twice = names.filter((other) => other === name.toLowerCase()).length > 1
    check(!twice, path, 'stands there twice, but for upper and lower case')
  }
  for (const [name, value] of tags) {
    // Tag values of S3: letters, digits, space and + - = . _ : / @ (s3-facts, copy).
    check(/^[\p{L}\p{N} +\-=._:/@]{1,128}$/u.test(name), `requirements.tags.${name}`, 'is no key of an S3 tag')
    check(/^[\p{L}\p{N} +\-=._:/@]{1,256}$/u.test(value), `requirements.tags.${name}`, 'is no value of an S3 tag')
  }
  const { legalHold, retainUntilDate, retentionMode } = requirements
  check(isOptionalFlag(legalHold), 'requirements.legalHold', 'has to be true or false')
  if (retainUntilDate !== undefined) {
    const path = 'requirements.retainUntilDate'
    check(isInstant(retainUntilDate), path, 'has to be ISO 8601 with a time zone')
    if (isInstant(retainUntilDate)) check(Date.parse(retainUntilDate) > now, path, 'has passed')
  }
  check(
    retentionMode === undefined || retentionMode === 'GOVERNANCE' || retentionMode === 'COMPLIANCE',
    'requirements.retentionMode',
    "has to be 'GOVERNANCE' or 'COMPLIANCE'",
  )
  const asked = metadata.length + tags.length + (legalHold ? 1 : 0) + (retainUntilDate === undefined ? 0 : 1)
  check(asked > 0, 'requirements', 'require nothing, so every object would count as held')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function entriesOf(given: unknown, path: string, check: Check): [string, string][] {
  if (given === undefined) return []
  if (!isRecord(given)) {
    check(false, path, 'has to be an object of names and values')
    return []
  }
  const entries = Object.entries(given)
  for (const [name, value] of entries) check(typeof value === 'string', `${path}.${name}`, 'has to be a text')
  return entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}

/** S3 returns metadata names in lower case. */
function lowerCaseNames(requirements: HoldRequirements): HoldRequirements {
  if (requirements.metadata === undefined) return requirements
  const metadata = Object.fromEntries(
    Object.entries(requirements.metadata).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return { ...requirements, metadata }
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

function isInstant(text: unknown): text is string {
  if (typeof text !== 'string' || !instantPattern.test(text) || Number.isNaN(Date.parse(text))) return false
  // Date.parse takes 30 February for 2 March.
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

// Records, so that the compiler asks for every name that is added to the type.
const requestNames: Record<keyof ExportRequest, true> = {
  profileId: true,
  integrationId: true,
  interval: true,
  mediaTypes: true,
  messageTypes: true,
  conversationIds: true,
  format: true,
  includeSensitive: true,
}

// Written down, since the defaults lie beside what is only loaded for a run.
const retryNames: readonly (keyof RetryOptions)[] = ['retries', 'minDelayMs', 'maxDelayMs', 'totalTimeoutMs']

const requirementNames: Record<keyof HoldRequirements, true> = {
  metadata: true,
  tags: true,
  legalHold: true,
  retainUntilDate: true,
  retentionMode: true,
}

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
  polling: true,
  cancelJobOnAbort: true,
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

const mediaTypes: ReadonlySet<unknown> = new Set<MediaType>(['call', 'chat', 'email', 'message', 'screen'])

/**
 * Checks a request and returns it with its interval in UTC.
 *
 * @throws LegalHoldError `INVALID_REQUEST`, with `details.mistakes`
 */
export function checkRequest(request: ExportRequest, now: number): ExportRequest {
  const mistakes: Mistake[] = []
  const check: Check = (right, path, problem) => {
    if (!right) mistakes.push({ path, problem })
  }
  const given: Partial<ExportRequest> = request ?? {}
  checkNames(given, Object.keys(requestNames), '', check)
  check(isOptionalFlag(given.includeSensitive), 'includeSensitive', 'has to be true or false')
  check(given.format === undefined || isText(given.format), 'format', 'has to be a text')
  check(
    isText(given.profileId) || isText(given.integrationId),
    'profileId',
    'or integrationId has to name what exports the recordings',
  )
  const { start, end } = given.interval ?? {}
  for (const [path, value] of [
    ['interval.start', start],
    ['interval.end', end],
  ] as const) {
    const shown = (value as unknown) instanceof Date ? 'a Date: give its toISOString()' : JSON.stringify(value)
    check(isInstant(value), path, `has to be ISO 8601 with a time zone, not ${shown}`)
  }
  if (isInstant(start) && isInstant(end)) {
    check(Date.parse(start) < Date.parse(end), 'interval', `is reversed or empty: ${start} is not before ${end}`)
    check(Date.parse(end) <= now + futureToleranceMs, 'interval.end', `${end} lies in the future`)
  }
  if (given.mediaTypes !== undefined && given.mediaTypes !== 'digital') {
    const list: readonly unknown[] = Array.isArray(given.mediaTypes) ? given.mediaTypes : []
    check(list.length > 0, 'mediaTypes', "has to be 'digital' or a list of media, not empty")
    for (const type of list) {
      check(mediaTypes.has(type), 'mediaTypes', `${JSON.stringify(type)} is none of ${[...mediaTypes].join(', ')}`)
    }
  }
  for (const [path, list] of [
    ['messageTypes', given.messageTypes],
    ['conversationIds', given.conversationIds],
  ] as const) {
    if (list === undefined) continue
    check(Array.isArray(list) && list.length > 0 && list.every(isText), path, 'has to be a list of texts, not empty')
  }
  if (mistakes.length > 0) throw mistaken('INVALID_REQUEST', 'The request', mistakes)
  return { ...request, interval: { start: inUtc(request.interval.start), end: inUtc(request.interval.end) } }
}

// A minute, so that a client whose clock runs a little ahead can say "until now".
const futureToleranceMs = 60_000

function inUtc(instant: string): string {
  return new Date(instant).toISOString()
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function mistaken(
  code: 'INVALID_OPTIONS' | 'INVALID_REQUEST',
  what: string,
  mistakes: readonly Mistake[],
): LegalHoldError {
  const list = mistakes.map(({ path, problem }) => `${path} ${problem}`).join('; ')
  return new LegalHoldError(`${what} cannot be used: ${list}.`, { code, stage: 'options', details: { mistakes } })
}
