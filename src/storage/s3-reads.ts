import { LegalHoldError, type Stage } from '../errors.js'
import type { AclGrant, CallOptions, HeadOptions, HeadResult, ObjectRef, ObjectState } from '../ports.js'
import { isForbidden, isNoLockConfiguration, isUnsupported, type S3Bucket } from './s3-bucket.js'
import { s3CodeOf, subjectOf } from './s3-errors.js'
import { headObject, headObjectBySdk, retentionOf } from './s3-head.js'
import type { S3Requests } from './s3-requests.js'
import type { S3StorageOptions } from './s3-settings.js'
import { nextVersion } from './s3-versions.js'

type Tags = Readonly<Record<string, string>>

/**
 * Whether an absent count of tags in a HEAD means "none" or "not allowed to see". HEAD succeeds either way and omits
 * it, so the first absence is settled by asking for the tags themselves; the answer holds for the adapter's life, as a
 * hint for validation only. A policy may hide the tags of a single object: before a copy (`full`) each one is asked.
 * `ask`: this server's HEAD leaves the count out although there are tags.
 *
 * For lock fields there is no such hint: every object whose HEAD shows none is asked itself (s3-facts: Object Lock).
 */
type Visibility = 'unknown' | 'shown' | 'refused' | 'ask'

interface ReadCall extends CallOptions {
  readonly stage: Stage
}

/** Reads objects: HEAD, and what HEAD cannot prove by itself. */
export class S3Reads {
  readonly #requests: S3Requests
  readonly #bucket: S3Bucket
  readonly #options: S3StorageOptions
  #tagsVisibility: Visibility = 'unknown'

  constructor(requests: S3Requests, bucket: S3Bucket, options: S3StorageOptions) {
    this.#requests = requests
    this.#bucket = bucket
    this.#options = options
  }

  /** Forgets whether the caller may see tags, so that a changed policy takes effect. */
  refresh(): void {
    this.#tagsVisibility = 'unknown'
  }

  async head(ref: ObjectRef, options: HeadOptions = {}, stage: Stage = 'validate'): Promise<HeadResult> {
    const call = { stage, signal: options.signal }
    const { generation } = this.#requests
    let state: ObjectState
    try {
      state = await headObject(this.#requests, ref, call)
    } catch (error) {
      const explained = await this.#lookCloser(ref, error, call, generation)
      if (!('bucket' in explained)) return explained
      state = explained
    }
    this.#bucket.exists = true
    const full = options.full === true
    const wantsTags = full || options.tags === true
    const wantsLock = full || options.lock === true
    if (!wantsTags && !wantsLock) return { found: true, state }
    const pinned = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    return {
      found: true,
      state: {
        ...state,
        ...(wantsTags ? { tags: await this.#tagsOf(pinned, state, stage, call, full) } : {}),
        ...(wantsLock ? await this.#lockOf(pinned, state, stage, call) : {}),
        ...(full ? { acl: await this.#aclOf(pinned, stage, call) } : {}),
      },
    }
  }

  /** The tags of a version; a refusal is thrown. */
  async tags(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<Tags> {
    const { output } = await this.#requests.send('GetObjectTagging', target(ref), { stage, signal: call.signal })
    const tags: Record<string, string> = Object.create(null)
    // Ceph RGW leaves the empty set out altogether.
    for (const { Key, Value } of output.TagSet ?? []) if (Key !== undefined) tags[Key] = Value ?? ''
    return tags
  }

  /**
   * The tags of a version, as many as its HEAD counts: what is written back as the complete set has to be the complete
   * set. Throws `STORAGE_RESPONSE_INVALID` where the two contradict each other.
   */
  async countedTags(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<Tags> {
    // The tags last: what another writer sets between their reading and the writing is lost.
    const counted = await this.head(ref, { signal: call.signal }, stage)
    const tags = await this.tags(ref, stage, call)
    return requireCount(ref, tags, counted.found ? counted.state.tagCount : undefined, stage)
  }

  async legalHold(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<'ON' | 'OFF'> {
    try {
      const { output } = await this.#requests.send('GetObjectLegalHold', target(ref), { stage, signal: call.signal })
      return output.LegalHold?.Status === 'ON' ? 'ON' : 'OFF'
    } catch (error) {
      if (isNoLockConfiguration(error) || isUnsupported(error)) return 'OFF'
      throw error
    }
  }

  async retention(
    ref: ObjectRef,
    stage: Stage,
    call: CallOptions,
  ): Promise<Exclude<ObjectState['retention'], undefined | 'unreadable'>> {
    try {
      const { output } = await this.#requests.send('GetObjectRetention', target(ref), { stage, signal: call.signal })
      return retentionOf(output.Retention?.Mode, output.Retention?.RetainUntilDate) ?? 'none'
    } catch (error) {
      if (isNoLockConfiguration(error) || isUnsupported(error)) return 'none'
      throw error
    }
  }

  async acl(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<readonly AclGrant[]> {
    const { output } = await this.#requests.send('GetObjectAcl', target(ref), { stage, signal: call.signal })
    return (output.Grants ?? []).map(({ Grantee, Permission }) => ({
      grantee:
        Grantee?.URI !== undefined
          ? `uri=${Grantee.URI}`
          : Grantee?.EmailAddress !== undefined
            ? `emailAddress=${Grantee.EmailAddress}`
            : `id=${Grantee?.ID ?? ''}`,
      permission: Permission ?? '',
    }))
  }

  /** HEAD has no body and so no error code; what may be hidden behind a bare 400 or 403 is asked for once more by GET. */
  async #lookCloser(
    ref: ObjectRef,
    failure: unknown,
    call: ReadCall,
    generation: number,
  ): Promise<ObjectState | HeadResult> {
    let error = failure
    if (isBareRefusal(error)) {
      const named = await this.#explain(ref, call.stage, call)
      if (isCustomerKeyRefusal(named)) {
        if (this.#options.sseCustomerKey === undefined) throw needsCustomerKey(ref, call.stage, named)
        const key = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: this.#options.sseCustomerKey as string }
        return headObjectBySdk(this.#requests, ref, call, key)
      }
      error = named ?? error
      // The credentials had expired, as HEAD cannot say, and were renewed for the GET or by another request.
      if (named === undefined && this.#requests.generation !== generation) {
        try {
          return await headObject(this.#requests, ref, call)
        } catch (again) {
          error = again
        }
      }
    }
    if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_NOT_FOUND') throw error
    return this.#absent(ref, error, call.stage, call)
  }

  async #explain(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<LegalHoldError | undefined> {
    try {
      const { output } = await this.#requests.send(
        'GetObject',
        { ...target(ref), Range: 'bytes=0-0' },
        { stage, signal: call.signal },
      )
      discard(output.Body)
      return undefined
    } catch (error) {
      if (!LegalHoldError.isInstance(error)) return undefined
      // A fault that may pass explains nothing: the HEAD has to be asked again, or it would count as a refusal.
      const explains = s3CodeOf(error) !== undefined || error.retryable
      return explains || error.code === 'ABORTED' || error.code === 'MISSING_CREDENTIALS' ? error : undefined
    }
  }

  /** A bare 404 is absence only if the bucket is there; a delete marker on top makes it recoverable. */
  async #absent(ref: ObjectRef, error: LegalHoldError, stage: Stage, call: CallOptions): Promise<HeadResult> {
    if (!this.#bucket.exists) {
      await this.#requests.send('HeadBucket', {}, { stage, signal: call.signal }).catch((failure: unknown) => {
        // Not allowed to see the bucket is no proof of its absence; the object's own 404 stands.
        if (!isForbidden(failure)) throw failure
      })
      this.#bucket.exists = true
    }
    const marker = error.answer?.deleteMarker
    const marked = marker !== undefined
    if (ref.versionId !== undefined)
      return { found: false, deleteMarker: marked, versionId: marked ? ref.versionId : undefined }
    try {
      // Asked for without the header, too: Ceph RGW hides a current delete marker behind a plain 404.
      const top = await nextVersion(this.#requests, { key: ref.key }, stage, call)
      if (top === undefined || !top.deleteMarker) return { found: false, deleteMarker: marked }
      return {
        found: false,
        deleteMarker: true,
        versionId: top.versionId,
        beneath: await this.#beneath(ref.key, top.versionId, stage, call),
      }
    } catch (failure) {
      if (!isForbidden(failure) && !isUnsupported(failure)) throw failure
      return { found: false, deleteMarker: marked, versionId: marker?.versionId }
    }
  }

  /** The newest version that is no marker; markers may lie on markers. */
  async #beneath(key: string, markerId: string, stage: Stage, call: CallOptions): Promise<string | undefined> {
    let above = markerId
    for (;;) {
      const next = await nextVersion(this.#requests, { key, after: above }, stage, call)
      if (next === undefined || !next.deleteMarker) return next?.versionId
      above = next.versionId
    }
  }

  async #tagsOf(
    ref: ObjectRef,
    { tagCount }: ObjectState,
    stage: Stage,
    call: CallOptions,
    full: boolean,
  ): Promise<ObjectState['tags']> {
    const none = Object.create(null) as Tags
    if (tagCount === 0) return none
    const read = () => orUnreadable(this.tags(ref, stage, call))
    if (full || tagCount !== undefined) {
      const tags = await read()
      return tags === 'unreadable' ? tags : requireCount(ref, tags, tagCount, stage)
    }
    const seen = this.#tagsVisibility
    if (seen === 'shown') return none
    if (seen === 'refused') return 'unreadable'
    const tags = await read()
    if (tags === 'unreadable') this.#tagsVisibility = 'refused'
    else this.#tagsVisibility = isEmpty(tags) && seen !== 'ask' ? 'shown' : 'ask'
    return tags
  }

  async #lockOf(ref: ObjectRef, state: ObjectState, stage: Stage, call: CallOptions) {
    const { legalHold, retention } = state
    if (legalHold !== undefined && retention !== undefined) return { legalHold, retention }
    if (!(await this.#mayBeLocked(stage, call))) {
      return { legalHold: legalHold ?? ('OFF' as const), retention: retention ?? ('none' as const) }
    }
    const [hold, retained] = await Promise.all([
      legalHold ?? orUnreadable(this.legalHold(ref, stage, call)),
      retention ?? orUnreadable(this.retention(ref, stage, call)),
    ])
    return { legalHold: hold, retention: retained }
  }

  /** Where the bucket has no Object Lock there is nothing that could be hidden. */
  async #mayBeLocked(stage: Stage, call: CallOptions): Promise<boolean> {
    const lock = await this.#bucket.objectLock(stage, call)
    return lock.value === 'unreadable' || lock.value.enabled
  }

  async #aclOf(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<ObjectState['acl']> {
    const ownership = await this.#bucket.ownership(stage, call)
    if (ownership.value === 'BucketOwnerEnforced') return 'bucket-owner-enforced'
    try {
      return await this.acl(ref, stage, call)
    } catch (error) {
      if (isForbidden(error)) return 'unreadable'
      if (isUnsupported(error)) return []
      throw error
    }
  }
}

/** A refusal is an answer, too: whatever it hides may be there. */
async function orUnreadable<T>(read: Promise<T>): Promise<T | 'unreadable'> {
  try {
    return await read
  } catch (error) {
    if (!isForbidden(error)) throw error
    return 'unreadable'
  }
}

/** A 400 or 403 that does not say why. */
function isBareRefusal(error: unknown): boolean {
  if (!LegalHoldError.isInstance(error) || s3CodeOf(error) !== undefined) return false
  return error.code === 'STORAGE_REJECTED' || error.code === 'STORAGE_FORBIDDEN'
}

/** Key and version as every object operation takes them. */
export function target(ref: ObjectRef): { Key: string; VersionId?: string } {
  return { Key: ref.key, ...(ref.versionId === undefined ? {} : { VersionId: ref.versionId }) }
}

/**
 * An answer with fewer tags than HEAD counts is none that could be written back: a proxy's, or one that was cut off, and it
 * would cost the object the tags of other matters. Somebody may have tagged it in between, too: reading again tells.
 */
function requireCount(ref: ObjectRef, tags: Tags, tagCount: number | undefined, stage: Stage): Tags {
  const count = Object.keys(tags).length
  if (tagCount === undefined || tagCount === count) return tags
  throw new LegalHoldError(
    `GetObjectTagging of ${subjectOf(ref)} was answered with ${count} tags, while HEAD counts ${tagCount}. Nothing is written before both agree.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage, retryable: true, outcome: 'not-applied', details: { count, tagCount } },
  )
}

function isEmpty(tags: Tags): boolean {
  return Object.keys(tags).length === 0
}

/** "The object was stored using a form of Server Side Encryption. The correct parameters must be provided…" */
function isCustomerKeyRefusal(error: LegalHoldError | undefined): error is LegalHoldError {
  return (
    error !== undefined &&
    s3CodeOf(error) === 'InvalidRequest' &&
    /Server Side Encryption|SSE|encrypt/i.test(error.message)
  )
}

function needsCustomerKey(ref: ObjectRef, stage: Stage, cause: LegalHoldError): LegalHoldError {
  return new LegalHoldError(
    `${subjectOf(ref)} is encrypted with a customer's own key (SSE-C) and cannot be read without it. Give \`sseCustomerKey\`.`,
    {
      code: 'STORAGE_REJECTED',
      stage,
      status: cause.status,
      requestId: cause.requestId,
      cause,
      reason: 'sse-c',
      details: { reason: 'sse-c' },
    },
  )
}

/** Ends an answer whose body is not wanted, so that its connection is free again. */
export function discard(body: unknown): void {
  const stream = body as { destroy?: () => unknown; cancel?: () => Promise<unknown> } | undefined
  if (typeof stream?.destroy === 'function') stream.destroy()
  else if (typeof stream?.cancel === 'function') stream.cancel().catch(() => {})
}
