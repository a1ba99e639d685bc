import type { Finding } from '../../../model/findings.js'
import type { StorageNeeds } from '../../../ports/storage.js'
import type { LockConfiguration, Read } from '../read/bucket.js'
import { type IamPolicy, requiredIamPolicy } from './iam-policy.js'

/** What an inspection reads of the bucket, before it is judged. */
export interface Configuration {
  readonly versioning: Read<'Enabled' | 'Suspended' | 'Off'>
  readonly lock: Read<LockConfiguration>
  readonly encryption: Read<string | undefined>
  readonly ownership: Read<string | undefined>
  readonly policy: Read<string | undefined>
}

/** What is wrong with the configuration, or could not be read of it. */
export function configurationFindings(
  bucket: string,
  needs: StorageNeeds,
  configuration: Configuration,
): readonly Finding[] {
  const subject = `s3://${bucket}`
  return [
    ...Object.values(configuration).flatMap((read) => unreadable(bucket, needs, read)),
    ...versioningFindings(subject, needs, configuration.versioning),
    ...lockFindings(subject, needs, configuration.lock),
  ]
}

function unreadable(bucket: string, needs: StorageNeeds, { refusal, unknown }: Read<unknown>): readonly Finding[] {
  if (refusal?.code === 'STORAGE_FORBIDDEN') {
    const action = refusal.answer?.action ?? 'the action'
    return [permissionMissing(bucket, needs, { action, severity: 'warning' }, iamPolicyFor(bucket, needs, false))]
  }
  if (refusal === undefined && unknown === undefined) return []
  return [
    {
      code: 'configuration-unreadable',
      severity: 'warning',
      message:
        refusal === undefined
          ? `A part of the bucket's configuration could not be understood: ${unknown}.`
          : `A part of the bucket's configuration could not be read (${refusal.code}): ${refusal.message}`,
      subject: `s3://${bucket}`,
      remedy:
        'Have the owner of the bucket confirm how it is set. Nothing is taken for switched off that may be on: each object is asked itself.',
    },
  ]
}

function versioningFindings(
  subject: string,
  needs: StorageNeeds,
  { value, isUnsupported }: Configuration['versioning'],
): readonly Finding[] {
  if (value !== 'Off' && value !== 'Suspended') return []
  const copies = needs.metadata && needs.remediate
  const state =
    isUnsupported === true ? 'The server does not implement versioning' : `Versioning is ${value.toLowerCase()}`
  const enable =
    isUnsupported === true ? 'Use a server that keeps versions' : 'Enable versioning on the bucket before the export'
  return [
    {
      code: 'versioning-off',
      severity: copies ? 'blocker' : 'warning',
      message: copies
        ? `${state}: a metadata repair copies an object onto itself and would overwrite the delivered original.`
        : `${state}: whatever overwrites or deletes an object destroys it.`,
      subject,
      remedy: copies
        ? `${enable}, ask for tags or a legal hold instead of metadata, or accept \`versioning-off\`.`
        : `${enable}.`,
    },
  ]
}

function lockFindings(
  subject: string,
  needs: StorageNeeds,
  { value, isUnsupported }: Configuration['lock'],
): readonly Finding[] {
  return value === 'unreadable' || value.enabled ? [] : [noObjectLock(subject, needs, isUnsupported === true)]
}

function noObjectLock(subject: string, needs: StorageNeeds, isUnsupported: boolean): Finding {
  const needed = needs.legalHold || needs.retention
  const protects = needs.metadata && needs.remediate && needs.protectOriginal
  const state = isUnsupported ? 'The server does not implement Object Lock' : 'The bucket has no Object Lock'
  return {
    code: 'object-lock-unavailable',
    severity: needed ? 'blocker' : protects ? 'warning' : 'info',
    message: needed
      ? `${state}, so no object can be put under a legal hold or a retention.`
      : protects
        ? `${state}, so the originals cannot be held before a repair copies them.`
        : `${state}: anyone who may delete objects can delete these.`,
    subject,
    remedy: isUnsupported
      ? 'Use a server that has Object Lock, or requirements that do without it.'
      : 'Enable Object Lock on the bucket (it needs versioning).',
  }
}

/**
 * Parts that the server does not implement, by the actions that were tried. What is off cannot be lost: it is in the way only
 * where it is required.
 */
export function lackFindings(
  bucket: string,
  needs: StorageNeeds,
  configuration: Configuration,
  lacking: readonly string[],
): readonly Finding[] {
  const subject = `s3://${bucket}`
  const lacks = (pattern: RegExp) => lacking.some((action) => pattern.test(action))
  const findings: Finding[] = []
  if (lacks(/Tagging$/)) {
    findings.push({
      code: 'object-tags-unavailable',
      severity: needs.tags ? 'blocker' : 'info',
      message: needs.tags
        ? 'The server does not implement object tags, so no object can carry the required ones.'
        : 'The server does not implement object tags: there are none that a repair could lose.',
      subject,
      remedy: needs.tags ? 'Require metadata instead of tags, or use another server.' : 'Nothing.',
    })
  }
  const hasLock = configuration.lock.value === 'unreadable' || configuration.lock.value.enabled
  if (hasLock && lacks(/LegalHold$|Retention$/)) findings.push(noObjectLock(subject, needs, true))
  const keepsVersions = configuration.versioning.value !== 'Off'
  if (keepsVersions && lacks(/^s3:ListBucketVersions$/)) {
    const copies = needs.metadata && needs.remediate
    findings.push({
      code: 'versioning-off',
      severity: copies ? 'blocker' : 'warning',
      message: `The server does not list versions, so that nobody sees what lies beneath the current ones${copies ? ', and what a metadata repair came to lie on' : ''}.`,
      subject,
      remedy: copies
        ? 'Ask for tags or a legal hold instead of metadata, use another server, or accept `versioning-off`.'
        : 'Use another server if deleted recordings must be found again.',
    })
  }
  return findings
}

/** The finding for an action that the caller is not allowed. */
export function permissionMissing(
  bucket: string,
  needs: StorageNeeds,
  { action, severity }: { readonly action: string; readonly severity: Finding['severity'] },
  policy: IamPolicy,
): Finding {
  return {
    code: 'permission-missing',
    severity,
    message: `The caller is not allowed ${action} on s3://${bucket}/${needs.prefix}.`,
    subject: action,
    remedy: `Allow ${action}. A minimal IAM policy for these requirements: ${JSON.stringify(policy)}`,
  }
}

export function iamPolicyFor(bucket: string, needs: StorageNeeds, acls: boolean): IamPolicy {
  return requiredIamPolicy({ ...needs, bucket, acls })
}
