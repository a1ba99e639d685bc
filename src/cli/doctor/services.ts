import { LegalHoldExporter } from '../../exporter.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Finding, FindingCode } from '../../model/findings.js'
import { requiredGenesysPermissions } from '../../platforms/source/permissions.js'
import { rolesOfClient } from '../../platforms/source/source.js'
import type { Logger } from '../../ports/runtime.js'
import { requiredIamPolicy } from '../../storage/s3/inspect/iam-policy.js'
import { type Connected, connect } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'
import { acceptances, flagFor } from '../telling/findings.js'
import type { DoctorCheck } from './check.js'

/** Findings that are about permissions. */
const ofPermissions: ReadonlySet<FindingCode> = new Set<FindingCode>(['permission-missing', 'bucket-policy-denies'])

/** Findings that are about the bucket. */
const ofTheBucket: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'bucket-mismatch',
  'bucket-unreachable',
  'versioning-off',
  'object-lock-unavailable',
  'object-tags-unavailable',
  'configuration-unreadable',
  'lifecycle-expires-objects',
  'lifecycle-expires-noncurrent',
  'lifecycle-archives-objects',
  'cloudtrail-bucket',
])

/** Logs in, and inspects as an export would: every permission is a line, and so is every finding. */
export async function serviceChecks(
  resolved: Resolved,
  call: { readonly logger: Logger | undefined; readonly signal: AbortSignal },
): Promise<readonly DoctorCheck[]> {
  const { logger, signal } = call
  const { options, request, close } = await connect(resolved, 'request', logger)
  try {
    const { name } = await options.platform.organization({ signal })
    const organization: DoctorCheck = {
      area: 'Genesys Cloud',
      subject: name ?? 'the organisation',
      result: 'ok',
      message: 'the login works',
    }
    const { findings, bucket } = await new LegalHoldExporter(options).inspect(request, { signal })
    const access = findings.some(({ code }) => code === 'bucket-unreachable')
      ? []
      : permissionChecks(options, request, findings)
    const isAbout = ({ code }: Finding) => ofTheBucket.has(code)
    const state: DoctorCheck = {
      area: 'bucket',
      subject: bucket.bucket,
      result: 'ok',
      message: `region ${bucket.region ?? 'unknown'}, versioning ${bucket.versioning}, Object Lock ${bucket.objectLock}`,
    }
    const accepted = acceptedIn(options)
    const isReached = !findings.some(({ code }) => code === 'bucket-unreachable')
    return [
      organization,
      ...access,
      ...(isReached ? [state] : []),
      ...findings.filter(isAbout).map((finding) => ofFinding('bucket', finding, accepted)),
      ...findings
        .filter((finding) => !isAbout(finding) && !ofPermissions.has(finding.code) && finding.severity !== 'info')
        .map((finding) => ofFinding('matter', finding, accepted)),
    ]
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code === 'ABORTED' || error.stage === 'options') throw error
    return [
      {
        area: 'Genesys Cloud',
        subject: error.code,
        result: 'problem',
        message: error.message,
        remedy: 'See docs/errors.md for this code; region, client id and secret must be of the same organisation.',
      },
    ]
  } finally {
    close()
  }
}

/** A line for each permission, by what inspection found. Pure. */
export function permissionChecks(
  {
    platform,
    requirements,
    remediation,
    accept,
  }: Pick<Connected['options'], 'platform' | 'requirements' | 'remediation' | 'accept'>,
  { mediaTypes, includeSensitive }: Pick<Connected['request'], 'mediaTypes' | 'includeSensitive'>,
  findings: readonly Finding[],
): readonly DoctorCheck[] {
  const missing = findings.filter(({ code }) => ofPermissions.has(code))
  const isMissing = (name: string) => missing.some(({ subject, message }) => subject === name || hasWord(message, name))
  const genesys = requiredGenesysPermissions({
    platform: platform.name,
    protectSource: platform.protectSource,
    audit: platform.audit,
    mediaTypes,
    includeSensitive,
  })
  const iam = requiredIamPolicy({
    bucket: 'bucket',
    metadata: requirements === undefined || requirements.metadata !== undefined,
    tags: requirements?.tags !== undefined,
    legalHold: requirements?.legalHold ?? false,
    retention: requirements?.retainUntilDate !== undefined,
    protectOriginal: remediation?.protectOriginal,
  })
  const actions = iam.Statement.flatMap(({ Action }) => Action)
  // Where Genesys Cloud does not say what the client may do, nothing is known of any permission.
  const unknown = findings.find(({ subject }) => subject === rolesOfClient)
  const ofGenesys = (subject: string): DoctorCheck =>
    unknown === undefined
      ? { area: 'permission', subject, result: 'ok' }
      : { area: 'permission', subject, result: 'skipped', message: unknown.message, remedy: unknown.remedy }
  return [
    ...genesys.filter((name) => !isMissing(name)).map(ofGenesys),
    ...actions
      .filter((name) => !isMissing(name))
      .map((subject): DoctorCheck => ({ area: 'permission', subject, result: 'ok' })),
    ...missing.map((finding) => ofFinding('permission', finding, acceptedIn({ accept }))),
  ]
}

/** Whether a message names a permission, and not one that begins like it. */
function hasWord(message: string, name: string): boolean {
  return message.split(/[\s,;()"`]+/).some((word) => word === name || word === `${name}.`)
}

function acceptedIn({ accept = [] }: Pick<Connected['options'], 'accept'>): ReadonlySet<FindingCode> {
  return new Set(accept.map((one) => (typeof one === 'string' ? one : one.code)))
}

/** Accepted findings block nothing, but stay visible. */
function ofFinding(area: DoctorCheck['area'], finding: Finding, accepted: ReadonlySet<FindingCode>): DoctorCheck {
  const { severity, code, subject, message, remedy } = finding
  const isAccepted = severity === 'blocker' && accepted.has(code)
  const result = severity === 'info' ? 'ok' : severity === 'blocker' && !isAccepted ? 'problem' : 'warning'
  return {
    area,
    subject: area === 'permission' ? subject : code,
    result,
    message: isAccepted ? `${message} This is accepted.` : message,
    remedy,
    ...(result === 'problem' ? { flag: flagFor(finding), accept: acceptances([finding])[0] } : {}),
  }
}
