import { type AskedChanges, compareObjectStates } from '../compare.js'
import { LegalHoldError } from '../errors.js'
import { abortedError } from '../internal/abort.js'
import type { HeadResult, ListedVersion, MutationResult, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import type { Difference, ObjectPlace, RemediationOutcome, RemediationStep } from '../verdict.js'
import { Baseline, isVersioned } from './baseline.js'
import { type Burial, type Buried, burialOf, coverage, type HoldLists, withHoldTagsOf } from './buried.js'
import { persist, type StageContext } from './context.js'
import { type RepairPlan, withEntries } from './plan.js'
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
  /** Where hold tags stand in lists: what has to be on top where a copy turns out to lie on another's version. */
  readonly lists: HoldLists
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
  /** Set where the object was not there (any more). */
  readonly gone?: Absence | undefined
}

type Absence = Extract<HeadResult, { found: false }>

/** What an attempt plans with. */
interface Standing {
  readonly current: ObjectState
  readonly baseline: Baseline
  /** Versions of others whose tags `current` does not carry, although it should. */
  readonly uncovered: readonly ObjectState[]
  /** The current version, where `current` is one that our copy buried. */
  readonly onTopOf?: ObjectState | undefined
}

// How long a request of a process that died may be under way: the slowest S3 copies some 50 MB a second.
const inFlightMs = 2_000
const inFlightBytesPerMs = 10_000

/** No plan weakens a retention that was read: one that would is made for another, which somebody has extended since. */
function overtaken(error: LegalHoldError): LegalHoldError {
  if (error.reason !== 'retention-weaker') return error
  return new LegalHoldError(error.message, { ...error, code: 'OBJECT_CHANGED', retryable: true, cause: error })
}

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
  /** What others wrote and our copies demoted, oldest first. */
  #buried: readonly Buried[] = []
  #onTopOf: ObjectState | undefined

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
      const burial = burialOf(error)
      if (burial === undefined || burial.isDeleteMarker || !LegalHoldError.isInstance(error)) throw error
      await this.#noteBurial(burial)
      // An interrupted run may have buried something before, of which only the one that lies on top is known.
      if (this.#settings.begun !== undefined) throw error
      throw new LegalHoldError(error.message, { ...error, retryable: true, cause: error })
    }
  }

  async #attempt(): Promise<RepairEnd> {
    const answer = await this.#current()
    if (!answer.found) {
      const reason = 'the object is no longer there'
      return this.#end(this.#baseline?.changed === true ? 'failed' : 'refused', { reason, gone: answer })
    }
    this.#settleProtection(answer.state)
    const standing = await this.#standing(answer.state)
    const { current, baseline, onTopOf } = standing
    const state = baseline.withoutProtection(current)
    const { goal, dryRun } = this.#settings
    const plan = goal.plan(state, baseline.asked)
    const hasBuried = onTopOf !== undefined || standing.uncovered.length > 0
    if (plan.refused !== undefined && !hasBuried) return this.#end('refused', { reason: plan.refused })
    const planned = this.#withBuried(plan.refused === undefined ? plan.steps : [], state, standing)
    if (planned.length === 0 && !baseline.changed) return this.#end('not-needed', { after: current })
    const steps = this.#withProtection(planned, state, baseline.isProtected && current.legalHold === 'ON')
    const refusal = await this.#refusalOf(steps, state)
    if (refusal !== undefined) {
      const outcome = hasBuried ? 'failed' : 'refused'
      return this.#end(outcome, { reason: refusal, steps: dryRun ? steps : this.#steps })
    }
    if (dryRun) return this.#end('planned', { steps })
    this.#onTopOf = onTopOf
    await this.#apply(steps, state, baseline)
    return this.#verify(baseline, plan.refused)
  }

  /**
   * What somebody else wrote between the reading and the copy lies beneath the copy now, demoted by it and held by nobody.
   * It has to last until what is on top has been made of it.
   */
  async #noteBurial({ versionId, written }: Burial): Promise<void> {
    this.#baseline?.copied(written)
    let heldByUs = this.#buried.some((one) => one.versionId === versionId && one.heldByUs)
    try {
      await persist(this.#context, 'remediate', this.#subject.object.key, () =>
        this.#holdBuried(versionId, () => {
          heldByUs = true
        }),
      )
    } catch (failure) {
      // The change is what is reported. Only what stops a run goes before it.
      if (isFatal(failure)) throw failure
    }
    this.#buried = [...this.#buried.filter((one) => one.versionId !== versionId), { versionId, heldByUs }]
  }

  async #holdBuried(versionId: string, onHold: () => void): Promise<void> {
    const { bucket, key } = this.#subject.object
    if (!this.#storage.capabilities.objectLock) return
    const answer = await this.#storage.head({ bucket, key, versionId }, { signal: this.#context.signal, lock: true })
    if (!answer.found || answer.state.legalHold === 'ON' || !this.#settings.goal.protects(answer.state)) return
    onHold()
    const result = await this.#take({ action: 'hold-noncurrent', versionId }, answer.state)
    if (LegalHoldError.isInstance(result)) throw result
  }

  /** What is to be decided about: the current version, or one that our copy buried and that has to be on top again. */
  async #standing(top: ObjectState): Promise<Standing> {
    if (this.#buried.length === 0) return { current: top, baseline: await this.#baselineOf(top), uncovered: [] }
    const { lists } = this.#settings.goal
    const isOurs = this.#baseline?.isWritten(top) === true
    const buried = await this.#readBuried()
    const uncovered = buried.filter(({ original }) => coverage(top, original, lists) === undefined)
    const newest = buried.at(-1)
    if (!isOurs || newest === undefined) {
      this.#baseline = new Baseline(top, false)
      return { current: top, baseline: this.#baseline, uncovered: uncovered.map(({ original }) => original) }
    }
    const { current, original, heldByUs } = newest
    const asked = coverage(top, original, lists)
    if (uncovered.length === 0 && asked !== undefined) {
      this.#baseline = Baseline.ofCopy(current, heldByUs, asked, top.versionId)
      return { current: top, baseline: this.#baseline, uncovered: [] }
    }
    this.#baseline = new Baseline(current, heldByUs)
    // What is on top now goes, so that all the others have to be covered by what takes its place.
    const others = buried.filter((one) => one !== newest).map((one) => one.original)
    return { current, baseline: this.#baseline, uncovered: others, onTopOf: top }
  }

  /** Each as it is, and as it would be without the hold that we put there. */
  async #readBuried(): Promise<
    readonly (Buried & { readonly current: ObjectState; readonly original: ObjectState })[]
  > {
    const { bucket, key } = this.#subject.object
    const read: (Buried & { readonly current: ObjectState; readonly original: ObjectState })[] = []
    for (const one of this.#buried) {
      const ref = { bucket, key, versionId: one.versionId }
      const answer = await this.#storage.head(ref, { signal: this.#context.signal, full: true })
      if (!answer.found) throw this.#stillBuried(one.versionId, 'and it is gone')
      const { state } = answer
      read.push({ ...one, current: state, original: one.heldByUs ? { ...state, legalHold: 'OFF' } : state })
    }
    return read
  }

  /** The planned steps, with a copy that carries the tags of what was buried. */
  #withBuried(
    steps: readonly RemediationStep[],
    state: ObjectState,
    { uncovered, onTopOf }: Standing,
  ): readonly RemediationStep[] {
    if (onTopOf === undefined && uncovered.length === 0) return steps
    const { lists } = this.#settings.goal
    const copy = steps.find((step) => step.action === 'replace-metadata')
    const planned = copy?.action === 'replace-metadata' ? copy : undefined
    const holds = steps.some(({ action }) => action === 'put-legal-hold')
    const isHeld = uncovered.some(({ legalHold }) => legalHold === 'ON')
    const top: ObjectState = isHeld || holds ? { ...state, legalHold: 'ON' } : state
    let metadata = planned?.metadata ?? withEntries(state.metadata, {})
    for (const buried of uncovered) {
      // Whatever is to be done about conflicts: a tag that we buried ourselves has to come back.
      metadata = withHoldTagsOf(buried, metadata, lists)
      const isCovered = coverage({ ...top, metadata }, buried, lists) !== undefined
      if (!isCovered) throw this.#stillBuried(buried.versionId ?? 'null', 'and what lies on top was not made of it')
    }
    const inPlace = steps.filter((step) => step.action !== 'replace-metadata')
    // A hold on what was buried may be a real one: it has to be on what is on top of it, too.
    const hold: RemediationStep[] = top.legalHold !== state.legalHold && !holds ? [{ action: 'put-legal-hold' }] : []
    return [...inPlace, ...hold, { ...planned, action: 'replace-metadata', metadata }]
  }

  #stillBuried(versionId: string, how: string): LegalHoldError {
    return new LegalHoldError(
      `Between the reading of ${this.#subject.object.key} and its repair somebody wrote version ${versionId}, ${how}. Compare both before deciding which is right.`,
      // Whoever wrote it may be about to see to it, too.
      { code: 'OBJECT_CHANGED', stage: 'remediate', outcome: 'applied', retryable: true },
    )
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
  async #current(): Promise<HeadResult> {
    const answer = await this.#read()
    const { begun } = this.#settings
    if (begun === undefined || !answer.found || this.#inDoubt.size === 0) return answer
    const current = answer.state
    if (this.#baseline?.isOriginal(current) !== true) return answer
    const { clock, signal } = this.#context
    // S3 copies without us: the larger the object, the longer.
    const waitMs = begun.lastIntentAt + inFlightMs + current.sizeBytes / inFlightBytesPerMs - clock.now()
    if (waitMs <= 0) return answer
    await clock.sleep(waitMs, signal).catch((error: unknown) => {
      if (signal?.aborted) throw abortedError(signal, 'remediate')
      throw error
    })
    return this.#read()
  }

  async #read(): Promise<HeadResult> {
    const { bucket, key } = this.#subject.object
    // Without the version: the newest one is what has to carry the hold.
    const answer = await this.#storage.head({ bucket, key }, { signal: this.#context.signal, full: true })
    this.#context.lanes?.succeeded()
    return answer
  }

  /** What `current` has to be measured against: the baseline so far, or itself where somebody else wrote it. */
  async #baselineOf(current: ObjectState): Promise<Baseline> {
    const known = this.#baseline
    if (known?.isOriginal(current)) {
      known.refresh(current)
      return known
    }
    if (known !== undefined && (await this.#isOurs(known, current))) return known
    this.#baseline = new Baseline(current, false)
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
      const beneath = await this.#beneath(current)
      if (beneath?.versionId !== (this.#onTopOf ?? known.original).versionId) {
        const what =
          beneath === undefined
            ? 'its history anew'
            : `${beneath.deleteMarker ? 'the delete marker' : 'version'} ${beneath.versionId}`
        throw new LegalHoldError(
          `Between the reading of ${current.key} and its repair somebody wrote ${what}. Compare both before deciding which is right.`,
          {
            code: 'OBJECT_CHANGED',
            stage: 'remediate',
            outcome: 'applied',
            details: {
              beneath: beneath?.versionId,
              beneathIsDeleteMarker: beneath?.deleteMarker,
              versionId: current.versionId,
            },
          },
        )
      }
    }
    known.copied(current.versionId)
    return true
  }

  async #beneath(current: ObjectState): Promise<ListedVersion | undefined> {
    let isFound = false
    const { signal } = this.#context
    for await (const version of this.#storage.listVersions?.(current.key, { signal }) ?? []) {
      if (version.key !== current.key) break
      if (isFound) return version
      isFound = version.versionId === current.versionId
    }
    return undefined
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
      const wasProtected = baseline.isProtected
      baseline.begin(step)
      const result = await this.#take(step, state)
      const isError = LegalHoldError.isInstance(result)
      const isUndone = isError && result.outcome === 'not-applied'
      if (step.action === 'protect-original' && isUndone && !wasProtected) baseline.notProtected()
      if (step.action === 'replace-metadata') {
        if (!isError) baseline.copied(result.versionId)
        else if (isUndone) baseline.notCopied()
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
      if (LegalHoldError.isInstance(error)) return overtaken(error)
      throw error
    })
    await witness.outcome(refOf(state), step, result, context)
    return result
  }

  #copyOptions() {
    const { allowOverwrite } = this.#settings
    const onTopOf = this.#onTopOf === undefined ? {} : { onTopOf: this.#onTopOf }
    return { signal: this.#context.signal, allowOverwrite, ...onTopOf }
  }

  /** @param undone why nothing was to be done after all, and the copy only put back what another one of ours had buried */
  async #verify(baseline: Baseline, undone: string | undefined): Promise<RepairEnd> {
    const reason = 'the object was gone when it was read back'
    if (!(await this.#followOriginal(baseline))) {
      return this.#end('failed', { reason: 'the original was gone when it was looked for beneath the repair' })
    }
    let answer = await this.#read()
    if (!answer.found) return this.#end('failed', { reason, gone: answer })
    let after = answer.state
    this.#requireResult(baseline, after)
    let differences = this.#differences(baseline, after)
    if (differences.length > 0 && (await this.#putBack(baseline, after, differences))) {
      answer = await this.#read()
      if (!answer.found) return this.#end('failed', { reason, gone: answer })
      after = answer.state
      this.#requireResult(baseline, after)
      differences = this.#differences(baseline, after)
    }
    if (differences.length > 0) {
      const lost = differences.map(({ property }) => property).join(', ')
      return this.#end('failed', { after, differences, reason: `the repair changed more than was asked: ${lost}` })
    }
    if (undone !== undefined) {
      return this.#end('refused', { after, reason: `${undone}; a copy made before that was seen was undone` })
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
    const { original, asked } = baseline
    // A hold that was not sent and is there is one that somebody else has put there since.
    const isTheirs = asked.legalHold === undefined && after.legalHold === 'ON'
    return compareObjectStates(original, after, isTheirs ? { ...asked, legalHold: 'ON' } : asked)
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
    rest: Partial<Pick<RepairEnd, 'reason' | 'after' | 'differences' | 'steps' | 'gone'>>,
  ): RepairEnd {
    return { ...this.progress, ...rest, outcome }
  }
}
