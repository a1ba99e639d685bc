import { LegalHoldError } from '../../../model/errors.js'
import type { Finding } from '../../../model/findings.js'
import type { BucketInspection } from '../../../model/inspection.js'
import type { ObjectRef } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { StorageNeeds } from '../../../ports/storage.js'
import { s3CodeOf } from '../protocol/errors.js'
import type { S3Bucket } from '../read/bucket.js'
import { decodeKey } from '../read/list.js'
import type { S3Reads } from '../read/reads.js'
import { isCloudTrailKey } from '../repair/refusals.js'
import type { S3Requests } from '../send/requests.js'
import {
  type Configuration,
  configurationFindings,
  iamPolicyFor,
  lackFindings,
  permissionMissing,
} from './configuration-findings.js'
import { requiredActions } from './iam-policy.js'
import { type ProbedAction, probeActions } from './permissions.js'
import { type Denial, readPolicy } from './policy.js'

const stage = 'inspect'

export interface InspectContext {
  readonly requests: S3Requests
  readonly bucket: S3Bucket
  readonly reads: S3Reads
  readonly tls: boolean
}

/**
 * Reads the configuration of the bucket and tries the permissions the run needs. What is wrong is a finding. Faults that
 * may pass (throttling, a lost connection) and faults of the options are thrown.
 */
export async function inspectBucket(
  context: InspectContext,
  needs: StorageNeeds,
  call: CallOptions,
): Promise<BucketInspection> {
  const { requests, bucket } = context
  bucket.refresh()
  context.reads.refresh()
  let reached: { readonly region: string | undefined; readonly sample: ObjectRef | undefined }
  try {
    reached = await reach(context, needs.prefix, call)
  } catch (error) {
    return unreachable(requests.bucket, needs, error)
  }
  const [versioning, lock, encryption, ownership, policy] = await Promise.all([
    bucket.versioning(stage, call),
    bucket.objectLock(stage, call),
    bucket.encryption(stage, call),
    bucket.ownership(stage, call),
    bucket.policy(stage, call),
  ])
  const configuration = { versioning, lock, encryption, ownership, policy }
  const findings = [
    ...configurationFindings(requests.bucket, needs, configuration),
    ...(await permissionFindings(context, needs, { configuration, sample: reached.sample }, call)),
    ...cloudTrailFindings(context, reached.sample),
  ]
  return {
    bucket: requests.bucket,
    region: reached.region,
    versioning: versioning.value,
    objectLock: lock.value === 'unreadable' ? 'unreadable' : lock.value.enabled ? 'Enabled' : 'Off',
    defaultRetention: lock.value === 'unreadable' ? undefined : lock.value.defaultRetention,
    defaultEncryption: encryption.value,
    objectOwnership: ownership.value,
    findings,
  }
}

/** The bucket's region and the first object under the prefix, with its version where the caller may see it. */
async function reach({ requests, bucket }: InspectContext, prefix: string, call: CallOptions) {
  const options = { stage, signal: call.signal } as const
  const listing = requests.send('ListObjectsV2', { Prefix: prefix, MaxKeys: 1, EncodingType: 'url' }, options)
  const [head, list] = await Promise.allSettled([requests.send('HeadBucket', {}, options), listing])
  // HEAD has no body and so no error code; the listing says what is wrong in words.
  if (list.status === 'rejected')
    throw s3CodeOf(list.reason) === undefined && head.status === 'rejected' ? head.reason : list.reason
  bucket.exists = true
  const region =
    head.status === 'fulfilled'
      ? (head.value.output.BucketRegion ?? head.value.headers['x-amz-bucket-region'])
      : undefined
  const { output } = list.value
  const key = output.Contents?.[0]?.Key
  if (key === undefined) return { region, sample: undefined }
  const ref = { bucket: requests.bucket, key: decodeKey(key, output.EncodingType) }
  const versionId = await requests.send('HeadObject', { Key: ref.key }, options).then(
    (answer) => answer.output.VersionId,
    (error: unknown) => {
      // The probes name the refused action; here only the version is wanted.
      if (LegalHoldError.isInstance(error) && !error.retryable && error.code !== 'ABORTED') return undefined
      throw error
    },
  )
  return { region, sample: { ...ref, versionId } }
}

const definite = new Set([
  'BUCKET_NOT_FOUND',
  'BUCKET_WRONG_REGION',
  'STORAGE_FORBIDDEN',
  'STORAGE_UNAUTHORIZED',
  'STORAGE_REJECTED',
  'STORAGE_UNSUPPORTED',
  'CLOCK_SKEW',
])

function unreachable(bucket: string, needs: StorageNeeds, error: unknown): BucketInspection {
  if (!LegalHoldError.isInstance(error) || error.retryable || !definite.has(error.code)) throw error
  const action = error.answer?.action
  const findings: Finding[] = [
    {
      code: 'bucket-unreachable',
      severity: 'blocker',
      message: `The bucket cannot be used (${error.code}): ${error.message}`,
      subject: `s3://${bucket}`,
      remedy: remedyOf(error),
    },
  ]
  if (error.code === 'STORAGE_FORBIDDEN' && action !== undefined) {
    findings.push(permissionMissing(bucket, needs, { action, severity: 'blocker' }, iamPolicyFor(bucket, needs, false)))
  }
  return { bucket, region: undefined, versioning: 'unreadable', objectLock: 'unreadable', findings }
}

function remedyOf(error: LegalHoldError): string {
  switch (error.code) {
    case 'BUCKET_NOT_FOUND':
      return 'Create the bucket, or give the name of the one that the platform delivers to.'
    case 'BUCKET_WRONG_REGION': {
      const region = error.answer?.region
      return region !== undefined ? `Set \`region\` to "${region}".` : 'Set `region` to the region of the bucket.'
    }
    case 'STORAGE_FORBIDDEN':
      return 'Allow the caller to list the bucket (s3:ListBucket), or use credentials of the account that owns it.'
    case 'STORAGE_UNAUTHORIZED':
      return 'Give valid credentials.'
    case 'STORAGE_UNSUPPORTED':
      return 'Use another server: without lists and HEAD of the bucket nothing can be read from it.'
    case 'CLOCK_SKEW':
      return 'Set the clock of this machine by NTP.'
    default:
      return 'Check bucket, endpoint and region.'
  }
}

async function permissionFindings(
  { requests, bucket, reads, tls }: InspectContext,
  needs: StorageNeeds,
  { configuration, sample }: { readonly configuration: Configuration; readonly sample: ObjectRef | undefined },
  call: CallOptions,
): Promise<readonly Finding[]> {
  const acls = configuration.ownership.value !== 'BucketOwnerEnforced'
  // Where nobody knows whether ACLs are on, only reading them is needed for sure.
  const needed = requiredActions({ ...needs, acls })
  const hasLock = configuration.lock.value === 'unreadable' || configuration.lock.value.enabled
  const wanted = [...needed.onBucket, ...needed.reading, ...needed.writing]
    .filter((action) => hasLock || !/LegalHold|Retention/.test(action))
    .filter((action) => !/PutObject(Version)?Acl/.test(action))
  const reading =
    typeof configuration.policy.value === 'string' && configuration.policy.value !== 'unreadable'
      ? readPolicy(configuration.policy.value, {
          bucket: requests.bucket,
          prefix: needs.prefix,
          bucketActions: needed.onBucket,
          objectActions: wanted.filter((action) => !needed.onBucket.includes(action)),
          tls,
        })
      : undefined
  bucket.receivesCloudTrail = reading?.receivesCloudTrail === true
  const probed = await probeActions(requests, wanted, { prefix: needs.prefix, sample }, call)
  const refused = probed.filter(({ result }) => result === 'refused')
  const lacking = probed.filter(({ result }) => result === 'unsupported').map(({ action }) => action)
  if (lacking.includes('s3:ListBucketVersions')) bucket.hasNoVersionList = true
  if (lacking.some((action) => /^s3:GetObject(Version)?Tagging$/.test(action))) reads.noteNoTags()
  const denials = reading?.denials ?? []
  const denied = new Set(denials.flatMap(({ actions }) => actions))
  const policy = iamPolicyFor(requests.bucket, needs, acls)
  return [
    ...denials.map((denial) => policyDenies(requests.bucket, needs, denial, refused)),
    ...refused
      .filter(({ action }) => !denied.has(action))
      .map(({ action }) => ({ action, severity: severityOf(action) }))
      .map((missing) => permissionMissing(requests.bucket, needs, missing, policy)),
    ...lackFindings(requests.bucket, needs, configuration, lacking),
  ]
}

/** Tidying up after an interrupted multipart copy is worth a warning; without the others a run cannot do its work. */
function severityOf(action: string): Finding['severity'] {
  return action === 's3:ListBucketMultipartUploads' || action === 's3:AbortMultipartUpload' ? 'warning' : 'blocker'
}

function policyDenies(bucket: string, needs: StorageNeeds, denial: Denial, refused: readonly ProbedAction[]): Finding {
  const proven = denial.actions.filter((action) => refused.some((one) => one.action === action))
  const certain = denial.certainty === 'everyone' || proven.length > 0
  const actions = (proven.length > 0 && denial.certainty === 'perhaps' ? proven : denial.actions).join(', ')
  return {
    code: 'bucket-policy-denies',
    severity: certain ? 'blocker' : 'warning',
    message: `Statement "${denial.statement}" of the bucket policy ${certain ? 'denies' : 'may deny'} ${actions}${denial.limitedBy === undefined ? '' : ` (${denial.limitedBy})`}, which the run needs.`,
    subject: `s3://${bucket}/${needs.prefix}`,
    remedy: `Exempt the principal of the run from statement "${denial.statement}"; an explicit Deny beats every Allow.`,
  }
}

function cloudTrailFindings({ requests, bucket }: InspectContext, sample: ObjectRef | undefined): readonly Finding[] {
  if (sample !== undefined && isCloudTrailKey(sample.key)) bucket.receivesCloudTrail = true
  if (!bucket.receivesCloudTrail) return []
  return [
    {
      code: 'cloudtrail-bucket',
      severity: 'blocker',
      message:
        'The bucket receives CloudTrail logs, whose signature lives in their metadata. It is not a place for recordings, and nothing in it is repaired.',
      subject: `s3://${requests.bucket}`,
      remedy: 'Give the bucket that the platform delivers recordings to.',
    },
  ]
}
