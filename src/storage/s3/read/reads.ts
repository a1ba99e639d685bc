import { isPending } from '../../../internal/waits/pending.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectTraits } from '../../../model/identity.js'
import type { AclGrant, ObjectRef, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { HeadOptions, HeadResult } from '../../../ports/storage.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import type { S3StorageOptions } from '../client/settings.js'
import { s3CodeOf } from '../protocol/errors.js'
import type { S3Requests } from '../send/requests.js'
import { isForbidden, isUnsupported, orUnreadable, type S3Bucket } from './bucket.js'
import { isCustomerKeyRefusal, needsCustomerKey } from './customer-key.js'
import { headObject, headObjectBySdk } from './head.js'
import { bySdk } from './head-identity.js'
import { S3Locks } from './lock.js'
import { sizeOf } from './size.js'
import { countOf, type PartCall, readTags, requireCount, type TaggedVersion, type Tags } from './tags.js'
import { discard, target } from './target.js'
import { nextVersion } from './versions.js'

/**
 * Whether an absent count of tags in a HEAD means "none" or "not allowed to see". HEAD succeeds either way and
 * omits the count, so the first absence is settled by asking for the tags themselves. The answer holds for the
 * adapter's life, but only as a hint for validation. A policy may hide the tags of a single object: before a copy
 * (`full`) each object is asked. `ask`: this server's HEAD leaves the count out although there are tags.
 *
 * For lock fields there is no such hint: every object whose HEAD shows none is asked itself (s3-facts: Object
 * Lock).
 */
type Visibility = 'unknown' | 'shown' | 'refused' | 'ask'

/** What servers leave out of S3, and is then off. */
type Part = 'tags' | 'acl'

interface ReadCall extends CallOptions {
  readonly stage: Stage
  readonly listed?: ObjectTraits | undefined
}

/** Reads objects: HEAD, and what HEAD cannot prove by itself. */
export class S3Reads {
  /** The locks of versions. */
  readonly locks: S3Locks
  readonly #requests: S3Requests
  readonly #bucket: S3Bucket
  readonly #options: S3StorageOptions
  #tagsVisibility: Visibility = 'unknown'
  /** Whether HEAD was seen to count tags, or not to. */
  #knowsTagCounts = false
  /** Set once the server has said that it does not implement tags. */
  #hasNoTags = false
  /** What the server has answered about: it implements that, whatever it or a gateway says later. */
  readonly #answered = new Set<Part>()

  constructor(requests: S3Requests, bucket: S3Bucket, options: S3StorageOptions) {
    this.#requests = requests
    this.#bucket = bucket
    this.#options = options
    this.locks = new S3Locks(requests, bucket)
  }

  /** Forgets whether the caller may see tags, so that a changed policy takes effect. */
  refresh(): void {
    this.#tagsVisibility = 'unknown'
    this.#knowsTagCounts = false
    this.#hasNoTags = false
    this.locks.refresh()
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
    this.locks.seen(state)
    const full = options.full === true
    const wantsTags = full || options.tags === true
    const wantsLock = full ? true : (options.lock ?? false)
    const wantsSize = (full || options.size === true) && state.sizeBytes === undefined
    if (!wantsTags && wantsLock === false && !wantsSize) return { found: true, state }
    const pinned = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    const read: { -readonly [K in keyof ObjectState]: ObjectState[K] } = { ...state }
    if (wantsSize) read.sizeBytes = await sizeOf(this.#requests, state, this.#options, call)
    if (wantsLock !== false) Object.assign(read, await this.locks.of(state, wantsLock, stage, call))
    if (full) read.acl = await this.aclOf(pinned, stage, call)
    // Last: what another writer sets between their reading and their writing is lost.
    const tags = wantsTags ? this.tagsOf(pinned, state, stage, { full, ...call }) : state.tags
    read.tags = isPending(tags) ? await tags : tags
    return { found: true, state: read }
  }

  /** The tags of a version; a refusal is thrown. */
  async tags(ref: ObjectRef, stage: Stage, call: PartCall): Promise<Tags> {
    return (await this.taggedVersion(ref, stage, call)).tags
  }

  /** The same with the version that they are of: without one in `ref`, the current one. */
  async taggedVersion(ref: ObjectRef, stage: Stage, call: PartCall): Promise<TaggedVersion> {
    const tagged = await readTags(this.#requests, ref, stage, call)
    this.#answered.add('tags')
    return tagged
  }

  /**
   * The tags of a version, as many as its HEAD counts: what is written back as the complete set must be the complete
   * set. Throws `STORAGE_RESPONSE_INVALID` if the two contradict each other.
   */
  async countedTags(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<Tags> {
    // The tags last: what another writer sets between their reading and the writing is lost.
    const counted = await this.head(ref, { signal: call.signal }, stage)
    const tags = await this.tags(ref, stage, call)
    const tagCount = counted.found ? counted.state.tagCount : undefined
    if (tagCount === undefined && !isEmpty(tags)) this.noteUncountedTags()
    return requireCount(ref, tags, tagCount, stage)
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

  /** Whether a HEAD that counts no tags was found to say that there are none. */
  get areTagsShown(): boolean {
    return this.#tagsVisibility === 'shown'
  }

  /** HEAD did not count tags that are there. */
  noteUncountedTags(): void {
    this.#tagsVisibility = 'ask'
  }

  /**
   * Looks once whether HEAD counts the tags that a version was just given. That an object without tags has no count says
   * nothing of those that have some.
   */
  async learnWhetherTagsAreCounted(ref: ObjectRef, stage: Stage, { signal }: CallOptions): Promise<void> {
    if (this.#tagsVisibility !== 'shown' || this.#knowsTagCounts) return
    const { tagCount } = await headObject(this.#requests, ref, { stage, signal })
    this.#knowsTagCounts = true
    if (tagCount === undefined) this.noteUncountedTags()
  }

  /**
   * The tags of an object whose HEAD was read.
   *
   * @param full whether they are asked for although HEAD counts none
   */
  tagsOf(
    ref: ObjectRef,
    { tagCount }: ObjectState,
    stage: Stage,
    { signal, full }: CallOptions & { readonly full: boolean },
  ): ObjectState['tags'] | Promise<ObjectState['tags']> {
    const isAsked = full || tagCount !== undefined
    const seen = isAsked ? undefined : this.#tagsVisibility
    const areNone = tagCount === 0 || (tagCount === undefined && this.#hasNoTags) || seen === 'shown'
    if (areNone) return Object.create(null) as Tags
    if (seen === 'refused') return 'unreadable'
    return this.#askForTags(ref, tagCount, stage, { signal, isAsked })
  }

  /** @param isAsked whatever was learnt about what HEAD shows */
  async #askForTags(
    ref: ObjectRef,
    tagCount: number | undefined,
    stage: Stage,
    { signal, isAsked }: CallOptions & { readonly isAsked: boolean },
  ): Promise<ObjectState['tags']> {
    const seen = this.#tagsVisibility
    const tags = await orUnreadable(this.#tagsOrNone(ref, stage, { signal, compare: countOf(tagCount) }))
    if (isAsked) return tags === 'unreadable' ? tags : requireCount(ref, tags, tagCount, stage)
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

  /** The grants of a version, where the bucket has grants. */
  aclOf(ref: ObjectRef, stage: Stage, call: CallOptions): ObjectState['acl'] | Promise<ObjectState['acl']> {
    const ownership = this.#bucket.ownership(stage, call)
    if (!isPending(ownership) && ownership.value === 'BucketOwnerEnforced') return 'bucket-owner-enforced'
    return this.#aclWhereThereIsOne(ownership, ref, stage, call)
  }

  /** @param asked the one question about the bucket: another beside it would fail where nobody hears of it */
  async #aclWhereThereIsOne(
    asked: ReturnType<S3Bucket['ownership']>,
    ref: ObjectRef,
    stage: Stage,
    call: CallOptions,
  ): Promise<ObjectState['acl']> {
    const ownership = await asked
    if (ownership.value === 'BucketOwnerEnforced') return 'bucket-owner-enforced'
    try {
      return await this.acl(ref, stage, call)
    } catch (error) {
      if (isForbidden(error)) return 'unreadable'
      if (this.#lacks('acl', error)) return []
      throw error
    }
  }

  /** Whether a failure says that the server does not implement a part that it has never shown. */
  #lacks(part: Part, error: unknown): boolean {
    return isUnsupported(error) && !this.#answered.has(part)
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
