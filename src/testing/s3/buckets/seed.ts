import { parsePolicy } from '../access/policy.js'
import { parseXml, writeElement } from '../http/xml.js'
import { defaultKmsKey } from '../objects/encryption.js'
import type { BucketSettings, DefaultRetention, ObjectOwnership, PublicAccessBlock } from '../state/state.js'
import { checkBucketName, newBucket } from './buckets.js'
import { checkLifecycle } from './lifecycle.js'

/** What a bucket is created with. Everything left out is as S3 makes buckets since April 2023. */
export interface CreateBucketOptions {
  /** @defaultValue the region of the simulator */
  readonly region?: string | undefined
  /** @defaultValue never enabled; `Enabled` with Object Lock, which needs it */
  readonly versioning?: 'Enabled' | 'Suspended' | undefined
  /** @defaultValue false */
  readonly objectLock?: boolean | undefined
  /** Retention of versions that are written without one of their own; needs Object Lock. */
  readonly defaultRetention?: DefaultRetention | undefined
  /** A `LifecycleConfiguration` document. */
  readonly lifecycle?: string | undefined
  /** A bucket policy: JSON, or the object that becomes it. */
  readonly policy?: string | object | undefined
  /** @defaultValue 'BucketOwnerEnforced' */
  readonly objectOwnership?: ObjectOwnership | undefined
  /** @defaultValue `{ algorithm: 'AES256' }` */
  readonly defaultEncryption?:
    | { readonly algorithm: string; readonly kmsKeyId?: string | undefined; readonly bucketKey?: boolean | undefined }
    | undefined
  /** @defaultValue all four on; null for none at all */
  readonly publicAccessBlock?: PublicAccessBlock | null | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Settings of a bucket that a test asks for. Throws if S3 would refuse them. */
export function buildBucket(
  name: string,
  options: CreateBucketOptions,
  defaults: { readonly region: string; readonly nowMs: number },
): BucketSettings {
  checkBucketName(name)
  const objectLock = options.objectLock ?? options.defaultRetention !== undefined
  if (objectLock && options.versioning === 'Suspended') {
    throw new Error(`Bucket ${name}: Object Lock needs versioning, which cannot be suspended.`)
  }
  const base = newBucket(name, options.region ?? defaults.region, defaults.nowMs)
  return {
    ...base,
    objectLock,
    versioning: options.versioning ?? (objectLock ? 'Enabled' : undefined),
    defaultRetention: options.defaultRetention,
    ownership: options.objectOwnership ?? base.ownership,
    encryption: encryptionOf(options, base),
    encryptionConfigured: options.defaultEncryption === undefined ? undefined : true,
    publicAccessBlock:
      options.publicAccessBlock === null ? undefined : (options.publicAccessBlock ?? base.publicAccessBlock),
    policy: policyOf(name, options.policy),
    tags: options.tags === undefined ? undefined : Object.entries(options.tags),
    documents: options.lifecycle === undefined ? [] : [['lifecycle', lifecycleOf(options.lifecycle)]],
  }
}

function encryptionOf({ defaultEncryption }: CreateBucketOptions, base: BucketSettings): BucketSettings['encryption'] {
  if (defaultEncryption === undefined) return base.encryption
  const byKms = defaultEncryption.algorithm.startsWith('aws:kms')
  return {
    ...defaultEncryption,
    kmsKeyId: defaultEncryption.kmsKeyId ?? (byKms ? defaultKmsKey(base.region) : undefined),
  }
}

function policyOf(bucket: string, policy: string | object | undefined): string | undefined {
  if (policy === undefined) return undefined
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy)
  parsePolicy(text, bucket)
  return text
}

function lifecycleOf(text: string): string {
  const document = parseXml(text, 'LifecycleConfiguration')
  checkLifecycle(document)
  return writeElement(document)
}
