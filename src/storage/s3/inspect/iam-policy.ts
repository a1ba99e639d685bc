import type { StorageNeeds } from '../../../ports/storage.js'

/** What {@link requiredIamPolicy} is asked for. */
export interface IamPolicyOptions {
  readonly bucket: string
  /** Prefix under which the recordings lie. @defaultValue '' (the whole bucket) */
  readonly prefix?: string | undefined
  /** Requirement: user metadata. @defaultValue true */
  readonly metadata?: boolean | undefined
  /** Requirement: object tags. @defaultValue false */
  readonly tags?: boolean | undefined
  /** Requirement: Object Lock legal hold. @defaultValue false */
  readonly legalHold?: boolean | undefined
  /** Requirement: retain-until. @defaultValue false */
  readonly retention?: boolean | undefined
  /** Whether repairs are made; without it the policy only reads. @defaultValue true */
  readonly remediate?: boolean | undefined
  /** Whether the original is held before a copy. @defaultValue true */
  readonly protectOriginal?: boolean | undefined
  /** Whether objects have ACLs of their own, i.e. the bucket is not `BucketOwnerEnforced`. @defaultValue false */
  readonly acls?: boolean | undefined
  /** Key of the objects encrypted with SSE-KMS. */
  readonly kmsKeyArn?: string | undefined
  /** `aws-cn` and `aws-us-gov` have other ARNs. @defaultValue 'aws' */
  readonly partition?: string | undefined
}

/** An IAM policy document, ready for `JSON.stringify`. */
export interface IamPolicy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly IamStatement[]
}

/** One statement of an {@link IamPolicy}. */
export interface IamStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
}

/** The configuration reads of an inspection; a refused one is a warning, not a blocker. */
export const configurationActions = [
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
  's3:GetEncryptionConfiguration',
  's3:GetBucketOwnershipControls',
  's3:GetBucketPolicy',
  's3:GetLifecycleConfiguration',
] as const

/**
 * The smallest IAM policy that lets this library do what the requirements ask: nothing is deleted, no retention is
 * bypassed, nothing outside the prefix is touched.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function requiredIamPolicy(options: IamPolicyOptions): IamPolicy {
  const partition = options.partition ?? 'aws'
  const bucketArn = `arn:${partition}:s3:::${options.bucket}`
  const actions = requiredActions({
    metadata: options.metadata ?? true,
    tags: options.tags ?? false,
    legalHold: options.legalHold ?? false,
    retention: options.retention ?? false,
    remediate: options.remediate ?? true,
    protectOriginal: options.protectOriginal ?? true,
    acls: options.acls ?? false,
  })
  const statement = (Sid: string, Action: readonly string[], Resource: string): IamStatement[] =>
    Action.length === 0 ? [] : [{ Sid, Effect: 'Allow', Action, Resource: [Resource] }]
  const kms =
    options.kmsKeyArn === undefined
      ? []
      : ['kms:Decrypt', ...(options.remediate === false ? [] : ['kms:GenerateDataKey'])]
  return {
    Version: '2012-10-17',
    Statement: [
      ...statement('InspectBucket', [...actions.onBucket, ...configurationActions], bucketArn),
      ...statement('ReadObjects', actions.reading, `${bucketArn}/${options.prefix ?? ''}*`),
      ...statement('RepairObjects', actions.writing, `${bucketArn}/${options.prefix ?? ''}*`),
      ...statement('UseKey', kms, options.kmsKeyArn ?? ''),
    ],
  }
}

/** What a run needs, by what it acts on. */
export interface RequiredActions {
  readonly onBucket: readonly string[]
  readonly reading: readonly string[]
  readonly writing: readonly string[]
}

/** The actions a run cannot do without. Configuration reads are not among them. */
export function requiredActions(needs: Omit<StorageNeeds, 'prefix'> & { readonly acls: boolean }): RequiredActions {
  const copies = needs.metadata && needs.remediate
  const seesLock = needs.legalHold || needs.retention || copies
  return {
    onBucket: ['s3:ListBucket', 's3:ListBucketVersions', ...(copies ? ['s3:ListBucketMultipartUploads'] : [])],
    reading: [
      's3:GetObject',
      's3:GetObjectVersion',
      ...(needs.tags || copies ? ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'] : []),
      ...(seesLock ? ['s3:GetObjectLegalHold', 's3:GetObjectRetention'] : []),
      ...(copies && needs.acls ? ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'] : []),
    ],
    writing: needs.remediate
      ? [
          ...(copies ? ['s3:PutObject', 's3:AbortMultipartUpload'] : []),
          // A copy of an object that has tags needs it as well.
          ...(needs.tags || copies ? ['s3:PutObjectTagging', 's3:PutObjectVersionTagging'] : []),
          // A copy carries the lock of its source in its own headers.
          ...(needs.legalHold || copies ? ['s3:PutObjectLegalHold'] : []),
          ...(needs.retention || copies ? ['s3:PutObjectRetention'] : []),
          ...(copies && needs.acls ? ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'] : []),
        ]
      : [],
  }
}
