import { LegalHoldError, type Stage } from '../errors.js'
import { orAbort } from '../internal/abort.js'
import type { BucketInspection, CallOptions } from '../ports.js'
import { s3CodeOf } from './s3-errors.js'
import type { S3Requests } from './s3-requests.js'

/** What a configuration read answered, with the refusal kept so that a finding can name the action. */
export interface Read<T> {
  readonly value: T | 'unreadable'
  readonly refusal?: LegalHoldError | undefined
}

export interface LockConfiguration {
  readonly enabled: boolean
  readonly defaultRetention: BucketInspection['defaultRetention']
}

/**
 * The configuration of the bucket, each part read at most once per adapter unless `refresh` is called. A refused read
 * is remembered as `unreadable`; any other fault is thrown and not remembered.
 */
export class S3Bucket {
  readonly #requests: S3Requests
  #reads = new Map<string, Promise<Read<unknown>>>()
  /** Set once a request about an object has shown that the bucket is there. */
  exists = false
  /** Set by inspection where the bucket's policy lets CloudTrail deliver into it. */
  receivesCloudTrail = false

  constructor(requests: S3Requests) {
    this.#requests = requests
  }

  /** Forgets what was read, so that an inspection sees the configuration as it is now. */
  refresh(): void {
    this.#reads.clear()
  }

  versioning(stage: Stage, options: CallOptions = {}): Promise<Read<'Enabled' | 'Suspended' | 'Off'>> {
    return this.#once('versioning', stage, options, async () => {
      const { output } = await this.#requests.send('GetBucketVersioning', {}, { stage })
      return output.Status ?? 'Off'
    })
  }

  objectLock(stage: Stage, options: CallOptions = {}): Promise<Read<LockConfiguration>> {
    return this.#once('objectLock', stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetObjectLockConfiguration', {}, { stage })
        const configuration = output.ObjectLockConfiguration
        return {
          enabled: configuration?.ObjectLockEnabled === 'Enabled',
          defaultRetention: retentionOf(configuration?.Rule?.DefaultRetention),
        }
      } catch (error) {
        if (isNoLockConfiguration(error) || isUnsupported(error)) return { enabled: false, defaultRetention: undefined }
        throw error
      }
    })
  }

  encryption(stage: Stage, options: CallOptions = {}): Promise<Read<string | undefined>> {
    return this.#once('encryption', stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetBucketEncryption', {}, { stage })
        const rule = output.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
        return rule?.SSEAlgorithm
      } catch (error) {
        if (s3CodeOf(error) === 'ServerSideEncryptionConfigurationNotFoundError' || isUnsupported(error))
          return undefined
        throw error
      }
    })
  }

  /** `BucketOwnerEnforced` switches ACLs off; absent on servers and old buckets that know no such setting. */
  ownership(stage: Stage, options: CallOptions = {}): Promise<Read<string | undefined>> {
    return this.#once('ownership', stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetBucketOwnershipControls', {}, { stage })
        return output.OwnershipControls?.Rules?.[0]?.ObjectOwnership
      } catch (error) {
        if (s3CodeOf(error) === 'OwnershipControlsNotFoundError' || isUnsupported(error)) return undefined
        throw error
      }
    })
  }

  policy(stage: Stage, options: CallOptions = {}): Promise<Read<string | undefined>> {
    return this.#once('policy', stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetBucketPolicy', {}, { stage })
        return output.Policy
      } catch (error) {
        if (s3CodeOf(error) === 'NoSuchBucketPolicy' || isUnsupported(error)) return undefined
        throw error
      }
    })
  }

  /** The read is shared, so no caller's signal may end it for the others; each caller stops waiting by its own. */
  #once<T>(name: string, stage: Stage, options: CallOptions, read: () => Promise<T>): Promise<Read<T>> {
    const known = this.#reads.get(name)
    if (known !== undefined) return orAbort(known as Promise<Read<T>>, options.signal, stage)
    const reading = read().then(
      (value): Read<T> => ({ value }),
      (error: unknown): Read<T> => {
        if (LegalHoldError.isInstance(error) && error.code === 'STORAGE_FORBIDDEN') {
          return { value: 'unreadable', refusal: error }
        }
        this.#reads.delete(name)
        throw error
      },
    )
    this.#reads.set(name, reading)
    return orAbort(reading, options.signal, stage)
  }
}

/** The bucket has no Object Lock, or the object no lock: AWS says it in three ways. */
export function isNoLockConfiguration(error: unknown): boolean {
  const code = s3CodeOf(error)
  return (
    code === 'ObjectLockConfigurationNotFoundError' ||
    code === 'NoSuchObjectLockConfiguration' ||
    // "Bucket is missing Object Lock Configuration"
    code === 'InvalidRequest'
  )
}

/** The server does not know the operation at all. */
export function isUnsupported(error: unknown): boolean {
  if (!LegalHoldError.isInstance(error)) return false
  return error.code === 'STORAGE_UNSUPPORTED' || (error.status === 405 && error.code === 'STORAGE_REJECTED')
}

/** Rejects of this kind mean "not allowed to see", which is an answer of its own: `unreadable`. */
export function isForbidden(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.code === 'STORAGE_FORBIDDEN'
}

function retentionOf(
  rule:
    | { readonly Mode?: string | undefined; readonly Days?: number | undefined; readonly Years?: number | undefined }
    | undefined,
): LockConfiguration['defaultRetention'] {
  if (rule?.Mode !== 'GOVERNANCE' && rule?.Mode !== 'COMPLIANCE') return undefined
  return {
    mode: rule.Mode,
    ...(rule.Days === undefined ? {} : { days: rule.Days }),
    ...(rule.Years === undefined ? {} : { years: rule.Years }),
  }
}
