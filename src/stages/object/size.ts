import type { ObjectTraits } from '../../model/identity.js'
import type { ListedObject, ObjectState } from '../../model/object.js'
import type { ObjectPlace, Verdict } from '../../model/verdict.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { doubtOf, type ListedLine, lineOf } from '../reading/listed-line.js'
import { type Validation, validateObject } from '../validate.js'

/*
 * A server may leave the length out of its answer to HEAD (RFC 9110, 8.6). The size is unknown then, not 0: an empty file
 * that came for a recording is not the recording, and neither is one of which nobody can say whether it is empty.
 */

/** Whether a verdict's state lacks the size, so that {@link withSize} must be asked. */
export function lacksSize({ state }: Verdict): boolean {
  return state !== undefined && state.sizeBytes === undefined
}

/**
 * The verdict with the size of its object. If HEAD shows the very object that was listed, the size is that of the
 * listing. Otherwise the storage finds it out in another way. A recording or sidecar whose size stays unknown is
 * `unreadable`.
 */
export async function withSize(reading: Validation, verdict: Verdict, line: ListedLine): Promise<Verdict> {
  const { state, place } = verdict
  if (state === undefined || state.sizeBytes !== undefined) return verdict
  const listed = typeof line === 'object' ? line : {}
  const { sizeBytes } = listed
  if (sizeBytes !== undefined && isSameObject(listed, state)) return { ...verdict, state: { ...state, sizeBytes } }
  if (!mustHaveContent(place)) return verdict
  const { bucket, key } = state
  const again = await validateObject(reading, { bucket, key, line: state }, place, { size: true })
  return lacksSize(again) ? unknownSize(again) : again
}

/**
 * A listed object with its size where the listing leaves it out and emptiness matters. The size is still absent where
 * nobody can tell it; an object that is gone by now is as it was listed.
 */
export async function withListedSize(
  storage: StorageAdapter,
  listed: ListedObject,
  place: ObjectPlace,
  context: StageContext,
): Promise<ListedObject> {
  if (!mustHaveContent(place)) return listed
  const { bucket, key } = listed
  const line = lineOf(listed)
  const answer = await persist(context, 'discover', key, () =>
    storage.head(
      { bucket, key },
      { signal: context.signal, size: true, ...(line === undefined ? {} : { listed: line }) },
    ),
  )
  const isItsOwn = answer.found && doubtOf(listed, line, answer) === undefined
  return isItsOwn ? { ...listed, sizeBytes: answer.state.sizeBytes } : listed
}

/** What counts as delivered only if it is not empty. */
export function mustHaveContent(place: ObjectPlace | undefined): boolean {
  return place?.kind === 'recording' || place?.kind === 'sidecar'
}

/** By ETag, and by the second in which it was written: a listing gives milliseconds, HEAD whole seconds. */
function isSameObject(listed: ObjectTraits, { etag, lastModified }: ObjectState): boolean {
  if (listed.etag === undefined || etag === undefined || unquoted(listed.etag) !== unquoted(etag)) return false
  if (listed.lastModified === undefined || lastModified === undefined) return true
  return seconds(listed.lastModified) === seconds(lastModified)
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '')
}

function seconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000)
}

export const sizeUnknown =
  'its size is unknown: neither HEAD nor the listing nor a request for its first byte shows it, so that nobody can tell whether it is empty'

function unknownSize(verdict: Verdict): Verdict {
  return { ...verdict, verdict: 'unreadable', reason: sizeUnknown }
}
