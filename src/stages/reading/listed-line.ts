import { times } from '../../internal/text/counted.js'
import { visible } from '../../internal/text/visible.js'
import { LegalHoldError } from '../../model/errors.js'
import { agreementOf, describeTraits, isOtherVersion, type ObjectTraits } from '../../model/identity.js'
import type { ListedObject, ObjectRef } from '../../model/object.js'
import type { HeadResult, ListOptions, StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'

/** What a listing says of a key: its line, that there is none, or nothing, where it may not be listed. */
export type ListedLine = ObjectTraits | 'none' | undefined

/** An answer, and what is wrong with it: it does not belong to the object that was asked for. */
export interface Doubt {
  readonly why: string
}

/**
 * Why an answer cannot be that of the object which was asked for, or of its present state; `undefined` if it can be.
 * Pure.
 */
export function doubtOf(ref: ObjectRef, line: ListedLine, answer: HeadResult): Doubt | undefined {
  if (!answer.found) {
    // A marker on top is a definite answer of its own, and hides the object from the listing as well.
    if (line === undefined || line === 'none' || answer.deleteMarker) return undefined
    return { why: `it says that there is none, while the listing shows one (${describeTraits(line)})` }
  }
  const { state } = answer
  const other = foreignTo(ref, state)
  if (other !== undefined) return other
  if (line === undefined) return undefined
  if (line === 'none') return { why: `it shows an object (${describeTraits(state)}), while the listing shows none` }
  const agreement = agreementOf(line, state)
  if (agreement === 'same' || agreement === 'unknown') return undefined
  return { why: `it shows ${describeTraits(state)}, while the listing shows ${describeTraits(line)}` }
}

/** Why a state is not one of the object, or of the version, that was asked for; `undefined` if it can be. Pure. */
export function foreignTo(ref: ObjectRef, state: ObjectRef): Doubt | undefined {
  const { bucket, key, versionId } = state
  if (bucket !== ref.bucket || key !== ref.key) {
    return { why: `it shows ${visible(`${bucket}/${key}`)}, which is another object` }
  }
  if (!isOtherVersion(ref.versionId, versionId)) return undefined
  return { why: `it shows version ${versionId}, while ${ref.versionId} was asked for` }
}

/** What tells a listed object from others; `undefined` if it was not listed at all. */
export function lineOf(object: ListedObject): ObjectTraits | undefined {
  return object.etag === undefined && object.lastModified === undefined ? undefined : object
}

/** Refusals that say only that nobody may, or can, list here. */
const refusals: ReadonlySet<string> = new Set(['STORAGE_FORBIDDEN', 'STORAGE_UNSUPPORTED', 'UNSUPPORTED'])

/** Lists the one line of a key, as it is now. */
export async function readLine(storage: StorageAdapter, key: string, context: StageContext): Promise<ListedLine> {
  try {
    return await persist(context, 'discover', key, async () => {
      const { signal } = context
      // Nothing with this prefix sorts before the key itself.
      for await (const object of storage.list(key, { signal, limit: 1 } satisfies ListOptions)) {
        return object.key === key ? lineOf(object) : 'none'
      }
      return 'none'
    })
  } catch (error) {
    if (isListingRefused(error)) return undefined
    throw error
  }
}

/** Whether a listing failed because it is not allowed, or not known: then nothing can be compared with it. */
export function isListingRefused(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && refusals.has(error.code)
}

/** That the answers to a HEAD are not those of the object, however often it is read. */
export function notItsAnswer(ref: ObjectRef, { why }: Doubt, readings: number): LegalHoldError {
  return new LegalHoldError(
    `The answer to a HEAD of ${visible(`${ref.bucket}/${ref.key}`)} is not that of this object as it is: ${why}. It was read ${times(readings)} more, and listed again. Look for a cache or a proxy between here and the storage, or for a replica that lags behind.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage: 'validate', details: { operation: 'HeadObject' } },
  )
}
