import type { MutationWitness } from '../../journal/records.js'
import { LegalHoldError } from '../../model/errors.js'
import type { LegalHold } from '../../model/hold.js'
import type { ListedVersion, ObjectRef, ObjectState } from '../../model/object.js'
import type { UnprotectionResult } from '../../model/platform.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { ObjectPlace, Release, RemediationStep } from '../../model/verdict.js'
import type { RepairOptions } from '../../options/remediation.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { noncurrentOf } from '../repair/noncurrent.js'
import { Repair } from '../repair/repair.js'
import type { RepairEnd, RepairGoal } from '../repair/scope.js'
import { takeStep } from '../repair/steps.js'
import { absent, isFatal } from '../validate.js'
import { type HoldNames, holdNamesOf, holdsShown, planRelease } from './release-plan.js'

/** Options of `release`. */
export interface ReleaseOptions extends CallOptions {
  /** Why the matter lets go, e.g. the order that ends it. Stands in the journal. */
  readonly reason: string
  /** Switch off the Object Lock hold if no other matter's tag is left. @defaultValue false */
  readonly allowUnlock?: boolean | undefined
  /** Plan only, and change nothing. @defaultValue false */
  readonly dryRun?: boolean | undefined
  /**
   * Lift Genesys' deletion protection as well, of the conversations all of whose objects were let go and that no other matter
   * holds. It is never lifted otherwise.
   *
   * @defaultValue false
   */
  readonly releaseSource?: boolean | undefined
  /** Told once, at the end, what became of the protection at the source. */
  readonly onSourceReleased?: ((result: SourceRelease) => void) | undefined
}

/** What a release did at the source. */
export interface SourceRelease extends UnprotectionResult {
  /** Conversations whose protection was requested to be lifted; with `dryRun` it was not lifted. */
  readonly requested: number
  /** Conversations that keep it: an object of theirs was not let go, or another matter holds it. */
  readonly kept: number
}

/** Settings of one release. */
export interface ReleaseSettings {
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly options: RepairOptions
  readonly reason: string
  readonly allowUnlock: boolean
  readonly dryRun: boolean
  readonly witness: MutationWitness
}

/** An object to be released, and where it belongs. */
export interface ReleaseSubject {
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
}

/** The lifting of an Object Lock hold from one version. */
interface Lifting {
  readonly state: ObjectState
  readonly step: Extract<RemediationStep, { action: 'lift-legal-hold' }>
  readonly place: ObjectPlace | undefined
}

/**
 * Takes one matter's tag off one object and leaves those of the others. The only stage that takes anything away; what
 * it writes is read back and compared like a repair.
 */
export async function releaseObject(
  storage: StorageAdapter,
  subject: ReleaseSubject,
  settings: ReleaseSettings,
  context: StageContext,
): Promise<Release> {
  const current = await releaseCurrent(storage, subject, settings, context)
  if (settings.options.versions === 'current' || !settings.allowUnlock || current.remaining.length > 0) return current
  if (current.outcome === 'refused' || current.outcome === 'failed') return current
  return releaseNoncurrent(storage, current, settings, context)
}

async function releaseCurrent(
  storage: StorageAdapter,
  { object, place }: ReleaseSubject,
  settings: ReleaseSettings,
  context: StageContext,
): Promise<Release> {
  const { witness, dryRun, reason, options, hold } = settings
  const { allowOverwrite } = options
  const subject = { object, place }
  const names = holdNamesOf(settings.requirements, hold)
  const goal = releasing(names, settings)
  const repair = new Repair(
    storage,
    subject,
    { goal, witness, dryRun, allowOverwrite, about: { release: { reason } } },
    context,
  )
  let end: RepairEnd
  try {
    end = await persist(context, 'remediate', subject.object.key, () => repair.attempt())
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    end = { ...repair.progress, outcome: 'failed', reason: `${code}: ${message}` }
  }
  const { gone, ...ended } = end
  const state = end.after ?? end.before
  const remaining = state === undefined ? [] : holdsShown(names, hold.tag, state).others
  return {
    ...subject,
    ...ended,
    outcome: outcomeOf(end),
    remaining,
    legalHold: state?.legalHold,
    ...(gone === undefined
      ? whyNot(end, settings)
      : { reason: `${end.reason}: ${absent(object, place, gone).reason}` }),
  }
}

function releasing(names: HoldNames, { hold, allowUnlock, options }: ReleaseSettings): RepairGoal {
  return {
    plan: (state, asked) => planRelease({ names, tag: hold.tag, allowUnlock }, state, asked),
    lists: { names, released: hold.tag },
    // What nobody holds any more needs no protection.
    protects: (state) => {
      const isLast = holdsShown(names, hold.tag, state).others.length === 0
      return options.protectOriginal && !(isLast && allowUnlock)
    },
    // Another matter's tag came with the hold just lifted.
    amend: (after, asked) => {
      const { others } = holdsShown(names, hold.tag, after)
      const isBare = asked.legalHold === 'OFF' && after.legalHold === 'OFF' && others.length > 0
      return isBare ? [{ action: 'put-legal-hold' }] : []
    },
    shortfall: (after) => (holdsShown(names, hold.tag, after).ours ? `it still carries ${hold.tag}` : undefined),
  }
}

function outcomeOf({ outcome }: RepairEnd): Release['outcome'] {
  return outcome === 'repaired' ? 'released' : outcome
}

function whyNot({ outcome, after }: RepairEnd, { hold }: ReleaseSettings): { readonly reason?: string } {
  if (outcome !== 'not-needed') return {}
  const stays = after?.legalHold === 'ON' ? '; its Object Lock hold stays' : ''
  return { reason: `it does not carry ${hold.tag}${stays}` }
}

/** What lies beneath is let go as well where it carried the tag or lies beneath what did, and no other matter's tag is on it. */
async function releaseNoncurrent(
  storage: StorageAdapter,
  release: Release,
  settings: ReleaseSettings,
  context: StageContext,
): Promise<Release> {
  const { key } = release.object
  const names = holdNamesOf(settings.requirements, settings.hold)
  const held: ObjectState[] = []
  let wasOurs = release.outcome !== 'not-needed'
  const steps: RemediationStep[] = []
  try {
    for await (const version of noncurrentOf(storage, key, context)) {
      const state = await readVersion(storage, version, context)
      if (state === undefined) continue
      const { ours, others, unreadable } = holdsShown(names, settings.hold.tag, state)
      wasOurs ||= ours
      if (others.length === 0 && unreadable === undefined && state.legalHold === 'ON') held.push(state)
    }
    for (const state of wasOurs ? held : []) {
      const step = { action: 'lift-legal-hold', versionId: state.versionId } as const
      if (!settings.dryRun) await liftFrom(storage, { state, step, place: release.place }, settings, context)
      steps.push(step)
    }
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    const reason = `a version beneath the current one could not be released: ${code}: ${message}`
    return { ...release, steps: [...release.steps, ...steps], outcome: 'failed', reason }
  }
  if (steps.length === 0) return release
  const { reason: _, ...rest } = release
  return { ...rest, steps: [...release.steps, ...steps], outcome: settings.dryRun ? 'planned' : 'released' }
}

async function readVersion(
  storage: StorageAdapter,
  { bucket, key, versionId }: ListedVersion,
  context: StageContext,
): Promise<ObjectState | undefined> {
  const answer = await persist(context, 'remediate', key, () =>
    // Another matter's tag decides: it is asked for, whether HEAD counts it or not.
    storage.head({ bucket, key, versionId }, { signal: context.signal, full: true }),
  )
  return answer.found ? answer.state : undefined
}

async function liftFrom(
  storage: StorageAdapter,
  { state, step, place }: Lifting,
  { witness, reason }: ReleaseSettings,
  context: StageContext,
): Promise<void> {
  const { bucket, key, versionId } = state
  const ref = { bucket, key, versionId }
  await persist(context, 'remediate', key, async (attempt) => {
    const about = { attempt, place, release: { reason } }
    await witness.intent(ref, step, state, about)
    const result = await takeStep(storage, step, state, { signal: context.signal }).catch((error: unknown) => {
      if (LegalHoldError.isInstance(error)) return error
      throw error
    })
    await witness.outcome(ref, step, result, about)
    if (LegalHoldError.isInstance(result)) throw result
  })
}
