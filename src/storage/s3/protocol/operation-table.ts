import type { S3Operation } from './operations.js'

/** What is known of an operation beforehand. */
export interface OperationFacts {
  /** Whether it changes anything. */
  readonly mutates: boolean
  /** Root element of its answer; absent if S3 answers without a document, or with a content of any kind. */
  readonly root?: string
  /**
   * A server that does not know this part of a bucket lists the bucket instead, as Ceph RGW does for the ownership of objects.
   * Nothing is lost where it is off.
   */
  readonly isPassedOver?: boolean
  /** In what its answer repeats what was asked: the place in a listing, or the key. */
  readonly echoes?: 'listing' | 'key'
  /**
   * How it may go past the SDK: rendered and read by code of this library, or by the schemas of the SDK. Absent for what always
   * goes through the SDK.
   */
  readonly fast?: 'own' | 'schema'
  /** IAM action behind it, `[on a key, on a version]` if they differ. Source: S3 actions in the IAM reference. */
  readonly action: string | readonly [onKey: string, onVersion: string]
}

/** Every operation that this library uses. */
const operations = {
  HeadBucket: { mutates: false, action: 's3:ListBucket' },
  GetBucketVersioning: { mutates: false, root: 'VersioningConfiguration', action: 's3:GetBucketVersioning' },
  GetObjectLockConfiguration: {
    mutates: false,
    root: 'ObjectLockConfiguration',
    action: 's3:GetBucketObjectLockConfiguration',
  },
  GetBucketEncryption: {
    mutates: false,
    root: 'ServerSideEncryptionConfiguration',
    isPassedOver: true,
    action: 's3:GetEncryptionConfiguration',
  },
  GetBucketOwnershipControls: {
    mutates: false,
    root: 'OwnershipControls',
    isPassedOver: true,
    action: 's3:GetBucketOwnershipControls',
  },
  // JSON.
  GetBucketPolicy: { mutates: false, action: 's3:GetBucketPolicy' },
  GetBucketLifecycleConfiguration: {
    mutates: false,
    root: 'LifecycleConfiguration',
    isPassedOver: true,
    action: 's3:GetLifecycleConfiguration',
  },
  ListObjectsV2: { mutates: false, root: 'ListBucketResult', echoes: 'listing', fast: 'own', action: 's3:ListBucket' },
  ListObjectVersions: {
    mutates: false,
    root: 'ListVersionsResult',
    echoes: 'listing',
    fast: 'schema',
    action: 's3:ListBucketVersions',
  },
  ListMultipartUploads: {
    mutates: false,
    root: 'ListMultipartUploadsResult',
    echoes: 'listing',
    action: 's3:ListBucketMultipartUploads',
  },
  HeadObject: { mutates: false, fast: 'own', action: ['s3:GetObject', 's3:GetObjectVersion'] },
  GetObject: { mutates: false, action: ['s3:GetObject', 's3:GetObjectVersion'] },
  PutObject: { mutates: true, action: 's3:PutObject' },
  GetObjectTagging: {
    mutates: false,
    root: 'Tagging',
    fast: 'schema',
    action: ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
  },
  PutObjectTagging: { mutates: true, fast: 'schema', action: ['s3:PutObjectTagging', 's3:PutObjectVersionTagging'] },
  GetObjectLegalHold: { mutates: false, root: 'LegalHold', fast: 'schema', action: 's3:GetObjectLegalHold' },
  PutObjectLegalHold: { mutates: true, fast: 'schema', action: 's3:PutObjectLegalHold' },
  GetObjectRetention: { mutates: false, root: 'Retention', fast: 'schema', action: 's3:GetObjectRetention' },
  PutObjectRetention: { mutates: true, fast: 'schema', action: 's3:PutObjectRetention' },
  GetObjectAcl: {
    mutates: false,
    root: 'AccessControlPolicy',
    fast: 'schema',
    action: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
  },
  PutObjectAcl: { mutates: true, action: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'] },
  CopyObject: { mutates: true, root: 'CopyObjectResult', fast: 'schema', action: 's3:PutObject' },
  CreateMultipartUpload: {
    mutates: true,
    root: 'InitiateMultipartUploadResult',
    echoes: 'key',
    action: 's3:PutObject',
  },
  UploadPart: { mutates: true, action: 's3:PutObject' },
  UploadPartCopy: { mutates: true, root: 'CopyPartResult', action: 's3:PutObject' },
  CompleteMultipartUpload: {
    mutates: true,
    root: 'CompleteMultipartUploadResult',
    echoes: 'key',
    action: 's3:PutObject',
  },
  AbortMultipartUpload: { mutates: true, action: 's3:AbortMultipartUpload' },
} as const satisfies Readonly<Record<S3Operation, OperationFacts>>

type Table = typeof operations

/** Operations that the schemas of the SDK render and read, past its middleware. */
export type FastOperation = {
  [K in S3Operation]: Table[K] extends { readonly fast: 'schema' } ? K : never
}[S3Operation]

/** What is known of an operation beforehand. */
export function factsOf(operation: S3Operation): OperationFacts {
  return operations[operation]
}

/** Whether requests of an operation may go past the SDK by way of its schemas. */
export function isFastOperation(operation: S3Operation): operation is FastOperation {
  return factsOf(operation).fast === 'schema'
}

/** The IAM action that an operation needs; `undefined` for one that is not of this library. */
export function actionOf(operation: string, onVersion: boolean): string | undefined {
  if (!Object.hasOwn(operations, operation)) return undefined
  const { action } = factsOf(operation as S3Operation)
  return typeof action === 'string' ? action : action[onVersion ? 1 : 0]
}
