import { orAbort } from '../../../internal/abort.js'
import { isPending } from '../../../internal/waits/pending.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { BucketInspection } from '../../../model/inspection.js'
import type { CallOptions } from '../../../ports/runtime.js'
import { s3CodeOf, saidBy } from '../protocol/errors.js'
import type { S3Requests } from '../send/requests.js'

/** What a configuration read answered, with the refusal kept so that a finding can name the action. */
export interface Read<T> {
  readonly value: T | 'unreadable'
  readonly refusal?: LegalHoldError | undefined
  /** The server does not implement it: it is off, and there is nothing of it to lose. */
  readonly isUnsupported?: boolean | undefined
  /** What the answer says that is not known here, in words. */
  readonly unknown?: string | undefined
}

/** Read before, or on its way: what is asked for with each object needs no promise once it is known. */
type Reading<T> = Read<T> | Promise<Read<T>>

export interface LockConfiguration {
  readonly enabled: boolean
  readonly defaultRetention: BucketInspection['defaultRetention']
}

const noLock: LockConfiguration = { enabled: false, defaultRetention: undefined }

/**
 * The configuration of the bucket, each part read at most once per adapter unless `refresh` is called. A refused read
 * is remembered as `unreadable`, one that the server does not implement as off; any other fault is thrown and not
 * remembered.
 */
export class S3Bucket {
  readonly #requests: S3Requests
  readonly #reads = new Map<string, Reading<unknown>>()
  /** Set once a request about an object has shown that the bucket is there. */
  exists = false
  /** Set by inspection where the bucket's policy lets CloudTrail deliver into it. */
  receivesCloudTrail = false
  /** Set once the server has said that it does not implement versions: an id that it shows anyway names none. */
  hasNoVersions = false
  /** Set once the server has said that it does not list versions. */
  hasNoVersionList = false

  constructor(requests: S3Requests) {
    this.#requests = requests
  }

  /** Forgets what was read, so that an inspection sees the configuration as it is now. */
  refresh(): void {
    this.#reads.clear()
  }

  versioning(stage: Stage, options: CallOptions = {}): Reading<'Enabled' | 'Suspended' | 'Off'> {
    return this.#once<'Enabled' | 'Suspended' | 'Off'>({ name: 'versioning', off: 'Off' }, stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetBucketVersioning', {}, { stage })
        const status: string | undefined = output.Status
        if (status === 'Enabled' || status === 'Suspended') return { value: status }
        // No status at all is how S3 says that versioning was never switched on.
        return status === undefined ? { value: 'Off' } : unknownWord('versioning', status)
      } catch (error) {
        if (isUnsupported(error)) this.hasNoVersions = true
        throw error
      }
    })
  }

  objectLock(stage: Stage, options: CallOptions = {}): Reading<LockConfiguration> {
    return this.#once({ name: 'objectLock', off: noLock }, stage, options, async () => {
      try {
        const { output } = await this.#requests.send('GetObjectLockConfiguration', {}, { stage })
        const { ObjectLockEnabled: word, Rule } = output.ObjectLockConfiguration ?? {}
        // Anything else may mean a lock: taken for none, a hold would not be looked for.
        if (word !== 'Enabled') return unknownWord('Object Lock', word)
        return { value: { enabled: true, defaultRetention: retentionOf(Rule?.DefaultRetention) } }
      } catch (error) {
        if (isNoLockConfiguration(error)) return { value: noLock }
        throw error
      }
    })
  }

  encryption(stage: Stage, options: CallOptions = {}): Reading<string | undefined> {
    return this.#once({ name: 'encryption', off: undefined }, stage, options, async () => {
      const { output } = await this.#orNone(
        this.#requests.send('GetBucketEncryption', {}, { stage }),
        'ServerSideEncryptionConfigurationNotFoundError',
      )
      const rule = output?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
      return { value: rule?.SSEAlgorithm }
    })
  }

  /** `BucketOwnerEnforced` switches ACLs off; absent on servers and old buckets that know no such setting. */
  ownership(stage: Stage, options: CallOptions = {}): Reading<string | undefined> {
    return this.#once({ name: 'ownership', off: undefined }, stage, options, async () => {
      const { output } = await this.#orNone(
        this.#requests.send('GetBucketOwnershipControls', {}, { stage }),
        'OwnershipControlsNotFoundError',
      )
      return { value: output?.OwnershipControls?.Rules?.[0]?.ObjectOwnership }
    })
  }

  policy(stage: Stage, options: CallOptions = {}): Reading<string | undefined> {
    return this.#once({ name: 'policy', off: undefined }, stage, options, async () => {
      const { output } = await this.#orNone(this.#requests.send('GetBucketPolicy', {}, { stage }), 'NoSuchBucketPolicy')
      // That there is none has a code of its own; an answer without one says nothing.
      return output !== undefined && !output.Policy
        ? unknownWord('the bucket policy', undefined)
        : { value: output?.Policy }
    })
  }

  async #orNone<T>(answer: Promise<{ readonly output: T }>, none: string): Promise<{ readonly output?: T }> {
    try {
      return await answer
    } catch (error) {
      if (s3CodeOf(error) === none) return {}
      throw error
    }
  }

  /**
   * The read is shared, so no caller's signal may end it for the others; each caller stops waiting by its own.
   *
   * @param off what it is on a server that does not implement it
   */
  #once<T>(
    { name, off }: { readonly name: string; readonly off: T },
    stage: Stage,
    options: CallOptions,
    read: () => Promise<Read<T>>,
  ): Reading<T> {
    const known = this.#reads.get(name) as Reading<T> | undefined
    if (known !== undefined && !isPending(known) && options.signal?.aborted !== true) return known
    if (known !== undefined) return orAbort(Promise.resolve(known), options.signal, stage)
    const reading = read().catch((error: unknown): Read<T> => {
      if (isUnsupported(error)) return { value: off, isUnsupported: true }
      if (isRefused(error)) return { value: 'unreadable', refusal: error }
      this.#reads.delete(name)
      throw error
    })
    this.#reads.set(name, reading)
    void reading.then(
      (read) => {
        // Unless it was asked for again meanwhile.
        if (this.#reads.get(name) === reading) this.#reads.set(name, read)
      },
      () => {},
    )
    return orAbort(reading, options.signal, stage)
  }
}

function unknownWord(what: string, word: string | undefined): Read<never> {
  const unknown =
    word === undefined
      ? `the answer about ${what} says neither that it is on nor that it is off`
      : `${what} is in the state ${JSON.stringify(word.slice(0, 40))}, which this library does not know`
  return { value: 'unreadable', unknown }
}

/** The bucket has no Object Lock, or the object no lock: AWS says it in three ways. */
export function isNoLockConfiguration(error: unknown): boolean {
  const code = s3CodeOf(error)
  if (code === 'ObjectLockConfigurationNotFoundError' || code === 'NoSuchObjectLockConfiguration') return true
  // "Bucket is missing Object Lock Configuration". Any other invalid request says nothing of a lock.
  return code === 'InvalidRequest' && /object ?lock/i.test(saidBy(error))
}

/** The server does not know the operation at all, or not what it was asked with. */
export function isUnsupported(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.code === 'STORAGE_UNSUPPORTED'
}

/** A definite no: not allowed, or not accepted as it is. */
function isRefused(error: unknown): error is LegalHoldError {
  return LegalHoldError.isInstance(error) && (error.code === 'STORAGE_FORBIDDEN' || error.code === 'STORAGE_REJECTED')
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

/** A refusal is an answer as well: whatever it hides may be there. */
export async function orUnreadable<T>(read: Promise<T>): Promise<T | 'unreadable'> {
  try {
    return await read
  } catch (error) {
    if (!isForbidden(error)) throw error
    return 'unreadable'
  }
}
