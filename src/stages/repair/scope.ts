import type { BegunRepair, MutationContext, MutationWitness } from '../../journal/records.js'
import type { AskedChanges } from '../../model/compare.js'
import type { LegalHoldError } from '../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import type { Difference, ObjectPlace, RemediationOutcome, RemediationStep } from '../../model/verdict.js'
import type { HeadOptions, HeadResult, MutationResult, StorageAdapter } from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import type { ChainLink } from './history/chain-pass.js'
import type { Chain } from './history/chains.js'
import type { Contest } from './history/contest.js'
import type { HoldLists } from './history/hold-lists.js'
import type { RepairPlan } from './plan.js'

/** What a repair is to bring about. */
export interface RepairGoal {
  /**
   * What to do about the object as it is.
   *
   * @param asked what our steps have asked for so far, in this attempt or a former one
   */
  plan(state: ObjectState, asked: AskedChanges): RepairPlan
  /** Whether the version that a copy demotes must be put under a hold first. */
  protects(state: ObjectState): boolean
  /** What the object still lacks when it is read back. */
  shortfall(after: ObjectState): string | undefined
  /** Where hold tags are in lists: what must be on top where a copy turns out to lie on another's version. */
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
  readonly chain?: Chain | undefined
  /** The object as it was read a moment ago: the first attempt does not read it again. */
  readonly fresh?: ObjectState | undefined
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
  /** Set if the object was not there (any more). */
  readonly gone?: Absence | undefined
  /** A copy for which nobody has checked yet what lies beneath it. */
  readonly unproven?: ChainLink | undefined
}

export type Absence = Extract<HeadResult, { found: false }>

/** What the parts of one repair share. */
export interface RepairScope {
  readonly storage: StorageAdapter
  readonly subject: RepairSubject
  readonly settings: RepairSettings
  readonly context: StageContext
  readonly contest: Contest
  /** The current version, whichever it is, with everything; or with what is wanted. */
  read(wanted?: HeadOptions): Promise<HeadResult>
  /** One step with its intent before and its outcome after it on record. */
  take(step: RemediationStep, state: ObjectState): Promise<MutationResult | LegalHoldError>
}
