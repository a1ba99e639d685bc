import { allOf, isPending } from '../../../internal/waits/pending.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { CompleteOptions } from '../../../ports/storage.js'
import type { S3StorageOptions } from '../client/settings.js'
import { subjectOf } from '../protocol/subject.js'
import type { S3Call, S3Requests } from '../send/requests.js'
import type { S3Reads } from './reads.js'
import { sizeOf } from './size.js'

const stage: Stage = 'remediate'

/** So many objects without a count and without tags: this server's HEAD counts those that there are. */
const convincing = 3

/** Reads what a copy must keep and the HEAD that judged the object does not show. */
export class S3Completion {
  readonly #requests: S3Requests
  readonly #reads: S3Reads
  readonly #options: S3StorageOptions
  /** Objects without a count of tags that were asked for their tags, and had none. */
  #untagged = 0

  constructor(requests: S3Requests, reads: S3Reads, options: S3StorageOptions) {
    this.#requests = requests
    this.#reads = reads
    this.#options = options
  }

  /**
   * Reads at once everything that a copy must keep and that a recent HEAD does not show. A hold that HEAD leaves
   * out counts as off under two conditions: HEAD has shown a hold before, and the version is about to be held. The
   * hold request then shows whether HEAD shows this one ({@link S3Completion.again}).
   *
   * @param carriesTags whether a copy has turned out to keep tags that nobody read: their count is enough then
   */
  complete(
    state: ObjectState,
    carriesTags: boolean,
    { isHeldNext = false, signal }: CompleteOptions,
  ): Promise<ObjectState> {
    const call = { stage, signal }
    const canWait = isHeldNext && this.#reads.locks.areShown && this.#reads.locks.isRetentionAnswered
    const isHiddenOff = isHeldNext && this.#reads.locks.areShown && state.legalHold === undefined
    const known: ObjectState = isHiddenOff ? { ...state, legalHold: 'OFF' } : state
    return this.#completed(known, carriesTags, canWait, call)
  }

  /**
   * The same for a version that was just put under a hold: its HEAD shows whether it is there.
   *
   * @param isSeen that it was off before is known by HEAD alone
   */
  async again(fresh: ObjectState, isSeen: boolean, { signal }: CallOptions): Promise<ObjectState> {
    const call = { stage, signal }
    const ref = { bucket: fresh.bucket, key: fresh.key, versionId: fresh.versionId }
    const [answer, known] = await Promise.all([
      this.#reads.head(ref, { signal }, stage),
      // Of the hold HEAD is asked, beside this.
      this.#completed({ ...fresh, legalHold: 'ON' }, true, false, call),
    ])
    if (!answer.found) throw gone(fresh)
    const { state } = answer
    if (isSeen && state.legalHold === undefined) {
      this.#reads.locks.noteHidden()
      throw hidden(fresh)
    }
    const lock = await this.#reads.locks.of(
      { ...state, retention: state.retention ?? known.retention },
      true,
      stage,
      call,
    )
    const isSame = state.tagCount === fresh.tagCount
    const tags =
      isSame || fresh.tags === undefined
        ? known.tags
        : await this.#reads.tagsOf(ref, state, stage, { full: true, ...call })
    // Nothing else of a version ever changes; what this HEAD leaves out is as it was read before.
    return { ...known, ...lock, tags, tagCount: state.tagCount }
  }

  async #completed(
    state: ObjectState,
    carriesTags: boolean,
    canWait: boolean,
    call: Pick<S3Call, 'stage' | 'signal'>,
  ): Promise<ObjectState> {
    const ref = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    const { tagCount, tags, acl, sizeBytes } = state
    const isCounted = carriesTags && tagCount !== undefined && tagCount > 0
    const wantsTags = tags === undefined && !isCounted
    const [read, lock, grants, size] = await allOf([
      wantsTags ? this.#tagsToKeep(ref, state, call) : tags,
      canWait ? {} : this.#reads.locks.of(state, true, stage, call),
      acl ?? this.#reads.aclOf(ref, stage, call),
      sizeBytes ?? sizeOf(this.#requests, state, this.#options, call),
    ])
    return { ...state, ...lock, tags: read, acl: grants, sizeBytes: size }
  }

  /** Whether HEAD leaves the count of tags out by itself is found out at a few objects (s3-facts, HEAD and listing). */
  #tagsToKeep(
    ref: ObjectRef,
    state: ObjectState,
    call: CallOptions,
  ): ObjectState['tags'] | Promise<ObjectState['tags']> {
    const isUncounted = state.tagCount === undefined
    const isKnown = this.#reads.areTagsShown && this.#untagged >= convincing
    const tags = this.#reads.tagsOf(ref, state, stage, { full: !(isUncounted && isKnown), ...call })
    if (!isUncounted) return tags
    return isPending(tags) ? tags.then((read) => this.#noteUncounted(read)) : this.#noteUncounted(tags)
  }

  /** What an object has whose HEAD counts no tags. */
  #noteUncounted(tags: ObjectState['tags']): ObjectState['tags'] {
    if (typeof tags !== 'object') return tags
    if (Object.keys(tags).length === 0) this.#untagged += 1
    else this.#reads.noteUncountedTags()
    return tags
  }
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
