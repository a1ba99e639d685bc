import type { BegunRepair, MutationWitness } from '../../journal/records.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { RepairOptions } from '../../options/remediation.js'
import type { Chain } from './history/chains.js'

/** Settings of one repair. */
export interface RemediationSettings {
  readonly requirements: HoldRequirements
  readonly options: RepairOptions
  readonly dryRun: boolean
  readonly witness: MutationWitness
  /** What an interrupted run had begun on this very object: it is read back before anything else is done to it. */
  readonly begun?: BegunRepair | undefined
  /** Where it is asked what a copy came to lie on; without it, each copy asks for itself. */
  readonly chain?: Chain | undefined
  /** The verdict was read a moment ago, and nothing came between: it is the repair's first reading. */
  readonly isFresh?: boolean | undefined
}
