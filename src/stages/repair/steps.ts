import type { AskedChanges } from '../../model/compare.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import type { RemediationStep } from '../../model/verdict.js'
import type { MutationResult, ReplaceMetadataOptions, StorageAdapter } from '../../ports/storage.js'
import { withEntries } from './plan.js'

/** How a step is taken. */
export interface StepOptions extends ReplaceMetadataOptions {
  /** The version as it was read a moment ago, with what was done to it since. */
  readonly fresh?: ObjectState | undefined
}

/** Takes one step on the version that `state` shows. */
export async function takeStep(
  storage: StorageAdapter,
  step: RemediationStep,
  state: ObjectState,
  { fresh, ...options }: StepOptions,
): Promise<MutationResult> {
  const { signal } = options
  const ref = refOf(state)
  const tags = typeof state.tags === 'object' ? state.tags : undefined
  switch (step.action) {
    case 'merge-tags':
      // The values were decided on by what was read: another matter's that came since must not be overwritten.
      return await storage.mergeTags(ref, step.tags, {
        signal,
        ...(tags === undefined ? {} : { expected: tags }),
        ...(fresh === undefined ? {} : { fresh }),
      })
    case 'replace-tags':
      if (storage.replaceTags === undefined || tags === undefined) throw cannotReplaceTags(storage)
      return await storage.replaceTags(ref, step.tags, { signal, expected: tags })
    case 'protect-original':
      // A hold that somebody else has put there since is theirs, and must be on the copy as well.
      return await storage.putLegalHold(ref, 'ON', {
        signal,
        expected: 'OFF',
        ...(fresh === undefined ? {} : { fresh }),
      })
    case 'put-legal-hold':
      // Read back with the object.
      return await storage.putLegalHold(ref, 'ON', { signal, readBack: false })
    case 'hold-noncurrent':
      return await storage.putLegalHold(ref, 'ON', { signal })
    case 'lift-legal-hold':
      return await storage.putLegalHold(ref, 'OFF', { signal })
    case 'put-retention':
      return await storage.putRetention(ref, step.retention, { signal, ...(fresh === undefined ? {} : { fresh }) })
    case 'replace-metadata':
      return await storage.replaceMetadata(withHoldOf(step, state), step.metadata, options)
  }
}

function withHoldOf(step: Extract<RemediationStep, { action: 'replace-metadata' }>, state: ObjectState): ObjectState {
  return step.legalHold === undefined ? state : { ...state, legalHold: step.legalHold }
}

function cannotReplaceTags({ name }: StorageAdapter): LegalHoldError {
  return new LegalHoldError(`The storage "${name}" cannot take tags away, so nothing can be released there.`, {
    code: 'UNSUPPORTED',
    stage: 'remediate',
  })
}

/** Whether a step only keeps a version from being deleted, and changes nothing of what the object shows. */
export function isProtection({ action }: RemediationStep): boolean {
  return action === 'protect-original' || action === 'hold-noncurrent'
}

export function refOf({ bucket, key, versionId }: ObjectState): ObjectRef {
  return versionId === undefined ? { bucket, key } : { bucket, key, versionId }
}

/** The state as a step that was applied leaves it. The hold that protects the original is not to be carried by a copy. */
export function withStep(state: ObjectState, step: RemediationStep): ObjectState {
  switch (step.action) {
    case 'merge-tags': {
      const tags = withEntries(typeof state.tags === 'object' ? state.tags : {}, step.tags)
      return { ...state, tags, tagCount: Object.keys(tags).length }
    }
    case 'put-legal-hold':
      return { ...state, legalHold: 'ON' }
    case 'put-retention':
      return { ...state, retention: step.retention }
    case 'replace-tags':
      return { ...state, tags: step.tags, tagCount: Object.keys(step.tags).length }
    case 'lift-legal-hold':
      return { ...state, legalHold: 'OFF' }
    case 'replace-metadata':
      return { ...withHoldOf(step, state), metadata: step.metadata }
    case 'protect-original':
    case 'hold-noncurrent':
      return state
  }
}

/**
 * Only what is gone: a value that is there may be another matter's, and is never overwritten.
 *
 * @param theirs keys that are left alone
 */
export function missingTags(
  original: ObjectState,
  asked: AskedChanges,
  after: ObjectState,
  theirs: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const { tags } = after
  if (typeof original.tags !== 'object' || typeof tags !== 'object') return undefined
  const removed = new Set([...(asked.removedTags ?? []), ...theirs])
  const wanted = Object.entries(withEntries(original.tags, asked.tags ?? {}))
  const missing = wanted.filter(([key]) => !Object.hasOwn(tags, key) && !removed.has(key))
  return missing.length === 0 ? undefined : withEntries({}, Object.fromEntries(missing))
}
