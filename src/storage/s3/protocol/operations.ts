import type * as S3 from '@aws-sdk/client-s3'

/** The operations this library uses, with the types of one version of the SDK. Never part of the public types. */
interface Operations {
  HeadBucket: [S3.HeadBucketCommandInput, S3.HeadBucketCommandOutput]
  GetBucketVersioning: [S3.GetBucketVersioningCommandInput, S3.GetBucketVersioningCommandOutput]
  GetObjectLockConfiguration: [S3.GetObjectLockConfigurationCommandInput, S3.GetObjectLockConfigurationCommandOutput]
  GetBucketEncryption: [S3.GetBucketEncryptionCommandInput, S3.GetBucketEncryptionCommandOutput]
  GetBucketOwnershipControls: [S3.GetBucketOwnershipControlsCommandInput, S3.GetBucketOwnershipControlsCommandOutput]
  GetBucketPolicy: [S3.GetBucketPolicyCommandInput, S3.GetBucketPolicyCommandOutput]
  GetBucketLifecycleConfiguration: [
    S3.GetBucketLifecycleConfigurationCommandInput,
    S3.GetBucketLifecycleConfigurationCommandOutput,
  ]
  ListObjectsV2: [S3.ListObjectsV2CommandInput, S3.ListObjectsV2CommandOutput]
  ListObjectVersions: [S3.ListObjectVersionsCommandInput, S3.ListObjectVersionsCommandOutput]
  ListMultipartUploads: [S3.ListMultipartUploadsCommandInput, S3.ListMultipartUploadsCommandOutput]
  HeadObject: [S3.HeadObjectCommandInput, S3.HeadObjectCommandOutput]
  GetObject: [S3.GetObjectCommandInput, S3.GetObjectCommandOutput]
  PutObject: [S3.PutObjectCommandInput, S3.PutObjectCommandOutput]
  GetObjectTagging: [S3.GetObjectTaggingCommandInput, S3.GetObjectTaggingCommandOutput]
  PutObjectTagging: [S3.PutObjectTaggingCommandInput, S3.PutObjectTaggingCommandOutput]
  GetObjectLegalHold: [S3.GetObjectLegalHoldCommandInput, S3.GetObjectLegalHoldCommandOutput]
  PutObjectLegalHold: [S3.PutObjectLegalHoldCommandInput, S3.PutObjectLegalHoldCommandOutput]
  GetObjectRetention: [S3.GetObjectRetentionCommandInput, S3.GetObjectRetentionCommandOutput]
  PutObjectRetention: [S3.PutObjectRetentionCommandInput, S3.PutObjectRetentionCommandOutput]
  GetObjectAcl: [S3.GetObjectAclCommandInput, S3.GetObjectAclCommandOutput]
  PutObjectAcl: [S3.PutObjectAclCommandInput, S3.PutObjectAclCommandOutput]
  CopyObject: [S3.CopyObjectCommandInput, S3.CopyObjectCommandOutput]
  CreateMultipartUpload: [S3.CreateMultipartUploadCommandInput, S3.CreateMultipartUploadCommandOutput]
  UploadPart: [S3.UploadPartCommandInput, S3.UploadPartCommandOutput]
  UploadPartCopy: [S3.UploadPartCopyCommandInput, S3.UploadPartCopyCommandOutput]
  CompleteMultipartUpload: [S3.CompleteMultipartUploadCommandInput, S3.CompleteMultipartUploadCommandOutput]
  AbortMultipartUpload: [S3.AbortMultipartUploadCommandInput, S3.AbortMultipartUploadCommandOutput]
}

export type S3Operation = keyof Operations
export type S3Input<K extends S3Operation> = Operations[K][0]
export type S3Output<K extends S3Operation> = Operations[K][1]
