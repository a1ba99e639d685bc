import { type AskedChanges, checksumsOf, compareObjectStates } from '../../model/compare.js'
import type { ObjectState } from '../../model/object.js'
import { type Members, membersOf, quoted } from '../form/untrusted.js'
import type { RecordedState } from '../record-data.js'
import type { JournalData, Untrusted } from '../records.js'

type VerdictData = Untrusted<JournalData['verdict']>

/**
 * Why a verdict's record contradicts the states and digests in it, `undefined` if it does not. What is called repaired has lost
 * nothing between the two states, by the comparison that the repair itself makes. Pure.
 */
export function contradictionOfStates(data: VerdictData): string | undefined {
  try {
    return (
      lossOf(data) ??
      contradictionOfDigest('digest', data) ??
      contradictionOfDigest('digestBefore', data) ??
      differingContents(data)
    )
  } catch (error) {
    // Whether it has the form of a verdict is looked at for itself.
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function isState(value: unknown): value is RecordedState {
  return typeof value === 'object' && value !== null
}

function lossOf({ outcome, object, before, after }: VerdictData): string | undefined {
  if (outcome !== 'repaired' || !isState(before) || !isState(after)) return undefined
  const { bucket, key } = membersOf(object)
  const of = (state: RecordedState) => stateOf(state, { bucket: String(bucket), key: String(key) })
  const [was, is] = [of(before), of(after)]
  const [lost] = [...goneFrom('metadata', was.metadata, is.metadata), ...goneFrom('tags', was.tags, is.tags)]
  const property = lost ?? compareObjectStates(was, is, askedAtMost(was, is))[0]?.property
  return property === undefined
    ? undefined
    : `says "repaired", and its states differ in ${property}, which no repair changes`
}

/** What a hold may change became what it is. Whether that meets the hold is looked at elsewhere. */
function askedAtMost(was: ObjectState, { metadata, tags, legalHold, retention }: ObjectState): AskedChanges {
  return {
    metadata,
    tags: typeof tags === 'object' ? tags : undefined,
    legalHold: legalHold === 'unreadable' ? undefined : legalHold,
    // One that there was must still be kept.
    retention: typeof was.retention !== 'object' && typeof retention === 'object' ? retention : undefined,
  }
}

/** A repair takes no name of metadata or tags away. */
function goneFrom(name: string, was: ObjectState['tags'], is: ObjectState['tags']): string[] {
  if (typeof was !== 'object' || typeof is !== 'object') return []
  return Object.keys(was)
    .filter((key) => !Object.hasOwn(is, key))
    .map((key) => `${name}.${key}`)
}

function stateOf(state: RecordedState, { bucket, key }: Pick<ObjectState, 'bucket' | 'key'>): ObjectState {
  const { metadata = {}, headers = {}, encryption = {} } = state
  return { bucket, key, ...state, metadata, headers, encryption }
}

const sha256 = /^[0-9a-f]{64}$/

/** A digest is one of the contents that were read, or the checksum that the state of its version shows. */
function contradictionOfDigest(name: 'digest' | 'digestBefore', data: VerdictData): string | undefined {
  const { source, algorithm, value, versionId } = membersOf(data[name])
  if (source !== 'content' && source !== 'storage') return undefined
  const isRead = algorithm === 'SHA256' && typeof value === 'string' && sha256.test(value)
  if (source === 'content' && !isRead) return `has a ${name} that is not one of a content that was read`
  const state = name === 'digest' ? (data.after ?? data.before) : data.before
  if (!isState(state)) return undefined
  if (state.versionId !== versionId) {
    return name === 'digest' && data.after !== undefined
      ? `has a digest of the version ${quoted(versionId)}, which is not the last`
      : undefined
  }
  if (source === 'content') return undefined
  const isShown = checksumsOf(state).some((one) => one.algorithm === algorithm && one.value === value)
  return isShown ? undefined : `has a ${name} that the state of the object does not show`
}

function differingContents(data: VerdictData): string | undefined {
  const [digest, before]: Members[] = [membersOf(data.digest), membersOf(data.digestBefore)]
  const areRead = digest?.source === 'content' && before?.source === 'content'
  if (data.outcome !== 'repaired' || !areRead || digest?.value === before?.value) return undefined
  return 'says "repaired", and its digests are of two contents'
}
