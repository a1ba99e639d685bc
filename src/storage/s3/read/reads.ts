import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectTraits } from '../../../model/identity.js'
import type { AclGrant, ObjectRef, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { CompleteOptions, HeadOptions, HeadResult } from '../../../ports/storage.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import type { S3StorageOptions } from '../client/settings.js'
import { s3CodeOf } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
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
 * Whether an absent count of tags in a HEAD means "none" or "not allowed to see". HEAD succeeds either way and omits
 * it, so the first absence is settled by asking for the tags themselves; the answer holds for the adapter's life, as a
 * hint for validation only. A policy may hide the tags of a single object: before a copy (`full`) each one is asked.
 * `ask`: this server's HEAD leaves the count out although there are tags.
 *
 * For lock fields there is no such hint: every object whose HEAD shows none is asked itself (s3-facts: Object Lock).
 */
type Visibility = 'unknown' | 'shown' | 'refused' | 'ask'

/** So many objects without a count and without tags: this server's HEAD counts those that there are. */
const convincing = 3

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
  /** Set once the server has said that it does not implement tags. */
  #hasNoTags = false
  /** What the server has answered about: it implements that, whatever it or a gateway says later. */
  readonly #answered = new Set<Part>()
  /** Objects without a count of tags that were asked for their tags, and had none. */
  #untagged = 0

  constructor(requests: S3Requests, bucket: S3Bucket, options: S3StorageOptions) {
    this.#requests = requests
    this.#bucket = bucket
    this.#options = options
    this.locks = new S3Locks(requests, bucket)
  }

  /** Forgets whether the caller may see tags, so that a changed policy takes effect. */
  refresh(): void {
    this.#tagsVisibility = 'unknown'
    this.#hasNoTags = false
    this.locks.refresh()
    this.#untagged = 0
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
    return {
      found: true,
      state: {
        ...state,
        ...(wantsSize ? { sizeBytes: await sizeOf(this.#requests, state, this.#options, call) } : {}),
        ...(wantsTags ? { tags: await this.#tagsOf(pinned, state, stage, call, full) } : {}),
        ...(wantsLock === false ? {} : await this.locks.of(state, wantsLock, stage, call)),
        ...(full ? { acl: await this.aclOf(pinned, stage, call) } : {}),
      },
    }
  }

  /**
   * What a copy must keep and a HEAD from a moment ago does not show, all of it read at once. A hold that HEAD leaves out is
   * off where HEAD has shown one before and the version is about to be held, which shows whether HEAD shows this one
   * ({@link S3Reads.again}).
   *
   * @param carriesTags whether a copy has turned out to keep tags that nobody read: their count is enough then
   */
  async complete(
    state: ObjectState,
    carriesTags: boolean,
    { isHeldNext = false, signal }: CompleteOptions,
  ): Promise<ObjectState> {
    const call = { stage: 'remediate', signal } as const
    const canWait = isHeldNext && this.locks.areShown && this.locks.isRetentionAnswered
    const known: ObjectState = isHeldNext && this.locks.areShown ? { legalHold: 'OFF', ...given(state) } : state
    return this.#completed(known, carriesTags, canWait, call)
  }

  /**
   * The same for a version that was just put under a hold: its HEAD shows whether it is there.
   *
   * @param isSeen that it was off before is known by HEAD alone
   */
  async again(fresh: ObjectState, isSeen: boolean, { signal }: CallOptions): Promise<ObjectState> {
    const call = { stage: 'remediate', signal } as const
    const ref = { bucket: fresh.bucket, key: fresh.key, versionId: fresh.versionId }
    const { legalHold: _, ...rest } = fresh
    const [answer, known] = await Promise.all([
      this.head(ref, { signal }, call.stage),
      // Of the hold HEAD is asked, beside this.
      this.#completed({ ...rest, legalHold: 'ON' }, true, false, call),
    ])
    if (!answer.found) throw gone(fresh)
    const { state } = answer
    if (isSeen && state.legalHold === undefined) {
      this.locks.noteHidden()
      throw hidden(fresh)
    }
    const lock = await this.locks.of(
      { ...state, retention: state.retention ?? known.retention },
      true,
      call.stage,
      call,
    )
    const isSame = state.tagCount === fresh.tagCount
    const tags =
      isSame || fresh.tags === undefined ? known.tags : await this.#tagsOf(ref, state, call.stage, call, true)
    return { ...known, ...given(state), ...lock, tags }
  }

  async #completed(state: ObjectState, carriesTags: boolean, canWait: boolean, call: ReadCall): Promise<ObjectState> {
    const { stage } = call
    const ref = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    const { tagCount, tags, acl, sizeBytes } = state
    const isCounted = carriesTags && tagCount !== undefined && tagCount > 0
    const wantsTags = tags === undefined && !isCounted
    const [read, lock, grants, size] = await Promise.all([
      wantsTags ? this.#tagsToKeep(ref, state, stage, call) : tags,
      canWait ? {} : this.locks.of(state, true, stage, call),
      acl ?? this.aclOf(ref, stage, call),
      sizeBytes ?? sizeOf(this.#requests, state, this.#options, call),
    ])
    return { ...state, ...lock, tags: read, acl: grants, sizeBytes: size }
  }

  /** Whether HEAD leaves the count of tags out by itself is found out at a few objects (s3-facts, HEAD and listing). */
  async #tagsToKeep(ref: ObjectRef, state: ObjectState, stage: Stage, call: CallOptions): Promise<ObjectState['tags']> {
    const isUncounted = state.tagCount === undefined
    const isKnown = this.#tagsVisibility === 'shown' && this.#untagged >= convincing
    const tags = await this.#tagsOf(ref, state, stage, call, !(isUncounted && isKnown))
    if (!isUncounted || typeof tags !== 'object') return tags
    if (isEmpty(tags)) this.#untagged += 1
    else this.#tagsVisibility = 'ask'
    return tags
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
   * set. Throws `STORAGE_RESPONSE_INVALID` where the two contradict each other.
   */
  async countedTags(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<Tags> {
    // The tags last: what another writer sets between their reading and the writing is lost.
    const counted = await this.head(ref, { signal: call.signal }, stage)
    const tags = await this.tags(ref, stage, call)
    return requireCount(ref, tags, counted.found ? counted.state.tagCount : undefined, stage)
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
    call: CallOptions,
    full: boolean,
  ): Promise<ObjectState['tags']> {
    const none = Object.create(null) as Tags
    if (tagCount === 0 || (tagCount === undefined && this.#hasNoTags)) return none
    const part = { signal: call.signal, compare: countOf(tagCount) }
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

  /** The grants of a version, where the bucket has grants. */
  async aclOf(ref: ObjectRef, stage: Stage, call: CallOptions): Promise<ObjectState['acl']> {
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

  /** Whether a failure says that the server does not implement a part of which it has shown nothing yet. */
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

/** Only what is there: an absent field must not hide one that was read otherwise. */
function given(state: ObjectState): ObjectState {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as unknown as ObjectState
}

function gone(fresh: ObjectState): LegalHoldError {
  return new LegalHoldError(`${subjectOf(fresh)} is gone since it was read. Read it again and decide again.`, {
    code: 'OBJECT_CHANGED',
    stage: 'remediate',
    retryable: true,
  })
}

/** Whether it was held before is not known then: the next reading takes the hold for somebody else's, which a copy carries. */
function hidden(fresh: ObjectState): LegalHoldError {
  return new LegalHoldError(
    `HEAD of ${subjectOf(fresh)} does not show the hold that was just put there, while it shows those of others. Read it again and decide again.`,
    { code: 'OBJECT_CHANGED', stage: 'remediate', retryable: true, outcome: 'not-applied' },
  )
}
