import { sleepOrAbort } from '../../internal/abort.js'
import { slowAfterMs } from '../../internal/waits/slow-answers.js'
import type { BegunRepair } from '../../journal/records.js'
import { LegalHoldError } from '../../model/errors.js'
import { isVersioned } from '../../model/identity.js'
import type { ObjectState } from '../../model/object.js'
import type { RemediationStep } from '../../model/verdict.js'
import type { HeadOptions, HeadResult, MutationResult, StorageAdapter } from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import { isFatal } from '../validate.js'
import { Baseline } from './baseline.js'
import { Beneath } from './beneath.js'
import type { ChainFound, ChainLink } from './history/chain-pass.js'
import { unprovenOf } from './history/chains.js'
import { Contest } from './history/contest.js'
import { asWanted, composed, type Standing } from './history/standing.js'
import { type LastAnswer, ReadBack } from './read-back.js'
import type { RepairEnd, RepairScope, RepairSettings, RepairSubject } from './scope.js'
import { isProtection, refOf, type StepOptions, takeStep, withStep } from './steps.js'

// How long a request of a process that died may be under way: the slowest S3 copies some 50 MB a second.
const inFlightMs = 2_000
const inFlightBytesPerMs = 10_000
/** The most that one copy may hold: what one of unknown size is taken for. */
const largestCopyBytes = 5 * 1024 ** 3

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
  readonly #contest: Contest
  #baseline: Baseline | undefined
  #steps: RemediationStep[] = []
  /** Steps of an interrupted run that may or may not have been taken. */
  #inDoubt: readonly RemediationStep[] = []
  #attempts = 0
  #onTopOf: ObjectState | undefined
  /** A step of ours was answered to be taken, or may have been. */
  #hasWritten = false
  /** Our copies for which nobody has checked yet what lies beneath them, oldest first. */
  #unproven: readonly ChainLink[] = []
  readonly #beneath: Beneath
  readonly #readBack: ReadBack

  constructor(storage: StorageAdapter, subject: RepairSubject, settings: RepairSettings, context: StageContext) {
    this.#storage = storage
    this.#subject = subject
    this.#settings = settings
    this.#context = context
    this.#contest = new Contest(storage, subject.object.key, context)
    const scope: RepairScope = {
      storage,
      subject,
      settings,
      context,
      contest: this.#contest,
      read: (wanted) => this.#read(wanted),
      take: (step, state) => this.#take(step, state),
    }
    this.#beneath = new Beneath(scope)
    this.#readBack = new ReadBack(scope, () => {
      this.#baseline = undefined
    })
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
    await this.#proveNow()
    const answer = await this.#current()
    if (!answer.found) {
      const reason = 'the object is no longer there'
      return this.#end(this.#baseline?.changed === true ? 'failed' : 'refused', { reason, gone: answer })
    }
    this.#settleProtection(answer.state)
    const standing = await this.#standing(answer.state)
    const { current, baseline, onTopOf } = standing
    const { goal, dryRun } = this.#settings
    const state = baseline.withoutProtection(current)
    const plan = goal.plan(asWanted(state, standing), baseline.asked)
    const planned = composed(plan.refused === undefined ? plan.steps : [], state, standing, goal.lists)
    if (plan.refused !== undefined && planned.length === 0) return this.#end('refused', { reason: plan.refused })
    if (planned.length === 0 && !baseline.changed) {
      // Another exporter may have made its own of what we wrote: ours is in it.
      return this.#end(this.#hasWritten ? 'repaired' : 'not-needed', { after: current })
    }
    this.#beneath.requireNothingLost(planned, state, standing)
    const steps = this.#withProtection(planned, state, baseline.isProtected && current.legalHold === 'ON')
    this.#onTopOf = onTopOf
    const isReadAgain = !dryRun && steps.some(({ action }) => action === 'protect-original')
    const refusal = await this.#refusalOf(steps, state, isReadAgain)
    if (refusal !== undefined) {
      const outcome = this.#contest.isOpen ? 'failed' : 'refused'
      return this.#end(outcome, { reason: refusal, steps: dryRun ? steps : this.#steps })
    }
    if (dryRun) return this.#end('planned', { steps })
    const { refused, ...last } = await this.#apply(steps, state, baseline)
    if (refused !== undefined) return this.#end('refused', { reason: refused })
    this.#contest.compared()
    const { outcome, ...rest } = await this.#readBack.verify(baseline, last, plan.refused).catch(async (error) => {
      await this.#proveNow()
      throw error
    })
    if (outcome !== 'repaired') await this.#proveNow()
    const [unproven] = this.#unproven
    const end = this.#end(outcome, rest)
    return unproven === undefined ? end : { unproven, ...end }
  }

  /**
   * Looks at what our copy came to lie on. Throws if that is not what it was made of, or something lies on it; the next
   * attempt finds out what must be on top.
   */
  async prove(link: ChainLink, found: ChainFound | undefined): Promise<void> {
    try {
      await this.#beneath.requireChain(link, found)
    } catch (error) {
      // Once others are known to write as well, the next attempt looks at all versions; else it looks here again.
      if (this.#contest.isOpen) this.#unproven = []
      throw error
    }
    this.#unproven = this.#unproven.filter((other) => other.versionId !== link.versionId)
  }

  /** What does not end as it should may lie on what somebody else wrote. */
  async #proveNow(): Promise<void> {
    for (const link of this.#unproven) await this.prove(link, undefined)
  }

  /** Whether a list of many keys shows what our copy came to lie on. */
  get #looksLater(): boolean {
    const { begun, chain } = this.#settings
    if (chain?.isReady !== true || this.#storage.listVersions === undefined) return false
    return begun === undefined && this.#attempts === 1 && !this.#contest.isOpen
  }

  /** The subject of the decision: the current version, or one that our copy demoted and that must be on top again. */
  async #standing(top: ObjectState): Promise<Standing> {
    // By what our last copy was to write, it is recognized where its answer was lost and another lies on it.
    const former = this.#baseline
    if (!this.#contest.isOpen) {
      const baseline = await this.#baselineOf(top)
      if (!this.#contest.isOpen) return { current: top, baseline, due: [] }
    }
    const standing = await this.#beneath.contested(top, former)
    this.#baseline = standing.baseline
    return standing
  }

  /** Stands where the interrupted run stood. */
  #takeUp({ original, steps }: BegunRepair): void {
    if (original === undefined) return
    const baseline = new Baseline(original, false)
    const lastCopy = steps.findLastIndex(({ step }) => step.action === 'replace-metadata')
    this.#contest.begin(original)
    this.#contest.copying(original)
    for (const [at, { step, result, error }] of steps.entries()) {
      this.#steps.push(step)
      const isProtecting = step.action === 'protect-original'
      // A copy is begun only once the hold shows: a second interruption found it there, and the answer was never needed.
      const isSettled = isProtecting && lastCopy > at
      const isInDoubt = result === undefined && error === undefined && !isSettled
      if (isInDoubt) this.#inDoubt = [...this.#inDoubt, step]
      if (result !== undefined) this.#noteWritten(step)
      // Whether the hold is on the original can be seen, once it is read.
      if (isProtecting && (isInDoubt || error !== undefined)) continue
      baseline.begin(step)
      if (step.action !== 'replace-metadata') continue
      if (result !== undefined) baseline.copied(result.versionId)
      if (error?.outcome === 'not-applied') baseline.notCopied()
    }
    this.#baseline = baseline
    this.#unproven = unprovenOf(this.#subject.object.key, original, steps)
  }

  /** A hold on the original that was about to be put there is the one that protects it. */
  #settleProtection(current: ObjectState): void {
    const step = this.#inDoubt.find(({ action }) => action === 'protect-original')
    if (step === undefined || this.#baseline?.isOriginal(current) !== true || current.legalHold !== 'ON') return
    this.#inDoubt = this.#inDoubt.filter((other) => other !== step)
    this.#baseline.begin(step)
  }

  /** The object as it is, once a request that an interrupted run may have left on its way has had time to arrive. */
  async #current(): Promise<HeadResult> {
    const { fresh } = this.#settings
    if (fresh !== undefined && this.#attempts === 1) return await this.#completed(fresh)
    const answer = await this.#read()
    const { begun } = this.#settings
    if (begun === undefined || !answer.found || this.#inDoubt.length === 0) return answer
    const current = answer.state
    if (this.#baseline?.isOriginal(current) !== true) return answer
    const { clock } = this.#context
    // S3 copies without us: the larger the object, the longer.
    const { sizeBytes = largestCopyBytes } = current
    const waitMs = begun.lastIntentAt + inFlightMs + sizeBytes / inFlightBytesPerMs - clock.now()
    if (waitMs <= 0) return answer
    if (waitMs > slowAfterMs) {
      const reason = 'a copy of an interrupted run may be under way'
      this.#context.emit({ type: 'waiting', stage: 'remediate', subject: current.key, reason, waitedMs: 0, waitMs })
    }
    await sleepOrAbort(waitMs, this.#context, 'remediate')
    return this.#read()
  }

  /** What was read to judge the object is its first reading; what else a copy must keep is read once one is planned. */
  async #completed(fresh: ObjectState): Promise<HeadResult> {
    const plan = this.#settings.goal.plan(fresh, {})
    const planned = plan.refused === undefined ? plan.steps : []
    if (planned.every(({ action }) => action !== 'replace-metadata')) return { found: true, state: fresh }
    if (this.#storage.complete === undefined) return this.#read()
    const isProtected = this.#withProtection(planned, fresh, false).some(({ action }) => action === 'protect-original')
    const isHeldNext = isProtected && !this.#settings.dryRun
    const state = await this.#storage.complete(fresh, { signal: this.#context.signal, isHeldNext })
    this.#context.lanes?.succeeded()
    return { found: true, state }
  }

  async #read(wanted: HeadOptions = { full: true }): Promise<HeadResult> {
    const { bucket, key } = this.#subject.object
    // Without the version: the newest one is what must carry the hold.
    const answer = await this.#storage.head({ bucket, key }, { ...wanted, signal: this.#context.signal })
    this.#context.lanes?.succeeded()
    return answer
  }

  /** What `current` must be measured against: the baseline so far, or itself where somebody else wrote it. */
  async #baselineOf(current: ObjectState): Promise<Baseline> {
    const known = this.#baseline
    if (known?.isOriginal(current)) {
      known.refresh(current)
      return known
    }
    if (known !== undefined && (await this.#beneath.isOurs(known, current, this.#onTopOf))) return known
    if (known?.mayHaveCopied === true && isVersioned(known.original) && isVersioned(current)) this.#contest.open()
    else this.#contest.begin(current)
    this.#baseline = new Baseline(current, false)
    return this.#baseline
  }

  /**
   * The hold on the original comes right before the copy that demotes it (s3-facts, Object Lock). That it was asked for
   * in an earlier attempt is not proof: only one that shows (`isProtected`) is not put again.
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
  async #refusalOf(
    steps: readonly RemediationStep[],
    state: ObjectState,
    isReadAgain: boolean,
  ): Promise<string | undefined> {
    const copy = steps.find((step) => step.action === 'replace-metadata')
    if (copy?.action !== 'replace-metadata') return undefined
    const { capabilities } = this.#storage
    const keepsVersions = capabilities.versioning && state.versionId !== undefined
    if (capabilities.metadataUpdate === 'new-version' && !keepsVersions && !this.#settings.allowOverwrite) {
      return 'without versioning a copy would overwrite the delivered original; accept `versioning-off` to allow it'
    }
    try {
      await this.#storage.checkReplaceMetadata?.(state, copy.metadata, { isReadAgain, ...this.#copyOptions() })
      return undefined
    } catch (error) {
      const isRefusal = LegalHoldError.isInstance(error) && !error.retryable && !isFatal(error)
      if (!isRefusal) throw error
      return `${error.code}: ${error.message}`
    }
  }

  /**
   * Takes the steps. Resolves with the answer to the last one, if it shows the object as it is after all of them.
   * Otherwise it resolves with the reason why the copy is not made.
   */
  async #apply(
    steps: readonly RemediationStep[],
    before: ObjectState,
    baseline: Baseline,
  ): Promise<LastAnswer & { readonly refused?: string }> {
    let state = before
    let last: LastAnswer = {}
    for (const step of steps) {
      const wasProtected = baseline.isProtected
      baseline.begin(step)
      if (step.action === 'protect-original') this.#contest.held(step.versionId)
      if (step.action === 'replace-metadata') this.#contest.copying(withStep(state, step))
      const result = await this.#take(step, state)
      const isError = LegalHoldError.isInstance(result)
      const isUndone = isError && result.outcome === 'not-applied'
      if (step.action === 'protect-original' && isUndone && !wasProtected) {
        baseline.notProtected()
        this.#contest.held(step.versionId, false)
      }
      const after = withStep(state, step)
      if (step.action === 'replace-metadata') {
        if (!isError) await this.#copied(result, after, baseline)
        else if (isUndone) baseline.notCopied()
        else if (result.code === 'OBJECT_CHANGED') throw this.#beneath.toldOfOthers(result)
      }
      // A bucket without Object Lock whose settings the caller may not read: there is nothing to protect with.
      const isNoLock = isError && step.action === 'protect-original' && result.code === 'STORAGE_UNSUPPORTED'
      if (isError && !isNoLock) throw result
      state = after
      if (step.action === 'protect-original' && !isError && result.after !== undefined) {
        // Read whole for the copy, with what somebody else did to it since.
        baseline.refresh(result.after)
        state = baseline.withoutProtection(result.after)
        const refused = await this.#refusalOf(steps, state, false)
        if (refused !== undefined) return { refused }
      }
      // What is changed in place is read whole after the last of several changes.
      if (!isError && (steps.length === 1 || step.action === 'replace-metadata')) last = result
    }
    return last
  }

  async #copied(result: MutationResult, carried: ObjectState, baseline: Baseline): Promise<void> {
    const unproven = await this.#beneath.copied(result, carried, baseline, this.#onTopOf)
    if (unproven === undefined) return
    this.#unproven = [unproven]
    if (!this.#looksLater) await this.#proveNow()
  }

  /** One step with its intent before and its outcome after it on record. */
  async #take(step: RemediationStep, state: ObjectState): Promise<MutationResult | LegalHoldError> {
    const { witness } = this.#settings
    const context = { attempt: this.#attempts, place: this.#subject.place, ...this.#settings.about }
    // Taken again, so it was not taken before.
    const former = this.#inDoubt.find(({ action }) => action === step.action)
    if (former !== undefined) {
      this.#inDoubt = this.#inDoubt.filter((other) => other !== former)
      this.#steps = this.#steps.filter((other) => other !== former)
    }
    this.#steps.push(step)
    await witness.intent(refOf(state), step, state, context)
    const result = await takeStep(this.#storage, step, state, this.#stepOptions(step, state)).catch(
      (error: unknown) => {
        if (LegalHoldError.isInstance(error)) return overtaken(error)
        throw error
      },
    )
    await witness.outcome(refOf(state), step, result, context)
    if (!LegalHoldError.isInstance(result) || result.outcome !== 'not-applied') this.#noteWritten(step)
    return result
  }

  #noteWritten(step: RemediationStep): void {
    if (!isProtection(step)) this.#hasWritten = true
  }

  #stepOptions(step: RemediationStep, state: ObjectState): StepOptions {
    const options = this.#copyOptions()
    const { fresh } = this.#settings
    // Later attempts follow on somebody else's doing, and look for themselves.
    if (fresh === undefined || this.#attempts > 1 || this.#contest.isOpen) return options
    // Tags are written over as they were read only if they were just read.
    const isRead = step.action !== 'merge-tags' || state === fresh
    return isRead ? { fresh: state, ...options } : options
  }

  #copyOptions() {
    const { allowOverwrite } = this.#settings
    const onTopOf = this.#onTopOf === undefined ? {} : { onTopOf: this.#onTopOf }
    const beneath = this.#looksLater ? { looksBeneath: false } : {}
    return { signal: this.#context.signal, allowOverwrite, readsOriginal: true, ...onTopOf, ...beneath }
  }

  #end(
    outcome: RepairEnd['outcome'],
    rest: Partial<Pick<RepairEnd, 'reason' | 'after' | 'differences' | 'steps' | 'gone'>>,
  ): RepairEnd {
    return { outcome, ...this.progress, ...rest }
  }
}
