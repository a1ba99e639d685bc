import type { MutationContext } from '../../journal/records.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ListedVersion, ObjectRef, ObjectState } from '../../model/object.js'
import type { Remediation, RemediationStep } from '../../model/verdict.js'
import type { MutationResult, StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { isFatal } from '../validate.js'
import type { RemediationSettings } from './settings.js'

/**
 * Puts the versions beneath the current one under an Object Lock hold, and records that in the remediation. An
 * object that was left alone (another matter's tag, something that cannot be kept) is left alone with all its
 * versions. A deleted object keeps what lies beneath its delete marker.
 */
export async function remediateNoncurrent(
  storage: StorageAdapter,
  remediation: Remediation,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation> {
  const { outcome } = remediation
  const verdict = remediation.verdictAfter ?? remediation.verdict
  const isDeleted = verdict.verdict === 'absent' && verdict.recoverable !== undefined
  if (!isDeleted && (outcome === 'refused' || outcome === 'failed')) return remediation
  const steps = new Map<string, HoldStep>()
  try {
    for await (const version of noncurrentOf(storage, verdict.object.key, context)) {
      // Once begun it is a step, whatever became of its answer.
      const note = () => steps.set(version.versionId, stepOf(version))
      await persist(context, 'remediate', version.key, (attempt) =>
        holdVersion({ storage, version, mutation: { attempt, place: verdict.place }, note }, settings, context),
      )
    }
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    const reason = `a version beneath the current one could not be held: ${code}: ${message}`
    return { ...remediation, steps: [...remediation.steps, ...steps.values()], outcome: 'failed', reason }
  }
  if (steps.size === 0) return remediation
  const changed = { ...remediation, steps: [...remediation.steps, ...steps.values()] }
  if (isDeleted) return { ...changed, reason: `${remediation.reason}; ${described(steps.size, settings.dryRun)}` }
  return { ...changed, outcome: settings.dryRun ? 'planned' : 'repaired' }
}

/** The versions of a key beneath its current one, newest first, without delete markers. */
export async function* noncurrentOf(
  storage: StorageAdapter,
  key: string,
  context: StageContext,
): AsyncGenerator<ListedVersion, void, void> {
  for await (const version of storage.listVersions?.(key, { signal: context.signal }) ?? []) {
    // Longer keys with this prefix follow the key's own history.
    if (version.key !== key) return
    if (!version.isLatest && !version.deleteMarker) yield version
  }
}

type HoldStep = Extract<RemediationStep, { action: 'hold-noncurrent' }>

function stepOf({ versionId }: ListedVersion): HoldStep {
  return { action: 'hold-noncurrent', versionId }
}

interface VersionToHold {
  readonly storage: StorageAdapter
  readonly version: ListedVersion
  readonly mutation: MutationContext
  /** Called once the version must be held. */
  readonly note: () => unknown
}

/** Holds one version unless it is held. Idempotent, so an unknown outcome is simply read again. */
async function holdVersion(
  { storage, version, mutation, note }: VersionToHold,
  settings: RemediationSettings,
  { signal }: StageContext,
): Promise<void> {
  const { bucket, key, versionId } = version
  const ref: ObjectRef = { bucket, key, versionId }
  const before = await lockOf(storage, ref, signal)
  if (before === undefined) return
  if (before.legalHold === 'ON') {
    // What an interrupted run was about to hold is its doing.
    if (settings.begun?.noncurrent.has(versionId) === true) note()
    return
  }
  note()
  if (settings.dryRun) return
  const step = stepOf(version)
  await settings.witness.intent(ref, step, before, mutation)
  const result = await storage
    .putLegalHold(ref, 'ON', { signal })
    .catch((error: unknown): MutationResult | LegalHoldError => {
      if (LegalHoldError.isInstance(error)) return error
      throw error
    })
  await settings.witness.outcome(ref, step, result, mutation)
  if (LegalHoldError.isInstance(result)) throw result
  const after = await lockOf(storage, ref, signal)
  if (after?.legalHold === 'ON') return
  throw new LegalHoldError(`Version ${versionId} of ${key} does not show the hold that was put on it.`, {
    code: 'STORAGE_RESPONSE_INVALID',
    stage: 'remediate',
    retryable: true,
    outcome: 'unknown',
  })
}

/** `undefined` for a version that is gone since it was listed: a lifecycle rule, or whoever may delete. */
async function lockOf(
  storage: StorageAdapter,
  ref: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectState | undefined> {
  const answer = await storage.head(ref, { signal, lock: true })
  if (!answer.found) return undefined
  if (answer.state.legalHold !== 'unreadable') return answer.state
  throw new LegalHoldError(`The lock state of version ${ref.versionId} of ${ref.key} may not be read.`, {
    code: 'STORAGE_FORBIDDEN',
    stage: 'remediate',
    details: { action: 's3:GetObjectLegalHold' },
  })
}

function described(count: number, dryRun: boolean): string {
  const versions = count === 1 ? '1 version' : `${count} versions`
  return dryRun ? `${versions} would be held` : `${versions} held`
}
