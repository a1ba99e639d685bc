import { LegalHoldError } from './errors.js'
import { type FindingCode, findingCodes } from './findings.js'
import { checkHold, isHoldTag, type LegalHold } from './hold.js'
import { systemClock } from './internal/clock.js'
import { withDefaults } from './internal/defaults.js'
import type { RetryOptions } from './internal/retry.js'
import type { Clock, Journal, Logger, RecordingPlatform, RetentionPolicyAdapter, StorageAdapter } from './ports.js'
import type { ExportRequest, MediaType } from './request.js'
import { defaultRequirements, type HoldRequirements } from './requirements.js'
import { type PollingOptions, pollingDefaults } from './stages/export.js'
import type { Residency } from './stages/inspect.js'
import { type LandingOptions, landingDefaults } from './stages/landing.js'
import {
  type ReconciliationOptions,
  type ReconciliationSettings,
  reconciliationSettings,
} from './stages/reconciliation-options.js'
import { type RemediationOptions, type RepairOptions, remediationDefaults } from './stages/remediate.js'

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
  readonly remediation?: Partially<RemediationOptions> | undefined
  /** Record of all that is observed and done. @defaultValue none */
  readonly journal?: Journal | undefined
  /** A number is the count of objects read and repaired at once. @defaultValue 64 */
  readonly concurrency?: number | ConcurrencyOptions | undefined
  readonly retry?: RetryOptions | undefined
  readonly polling?: Partially<PollingOptions> | undefined
  /** Codes of blockers that do not stop the run. @defaultValue none */
  readonly accept?: readonly FindingCode[] | undefined
  /** How long before the interval a conversation with activity in it may have begun, in hours. @defaultValue 24 */
  readonly lookbackHours?: number | undefined
  readonly clock?: Clock | undefined
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
  readonly journal: Journal | undefined
  readonly objectConcurrency: number
  readonly folderConcurrency: number
  readonly retry: RetryOptions | undefined
  readonly polling: PollingOptions
  readonly landing: LandingOptions
  readonly reconciliation: ReconciliationSettings
  readonly accept: ReadonlySet<FindingCode>
  readonly lookbackHours: number
  readonly clock: Clock
  readonly logger: Logger | undefined
}

/** One mistake in options or a request. */
interface Mistake {
  readonly path: string
  readonly problem: string
}

/**
 * Checks the options eagerly and reports all mistakes at once.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, with `details.mistakes`; `INVALID_HOLD`
 */
export function checkOptions(options: LegalHoldExporterOptions): Settings {
  const mistakes: Mistake[] = []
  const check = (right: boolean, path: string, problem: string) => {
    if (!right) mistakes.push({ path, problem })
  }
  const given: Partial<LegalHoldExporterOptions> = options ?? {}
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
  checkDurations(given, check)
  const reconciliation = reconciliationSettings(
    given,
    {
      listsRecordings: given.platform?.capabilities?.listsExpectedRecordings === true,
      readsText: given.storage?.readText !== undefined,
      protectsSource: given.platform?.protectSource === true,
    },
    check,
  )
  checkRequirements(given.requirements, check)
  if (given.residency !== undefined) {
    check(Array.isArray(given.residency.regions), 'residency.regions', 'has to be a list of AWS region names')
  }
  const hold = checkHold(given.hold as LegalHold)
  if (mistakes.length > 0) throw mistaken('INVALID_OPTIONS', 'The options of LegalHoldExporter', mistakes)
  return {
    platform: options.platform,
    storage: options.storage,
    retention,
    hold,
    requirements: lowerCaseNames(options.requirements ?? defaultRequirements(hold)),
    residency: options.residency,
    remediation: {
      ...withDefaults(remediationDefaults, options.remediation),
      allowOverwrite: options.accept?.includes('versioning-off') === true,
    },
    journal: options.journal,
    objectConcurrency: concurrency.objects,
    folderConcurrency: concurrency.folders,
    retry: options.retry,
    polling: withDefaults(pollingDefaults, options.polling),
    landing: withDefaults(landingDefaults, options),
    reconciliation,
    accept: new Set(options.accept ?? []),
    lookbackHours,
    clock: options.clock ?? systemClock,
    logger: options.logger,
  }
}

type Check = (right: boolean, path: string, problem: string) => void

function isPort(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
}

function concurrencyOf(given: LegalHoldExporterOptions['concurrency']): { objects: number; folders: number } {
  const defaults = { objects: 64, folders: 8 }
  return typeof given === 'number' ? { ...defaults, objects: given } : withDefaults(defaults, given)
}

function checkDurations(given: Partial<LegalHoldExporterOptions>, check: Check): void {
  const durations: Record<string, number | undefined> = {
    landingTimeoutMs: given.landingTimeoutMs,
    landingQuietMs: given.landingQuietMs,
    landingSettleMs: given.landingSettleMs,
    'polling.minIntervalMs': given.polling?.minIntervalMs,
    'polling.maxIntervalMs': given.polling?.maxIntervalMs,
    'polling.deadlineMs': given.polling?.deadlineMs,
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

function checkRequirements(requirements: HoldRequirements | undefined, check: Check): void {
  if (requirements === undefined) return
  for (const [name, value] of Object.entries(requirements.metadata ?? {})) {
    check(metadataNamePattern.test(name), `requirements.metadata.${name}`, 'is no name of an HTTP header')
    check(
      isHoldTag(value) || /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value),
      `requirements.metadata.${name}`,
      'has to be printable ASCII without blanks at its ends',
    )
  }
  for (const [name, value] of Object.entries(requirements.tags ?? {})) {
    // Tag values of S3: letters, digits, space and + - = . _ : / @ (s3-facts, copy).
    check(/^[\p{L}\p{N} +\-=._:/@]{1,128}$/u.test(name), `requirements.tags.${name}`, 'is no key of an S3 tag')
    check(/^[\p{L}\p{N} +\-=._:/@]{1,256}$/u.test(value), `requirements.tags.${name}`, 'is no value of an S3 tag')
  }
  const { retainUntilDate, retentionMode } = requirements
  if (retainUntilDate !== undefined) {
    check(isInstant(retainUntilDate), 'requirements.retainUntilDate', 'has to be ISO 8601 with a time zone')
  }
  check(
    retentionMode === undefined || retentionMode === 'GOVERNANCE' || retentionMode === 'COMPLIANCE',
    'requirements.retentionMode',
    "has to be 'GOVERNANCE' or 'COMPLIANCE'",
  )
  const asked =
    Object.keys(requirements.metadata ?? {}).length +
    Object.keys(requirements.tags ?? {}).length +
    (requirements.legalHold ? 1 : 0) +
    (retainUntilDate === undefined ? 0 : 1)
  check(asked > 0, 'requirements', 'require nothing, so every object would count as held')
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
  return typeof text === 'string' && instantPattern.test(text) && !Number.isNaN(Date.parse(text))
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
    check(isInstant(value), path, `has to be ISO 8601 with a time zone, not ${JSON.stringify(value)}`)
  }
  if (isInstant(start) && isInstant(end)) {
    check(Date.parse(start) < Date.parse(end), 'interval', `is reversed or empty: ${start} is not before ${end}`)
    check(Date.parse(end) <= now + futureToleranceMs, 'interval.end', `${end} lies in the future`)
  }
  if (given.mediaTypes !== undefined && given.mediaTypes !== 'digital') {
    const list: readonly unknown[] = Array.isArray(given.mediaTypes) ? given.mediaTypes : [given.mediaTypes]
    check(list.length > 0, 'mediaTypes', 'is empty')
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

function mistaken(
  code: 'INVALID_OPTIONS' | 'INVALID_REQUEST',
  what: string,
  mistakes: readonly Mistake[],
): LegalHoldError {
  const list = mistakes.map(({ path, problem }) => `${path} ${problem}`).join('; ')
  return new LegalHoldError(`${what} cannot be used: ${list}.`, { code, stage: 'options', details: { mistakes } })
}
