import type { LegalHoldError } from '../errors.js'
import { isHoldTag } from '../hold.js'
import type { MutationResult, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import type { HoldRequirements } from '../requirements.js'
import type { ObjectPlace, Remediation, RemediationStep, Verdict } from '../verdict.js'
import { persist, type StageContext } from './context.js'
import { estimateOf } from './cost.js'
import { remediateNoncurrent } from './noncurrent.js'
import { planRepair } from './plan.js'
import type { HoldNames } from './release-plan.js'
import type { RemediationOptions, RepairOptions } from './remediation-options.js'
import { Repair } from './repair.js'
import type { RepairEnd, RepairGoal } from './repair-scope.js'
import { absent, isFatal, judge } from './validate.js'

/** What a mutation belongs to. */
export interface MutationContext {
  /** Which attempt at the repair it is part of, from 1. */
  readonly attempt: number
  readonly place: ObjectPlace | undefined
  /** Set where it is part of a release. */
  readonly release?: { readonly reason: string } | undefined
}

/**
 * Told before and after each mutation. The intent has to be durable before its promise resolves; an outcome that is
 * lost is read back by the run that resumes.
 */
export interface MutationWitness {
  intent(object: ObjectRef, step: RemediationStep, before: ObjectState, context: MutationContext): Promise<void>
  outcome(
    object: ObjectRef,
    step: RemediationStep,
    result: MutationResult | LegalHoldError,
    context: MutationContext,
  ): Promise<void>
}

/** What an interrupted run had begun on an object, as its journal tells. */
export interface BegunRepair {
  /** The object as it was before the first step; `undefined` where only versions beneath it were touched. */
  readonly original: ObjectState | undefined
  readonly steps: readonly BegunStep[]
  /** Ids of versions beneath the current one that were to be held. */
  readonly noncurrent: ReadonlySet<string>
  /** When the last intent was recorded, in milliseconds. */
  readonly lastIntentAt: number
}

/** A step with its outcome; with neither result nor error nobody knows whether it was taken. */
export interface BegunStep {
  readonly step: RemediationStep
  readonly result?: MutationResult | undefined
  readonly error?: Pick<LegalHoldError, 'code' | 'outcome'> | undefined
}

/** Settings of one repair. */
export interface RemediationSettings {
  readonly requirements: HoldRequirements
  readonly options: RepairOptions
  readonly dryRun: boolean
  readonly witness: MutationWitness
  /** What an interrupted run had begun on this very object: it is read back before anything else is done to it. */
  readonly begun?: BegunRepair | undefined
}

/**
 * Repairs one object, reads it back and compares it property by property before it counts as repaired.
 *
 * Each attempt reads the object anew and decides anew, so that neither a concurrent change nor an answer that was
 * lost leads to a blind repetition.
 */
export async function remediateObject(
  storage: StorageAdapter,
  verdict: Verdict,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation> {
  const current = await remediateCurrent(storage, verdict, settings, context)
  const isAll = settings.options.versions === 'all'
  const remediation = isAll ? await remediateNoncurrent(storage, current, settings, context) : current
  const before = remediation.before ?? verdict.state
  if (remediation.steps.length === 0 || before === undefined) return remediation
  return { ...remediation, estimate: estimateOf(storage, before, remediation.steps) }
}

/** Whether there is anything to look at for a repair. */
export function isDue({ verdict, recoverable }: Verdict, { versions }: RemediationOptions): boolean {
  if (verdict === 'held') return versions === 'all'
  return verdict !== 'absent' || (versions === 'all' && recoverable !== undefined)
}

async function remediateCurrent(
  storage: StorageAdapter,
  verdict: Verdict,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation> {
  const { object, place } = verdict
  const base = { object, place, verdict }
  if (verdict.verdict === 'held') return { ...base, outcome: 'not-needed', steps: [], attempts: 0 }
  if (verdict.verdict === 'absent' || verdict.state === undefined) {
    return { ...base, outcome: 'refused', steps: [], attempts: 0, reason: verdict.reason ?? verdict.verdict }
  }
  if (
    verdict.verdict === 'unreadable' ||
    (verdict.verdict === 'conflicting' && settings.options.onConflict === 'refuse')
  ) {
    return { ...base, outcome: 'refused', steps: [], attempts: 0, before: verdict.state, reason: verdict.reason }
  }
  const { allowOverwrite } = settings.options
  const repair = new Repair(storage, verdict, { ...settings, allowOverwrite, goal: holding(settings, place) }, context)
  try {
    return ended(base, await persist(context, 'remediate', object.key, () => repair.attempt()))
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    return { ...base, ...repair.progress, outcome: 'failed', reason: `${code}: ${message}` }
  }
}

/** A repair that found nothing any more says what is there instead. */
function ended(base: Pick<Remediation, 'object' | 'place' | 'verdict'>, { gone, ...end }: RepairEnd): Remediation {
  if (gone === undefined) return { ...base, ...end }
  const verdictAfter = absent(base.object, base.place, gone)
  return { ...base, ...end, verdictAfter, reason: `${end.reason}: ${verdictAfter.reason}` }
}

/** The names whose values are lists of hold tags. */
function listNamesOf({ metadata = {}, tags = {} }: HoldRequirements): HoldNames {
  const names = (record: Readonly<Record<string, string>>) =>
    Object.keys(record).filter((name) => isHoldTag(record[name]))
  return { metadata: names(metadata), tags: names(tags) }
}

/** To meet all requirements. */
function holding({ requirements, options }: RemediationSettings, place: ObjectPlace | undefined): RepairGoal {
  return {
    plan: (state) => planRepair(requirements, state, options.onConflict),
    protects: () => options.protectOriginal,
    lists: { names: listNamesOf(requirements) },
    shortfall: (after) => judge(requirements, after, place).reason,
  }
}
