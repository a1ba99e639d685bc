import { type AskedChanges, checksumsOf, compareObjectStates } from '../../model/compare.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import { contentDifference } from '../content-difference.js'
import { quoted } from '../form/untrusted.js'
import type { RecordedState, RecordedVerdict } from '../record-data.js'

/**
 * Why a verdict's record contradicts the states and digests in it, `undefined` if it does not. What is called repaired has lost
 * nothing between the two states, by the comparison that the repair itself makes. Pure.
 */
export function contradictionOfStates(data: RecordedVerdict): string | undefined {
  try {
    const flaw = lossOf(data) ?? contradictionOfDigest('digest', data) ?? contradictionOfDigest('digestBefore', data)
    if (flaw !== undefined || data.outcome !== 'repaired' || contentDifference(data) === undefined) return flaw
    return 'says "repaired", and its digests are of two contents'
  } catch (error) {
    // The forms let a `null` pass where something may be left out. This library writes none.
    if (error instanceof TypeError) return 'has states that cannot be compared'
    throw error
  }
}

function lossOf({ outcome, object, before, after }: RecordedVerdict): string | undefined {
  if (outcome !== 'repaired' || before === undefined || after === undefined) return undefined
  const [was, is] = [stateOf(before, object), stateOf(after, object)]
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

function stateOf(state: RecordedState, { bucket, key }: ObjectRef): ObjectState {
  const { metadata = {}, headers = {}, encryption = {} } = state
  return { bucket, key, ...state, metadata, headers, encryption }
}

const sha256 = /^[0-9a-f]{64}$/

/** A digest is one of the contents that were read, or the checksum that the state of its version shows. */
function contradictionOfDigest(name: 'digest' | 'digestBefore', data: RecordedVerdict): string | undefined {
  const { [name]: digest, before, after } = data
  if (digest === undefined || digest.source === 'unavailable') return undefined
  const { source, algorithm, value, versionId } = digest
  const isRead = algorithm === 'SHA256' && sha256.test(value)
  if (source === 'content' && !isRead) return `has a ${name} that is not one of a content that was read`
  const state = name === 'digest' ? (after ?? before) : before
  if (state === undefined) return undefined
  if (state.versionId !== versionId) {
    return name === 'digest' && after !== undefined
      ? `has a digest of the version ${quoted(versionId)}, which is not the last`
      : undefined
  }
  if (source === 'content') return undefined
  const isShown = checksumsOf(state).some((one) => one.algorithm === algorithm && one.value === value)
  return isShown ? undefined : `has a ${name} that the state of the object does not show`
}
