import { LegalHoldError } from '../../model/errors.js'
import { agreementOf, type ObjectTraits } from '../../model/identity.js'
import type { ObjectRef } from '../../model/object.js'
import type { HeadOptions, HeadResult, MutationResult, StorageAdapter } from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import { refuseForeignChange, refuseForeignState } from './foreign-answers.js'
import { doubtOf, foreignTo, type ListedLine, notItsAnswer, readLine } from './listed-line.js'

/**
 * A storage for the work on one object, which ensures that the answers to a HEAD are those of that object. It
 * compares them with what is known of the object from its listing or verdict, and from the work itself. An answer
 * that differs is compared with the object's line in a fresh listing. If that disagrees as well, the HEAD rejects
 * with `STORAGE_RESPONSE_INVALID` and must be repeated. So do other answers that show another object.
 */
export function confirming(storage: StorageAdapter, known: ListedLine, context: StageContext): StorageAdapter {
  const traits: ObjectTraits[] = known === undefined || known === 'none' ? [] : [known]
  const head = async (ref: ObjectRef, options: HeadOptions = {}): Promise<HeadResult> => {
    const isCurrent = ref.versionId === undefined
    const [latest] = traits
    const answer = await storage.head(ref, isCurrent && latest !== undefined ? { listed: latest, ...options } : options)
    const isOwn = answer.found && foreignTo(ref, answer.state) === undefined
    if (isOwn && isCurrent && traits.some((one) => agreementOf(one, answer.state) === 'same')) return answer
    const line = isCurrent && !isDefinite(answer) ? await readLine(storage, ref.key, context) : undefined
    const doubt = doubtOf(ref, line, answer)
    if (doubt !== undefined) throw toBeRepeated(notItsAnswer(ref, doubt, 1))
    if (answer.found && isCurrent) traits.unshift(answer.state)
    return answer
  }
  const replaceMetadata: StorageAdapter['replaceMetadata'] = async (before, metadata, options) => {
    const result = await storage.replaceMetadata(before, metadata, options)
    refuseForeignChange('replaceMetadata', before, result)
    const written = traitsOf(result)
    if (written !== undefined) traits.unshift(written)
    return result
  }
  const { complete, replaceTags } = storage
  const own: Partial<StorageAdapter> = {
    head,
    replaceMetadata,
    mergeTags: async (ref, tags, options) =>
      refuseForeignChange('mergeTags', ref, await storage.mergeTags(ref, tags, options)),
    putLegalHold: async (ref, status, options) =>
      refuseForeignChange('putLegalHold', ref, await storage.putLegalHold(ref, status, options)),
    putRetention: async (ref, retention, options) =>
      refuseForeignChange('putRetention', ref, await storage.putRetention(ref, retention, options)),
    ...(replaceTags === undefined
      ? {}
      : {
          replaceTags: async (ref, tags, options) =>
            refuseForeignChange('replaceTags', ref, await replaceTags.call(storage, ref, tags, options)),
        }),
    ...(complete === undefined
      ? {}
      : {
          complete: async (state, options) =>
            refuseForeignState('complete', state, await complete.call(storage, state, options)),
        }),
  }
  return new Proxy(storage, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof StorageAdapter]
      const value: unknown = Reflect.get(target, name, target)
      // Bound to the adapter itself: its private fields are not the proxy's.
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function isDefinite(answer: HeadResult): boolean {
  return !answer.found && answer.deleteMarker
}

/** The version that a copy wrote; without one, its ETag. */
function traitsOf({ versionId, etag }: MutationResult): ObjectTraits | undefined {
  if (versionId !== undefined) return { versionId }
  return etag === undefined ? undefined : { etag }
}

function toBeRepeated(error: LegalHoldError): LegalHoldError {
  const { message, code, stage, details } = error
  return new LegalHoldError(message, { code, stage, details, retryable: true })
}
