import { LegalHoldError } from '../../model/errors.js'
import { isVersioned } from '../../model/identity.js'
import type { ObjectState } from '../../model/object.js'
import type { RemediationStep } from '../../model/verdict.js'
import type { MutationResult } from '../../ports/storage.js'
import { persist } from '../context.js'
import { isFatal } from '../validate.js'
import { Baseline } from './baseline.js'
import {
  coverage,
  type History,
  isHoldDue,
  lostWithout,
  retentionDue,
  showsMetadata,
  tagsDue,
  wantedOf,
} from './history/buried.js'
import type { ChainFound, ChainLink } from './history/chain-pass.js'
import { beneathInWords } from './history/contest.js'
import { metadataOf, type Standing } from './history/standing.js'
import { missingOf, type Texts, tagsOf } from './history/tag-changes.js'
import { withEntries } from './plan.js'
import type { RepairScope } from './scope.js'

type VersionsBeneath = Exclude<MutationResult['beneath'], undefined>

/**
 * The one place where what lies beneath a copy decides. It decides whether the copy is ours, whether the copy was
 * made of the version beneath it, and what must be on top if it was not.
 */
export class Beneath {
  readonly #scope: RepairScope
  /** The storage said that somebody wrote in between, and not what. */
  #isToldOfOthers = false

  constructor(scope: RepairScope) {
    this.#scope = scope
  }

  /**
   * Whether `current` is what our copy wrote. After a lost answer only its place proves it: right above the version
   * that was read. A metadata-only change by somebody else in between would lie between the two.
   */
  async isOurs(known: Baseline, current: ObjectState, onTopOf: ObjectState | undefined): Promise<boolean> {
    const { contest } = this.#scope
    if (!known.mayHaveCopied) return false
    if (known.isWritten(current)) return true
    if (!known.looksWritten(current)) return false
    const { versionId } = current
    if (versionId !== undefined && isVersioned(current) && isVersioned(known.original)) {
      const beneath = await contest.beneath(versionId)
      if (beneath === undefined && this.#isToldOfOthers) {
        throw contest.changed('wrote it as well, and this storage cannot say which versions there are')
      }
      known.copied(versionId)
      contest.wrote(versionId, known.original, true)
      if (beneath !== undefined) await this.#requireSource((onTopOf ?? known.original).versionId, beneath, true)
    }
    known.copied(versionId)
    return true
  }

  /**
   * A copy was made. Throws if the storage says that it does not lie on what it was made of. Where the storage says nothing,
   * that is still to be looked at.
   */
  async copied(
    result: MutationResult,
    carried: ObjectState,
    baseline: Baseline,
    onTopOf: ObjectState | undefined,
  ): Promise<ChainLink | undefined> {
    const { contest, settings, subject } = this.#scope
    const { versionId, restored, beneath } = result
    baseline.copied(versionId)
    contest.wrote(versionId, carried, restored?.includes('tags') === true)
    const { versionId: madeOf } = onTopOf ?? baseline.original
    if (beneath !== undefined) {
      settings.chain?.ready()
      await this.#requireSource(madeOf, beneath, versionId !== undefined)
      return undefined
    }
    const asks = versionId !== undefined && versionId !== 'null' && isVersioned(baseline.original)
    return asks && madeOf !== undefined ? { key: subject.object.key, versionId, madeOf } : undefined
  }

  /**
   * Throws if a copy does not lie on what it was made of, or something lies on it.
   *
   * @param found what a list showed of it; without it the versions of the key are listed
   */
  async requireChain({ madeOf, versionId }: ChainLink, found?: ChainFound): Promise<void> {
    const { contest } = this.#scope
    const beneath = found?.beneath ?? (await contest.beneath(versionId))
    if (beneath === undefined) return
    await this.#requireSource(madeOf, beneath, true)
    if (found?.isOnTop !== false) return
    contest.open()
    throw contest.changed('wrote it once more', true)
  }

  /** The copy was made on top of something that the storage does not name: the next attempt looks for it. */
  toldOfOthers(error: LegalHoldError): LegalHoldError {
    this.#isToldOfOthers = true
    return new LegalHoldError(error.message, { ...error, retryable: true, cause: error })
  }

  /** Somebody else writes as well. The versions that were written since we began show what must be on top. */
  async contested(top: ObjectState, former: Baseline | undefined): Promise<Standing> {
    const { contest, settings } = this.#scope
    const { goal } = settings
    const { lists } = goal
    const history = await contest.history(top, (state) => former?.looksWritten(state) === true)
    const wanted = wantedOf(history, lists)
    const { source, ours } = wanted
    const isHeldByUs = contest.isHeldByUs(source.state.versionId)
    if (ours === undefined) {
      const baseline = new Baseline(source.shown, isHeldByUs)
      const metadata = showsMetadata(top, wanted.metadata, lists) ? undefined : wanted.metadata
      return { current: top, baseline, metadata, due: this.#due(history, source.state, wanted.metadata), history }
    }
    const metadata = metadataOf(goal.plan({ ...source.state, metadata: wanted.metadata }, {})) ?? wanted.metadata
    const asked = coverage(history, wanted, metadata, lists)
    if (asked !== undefined) {
      const baseline = Baseline.ofCopy(source.shown, isHeldByUs, asked, top.versionId)
      return { current: top, baseline, due: this.#due(history, ours.state, wanted.metadata), history }
    }
    const baseline = new Baseline(source.shown, isHeldByUs)
    const due = this.#due(history, source.state, wanted.metadata)
    return { current: source.shown, baseline, metadata: wanted.metadata, due, onTopOf: top, history }
  }

  #due(history: History, current: ObjectState, metadata: Texts): readonly RemediationStep[] {
    const { contest, context, settings } = this.#scope
    const { lists } = settings.goal
    let tags = tagsDue(history, current, metadata, lists)
    for (const { state } of history.links) {
      const begun = contest.listsBegunSince(state, lists)
      tags = withEntries(tags, missingOf(begun, { ...tagsOf(current), ...tags }, lists))
    }
    const retention = retentionDue(history, current, context.clock.now())
    return [
      ...(Object.keys(tags).length > 0 ? [{ action: 'merge-tags', tags } as const] : []),
      // A hold on what was demoted may be a real one: it must be on what is on top of it as well.
      ...(isHoldDue(history, current) ? [{ action: 'put-legal-hold' } as const] : []),
      ...(retention === undefined ? [] : [{ action: 'put-retention', retention } as const]),
    ]
  }

  /** Neither a copy nor a step in place brings back content or headers that one of our copies demoted. */
  requireNothingLost(steps: readonly RemediationStep[], state: ObjectState, { history }: Standing): void {
    if (history === undefined) return
    const metadata = metadataOf({ steps }) ?? state.metadata
    const lost = lostWithout(history, state, { ...state, metadata })
    if (lost === undefined) return
    // Whoever wrote it may be about to see to it as well.
    throw this.#scope.contest.changed(`wrote version ${lost.versionId}, and what lies on top was not made of it`, true)
  }

  /**
   * The version that a copy was made of must lie right beneath it. What lies there instead was demoted by the copy and is
   * held by nobody: it must last until what is on top has been made of it.
   */
  async #requireSource(madeOf: string | undefined, beneath: VersionsBeneath, isNamed: boolean): Promise<void> {
    const { contest, context, settings, subject } = this.#scope
    if (beneath !== 'nothing' && beneath.versionId === madeOf) return
    if (beneath === 'nothing' || beneath.isDeleteMarker) throw contest.changed(beneathInWords(beneath))
    contest.buried(beneath.versionId)
    try {
      const { key } = subject.object
      await persist(context, 'remediate', key, () => this.#holdBuried(beneath.versionId))
    } catch (failure) {
      // The change is what is reported. Only what stops a run goes before it.
      if (isFatal(failure)) throw failure
    }
    // An interrupted run may have demoted something before, of which only the one that lies on top is known.
    throw contest.changed(beneathInWords(beneath), settings.begun === undefined && isNamed)
  }

  async #holdBuried(versionId: string): Promise<void> {
    const { contest, context, settings, storage, subject } = this.#scope
    const { bucket, key } = subject.object
    if (!storage.capabilities.objectLock) return
    const answer = await storage.head({ bucket, key, versionId }, { signal: context.signal, lock: true })
    if (!answer.found || answer.state.legalHold === 'ON' || !settings.goal.protects(answer.state)) return
    contest.held(versionId)
    const result = await this.#scope.take({ action: 'hold-noncurrent', versionId }, answer.state)
    if (LegalHoldError.isInstance(result)) throw result
  }
}
