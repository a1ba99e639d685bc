import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectRef, Retention } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type {
  MergeTagsOptions,
  MutationResult,
  PutLegalHoldOptions,
  PutRetentionOptions,
} from '../../../ports/storage.js'
import { afterChange, saidBy } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
import { isNoLockConfiguration } from '../read/bucket.js'
import type { S3Completion } from '../read/completion.js'
import type { S3Reads } from '../read/reads.js'
import type { TaggedVersion } from '../read/tags.js'
import { target } from '../read/target.js'
import type { S3Requests } from '../send/requests.js'

const stage = 'remediate'

/** The changes S3 makes in place, without a new version. */
export class S3Mutations {
  readonly #requests: S3Requests
  readonly #reads: S3Reads
  readonly #completion: S3Completion

  constructor(requests: S3Requests, reads: S3Reads, completion: S3Completion) {
    this.#requests = requests
    this.#reads = reads
    this.#completion = completion
  }

  /**
   * Reads, merges, writes and reads again: PutObjectTagging replaces the whole set and knows no condition. What was read
   * must be as many tags as HEAD counts, or the rest would be gone.
   */
  async mergeTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    call: MergeTagsOptions,
  ): Promise<MutationResult> {
    const present = await this.#presentTags(ref, call)
    refuseUnexpected(ref, tags, present, call.expected)
    const merged: Record<string, string> = Object.assign(Object.create(null), present, tags)
    refuseTags(ref, tags, Object.keys(merged).length)
    if (Object.entries(tags).every(([key, value]) => present[key] === value)) return { versionId: ref.versionId }
    return this.putTags(ref, merged, call)
  }

  /** A count that HEAD does not show may be hidden: what is written back as the complete set is read first. */
  async #presentTags(ref: ObjectRef, { fresh, signal }: MergeTagsOptions): Promise<Readonly<Record<string, string>>> {
    if (fresh === undefined) return this.#reads.countedTags(ref, stage, { signal })
    const { tags, tagCount } = fresh
    return typeof tags === 'object' && tagCount !== undefined ? tags : this.#reads.tags(ref, stage, { signal })
  }

  /** Writes the complete set if the present one is as expected, and reads it again. */
  async replaceTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    call: CallOptions & { readonly expected: Readonly<Record<string, string>> },
  ): Promise<MutationResult> {
    refuseTags(ref, tags, Object.keys(tags).length)
    const present = await this.#reads.countedTags(ref, stage, call)
    const all = Object.fromEntries(Object.keys({ ...present, ...call.expected }).map((key) => [key, '']))
    refuseUnexpected(ref, all, present, call.expected)
    const written = await this.#writeTags(ref, tags, call)
    const pinned = { ...ref, versionId: written.versionId ?? ref.versionId }
    const { tags: after } = await this.#readAgain(pinned, call)
    const differing = Object.keys({ ...tags, ...after }).filter((key) => tags[key] !== after[key])
    if (differing.length > 0) throw tagsDiffer(pinned, differing, written)
    return written
  }

  /** Replaces the whole set and reads it again; more tags than these are somebody else's. */
  async putTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    { fresh, ...call }: MergeTagsOptions,
  ): Promise<MutationResult> {
    const written = await this.#writeTags(ref, tags, call)
    const pinned = { ...ref, versionId: written.versionId ?? ref.versionId }
    // Without the version the answer names the current one, which must be the one that was changed.
    const { bucket, key } = ref
    const { tags: after, versionId } = await this.#readAgain(fresh === undefined ? pinned : { bucket, key }, call)
    if (fresh !== undefined && versionId !== undefined && versionId !== pinned.versionId)
      throw rewritten(ref, versionId)
    const lost = Object.keys(tags).filter((key) => after[key] !== tags[key])
    if (lost.length > 0) throw tagsDiffer(pinned, lost, written)
    // The change is made, whatever this finds out.
    await this.#reads.learnWhetherTagsAreCounted(pinned, stage, call).catch(() => {})
    if (fresh === undefined || versionId !== pinned.versionId) return written
    return { ...written, after: { ...fresh, tags: after, tagCount: Object.keys(after).length } }
  }

  async #readAgain(ref: ObjectRef, call: CallOptions): Promise<TaggedVersion> {
    return this.#reads.taggedVersion(ref, stage, call).catch((error: unknown) => {
      throw afterChange(error, `The tags of ${subjectOf(ref)} were written`, { versionId: ref.versionId })
    })
  }

  async #writeTags(ref: ObjectRef, tags: Readonly<Record<string, string>>, call: CallOptions): Promise<MutationResult> {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    const { output, requestId, status } = await this.#requests.send(
      'PutObjectTagging',
      { ...target(ref), Tagging: { TagSet } },
      { stage, signal: call.signal },
    )
    return { versionId: output.VersionId ?? ref.versionId, requestId, status }
  }

  /** Reads back what it put, unless the caller does: a 200 alone is not proof that it is there. */
  async putLegalHold(ref: ObjectRef, status: 'ON' | 'OFF', call: PutLegalHoldOptions): Promise<MutationResult> {
    const { expected, fresh, readBack = true } = call
    // Where HEAD shows holds, what was expected is what it has just shown; that there is no retention was asked for since.
    const isSeen = fresh !== undefined && fresh.retention !== 'none' && this.#reads.locks.areShown
    if (expected !== undefined && !isSeen) await this.#requireHold(ref, expected, call)
    const result = await this.#sendLegalHold(ref, status, call)
    if (!readBack) return result
    const read = async () => {
      if (fresh === undefined) return { shown: await this.#reads.locks.legalHold(ref, stage, call) }
      const after = await this.#completion.again(fresh, isSeen, call)
      return { shown: after.legalHold, after }
    }
    const { shown, after } = await read().catch((error: unknown): never => {
      if (LegalHoldError.isInstance(error) && error.outcome === 'not-applied' && error.code === 'OBJECT_CHANGED')
        throw error
      throw afterChange(error, `The legal hold of ${subjectOf(ref)} was put ${status}`, {})
    })
    if (shown !== status) throw holdNotShown(ref, { asked: status, shown: shown ?? 'nothing' }, result)
    return after === undefined ? result : { after, ...result }
  }

  async #requireHold(ref: ObjectRef, expected: 'ON' | 'OFF', call: CallOptions): Promise<void> {
    const shown = await this.#reads.locks.legalHold(ref, stage, call)
    if (shown === expected) return
    throw new LegalHoldError(
      `Somebody else put the legal hold of ${subjectOf(ref)} ${shown} since it was read. Read it again and decide again.`,
      { code: 'OBJECT_CHANGED', stage, retryable: true },
    )
  }

  async #sendLegalHold(ref: ObjectRef, status: 'ON' | 'OFF', call: CallOptions): Promise<MutationResult> {
    try {
      const { requestId, status: answered } = await this.#requests.send(
        'PutObjectLegalHold',
        { LegalHold: { Status: status }, ...target(ref) },
        { stage, signal: call.signal },
      )
      return { versionId: ref.versionId, requestId, status: answered }
    } catch (error) {
      throw lockUnavailable(error, ref)
    }
  }

  /** Extends a retention; a shorter one or a weaker mode is refused before anything is sent. */
  async putRetention(ref: ObjectRef, retention: Retention, call: PutRetentionOptions): Promise<MutationResult> {
    const until = Date.parse(retention.retainUntilDate)
    if (Number.isNaN(until)) {
      throw new LegalHoldError(
        `"${retention.retainUntilDate}" is not a valid date. Give retainUntilDate in ISO 8601.`,
        {
          code: 'INVALID_REQUEST',
          stage,
        },
      )
    }
    const present = call.fresh?.retention ?? (await this.#reads.locks.retention(ref, stage, call))
    if (present === 'unreadable') throw unknownRetention(ref)
    if (present !== 'none') {
      refuseWeakerRetention(ref, present, retention)
      if (present.mode === retention.mode && Date.parse(present.retainUntilDate) === until) {
        return { versionId: ref.versionId }
      }
    }
    try {
      const { requestId, status: answered } = await this.#requests.send(
        'PutObjectRetention',
        { ...target(ref), Retention: { Mode: retention.mode, RetainUntilDate: new Date(until) } },
        { stage, signal: call.signal },
      )
      return { versionId: ref.versionId, requestId, status: answered }
    } catch (error) {
      throw protectedByLock(error, ref) ?? lockUnavailable(error, ref)
    }
  }
}

/** A hold that was answered to be put reads otherwise. */
export function holdNotShown(
  ref: ObjectRef,
  { asked, shown }: { readonly asked: 'ON' | 'OFF'; readonly shown: string },
  result: Pick<MutationResult, 'status' | 'requestId'>,
): LegalHoldError {
  return new LegalHoldError(
    `PutObjectLegalHold of ${subjectOf(ref)} was answered with ${result.status ?? 'success'}, but the hold reads ${shown}, not ${asked}. Look for a proxy between here and the endpoint.`,
    {
      code: 'STORAGE_RESPONSE_INVALID',
      stage,
      retryable: true,
      outcome: 'unknown',
      status: result.status,
      requestId: result.requestId,
    },
  )
}

/** Throws `STORAGE_REJECTED` if `asked` would weaken `present`: a hold is never weakened. */
export function refuseWeakerRetention(ref: ObjectRef, present: Retention, asked: Retention): void {
  const shorter = Date.parse(asked.retainUntilDate) < Date.parse(present.retainUntilDate)
  const weaker = present.mode === 'COMPLIANCE' && asked.mode === 'GOVERNANCE'
  if (!shorter && !weaker) return
  throw new LegalHoldError(
    `${subjectOf(ref)} is retained until ${present.retainUntilDate} in ${present.mode} mode, which ${asked.mode} until ${asked.retainUntilDate} would weaken. It stays as it is.`,
    {
      code: 'STORAGE_REJECTED',
      stage,
      reason: 'retention-weaker',
      details: { reason: 'retention-weaker', present, asked },
    },
  )
}

/** What is not understood may be stricter or longer than what would be written over it. */
function unknownRetention(ref: ObjectRef): LegalHoldError {
  return new LegalHoldError(
    `The retention of ${subjectOf(ref)} could not be understood: its mode or its date is none that this library knows. It stays as it is.`,
    { code: 'STORAGE_REJECTED', stage, reason: 'retention-unknown', details: { reason: 'retention-unknown' } },
  )
}

function rewritten(ref: ObjectRef, versionId: string): LegalHoldError {
  return new LegalHoldError(
    `The tags of ${subjectOf(ref)} were written, but then version ${versionId} is the current one. Read it again and decide again.`,
    { code: 'OBJECT_CHANGED', stage, retryable: true, outcome: 'applied' },
  )
}

function tagsDiffer(ref: ObjectRef, keys: readonly string[], { requestId }: MutationResult): LegalHoldError {
  return new LegalHoldError(
    `The tags of ${subjectOf(ref)} are not as they were written: ${keys.map((key) => `"${key}"`).join(', ')} differ. Somebody else writes them as well. Read them again and decide again.`,
    { code: 'OBJECT_CHANGED', stage, retryable: true, outcome: 'applied', requestId },
  )
}

/** Throws `OBJECT_CHANGED` if a tag to change is not as it was when the change was decided on. */
function refuseUnexpected(
  ref: ObjectRef,
  tags: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string>> | undefined,
): void {
  if (expected === undefined) return
  const changed = Object.keys(tags).filter((key) => present[key] !== expected[key])
  if (changed.length === 0) return
  throw new LegalHoldError(
    `Somebody else changed the tags ${changed.map((key) => `"${key}"`).join(', ')} of ${subjectOf(ref)} since they were read. Read them again and decide again.`,
    { code: 'OBJECT_CHANGED', stage, retryable: true },
  )
}

/** Throws `STORAGE_REJECTED` for tags that S3 does not take (s3-facts: tags). */
export function refuseTags(ref: ObjectRef, tags: Readonly<Record<string, string>>, total: number): void {
  if (total > 10) throw rejectedTags(ref, `it would have ${total} tags, S3 allows 10`)
  for (const [key, value] of Object.entries(tags)) {
    if (key.length < 1 || key.length > 128 || value.length > 256) {
      throw rejectedTags(ref, `the tag "${key.slice(0, 130)}" is too long: 128 characters for a key, 256 for a value`)
    }
    const allowed = /^[\p{L}\p{N}\p{Z}+\-=._:/@]*$/u
    if (!allowed.test(key) || !allowed.test(value) || /^aws:/i.test(key)) {
      throw rejectedTags(
        ref,
        `the tag "${key}" holds a character that S3 refuses: letters, digits, space and + - = . _ : / @ only, no "aws:" in front`,
      )
    }
  }
}

function rejectedTags(ref: ObjectRef, why: string): LegalHoldError {
  return new LegalHoldError(`${subjectOf(ref)} keeps its tags: ${why}.`, {
    code: 'STORAGE_REJECTED',
    stage,
    reason: 'tags-invalid',
    details: { reason: 'tags-invalid' },
  })
}

/** S3 answers AccessDenied as well where a retention in force forbids the change to anyone who may not bypass it. */
function protectedByLock(error: unknown, ref: ObjectRef): LegalHoldError | undefined {
  if (!LegalHoldError.isInstance(error) || error.code !== 'STORAGE_FORBIDDEN') return undefined
  if (!/object lock|WORM/i.test(saidBy(error))) return undefined
  return new LegalHoldError(
    `S3 does not change the retention of ${subjectOf(ref)} in this way: it is protected by Object Lock. It stays as it is; a retention can be made longer in its own mode.`,
    { code: 'STORAGE_REJECTED', stage, status: error.status, requestId: error.requestId, cause: error },
  )
}

function lockUnavailable(error: unknown, ref: ObjectRef): unknown {
  if (!LegalHoldError.isInstance(error) || !isNoLockConfiguration(error) || error.status !== 400) return error
  return new LegalHoldError(
    `The bucket ${ref.bucket} has no Object Lock, so ${subjectOf(ref)} cannot be held or retained. Enable Object Lock on the bucket.`,
    { code: 'STORAGE_UNSUPPORTED', stage, status: error.status, requestId: error.requestId, cause: error },
  )
}
