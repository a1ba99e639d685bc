import { compareObjectStates } from '../../model/compare.js'
import { LegalHoldError } from '../../model/errors.js'
import { isVersioned } from '../../model/identity.js'
import type { ObjectState } from '../../model/object.js'
import type { Difference, RemediationStep } from '../../model/verdict.js'
import type { HeadOptions, HeadResult, MutationResult } from '../../ports/storage.js'
import type { Baseline } from './baseline.js'
import { isEmpty, missingOf, tagsOf } from './history/tag-changes.js'
import { withEntries } from './plan.js'
import type { RepairEnd, RepairScope } from './scope.js'
import { missingTags, refOf } from './steps.js'

/** So often a tag that others change in place is decided about again. */
const mostRepeats = 3

/** How a repair ended by what was read back. */
export type ReadBackEnd = Pick<RepairEnd, 'outcome' | 'reason' | 'after' | 'differences' | 'gone'>

/** What the last answer of an attempt shows by itself, so that it needs not be read. */
export type LastAnswer = Pick<MutationResult, 'after' | 'original'>

/** Reads back what the steps of a repair ended in, compares it, and puts back what got lost. */
export class ReadBack {
  readonly #scope: RepairScope
  readonly #restart: () => void
  /** Attempts that did what was asked and found a list of tags changed by another matter after it. */
  #repeats = 0

  /** @param restart the next attempt takes the object as it then is */
  constructor(scope: RepairScope, restart: () => void) {
    this.#scope = scope
    this.#restart = restart
  }

  /** @param undone why nothing was to be done after all, and the copy only put back what another one of ours had buried */
  async verify(baseline: Baseline, last: LastAnswer, undone: string | undefined): Promise<ReadBackEnd> {
    const reason = 'the object was gone when it was read back'
    if (!(await this.#followOriginal(baseline, last.original))) {
      return { outcome: 'failed', reason: 'the original was gone when it was looked for beneath the repair' }
    }
    const { after: shown } = last
    let answer: HeadResult =
      shown === undefined ? await this.#scope.read(wantedOf(baseline)) : { found: true, state: shown }
    if (!answer.found) return { outcome: 'failed', reason, gone: answer }
    let after = answer.state
    this.#requireResult(baseline, after)
    let differences = this.#differences(baseline, after)
    if (differences.length > 0 && (await this.#putBack(baseline, after, differences))) {
      answer = await this.#scope.read(wantedOf(baseline))
      if (!answer.found) return { outcome: 'failed', reason, gone: answer }
      after = answer.state
      this.#requireResult(baseline, after)
      differences = this.#differences(baseline, after)
    }
    const shortfall = this.#scope.settings.goal.shortfall(after)
    this.#requireQuietLists(differences, shortfall)
    if (differences.length > 0) {
      const lost = differences.map(({ property }) => property).join(', ')
      return { outcome: 'failed', after, differences, reason: `the repair changed more than was asked: ${lost}` }
    }
    if (undone !== undefined) {
      return { outcome: 'refused', after, reason: `${undone}; a copy made before that was seen was undone` }
    }
    if (shortfall !== undefined) {
      return { outcome: 'failed', after, reason: `read back after the repair: ${shortfall}` }
    }
    return { outcome: 'repaired', after }
  }

  /**
   * Looks once more at the version that the copy demoted. Somebody else may have given it a tag, a hold or a
   * longer retention between its reading and the copy. The new version must have that as well, and no condition of
   * S3 covers it.
   */
  async #followOriginal(baseline: Baseline, shown: ObjectState | undefined): Promise<boolean> {
    if (!baseline.mayHaveCopied || !isVersioned(baseline.original)) return true
    if (this.#scope.storage.capabilities.metadataUpdate !== 'new-version') return true
    const original = shown ?? (await this.#readOriginal(baseline.original))
    if (original === undefined) return false
    baseline.follow(original)
    return true
  }

  async #readOriginal(original: ObjectState): Promise<ObjectState | undefined> {
    const { context, storage } = this.#scope
    const wanted = { signal: context.signal, tags: original.tags !== undefined, lock: true }
    const answer = await storage.head(refOf(original), wanted)
    return answer.found ? answer.state : undefined
  }

  #differences(baseline: Baseline, after: ObjectState): readonly Difference[] {
    const { original, asked } = baseline
    // A hold that was not sent and is there is one that somebody else has put there since.
    const isTheirs = asked.legalHold === undefined && after.legalHold === 'ON'
    const differences = compareObjectStates(original, after, isTheirs ? { ...asked, legalHold: 'ON' } : asked)
    return differences.filter((difference) => !this.#scope.contest.isComingBack(difference))
  }

  /**
   * Object tags have no condition. Two matters that change a list of tags at the same moment overwrite each other.
   * The list may read as written, and differently a moment later. It is read and decided about again, a few times.
   */
  #requireQuietLists(differences: readonly Difference[], shortfall: string | undefined): void {
    const lists = this.#scope.settings.goal.lists.names.tags.map((name) => `tags.${name}`)
    const isOfLists = differences.every(({ property }) => lists.includes(property))
    const isQuiet = differences.length === 0 && (shortfall === undefined || lists.length === 0)
    if (isQuiet || !isOfLists || this.#repeats === mostRepeats) return
    this.#repeats += 1
    this.#restart()
    throw this.#scope.contest.changed('changed the same list of tags', true)
  }

  /** What somebody else wrote since is theirs: it must be read and decided about again. */
  #requireResult(baseline: Baseline, after: ObjectState): void {
    if (baseline.isResult(after)) return
    if (baseline.mayHaveCopied && isVersioned(baseline.original)) this.#scope.contest.open()
    throw new LegalHoldError(`Somebody rewrote ${after.key} while it was being repaired.`, {
      code: 'OBJECT_CHANGED',
      stage: 'remediate',
      retryable: true,
      outcome: 'applied',
      details: { foundVersionId: after.versionId },
    })
  }

  /** Puts back in place what a server dropped although it was told to keep it, or what an answer lost midway left out. */
  async #putBack(baseline: Baseline, after: ObjectState, differences: readonly Difference[]): Promise<boolean> {
    const { contest, settings, take } = this.#scope
    const { goal } = settings
    const { original, asked } = baseline
    const lost = new Set(differences.map(({ property }) => property.split('.')[0]))
    const steps: RemediationStep[] = [...(goal.amend?.(after, asked) ?? [])]
    // A server that drops tags drops all of them: where some are there, another matter has taken a list away.
    const isDropped = baseline.mayHaveCopied && typeof after.tags === 'object' && Object.keys(after.tags).length === 0
    const tags = missingTags(original, asked, after, isDropped ? [] : goal.lists.names.tags)
    const joined = missingOf(contest.listsBegunSince(after, goal.lists), tagsOf(after), goal.lists)
    if (tags !== undefined || !isEmpty(joined)) {
      steps.push({ action: 'merge-tags', tags: withEntries(tags ?? {}, joined) })
    }
    if (lost.has('legalHold') && original.legalHold === 'ON') steps.push({ action: 'put-legal-hold' })
    const retention = asked.retention ?? original.retention
    if (lost.has('retention') && typeof retention === 'object') steps.push({ action: 'put-retention', retention })
    for (const step of steps) {
      baseline.begin(step)
      const result = await take(step, after)
      if (LegalHoldError.isInstance(result)) throw result
      if (step.action === 'merge-tags') contest.tagged(after.versionId)
      contest.compared()
    }
    return steps.length > 0
  }
}

/** What an object is read back with: everything after a copy, and else what was read of it or changed. */
function wantedOf({ asked, mayHaveCopied, original }: Baseline): HeadOptions {
  // Only a full reading shows grants.
  if (mayHaveCopied || original.acl !== undefined) return { full: true }
  const hold = original.legalHold !== undefined || asked.legalHold !== undefined
  const retention = original.retention !== undefined || asked.retention !== undefined
  return {
    tags: original.tags !== undefined || asked.tags !== undefined,
    lock: hold && retention ? true : hold ? 'legal-hold' : retention ? 'retention' : false,
  }
}
