import { type AskedChanges, compareObjectStates } from '../compare.js'
import { LegalHoldError } from '../errors.js'
import { abortedError } from '../internal/abort.js'
import type { MutationResult, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import type { Difference, ObjectPlace, RemediationOutcome, RemediationStep } from '../verdict.js'
import { Baseline, isVersioned } from './baseline.js'
import { persist, type StageContext } from './context.js'
import type { RepairPlan } from './plan.js'
import type { BegunRepair, MutationContext, MutationWitness } from './remediate.js'
import { missingTags, refOf, takeStep, withStep } from './repair-steps.js'
import { isFatal } from './validate.js'

/** What a repair is to bring about. */
export interface RepairGoal {
  /**
   * What to do about the object as it is.
   *
   * @param asked what our steps have asked for so far, in this attempt or a former one
   */
  plan(state: ObjectState, asked: AskedChanges): RepairPlan
  /** Whether the version that a copy demotes is to be put under a hold before. */
  protects(state: ObjectState): boolean
  /** What the object still lacks when it is read back. */
  shortfall(after: ObjectState): string | undefined
  /** Steps in place that what was read back calls for, beside putting back what was lost. */
  amend?(after: ObjectState, asked: AskedChanges): readonly RemediationStep[]
}

/** Settings of one repair. */
export interface RepairSettings {
  readonly goal: RepairGoal
  /** `versioning-off` was accepted: a copy may overwrite the original. */
  readonly allowOverwrite: boolean
  readonly dryRun: boolean
  readonly witness: MutationWitness
  /** What every mutation belongs to, beside attempt and place. */
  readonly about?: Pick<MutationContext, 'release'> | undefined
  readonly heldByUs?: ((object: ObjectRef) => boolean) | undefined
  readonly begun?: BegunRepair | undefined
}

/** What is repaired. */
export interface RepairSubject {
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
}

/** How a repair ended. */
export interface RepairEnd {
  readonly outcome: RemediationOutcome
  readonly steps: readonly RemediationStep[]
  readonly attempts: number
  readonly reason?: string | undefined
  readonly before?: ObjectState | undefined
  readonly after?: ObjectState | undefined
  readonly differences?: readonly Difference[] | undefined
}

// How long a request of a process that died may be under way: the slowest S3 copies some 50 MB a second.
const inFlightMs = 2_000
const inFlightBytesPerMs = 10_000

/** The repair of one object over all its attempts. */
export class Repair {
  readonly #storage: StorageAdapter
  readonly #subject: RepairSubject
  readonly #settings: RepairSettings
  readonly #context: StageContext
  #baseline: Baseline | undefined
  #steps: RemediationStep[] = []
  /** Steps of an interrupted run of which nobody knows yet whether they were taken. */
  readonly #inDoubt = new Set<RemediationStep>()
  #attempts = 0

  constructor(storage: StorageAdapter, subject: RepairSubject, settings: RepairSettings, context: StageContext) {
    this.#storage = storage
    this.#subject = subject
    this.#settings = settings
    this.#context = context
    if (settings.begun !== undefined) this.#takeUp(settings.begun)
  }

  get progress(): { steps: RemediationStep[]; attempts: number; before?: ObjectState } {
    return {
      steps: this.#steps,
      attempts: this.#attempts,
      ...(this.#baseline === undefined ? {} : { before: this.#baseline.original }),
    }
  }

  async attempt(): Promise<RepairEnd> {
    this.#attempts += 1
    try {
      return await this.#attempt()
    } catch (error) {
      await this.#keepBuried(error)
      throw error
    }
  }

  async #attempt(): Promise<RepairEnd> {
    const current = await this.#current()
    if (current === undefined) {
      const reason = 'the object is no longer there'
      return this.#end(this.#baseline?.changed === true ? 'failed' : 'refused', { reason })
    }
    this.#settleProtection(current)
    const baseline = await this.#baselineOf(current)
    const state = baseline.withoutProtection(current)
    const { goal, dryRun } = this.#settings
    const plan = goal.plan(state, baseline.asked)
    if (plan.refused !== undefined) return this.#end('refused', { reason: plan.refused })
    if (plan.steps.length === 0 && !baseline.changed) return this.#end('not-needed', { after: current })
    const steps = this.#withProtection(plan.steps, state, baseline.isProtected && current.legalHold === 'ON')
    const refusal = await this.#refusalOf(steps, state)
    if (refusal !== undefined) return this.#end('refused', { reason: refusal, steps: dryRun ? steps : this.#steps })
    if (dryRun) return this.#end('planned', { steps })
    await this.#apply(steps, state, baseline)
    return this.#verify(baseline)
  }

  /**
   * What somebody else wrote between the reading and the copy lies beneath the copy now, demoted by it and held by nobody.
   * The repair has failed, but that version has to last until the two have been compared.
   */
  async #keepBuried(error: unknown): Promise<void> {
    if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_CHANGED') return
    const { beneath: versionId, beneathIsDeleteMarker } = error.details ?? {}
    if (typeof versionId !== 'string' || beneathIsDeleteMarker === true) return
    try {
      await persist(this.#context, 'remediate', this.#subject.object.key, () => this.#holdBuried(versionId))
    } catch (failure) {
      // The change is what is reported. Only what stops a run goes before it.
      if (isFatal(failure)) throw failure
    }
  }

  async #holdBuried(versionId: string): Promise<void> {
    const { bucket, key } = this.#subject.object
    if (!this.#storage.capabilities.objectLock) return
    const answer = await this.#storage.head({ bucket, key, versionId }, { signal: this.#context.signal, lock: true })
    if (!answer.found || answer.state.legalHold === 'ON' || !this.#settings.goal.protects(answer.state)) return
    const result = await this.#take({ action: 'hold-noncurrent', versionId }, answer.state)
    if (LegalHoldError.isInstance(result)) throw result
  }

  /** Stands where the interrupted run stood. */
  #takeUp({ original, steps }: BegunRepair): void {
    if (original === undefined) return
    const baseline = new Baseline(original, false)
    for (const [at, { step, result, error }] of steps.entries()) {
      this.#steps.push(step)
      const isProtection = step.action === 'protect-original'
      // A copy is begun only once the hold shows: a second interruption found it there, and the answer was never needed.
      const isSettled = isProtection && steps.slice(at).some(({ step: later }) => later.action === 'replace-metadata')
      const isInDoubt = result === undefined && error === undefined && !isSettled
      if (isInDoubt) this.#inDoubt.add(step)
      // Whether the hold is on the original can be seen, once it is read.
      if (isProtection && (isInDoubt || error !== undefined)) continue
      baseline.begin(step)
      if (step.action !== 'replace-metadata') continue
      if (result !== undefined) baseline.copied(result.versionId)
      if (error?.outcome === 'not-applied') baseline.notCopied()
    }
    this.#baseline = baseline
  }

  /** A hold on the original that was about to be put there is the one that protects it. */
  #settleProtection(current: ObjectState): void {
    const step = [...this.#inDoubt].find(({ action }) => action === 'protect-original')
    if (step === undefined || this.#baseline?.isOriginal(current) !== true || current.legalHold !== 'ON') return
    this.#inDoubt.delete(step)
    this.#baseline.begin(step)
  }

  /** The object as it is, once a request that an interrupted run may have left on its way has had time to arrive. */
  async #current(): Promise<ObjectState | undefined> {
    const current = await this.#read()
    const { begun } = this.#settings
    if (begun === undefined || current === undefined || this.#inDoubt.size === 0) return current
    if (this.#baseline?.isOriginal(current) !== true) return current
    const { clock, signal } = this.#context
    // S3 copies without us: the larger the object, the longer.
    const waitMs = begun.lastIntentAt + inFlightMs + current.sizeBytes / inFlightBytesPerMs - clock.now()
    if (waitMs <= 0) return current
    await clock.sleep(waitMs, signal).catch((error: unknown) => {
      if (signal?.aborted) throw abortedError(signal, 'remediate')
      throw error
    })
    return this.#read()
  }

  async #read(): Promise<ObjectState | undefined> {
    const { bucket, key } = this.#subject.object
    // Without the version: the newest one is what has to carry the hold.
    const answer = await this.#storage.head({ bucket, key }, { signal: this.#context.signal, full: true })
    return answer.found ? answer.state : undefined
  }

  /** What `current` has to be measured against: the baseline so far, or itself where somebody else wrote it. */
  async #baselineOf(current: ObjectState): Promise<Baseline> {
    const known = this.#baseline
    if (known?.isOriginal(current)) {
      known.refresh(current)
      return known
    }
    if (known !== undefined && (await this.#isOurs(known, current))) return known
    this.#baseline = new Baseline(current, this.#settings.heldByUs?.(refOf(current)) === true)
    return this.#baseline
  }

  /**
   * Whether `current` is what our copy wrote. After a lost answer only its place proves it: right above the version
   * that was read. A metadata-only change by somebody else in between would lie between the two.
   */
  async #isOurs(known: Baseline, current: ObjectState): Promise<boolean> {
    if (!known.mayHaveCopied) return false
    if (known.isWritten(current)) return true
    if (!known.looksWritten(current)) return false
    if (this.#storage.listVersions !== undefined && isVersioned(current) && isVersioned(known.original)) {
      const { beneath } = await this.#placeOf(current)
      if (beneath !== known.original.versionId) {
        throw new LegalHoldError(
          `Between the reading of ${current.key} and its repair somebody wrote ${beneath === undefined ? 'its history anew' : `version ${beneath}`}. Compare both before deciding which is right.`,
          { code: 'OBJECT_CHANGED', stage: 'remediate', outcome: 'applied', details: { beneath } },
        )
      }
    }
    known.copied(current.versionId)
    return true
  }

  async #placeOf(current: ObjectState): Promise<{ readonly beneath: string | undefined }> {
    let isFound = false
    const { signal } = this.#context
    for await (const version of this.#storage.listVersions?.(current.key, { signal }) ?? []) {
      if (version.key !== current.key) break
      if (isFound) return { beneath: version.versionId }
      isFound = version.versionId === current.versionId
    }
    return { beneath: undefined }
  }

  /**
   * The hold on the original comes right before the copy that demotes it (s3-facts, Object Lock). That it was asked for
   * in an earlier attempt is no proof: only one that shows (`isProtected`) is not put again.
   */
  #withProtection(steps: readonly RemediationStep[], state: ObjectState, isProtected: boolean): RemediationStep[] {
    const { versionId } = state
    const isHeld = state.legalHold === 'ON' || steps.some(({ action }) => action === 'put-legal-hold')
    const { capabilities } = this.#storage
    const wanted = this.#settings.goal.protects(state) && capabilities.metadataUpdate === 'new-version'
    const isDue = wanted && capabilities.objectLock && !isHeld && !isProtected
    return steps.flatMap((step): RemediationStep[] =>
      step.action === 'replace-metadata' && isDue && versionId !== undefined
        ? [{ action: 'protect-original', versionId }, step]
        : [step],
    )
  }

  /** Why nothing is begun although there is a plan: the copy in it would lose something. */
  async #refusalOf(steps: readonly RemediationStep[], state: ObjectState): Promise<string | undefined> {
    const copy = steps.find((step) => step.action === 'replace-metadata')
    if (copy?.action !== 'replace-metadata') return undefined
    const { capabilities } = this.#storage
    const keepsVersions = capabilities.versioning && state.versionId !== undefined
    if (capabilities.metadataUpdate === 'new-version' && !keepsVersions && !this.#settings.allowOverwrite) {
      return 'without versioning a copy would overwrite the delivered original; accept `versioning-off` to allow it'
    }
    try {
      await this.#storage.checkReplaceMetadata?.(state, copy.metadata, this.#copyOptions())
      return undefined
    } catch (error) {
      const isRefusal = LegalHoldError.isInstance(error) && !error.retryable && !isFatal(error)
      if (!isRefusal) throw error
      return `${error.code}: ${error.message}`
    }
  }

  async #apply(steps: readonly RemediationStep[], before: ObjectState, baseline: Baseline): Promise<void> {
    let state = before
    for (const step of steps) {
      baseline.begin(step)
      const result = await this.#take(step, state)
      const isError = LegalHoldError.isInstance(result)
      if (step.action === 'replace-metadata') {
        if (!isError) baseline.copied(result.versionId)
        else if (result.outcome === 'not-applied') baseline.notCopied()
      }
      // A bucket without Object Lock whose settings the caller may not read: there is nothing to protect with.
      const isNoLock = isError && step.action === 'protect-original' && result.code === 'STORAGE_UNSUPPORTED'
      if (isError && !isNoLock) throw result
      state = withStep(state, step)
    }
  }

  /** One step with its intent before and its outcome after it on record. */
  async #take(step: RemediationStep, state: ObjectState): Promise<MutationResult | LegalHoldError> {
    const { witness } = this.#settings
    const context = { attempt: this.#attempts, place: this.#subject.place, ...this.#settings.about }
    // Taken again, so it was not taken before.
    const former = [...this.#inDoubt].find(({ action }) => action === step.action)
    if (former !== undefined) {
      this.#inDoubt.delete(former)
      this.#steps = this.#steps.filter((other) => other !== former)
    }
    this.#steps.push(step)
    await witness.intent(refOf(state), step, state, context)
    const result = await takeStep(this.#storage, step, state, this.#copyOptions()).catch((error: unknown) => {
      if (LegalHoldError.isInstance(error)) return error
      throw error
    })
    await witness.outcome(refOf(state), step, result, context)
    return result
  }

  #copyOptions() {
    const { allowOverwrite } = this.#settings
    // The original is protected by a step of its own, so that it is on record by itself.
    return { signal: this.#context.signal, protectOriginal: false, allowOverwrite }
  }

  async #verify(baseline: Baseline): Promise<RepairEnd> {
    const gone = 'the object was gone when it was read back'
    if (!(await this.#followOriginal(baseline))) {
      return this.#end('failed', { reason: 'the original was gone when it was looked for beneath the repair' })
    }
    let after = await this.#read()
    if (after === undefined) return this.#end('failed', { reason: gone })
    this.#requireResult(baseline, after)
    let differences = this.#differences(baseline, after)
    if (differences.length > 0 && (await this.#putBack(baseline, after, differences))) {
      after = await this.#read()
      if (after === undefined) return this.#end('failed', { reason: gone })
      this.#requireResult(baseline, after)
      differences = this.#differences(baseline, after)
    }
    if (differences.length > 0) {
      const lost = differences.map(({ property }) => property).join(', ')
      return this.#end('failed', { after, differences, reason: `the repair changed more than was asked: ${lost}` })
    }
    const shortfall = this.#settings.goal.shortfall(after)
    if (shortfall !== undefined) {
      return this.#end('failed', { after, reason: `read back after the repair: ${shortfall}` })
    }
    return this.#end('repaired', { after })
  }

  /**
   * Looks at the version that the copy demoted once more: a tag, hold or longer retention that somebody else gave it between
   * its reading and the copy has to be on the new version, too, and no condition of S3 speaks of these.
   */
  async #followOriginal(baseline: Baseline): Promise<boolean> {
    if (!baseline.mayHaveCopied || !isVersioned(baseline.original)) return true
    if (this.#storage.capabilities.metadataUpdate !== 'new-version') return true
    const { signal } = this.#context
    const answer = await this.#storage.head(refOf(baseline.original), { signal, tags: true, lock: true })
    if (answer.found) baseline.follow(answer.state)
    return answer.found
  }

  #differences(baseline: Baseline, after: ObjectState): readonly Difference[] {
    return compareObjectStates(baseline.original, after, baseline.asked)
  }

  /** What somebody else wrote since is theirs: it has to be read and decided about anew. */
  #requireResult(baseline: Baseline, after: ObjectState): void {
    if (baseline.isResult(after)) return
    throw new LegalHoldError(`Somebody wrote ${after.key} anew while it was being repaired.`, {
      code: 'OBJECT_CHANGED',
      stage: 'remediate',
      retryable: true,
      outcome: 'applied',
      details: { foundVersionId: after.versionId },
    })
  }

  /** Puts back in place what a server dropped although it was told to keep it, or what an answer lost midway left out. */
  async #putBack(baseline: Baseline, after: ObjectState, differences: readonly Difference[]): Promise<boolean> {
    const { original, asked } = baseline
    const lost = new Set(differences.map(({ property }) => property.split('.')[0]))
    const steps: RemediationStep[] = [...(this.#settings.goal.amend?.(after, asked) ?? [])]
    const tags = missingTags(original, asked, after)
    if (tags !== undefined) steps.push({ action: 'merge-tags', tags })
    if (lost.has('legalHold') && original.legalHold === 'ON') steps.push({ action: 'put-legal-hold' })
    const retention = asked.retention ?? original.retention
    if (lost.has('retention') && typeof retention === 'object') steps.push({ action: 'put-retention', retention })
    for (const step of steps) {
      baseline.begin(step)
      const result = await this.#take(step, after)
      if (LegalHoldError.isInstance(result)) throw result
    }
    return steps.length > 0
  }

  #end(
    outcome: RepairEnd['outcome'],
    rest: Partial<Pick<RepairEnd, 'reason' | 'after' | 'differences' | 'steps'>>,
  ): RepairEnd {
    return { ...this.progress, ...rest, outcome }
  }
}
