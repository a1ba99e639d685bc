import type { ObjectState } from '../../../model/object.js'
import type { RemediationStep } from '../../../model/verdict.js'
import type { Baseline } from '../baseline.js'
import { type RepairPlan, withEntries } from '../plan.js'
import { withStep } from '../steps.js'
import { type History, showsMetadata } from './buried.js'
import type { HoldLists } from './hold-lists.js'

/** What an attempt plans with. */
export interface Standing {
  /** What must be changed: the current version, or one beneath a copy of ours that must be made again. */
  readonly current: ObjectState
  readonly baseline: Baseline
  /** The user metadata it should show already, by what others wrote meanwhile. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** What it lacks of that and can be given in place. */
  readonly due: readonly RemediationStep[]
  /** The current version, where `current` is one beneath it. */
  readonly onTopOf?: ObjectState | undefined
  readonly history?: History | undefined
}

/** The state to plan with: as others want it by now. */
export function asWanted(state: ObjectState, { metadata, due }: Standing): ObjectState {
  let wanted = metadata === undefined ? state : { ...state, metadata }
  for (const step of due) wanted = withStep(wanted, step)
  return wanted
}

export function metadataOf(plan: RepairPlan): Readonly<Record<string, string>> | undefined {
  const copy = plan.refused === undefined ? plan.steps.find((step) => step.action === 'replace-metadata') : undefined
  return copy?.action === 'replace-metadata' ? copy.metadata : undefined
}

/** The steps of a plan, with what others lack beside it; in place first. */
export function composed(
  planned: readonly RemediationStep[],
  state: ObjectState,
  { metadata, due, onTopOf }: Standing,
  lists: HoldLists,
): readonly RemediationStep[] {
  const copy = planned.find((step) => step.action === 'replace-metadata')
  const inPlace = planned.filter((step) => step !== copy)
  const isReplaced = planned.some(({ action }) => action === 'replace-tags')
  const isLifted = planned.some((step) => step.action === 'lift-legal-hold' || (step === copy && 'legalHold' in step))
  const beside = due.filter(
    ({ action }) => !(action === 'merge-tags' && isReplaced) && !(action === 'put-legal-hold' && isLifted),
  )
  const merged = [...beside, ...inPlace].reduce<RemediationStep[]>(withMerged, [])
  if (metadata === undefined && onTopOf === undefined) return copy === undefined ? merged : [...merged, copy]
  const made = copy ?? { action: 'replace-metadata', metadata: withEntries(metadata ?? state.metadata, {}) }
  // What others and we want may be what is there: another exporter has made it so.
  const isThere = onTopOf === undefined && made.legalHold === undefined && showsMetadata(state, made.metadata, lists)
  return isThere ? merged : [...merged, made]
}

/** One step of a kind: what is due comes first, and a plan that was made with it says the same and more. */
function withMerged(steps: RemediationStep[], step: RemediationStep): RemediationStep[] {
  const at = steps.findIndex(({ action }) => action === step.action)
  const former = steps[at]
  if (former === undefined) return [...steps, step]
  const both =
    former.action === 'merge-tags' && step.action === 'merge-tags'
      ? { ...step, tags: withEntries(former.tags, step.tags) }
      : step
  return steps.with(at, both)
}
