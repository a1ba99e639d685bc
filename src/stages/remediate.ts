import { LegalHoldError } from '../errors.js'
import type { MutationResult, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import { evaluate, type HoldRequirements } from '../requirements.js'
import type { Difference, ObjectPlace, Remediation, RemediationStep, Verdict } from '../verdict.js'
import { type AskedChanges, compareObjectStates } from './compare.js'
import { persist, type StageContext } from './context.js'
import { type ConflictPolicy, planRepair, withEntries } from './plan.js'
import { isFatal, judge } from './validate.js'

/** How repairs are made. */
export interface RemediationOptions {
  /** @defaultValue 'refuse' */
  readonly onConflict: ConflictPolicy
  /** Put the delivered original under an Object Lock hold before a copy demotes it. @defaultValue true */
  readonly protectOriginal: boolean
}

export const remediationDefaults: RemediationOptions = { onConflict: 'refuse', protectOriginal: true }

/** What a mutation belongs to. */
export interface MutationContext {
  /** Which attempt at the repair it is part of, from 1. */
  readonly attempt: number
  readonly place: ObjectPlace | undefined
}

/** Told before and after each mutation; both have to be durable before the promise resolves. */
export interface MutationWitness {
  intent(object: ObjectRef, step: RemediationStep, before: ObjectState, context: MutationContext): Promise<void>
  outcome(
    object: ObjectRef,
    step: RemediationStep,
    result: MutationResult | LegalHoldError,
    context: MutationContext,
  ): Promise<void>
}

/** Settings of one repair. */
export interface RemediationSettings {
  readonly requirements: HoldRequirements
  readonly options: RemediationOptions
  readonly dryRun: boolean
  readonly witness: MutationWitness
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
  const repair = new Repair(storage, verdict, settings, context)
  try {
    return await persist(context, 'remediate', object.key, () => repair.attempt())
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    return { ...base, ...repair.progress, outcome: 'failed', reason: `${code}: ${message}` }
  }
}

/** The repair of one object over all its attempts. */
class Repair {
  readonly #storage: StorageAdapter
  readonly #verdict: Verdict
  readonly #settings: RemediationSettings
  readonly #context: StageContext
  /** What the object was before we touched it: what the result is compared with. */
  #original: ObjectState | undefined
  /** What our steps asked for so far. */
  #asked: AskedChanges = {}
  #steps: RemediationStep[] = []
  #attempts = 0

  constructor(storage: StorageAdapter, verdict: Verdict, settings: RemediationSettings, context: StageContext) {
    this.#storage = storage
    this.#verdict = verdict
    this.#settings = settings
    this.#context = context
  }

  get progress(): { steps: RemediationStep[]; attempts: number; before?: ObjectState } {
    return {
      steps: this.#steps,
      attempts: this.#attempts,
      ...(this.#original === undefined ? {} : { before: this.#original }),
    }
  }

  get #mutation(): MutationContext {
    return { attempt: this.#attempts, place: this.#verdict.place }
  }

  async attempt(): Promise<Remediation> {
    this.#attempts += 1
    const current = await this.#read()
    if (current === undefined) return this.#end('refused', { reason: 'the object is no longer there' })
    const touched = this.#steps.length > 0
    const plan = planRepair(this.#settings.requirements, current, this.#settings.options.onConflict)
    if (plan.refused !== undefined) return this.#end('refused', { reason: plan.refused, before: current })
    if (plan.steps.length === 0 && !touched) return this.#end('not-needed', { before: current, after: current })
    if (this.#settings.dryRun) return this.#end('planned', { steps: [...plan.steps], before: current })
    this.#original ??= current
    if (plan.steps.length > 0) await this.#apply(plan.steps, current)
    return this.#verify()
  }

  async #read(): Promise<ObjectState | undefined> {
    const { bucket, key } = this.#verdict.object
    // Without the version: the newest one is what has to carry the hold.
    const answer = await this.#storage.head({ bucket, key }, { signal: this.#context.signal, full: true })
    return answer.found ? answer.state : undefined
  }

  async #apply(steps: readonly RemediationStep[], current: ObjectState): Promise<void> {
    let state = current
    for (const step of steps) {
      this.#steps.push(step)
      this.#asked = withAsked(this.#asked, step)
      await this.#settings.witness.intent(refOf(state), step, state, this.#mutation)
      const result = await this.#mutate(step, state).catch((error: unknown) => {
        if (LegalHoldError.isInstance(error)) return error
        throw error
      })
      await this.#settings.witness.outcome(refOf(state), step, result, this.#mutation)
      if (LegalHoldError.isInstance(result)) throw this.#afterFailure(result)
      state = withStep(state, step)
    }
  }

  /** A definite concurrent change makes what was read worthless: the next attempt compares with what it reads. */
  #afterFailure(error: LegalHoldError): LegalHoldError {
    if (error.code === 'OBJECT_CHANGED' && error.outcome === 'not-applied') {
      this.#original = undefined
      this.#asked = {}
    }
    return error
  }

  #mutate(step: RemediationStep, state: ObjectState): Promise<MutationResult> {
    const { signal } = this.#context
    const ref = refOf(state)
    switch (step.action) {
      case 'merge-tags':
        return this.#storage.mergeTags(ref, step.tags, { signal })
      case 'put-legal-hold':
        return this.#storage.putLegalHold(ref, 'ON', { signal })
      case 'put-retention':
        return this.#storage.putRetention(ref, step.retention, { signal })
      case 'replace-metadata':
        return this.#storage.replaceMetadata(state, step.metadata, {
          signal,
          protectOriginal: this.#settings.options.protectOriginal,
        })
    }
  }

  async #verify(): Promise<Remediation> {
    const original = this.#original
    let after = await this.#read()
    if (after === undefined || original === undefined) {
      return this.#end('failed', { reason: 'the object was gone when it was read back' })
    }
    let differences = compareObjectStates(original, after, this.#asked)
    if (differences.length > 0 && (await this.#putBack(original, after, differences))) {
      after = (await this.#read()) ?? after
      differences = compareObjectStates(original, after, this.#asked)
    }
    if (differences.length > 0) {
      const lost = differences.map(({ property }) => property).join(', ')
      return this.#end('failed', { after, differences, reason: `the repair changed more than was asked: ${lost}` })
    }
    const { unmet } = evaluate(this.#settings.requirements, after)
    if (unmet.length > 0) {
      const reason = judge(this.#settings.requirements, after, this.#verdict.place).reason ?? 'not held'
      return this.#end('failed', { after, reason: `read back after the repair: ${reason}` })
    }
    return this.#end('repaired', { after })
  }

  /** Puts back in place what a server dropped although it was told to keep it, or what an answer lost midway left out. */
  async #putBack(original: ObjectState, after: ObjectState, differences: readonly Difference[]): Promise<boolean> {
    const steps: RemediationStep[] = []
    for (const { property } of differences) {
      if (property.startsWith('tags') && typeof original.tags === 'object') {
        const tags = withEntries(original.tags, this.#asked.tags ?? {})
        if (!steps.some(({ action }) => action === 'merge-tags')) steps.push({ action: 'merge-tags', tags })
      }
      if (property === 'legalHold' && original.legalHold === 'ON') steps.push({ action: 'put-legal-hold' })
      if (property.startsWith('retention') && typeof original.retention === 'object') {
        const { retention } = original
        if (!steps.some(({ action }) => action === 'put-retention')) steps.push({ action: 'put-retention', retention })
      }
    }
    if (steps.length === 0) return false
    let state = after
    for (const step of steps) {
      this.#steps.push(step)
      await this.#settings.witness.intent(refOf(state), step, state, this.#mutation)
      const result = await this.#mutate(step, state)
      await this.#settings.witness.outcome(refOf(state), step, result, this.#mutation)
      state = withStep(state, step)
    }
    return true
  }

  #end(
    outcome: Remediation['outcome'],
    rest: Partial<Pick<Remediation, 'reason' | 'before' | 'after' | 'differences' | 'steps'>>,
  ): Remediation {
    const { object, place } = this.#verdict
    return { object, place, verdict: this.#verdict, ...this.progress, ...rest, outcome }
  }
}

function refOf({ bucket, key, versionId }: ObjectState): ObjectRef {
  return versionId === undefined ? { bucket, key } : { bucket, key, versionId }
}

function withAsked(asked: AskedChanges, step: RemediationStep): AskedChanges {
  switch (step.action) {
    case 'merge-tags':
      return { ...asked, tags: withEntries(asked.tags ?? {}, step.tags) }
    case 'put-legal-hold':
      return { ...asked, legalHold: 'ON' }
    case 'put-retention':
      return { ...asked, retention: step.retention }
    case 'replace-metadata':
      return { ...asked, metadata: step.metadata }
  }
}

/** The state as a step that was applied leaves it. */
function withStep(state: ObjectState, step: RemediationStep): ObjectState {
  switch (step.action) {
    case 'merge-tags':
      return { ...state, tags: withEntries(typeof state.tags === 'object' ? state.tags : {}, step.tags) }
    case 'put-legal-hold':
      return { ...state, legalHold: 'ON' }
    case 'put-retention':
      return { ...state, retention: step.retention }
    case 'replace-metadata':
      return { ...state, metadata: step.metadata }
  }
}
