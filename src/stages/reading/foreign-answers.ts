import { visible } from '../../internal/text/visible.js'
import { LegalHoldError, type Outcome } from '../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import type { MutationResult } from '../../ports/storage.js'
import { type Doubt, foreignTo } from './listed-line.js'

/** Returns the state that an operation read, or throws `STORAGE_RESPONSE_INVALID` if it is another object's. */
export function refuseForeignState(operation: string, ref: ObjectRef, state: ObjectState): ObjectState {
  const doubt = foreignTo(ref, state)
  if (doubt !== undefined) throw foreignAnswer(operation, ref, doubt, 'not-applied')
  return state
}

/**
 * Returns the answer to a change, or throws `STORAGE_RESPONSE_INVALID` if it shows another object: then nothing in it says
 * whether the change was made. A copy names the version that it wrote; other changes are made in place.
 */
export function refuseForeignChange(operation: string, ref: ObjectRef, result: MutationResult): MutationResult {
  const { after, original } = result
  const { bucket, key } = ref
  const changed = operation === 'replaceMetadata' ? { bucket, key, versionId: result.versionId } : ref
  const doubt =
    (after === undefined ? undefined : foreignTo(changed, after)) ??
    (original === undefined ? undefined : foreignTo(ref, original))
  if (doubt !== undefined) throw foreignAnswer(operation, ref, doubt, 'unknown')
  return result
}

function foreignAnswer(
  operation: string,
  { bucket, key }: ObjectRef,
  { why }: Doubt,
  outcome: Outcome,
): LegalHoldError {
  return new LegalHoldError(
    `The answer to ${operation} of ${visible(`${bucket}/${key}`)} is not that of this object: ${why}. Look for a mistake in the storage adapter, or for a cache between here and the storage.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage: 'remediate', retryable: true, outcome, details: { operation } },
  )
}
