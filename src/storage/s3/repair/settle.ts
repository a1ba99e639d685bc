import { retrying } from '../../../internal/retry.js'
import { together } from '../../../internal/together.js'
import { LegalHoldError } from '../../../model/errors.js'
import { isVersioned } from '../../../model/identity.js'
import type { ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { HeadOptions, HeadResult, MutationResult, ReplaceMetadataOptions } from '../../../ports/storage.js'
import { hasHighBytes } from '../client/raw-headers.js'
import { afterChange } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
import { isForbidden, isUnsupported } from '../read/bucket.js'
import { nextVersion, type VersionEntry } from '../read/versions.js'
import type { RepairContext } from './context.js'
import type { CopyAnswer } from './multipart.js'
import { restoreProperties } from './restore.js'

const stage = 'remediate'

/** A copy that was made. */
interface MadeCopy {
  readonly before: ObjectState
  readonly metadata: Readonly<Record<string, string>>
  readonly answer: CopyAnswer
}

/** What a copy wrote, as it reads. */
interface Written {
  readonly state: ObjectState
  /** Whether it was read as the current version. */
  readonly isCurrent: boolean
}

/** The version that was copied, as it reads by now. */
interface Original {
  readonly state: ObjectState
  /** HEAD shows its hold: it shows locks to this caller. */
  readonly showsHold: boolean
}

type Beneath = MutationResult['beneath']

/** What is not asked. */
const nothing = Promise.resolve(undefined)

/**
 * Reads what a copy wrote, the version that it demoted and what lies between the two, side by side, and puts back what the
 * server dropped. Whatever fails here failed after the copy.
 */
export async function settleCopy(
  context: RepairContext,
  copy: MadeCopy,
  options: ReplaceMetadataOptions,
): Promise<MutationResult & { readonly written: ObjectState }> {
  const { before, answer } = copy
  const known = { previousVersionId: before.versionId, versionId: answer.versionId }
  const { retry } = context.options
  const repeat = <T>(work: () => Promise<T>, signal = options.signal) =>
    retrying(work, retry, { stage, subject: before.key, signal, clock: context.options.clock })
  try {
    const [written, original, early] = await together<[Written, Original | undefined, Beneath]>(
      options.signal,
      (signal) => repeat(() => readCopy(context, copy, { ...options, signal }), signal),
      (signal) =>
        options.readsOriginal === true
          ? repeat(() => readOriginal(context, before, { ...options, signal }), signal)
          : nothing,
      (signal) =>
        answer.versionId === undefined || options.looksBeneath === false
          ? nothing
          : repeat(() => readBeneath(context, before, answer.versionId, { ...options, signal }), signal),
    )
    const { state } = written
    known.versionId = state.versionId
    const beneath =
      answer.versionId === undefined
        ? await repeat(() => readBeneath(context, before, state.versionId, options))
        : early
    const restored = await repeat(() => restoreProperties(context, before, state, options))
    // What was put back changed the copy, and took its time: the original may be another by now.
    const isAsRead = restored.length === 0
    const after = isAsRead && written.isCurrent ? await afterOf(context, before, state, original) : undefined
    return {
      written: state,
      versionId: state.versionId,
      etag: state.etag ?? answer.etag,
      requestId: answer.requestId,
      status: answer.status,
      ...(isAsRead ? {} : { restored }),
      ...(beneath === undefined ? {} : { beneath }),
      ...(after === undefined ? {} : { after }),
      ...(isAsRead && original !== undefined ? { original: original.state } : {}),
    }
  } catch (error) {
    throw afterChange(error, `The metadata of ${subjectOf(before)} was replaced`, known)
  }
}

/** As the current version first, which the repair must look at as well. */
async function readCopy(context: RepairContext, copy: MadeCopy, options: ReplaceMetadataOptions): Promise<Written> {
  const { before, answer } = copy
  const { bucket, key } = before
  // The lock is asked for if there is one to be put back.
  const lock = lockToKeep(before)
  const call = { signal: options.signal, lock, size: true, tags: before.tags !== undefined }
  const { versionId } = answer
  const current = await context.reads.head({ bucket, key }, call, stage)
  const isNamed = versionId !== undefined
  if (isNamed && current.found && current.state.versionId === versionId)
    return { state: current.state, isCurrent: true }
  const head = isNamed ? await context.reads.head({ bucket, key, versionId }, call, stage) : current
  const state = requireWritten(copy, head, options)
  return { state, isCurrent: !isNamed && answer.etag !== undefined && isSameEtag(answer.etag, state.etag) }
}

/** Some servers leave the quotes out in some answers. */
function isSameEtag(one: string, other: string | undefined): boolean {
  return one.replaceAll('"', '') === other?.replaceAll('"', '')
}

function lockToKeep({ legalHold, retention }: ObjectState): HeadOptions['lock'] {
  const isRetained = typeof retention === 'object'
  if (legalHold === 'ON') return isRetained ? true : 'legal-hold'
  return isRetained ? 'retention' : false
}

/** Only a version that the copy left behind can be looked at once more. */
async function readOriginal(
  { reads }: RepairContext,
  before: ObjectState,
  { signal }: CallOptions,
): Promise<Original | undefined> {
  if (!isVersioned(before)) return undefined
  const { bucket, key, versionId } = before
  const answer = await reads.head({ bucket, key, versionId }, { signal, tags: before.tags !== undefined }, stage)
  if (!answer.found) return undefined
  const { state } = answer
  const showsHold = state.legalHold !== undefined
  // What the caller was told about the retention of this key HEAD shows it as well, where it shows locks.
  const lock = showsHold
    ? { retention: state.retention ?? ('none' as const) }
    : await reads.locks.of(state, true, stage, { signal })
  return { state: { ...state, ...lock }, showsHold }
}

/** The object with everything that a full reading shows. */
async function afterOf(
  { reads }: RepairContext,
  before: ObjectState,
  written: ObjectState,
  original: Original | undefined,
): Promise<ObjectState | undefined> {
  const { legalHold, retention } = written
  // A server may refuse to show checksums for a moment: an expired token, which is renewed, looks like that.
  if (written.checksums === 'unreadable' && before.checksums !== 'unreadable') return undefined
  const isDefinite = original?.showsHold === true || (legalHold !== undefined && retention !== undefined)
  if (!isDefinite && (await reads.locks.mayBe(stage, {}))) return undefined
  const acl = before.acl === 'bucket-owner-enforced' ? before.acl : await reads.aclOf(written, stage, {})
  return { ...written, legalHold: legalHold ?? 'OFF', retention: retention ?? 'none', acl }
}

/** Where the copy answered no id (Ceph RGW, unversioned buckets) the current version must prove that it is ours. */
function requireWritten(
  { before, metadata, answer }: MadeCopy,
  head: HeadResult,
  { onTopOf = before }: ReplaceMetadataOptions,
): ObjectState {
  if (head.found && answer.versionId !== undefined) return head.state
  const isNew = head.found && !(isVersioned(before) && head.state.versionId === onTopOf.versionId)
  if (head.found && isNew && sameMetadata(head.state.metadata, metadata)) return head.state
  throw new LegalHoldError(
    `${subjectOf({ ...before, versionId: answer.versionId })} does not show what was just written: somebody else changed it in between, or the server ignored the copy. Read it again and decide again.`,
    {
      code: 'OBJECT_CHANGED',
      stage,
      retryable: true,
      details: { found: head.found, foundVersionId: head.found ? head.state.versionId : head.versionId },
    },
  )
}

/** A metadata-only change by somebody else leaves the ETag as it is; only the order of versions shows it. */
async function readBeneath(
  { requests, bucket }: RepairContext,
  before: ObjectState,
  written: string | undefined,
  options: ReplaceMetadataOptions,
): Promise<Beneath> {
  if (before.versionId === undefined || written === undefined) return undefined
  // A suspended bucket has overwritten its null version; nothing of it is left to be found.
  if (before.versionId === 'null' && written === 'null') return undefined
  let beneath: VersionEntry | undefined
  try {
    beneath = await nextVersion(requests, { key: before.key, after: written }, stage, options)
  } catch (error) {
    bucket.hasNoVersionList ||= isUnsupported(error)
    // The last look before the copy is all there is then, and the caller has accepted that.
    if (isUnsupported(error) && (options.allowOverwrite ?? true)) return undefined
    throw uncheckedBeneath(error, before)
  }
  if (beneath === undefined) return 'nothing'
  return { versionId: beneath.versionId, isDeleteMarker: beneath.deleteMarker }
}

function uncheckedBeneath(error: unknown, before: ObjectState): unknown {
  const isDefinite = isForbidden(error) || isUnsupported(error)
  if (!LegalHoldError.isInstance(error) || !isDefinite) return error
  const action = 's3:ListBucketVersions'
  const remedy = isForbidden(error)
    ? `Allow ${action}.`
    : 'The server does not list versions; accept `versioning-off` to do without.'
  return new LegalHoldError(
    `It could not be checked that the version beneath the new one of ${subjectOf(before)} is the one that was read. ${remedy}`,
    { code: error.code, stage, cause: error, answer: { action }, details: { action } },
  )
}

/** A server may show raw bytes that were written in the encoding of RFC 2047. */
export function sameMetadata(
  shown: Readonly<Record<string, string>>,
  written: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(shown)
  if (names.length !== Object.keys(written).length) return false
  return names.every((name) => {
    const [is, was] = [shown[name], written[name]]
    return is === was || (is?.startsWith('=?') === true && was !== undefined && hasHighBytes(was))
  })
}
