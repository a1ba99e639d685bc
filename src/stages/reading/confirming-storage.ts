import { LegalHoldError } from '../../model/errors.js'
import { agreementOf, type ObjectTraits } from '../../model/identity.js'
import type { ObjectRef, ObjectState, Retention } from '../../model/object.js'
import type { CallOptions } from '../../ports/runtime.js'
import type {
  CompleteOptions,
  HeadOptions,
  HeadResult,
  MergeTagsOptions,
  MutationResult,
  PutLegalHoldOptions,
  PutRetentionOptions,
  ReplaceMetadataOptions,
  StorageAdapter,
} from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import { derivedStorage } from './derived-storage.js'
import { refuseForeignChange, refuseForeignState } from './foreign-answers.js'
import { doubtOf, foreignTo, type ListedLine, notItsAnswer, readLine } from './listed-line.js'

type Names = Readonly<Record<string, string>>

/** What one object's storage knows. */
const subject = Symbol('subject')

interface OneObject {
  [subject]: {
    readonly storage: StorageAdapter
    readonly traits: ObjectTraits[]
    readonly context: StageContext
  }
}

/**
 * A storage for the work on one object, which ensures that the answers to a HEAD are those of that object. It
 * compares them with what is known of the object from its listing or verdict, and from the work itself. An answer
 * that differs is compared with the object's line in a fresh listing. If that disagrees as well, the HEAD rejects
 * with `STORAGE_RESPONSE_INVALID` and must be repeated. So do other answers that show another object.
 */
export function confirming(storage: StorageAdapter, known: ListedLine, context: StageContext): StorageAdapter {
  const traits: ObjectTraits[] = known === undefined || known === 'none' ? [] : [known]
  const one: StorageAdapter & OneObject = Object.create(confirmed(storage))
  one[subject] = { storage, traits, context }
  return one
}

/** What the storages of all objects inherit, by their adapter: functions and a proxy for each were a tenth of what a repair held. */
const inherited = new WeakMap<StorageAdapter, StorageAdapter>()

function confirmed(storage: StorageAdapter): StorageAdapter {
  const known = inherited.get(storage)
  if (known !== undefined) return known
  const made = derivedStorage(storage, (name, own) => {
    // What the adapter lacks is lacking here.
    if (typeof own !== 'function' || !Object.hasOwn(compared, name)) return own
    return compared[name as keyof typeof compared]
  })
  inherited.set(storage, made)
  return made
}

/** The methods whose answers are compared with the object that was asked about. */
const compared = {
  async head(this: OneObject, ref: ObjectRef, options: HeadOptions = {}): Promise<HeadResult> {
    const { storage, traits, context } = this[subject]
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
  },
  async complete(this: OneObject, state: ObjectState, options?: CompleteOptions): Promise<ObjectState> {
    return refuseForeignState('complete', state, await whole(this).complete(state, options))
  },
  async replaceMetadata(this: OneObject, before: ObjectState, metadata: Names, options?: ReplaceMetadataOptions) {
    const { storage, traits } = this[subject]
    const result = await storage.replaceMetadata(before, metadata, options)
    refuseForeignChange('replaceMetadata', before, result)
    const written = traitsOf(result)
    if (written !== undefined) traits.unshift(written)
    return result
  },
  async mergeTags(this: OneObject, ref: ObjectRef, tags: Names, options?: MergeTagsOptions) {
    return refuseForeignChange('mergeTags', ref, await this[subject].storage.mergeTags(ref, tags, options))
  },
  async replaceTags(this: OneObject, ref: ObjectRef, tags: Names, options: CallOptions & { readonly expected: Names }) {
    return refuseForeignChange('replaceTags', ref, await whole(this).replaceTags(ref, tags, options))
  },
  async putLegalHold(this: OneObject, ref: ObjectRef, status: 'ON' | 'OFF', options?: PutLegalHoldOptions) {
    return refuseForeignChange('putLegalHold', ref, await this[subject].storage.putLegalHold(ref, status, options))
  },
  async putRetention(this: OneObject, ref: ObjectRef, retention: Retention, options?: PutRetentionOptions) {
    return refuseForeignChange('putRetention', ref, await this[subject].storage.putRetention(ref, retention, options))
  },
}

/** A method that the adapter lacks is not called: what inherits from it lacks it as well. */
function whole(one: OneObject): Required<StorageAdapter> {
  return one[subject].storage as Required<StorageAdapter>
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
