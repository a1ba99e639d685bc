import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectTraits } from '../../../model/identity.js'
import type { AclGrant, ObjectRef, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { HeadOptions, HeadResult } from '../../../ports/storage.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import type { S3StorageOptions } from '../client/settings.js'
import { s3CodeOf } from '../protocol/errors.js'
import { legalHoldOf, retentionOf } from '../protocol/lock.js'
import type { S3Call, S3Output, S3Requests } from '../send/requests.js'
import { isForbidden, isNoLockConfiguration, isUnsupported, type S3Bucket } from './bucket.js'
import { isCustomerKeyRefusal, needsCustomerKey } from './customer-key.js'
import { headObject, headObjectBySdk } from './head.js'
import { bySdk } from './head-identity.js'
import { sizeOf } from './size.js'
import { countOf, type PartCall, readTags, requireCount, type Tags } from './tags.js'
import { discard, target } from './target.js'
import { nextVersion } from './versions.js'

/**
 * Whether an absent count of tags in a HEAD means "none" or "not allowed to see". HEAD succeeds either way and omits
 * it, so the first absence is settled by asking for the tags themselves; the answer holds for the adapter's life, as a
 * hint for validation only. A policy may hide the tags of a single object: before a copy (`full`) each one is asked.
 * `ask`: this server's HEAD leaves the count out although there are tags.
 *
 * For lock fields there is no such hint: every object whose HEAD shows none is asked itself (s3-facts: Object Lock).
 */
type Visibility = 'unknown' | 'shown' | 'refused' | 'ask'

/** So many locks that HEAD leaves out, and a second reading shows: this server's HEAD shows none. */
const convincing = 3

/** What servers leave out of S3, and is then off. */
type Part = 'tags' | 'hold' | 'retention' | 'acl'

interface ReadCall extends CallOptions {
  readonly stage: Stage
  readonly listed?: ObjectTraits | undefined
}

/** Reads objects: HEAD, and what HEAD cannot prove by itself. */
export class S3Reads {
  readonly #requests: S3Requests
  readonly #bucket: S3Bucket
  readonly #options: S3StorageOptions
  #tagsVisibility: Visibility = 'unknown'
  /** How often a lock was read twice over that HEAD had left out. */
  #locksBesideHead = 0
  /** Set once the server has said that it does not implement tags. */
  #hasNoTags = false
  /** What the server has answered about: it implements that, whatever it or a gateway says later. */
  readonly #answered = new Set<Part>()

  constructor(requests: S3Requests, bucket: S3Bucket, options: S3StorageOptions) {
    this.#requests = requests
    this.#bucket = bucket
    this.#options = options
  }

  /** Forgets whether the caller may see tags, so that a changed policy takes effect. */
  refresh(): void {
    this.#tagsVisibility = 'unknown'
    this.#hasNoTags = false
  }

  /** The server does not implement tags: nothing is asked of it about them any more. */
  noteNoTags(): void {
    this.#hasNoTags = true
  }

  get hasNoTags(): boolean {
    return this.#hasNoTags
  }

  async head(ref: ObjectRef, options: HeadOptions = {}, stage: Stage = 'validate'): Promise<HeadResult> {
    const { signal, listed } = options
    const call = { stage, signal, listed }
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
    if (this.#bucket.hasNoVersions) state = { ...state, versionId: undefined }
    const full = options.full === true
    const wantsTags = full || options.tags === true
    const wantsLock = full || options.lock === true
    const wantsSize = (full || options.size === true) && state.sizeBytes === undefined
    if (!wantsTags && !wantsLock && !wantsSize) return { found: true, state }
    const pinned = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    return {
      found: true,
      state: {
        ...state,
        ...(wantsSize ? { sizeBytes: await sizeOf(this.#requests, state, this.#options, call) } : {}),
        ...(wantsTags ? { tags: await this.#tagsOf(pinned, state, stage, { ...call, full }) } : {}),
        ...(wantsLock ? await this.#lockOf(pinned, state, stage, call) : {}),
        ...(full ? { acl: await this.#aclOf(pinned, stage, call) } : {}),
      },
    }
  }

  /** The tags of a version; a refusal is thrown. */
  async tags(ref: ObjectRef, stage: Stage, call: PartCall): Promise<Tags> {
    const tags = await readTags(this.#requests, ref, stage, call)
    this.#answered.add('tags')
    return tags
  }

  /**
   * The tags of a version, as many as its HEAD counts: what is written back as the complete set must be the complete
   * set. Throws `STORAGE_RESPONSE_INVALID` where the two contradict each other.
   */
  async countedTags(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<Tags> {
    // The tags last: what another writer sets between their reading and the writing is lost.
    const counted = await this.head(ref, { signal: call.signal }, stage)
    const tags = await this.tags(ref, stage, call)
    return requireCount(ref, tags, counted.found ? counted.state.tagCount : undefined, stage)
  }

  /** `unreadable`: the answer names no status, or one that is not known. */
  async legalHold(ref: ObjectRef, stage: Stage, { signal, compare }: PartCall): Promise<'ON' | 'OFF' | 'unreadable'> {
    try {
      const { output } = await this.#requests.send('GetObjectLegalHold', target(ref), { stage, signal, compare })
      this.#answered.add('hold')
      return legalHoldOf(output.LegalHold?.Status) ?? 'unreadable'
    } catch (error) {
      if (this.#isOff('hold', error)) return 'OFF'
      throw error
    }
  }

  /** `unreadable`: the answer names no mode and date, or a mode that is not known. */
  async retention(
    ref: ObjectRef,
    stage: Stage,
    { signal, compare }: PartCall,
  ): Promise<Exclude<ObjectState['retention'], undefined>> {
    try {
      const { output } = await this.#requests.send('GetObjectRetention', target(ref), { stage, signal, compare })
      this.#answered.add('retention')
      const { Mode, RetainUntilDate } = output.Retention ?? {}
      return retentionOf(Mode, RetainUntilDate?.toISOString()) ?? 'unreadable'
    } catch (error) {
      if (this.#isOff('retention', error)) return 'none'
      throw error
    }
  }

  /** `unreadable`: the answer has no list, or a grant in it to nobody that can be named, or of nothing. */
  async acl(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<readonly AclGrant[] | 'unreadable'> {
    const { output } = await this.#requests.send('GetObjectAcl', target(ref), { stage, signal: call.signal })
    this.#answered.add('acl')
    const grants = output.Grants?.map(({ Grantee, Permission }) => ({
      grantee:
        Grantee?.URI !== undefined
          ? `uri=${Grantee.URI}`
          : Grantee?.EmailAddress !== undefined
            ? `emailAddress=${Grantee.EmailAddress}`
            : `id=${Grantee?.ID ?? ''}`,
      permission: Permission ?? '',
    }))
    const isWhole = grants?.every(({ grantee, permission }) => grantee !== 'id=' && permission !== '')
    return grants !== undefined && isWhole ? grants : 'unreadable'
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
        return headObjectBySdk(this.#requests, ref, bySdk(ref, call), { customerKey: key })
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
      // A fault that may pass explains nothing: the HEAD must be asked again, or it would count as a refusal.
      const explains = s3CodeOf(error) !== undefined || error.retryable
      return explains || error.code === 'ABORTED' || error.code === 'MISSING_CREDENTIALS' ? error : undefined
    }
  }

  /** A bare 404 is absence only if the bucket is there; a delete marker on top makes it recoverable. */
  async #absent(
    ref: ObjectRef,
    error: LegalHoldError,
    stage: Stage,
    call: CallOptions,
  ): Promise<ObjectState | HeadResult> {
    if (!this.#bucket.exists) {
      await this.#requests.send('HeadBucket', {}, { stage, signal: call.signal }).catch((failure: unknown) => {
        // Not allowed to see the bucket is not proof of its absence; the object's own 404 stands.
        if (!isForbidden(failure) && !isUnsupported(failure)) throw failure
      })
      this.#bucket.exists = true
    }
    const marker = error.answer?.deleteMarker
    const marked = marker !== undefined
    if (ref.versionId !== undefined)
      return { found: false, deleteMarker: marked, versionId: marked ? ref.versionId : undefined }
    try {
      // Asked for without the header as well: Ceph RGW hides a current delete marker behind a plain 404.
      const top = await nextVersion(this.#requests, { key: ref.key }, stage, call)
      if (top !== undefined && !top.deleteMarker) return await this.#missedBy(ref, stage, call)
      if (top === undefined) return { found: false, deleteMarker: marked }
      return {
        found: false,
        deleteMarker: true,
        versionId: top.versionId,
        beneath: await this.#beneath(ref.key, top.versionId, stage, call),
      }
    } catch (failure) {
      if (isUnsupported(failure)) this.#bucket.hasNoVersionList = true
      else if (!isForbidden(failure)) throw failure
      return { found: false, deleteMarker: marked, versionId: marker?.versionId }
    }
  }

  /** There is a current version, by its own list: whether there is one for HEAD as well is asked over another connection. */
  async #missedBy(ref: ObjectRef, stage: Stage, { signal }: CallOptions): Promise<ObjectState | HeadResult> {
    const again = new DoubtedAnswer('that there is no such object, whose versions are listed', undefined)
    try {
      return await headObjectBySdk(this.#requests, ref, { stage, signal, again })
    } catch (error) {
      if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_NOT_FOUND') throw error
      return { found: false, deleteMarker: error.answer?.deleteMarker !== undefined }
    }
  }

  /** The newest version that is not a marker; markers may lie on markers. */
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
    { signal, full }: CallOptions & { readonly full: boolean },
  ): Promise<ObjectState['tags']> {
    const none = Object.create(null) as Tags
    if (tagCount === 0 || (tagCount === undefined && this.#hasNoTags)) return none
    const part = { signal, compare: countOf(tagCount) }
    const read = () => orUnreadable(this.#tagsOrNone(ref, stage, part))
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

  /** A server that does not implement tags has none: there is nothing of them to lose. */
  async #tagsOrNone(ref: ObjectRef, stage: Stage, call: PartCall): Promise<Tags> {
    try {
      return await this.tags(ref, stage, call)
    } catch (error) {
      if (!this.#lacks('tags', error)) throw error
      this.noteNoTags()
      return Object.create(null) as Tags
    }
  }

  async #lockOf(ref: ObjectRef, state: ObjectState, stage: Stage, call: CallOptions) {
    const { legalHold, retention } = state
    if (legalHold !== undefined && retention !== undefined) return { legalHold, retention }
    if (!(await this.#mayBeLocked(stage, call))) {
      return { legalHold: legalHold ?? ('OFF' as const), retention: retention ?? ('none' as const) }
    }
    const part = { signal: call.signal, compare: this.#shownByHead() }
    const [hold, retained] = await Promise.all([
      legalHold ?? orUnreadable(this.legalHold(ref, stage, part)),
      retention ?? orUnreadable(this.retention(ref, stage, part)),
    ])
    const isHeldBeside = legalHold === undefined && hold === 'ON'
    if (isHeldBeside || (retention === undefined && typeof retained === 'object')) this.#locksBesideHead += 1
    return { legalHold: hold, retention: retained }
  }

  /**
   * HEAD shows a lock to everybody who may ask for it (s3-facts: Object Lock). One that is there by its own answer and not
   * by HEAD may be another object's, and is asked for again, until this server has shown that its HEAD leaves locks out.
   */
  #shownByHead(): S3Call['compare'] {
    if (this.#locksBesideHead >= convincing) return undefined
    return ({ output = {} }) => {
      const { LegalHold, Retention } = output as S3Output<'GetObjectLegalHold'> & S3Output<'GetObjectRetention'>
      const isLocked = LegalHold?.Status === 'ON' || Retention?.Mode !== undefined
      return isLocked ? 'a lock that HEAD does not show' : undefined
    }
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
      if (this.#lacks('acl', error)) return []
      throw error
    }
  }

  /** Whether a failure says that there is no lock: none at this object, or none at all. */
  #isOff(part: 'hold' | 'retention', error: unknown): boolean {
    if (!isNoLockConfiguration(error)) return this.#lacks(part, error)
    this.#answered.add(part)
    return true
  }

  /** Whether a failure says that the server does not implement a part of which it has shown nothing yet. */
  #lacks(part: Part, error: unknown): boolean {
    return isUnsupported(error) && !this.#answered.has(part)
  }
}

/** A refusal is an answer as well: whatever it hides may be there. */
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

function isEmpty(tags: Tags): boolean {
  return Object.keys(tags).length === 0
}
