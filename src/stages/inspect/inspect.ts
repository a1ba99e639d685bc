import { together } from '../../internal/together.js'
import { LegalHoldError, type LegalHoldErrorCode } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { BucketInspection, Inspection, ProfileInspection, Residency } from '../../model/inspection.js'
import type { PlatformCoverage, SourceContext, SourceInspection } from '../../model/platform.js'
import { covers } from '../../model/report.js'
import type { ExportRequest } from '../../model/request.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import type { RetentionPolicyAdapter } from '../../ports/retention.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { StorageAdapter, StorageNeeds } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'

/** What is inspected. */
export interface InspectionSubject {
  readonly platform: RecordingPlatform
  readonly storage: StorageAdapter
  readonly retention: readonly RetentionPolicyAdapter[]
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly request: ExportRequest
  readonly residency: Residency | undefined
  /** What is not indexed yet is exported later, so that it blocks nothing. */
  readonly waitForIndex: boolean
  /** The run will ask for the audit trail. */
  readonly audit: boolean
  readonly needs: Omit<StorageNeeds, 'prefix'>
}

/** Reads profile, bucket, coverage and retention side by side; creates and changes nothing. */
export async function inspect(subject: InspectionSubject, context: StageContext): Promise<Inspection> {
  const { platform, storage, request } = subject
  const { signal } = context
  const ask =
    <T>(what: string, question: (options: CallOptions) => Promise<T>) =>
    (within: AbortSignal | undefined) =>
      persist({ ...context, signal: within }, 'inspect', what, () => question({ signal: within }))
  const profileId = profileIdOf(request)
  const organization = await ask('organization', (options) => platform.organization(options))(signal)
  const needs: StorageNeeds = { ...subject.needs, prefix: `${organization.id}/` }
  const askBucket = ask(`bucket ${storage.bucket}`, (options) => storage.inspectBucket(needs, options))
  const askCoverage = ask('coverage', (options) => platform.coverage(request.interval, options))
  const source: SourceContext = {
    // A legal hold has no end.
    heldUntil: subject.requirements.legalHold ? undefined : subject.requirements.retainUntilDate,
    regions: subject.residency?.regions,
    audit: subject.audit,
  }
  const [profile, requestFindings, coverage, bucket, { scope, findings: sourceFindings }] = await together(
    signal,
    ask(`profile ${profileId}`, (options) => platform.inspectProfile(profileId, options)),
    ask('request', (options) => platform.inspectRequest(request, options)),
    (within) => askCoverage(within).catch(notPermitted),
    (within) => askBucket(within).catch((error: unknown) => unreachable(storage.bucket, error)),
    ask(
      'source',
      async (options): Promise<SourceInspection> =>
        (await platform.inspectSource?.(request, source, options)) ?? { findings: [] },
    ),
  )
  const now = new Date(context.clock.now())
  const about = {
    hold: subject.hold,
    requirements: subject.requirements,
    request,
    organizationId: organization.id,
    bucket: storage.bucket,
    prefix: needs.prefix,
    profile,
    bucketInspection: bucket,
    now,
    protectsSource: platform.protectSource === true && platform.protect !== undefined,
  }
  const evaluations = subject.retention.map((policy) => ask(policy.name, (options) => policy.evaluate(about, options)))
  const policies = await together<readonly (readonly Finding[])[]>(signal, ...evaluations)
  const findings = unique([
    ...profile.findings,
    ...requestFindings,
    ...bucketMismatch(profile, storage.bucket),
    ...bucket.findings,
    ...residencyFindings(subject.residency, platform, bucket),
    ...('finding' in coverage ? [coverage.finding] : coverageFindings(request, coverage, subject.waitForIndex)),
    ...policies.flat(),
    ...sourceFindings,
  ])
  const known = 'finding' in coverage ? {} : coverage
  return { organization, profile, bucket, coverage: known, ...(scope === undefined ? {} : { scope }), findings }
}

/** The platform names the permission in its refusal; comparing the client's roles names it too. */
function notPermitted(error: unknown): { readonly finding: Finding } {
  if (!LegalHoldError.isInstance(error) || error.code !== 'PLATFORM_FORBIDDEN') throw error
  return {
    finding: {
      code: 'permission-missing',
      severity: 'blocker',
      subject: 'coverage',
      message: `How far the platform's index reaches is not known, since the client may not ask: ${error.message}`,
      remedy: 'Give its role the permission that is missing.',
    },
  }
}

/** What is left after all repeats is a finding like any other: it can be read beside the others, and nothing was created. */
function unreachable(bucket: string, error: unknown): BucketInspection {
  if (!LegalHoldError.isInstance(error) || !isOfStorage(error)) throw error
  const finding: Finding = {
    code: 'bucket-unreachable',
    severity: 'blocker',
    subject: bucket,
    message: `The bucket could not be inspected (${error.code}): ${error.message}`,
    remedy: error.retryable
      ? 'Run again once the storage answers.'
      : (remedies[error.code] ?? 'Check bucket, endpoint, region and credentials of the storage.'),
  }
  return { bucket, versioning: 'unreadable', objectLock: 'unreadable', findings: [finding] }
}

const remedies: Partial<Record<LegalHoldErrorCode, string>> = {
  BUCKET_NOT_FOUND: 'Create the bucket, or give the name of the one that the platform delivers to.',
  BUCKET_WRONG_REGION: 'Set the region of the storage to that of the bucket.',
  STORAGE_UNAUTHORIZED: 'Give the storage valid credentials.',
  STORAGE_FORBIDDEN: 'Allow the action that was refused, or use credentials of the account that owns the bucket.',
  STORAGE_UNSUPPORTED: 'Use another server, or requirements that do without what this one does not implement.',
  CLOCK_SKEW: 'Set the clock of this machine by NTP.',
}

/** Not an abort, and not a mistake in the options, which no acceptance mends. */
function isOfStorage({ code }: LegalHoldError): boolean {
  return /^(STORAGE|BUCKET)_/.test(code) || code === 'NETWORK_ERROR' || code === 'TIMEOUT' || code === 'CLOCK_SKEW'
}

/** The profile or integration that a request names. */
export function profileIdOf(request: ExportRequest): string {
  const id = request.profileId ?? request.integrationId
  if (id !== undefined) return id
  throw new LegalHoldError('The request names neither a profileId nor an integrationId.', {
    code: 'INVALID_REQUEST',
    stage: 'options',
  })
}

/** The platform delivers to another bucket than the one that is validated. */
export function bucketMismatch(profile: ProfileInspection, bucket: string): Finding[] {
  if (profile.bucket === undefined || profile.bucket === bucket) return []
  return [
    {
      code: 'bucket-mismatch',
      severity: 'blocker',
      subject: profile.id,
      message: `The ${profile.kind} delivers to the bucket ${profile.bucket}, but the storage given is ${bucket}.`,
      remedy: `Give the storage the bucket ${profile.bucket}, or choose the ${profile.kind} that delivers to ${bucket}.`,
    },
  ]
}

function residencyFindings(
  residency: Residency | undefined,
  platform: RecordingPlatform,
  bucket: BucketInspection,
): Finding[] {
  if (residency === undefined) return []
  const allowed = residency.regions
  const findings: Finding[] = []
  const check = (subject: string, what: string, region: string | undefined) => {
    if (region !== undefined && allowed.includes(region)) return
    // An unknown region proves nothing about where data lies.
    findings.push({
      code: 'region-mismatch',
      severity: 'blocker',
      subject,
      message:
        region === undefined
          ? `The region of ${what} could not be read, so it is not proven to be in ${allowed.join(', ')}.`
          : `${what} is in ${region}, outside ${allowed.join(', ')}.${mixUp(region, allowed)}`,
      remedy: 'Choose one in an allowed region, correct the residency, or accept the finding by its code.',
    })
  }
  check(bucket.bucket, `The bucket ${bucket.bucket}`, bucket.region)
  if (platform.region !== undefined) check(platform.name, 'The Genesys Cloud organisation', platform.region)
  return findings
}

/** eu-west-1 is Ireland and eu-west-2 is London: a mix-up seen in practice (genesys-facts, regions). */
function mixUp(region: string, allowed: readonly string[]): string {
  const pair = ['eu-west-1', 'eu-west-2']
  if (!pair.includes(region) || !allowed.some((other) => other !== region && pair.includes(other))) return ''
  return ' Note that eu-west-1 is Ireland and eu-west-2 is London.'
}

function coverageFindings(request: ExportRequest, coverage: PlatformCoverage, wait: boolean): Finding[] {
  const { end } = request.interval
  const { availableUntil } = coverage
  if (covers(coverage, request.interval)) return []
  if (wait && availableUntil !== undefined) {
    return [
      {
        code: 'interval-not-indexed',
        severity: 'warning',
        subject: end,
        message: `The platform's index reaches until ${availableUntil}; the rest until ${end} is exported by another job once it is indexed.`,
        remedy: 'Nothing: the run waits, which may take 48 hours.',
      },
    ]
  }
  return [
    {
      code: 'interval-not-indexed',
      severity: 'blocker',
      subject: end,
      message:
        availableUntil === undefined
          ? `The platform does not say how far its index reaches, so nothing proves that it covers the interval until ${end}.`
          : `The platform's index reaches until ${availableUntil}; recordings between then and ${end} would be left out silently.`,
      remedy:
        'Wait until the index has caught up (it may take 48 hours), end the interval earlier, or accept the finding: the outcome is then incomplete.',
    },
  ]
}

function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ code, subject, message }) => {
    const identity = `${code}\n${subject}\n${message}`
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}
