export { S3LifecyclePolicy, type S3LifecyclePolicyOptions } from './retention/s3-lifecycle.js'
export { S3StorageAdapter } from './storage/s3.js'
export { type IamPolicy, type IamPolicyOptions, type IamStatement, requiredIamPolicy } from './storage/s3-iam-policy.js'
export type { OrphanedUpload } from './storage/s3-multipart.js'
export type { RepairRefusal } from './storage/s3-refusals.js'
export type {
  DispatcherLike,
  S3ClientLike,
  S3ClientSettings,
  S3Credentials,
  S3StorageOptions,
} from './storage/s3-settings.js'
