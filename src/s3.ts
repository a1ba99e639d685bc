export { S3LifecyclePolicy, type S3LifecyclePolicyOptions } from './retention/s3-lifecycle.js'
export { S3StorageAdapter } from './storage/s3/adapter.js'
export type {
  DispatcherLike,
  S3ClientLike,
  S3ClientSettings,
  S3Credentials,
  S3StorageOptions,
} from './storage/s3/client/settings.js'
export {
  type IamPolicy,
  type IamPolicyOptions,
  type IamStatement,
  requiredIamPolicy,
} from './storage/s3/inspect/iam-policy.js'
export type { OrphanedUpload } from './storage/s3/repair/multipart.js'
export type { RepairRefusal } from './storage/s3/repair/refusals.js'
