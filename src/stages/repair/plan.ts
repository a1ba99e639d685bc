import { addTag, isHoldTag } from '../../model/hold.js'
import type { ObjectState } from '../../model/object.js'
import { evaluate, type HoldRequirements, type UnmetRequirement } from '../../model/requirements.js'
import type { RemediationStep } from '../../model/verdict.js'
import type { ConflictPolicy } from '../../options/remediation.js'

/** A plan to make an object meet the requirements, or why there is none. */
export type RepairPlan =
  | { readonly steps: readonly RemediationStep[]; readonly refused?: undefined }
  | { readonly refused: string; readonly conflict: boolean }

const metadataLimitBytes = 2048
const tagValueLimit = 256
const tagLimit = 10

/**
 * Plans the repair of one object, least invasive first. Tags, legal hold and retention change in place and come
 * before the copy, which carries them. A copy is made for user metadata only (s3-facts, copy). Pure.
 */
export function planRepair(requirements: HoldRequirements, state: ObjectState, onConflict: ConflictPolicy): RepairPlan {
  const { unmet } = evaluate(requirements, state)
  const unreadable = unmet.filter(({ shortfall }) => shortfall === 'unreadable')
  if (unreadable.length > 0) return refuse(`${unreadable.map(nameOf).join(', ')} could not be read`)
  const conflicts = unmet.filter(({ shortfall }) => shortfall === 'conflict')
  for (const conflict of conflicts) {
    if (onConflict === 'refuse')
      return refuse(`${nameOf(conflict)} already is ${JSON.stringify(conflict.actual)}`, true)
    if (!isHoldTag(conflict.expected)) {
      return refuse(
        `${nameOf(conflict)} is ${JSON.stringify(conflict.actual)}, which is not a list that a tag could join`,
        true,
      )
    }
  }
  const steps: RemediationStep[] = []
  const tags = valuesFor(unmet, 'tag', 'object-tag')
  if (tags !== undefined) steps.push({ action: 'merge-tags', tags })
  if (unmet.some(({ kind }) => kind === 'legal-hold')) steps.push({ action: 'put-legal-hold' })
  const retention = plannedRetention(requirements, unmet, state)
  if (retention !== undefined) steps.push({ action: 'put-retention', retention })
  const metadata = valuesFor(unmet, 'metadata', 'metadata')
  if (metadata !== undefined) {
    steps.push({ action: 'replace-metadata', metadata: withEntries(state.metadata, metadata) })
  }
  const excess = excessOf(steps, state)
  return excess === undefined ? { steps } : refuse(excess)
}

function refuse(reason: string, conflict = false): RepairPlan {
  return { refused: reason, conflict }
}

function nameOf({ kind, name }: UnmetRequirement): string {
  return name === undefined ? kind : `${kind} ${name}`
}

function valuesFor(
  unmet: readonly UnmetRequirement[],
  kind: 'metadata' | 'tag',
  form: 'metadata' | 'object-tag',
): Record<string, string> | undefined {
  const entries = unmet
    .filter((requirement) => requirement.kind === kind)
    .map(({ name = '', expected, actual }): [string, string] => [
      name,
      isHoldTag(expected) ? addTag(actual, expected, form) : expected,
    ])
  return entries.length === 0 ? undefined : withEntries({}, Object.fromEntries(entries))
}

/** A copy without a prototype: metadata names are hostile input (`__proto__`). */
export function withEntries(
  base: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  // Not in the slower form that `Object.create(null)` has.
  const merged: Record<string, string> = Object.setPrototypeOf({}, null)
  for (const source of [base, added]) {
    for (const name of Object.keys(source)) merged[name] = source[name] ?? ''
  }
  return merged
}

function plannedRetention(
  requirements: HoldRequirements,
  unmet: readonly UnmetRequirement[],
  state: ObjectState,
): { mode: 'GOVERNANCE' | 'COMPLIANCE'; retainUntilDate: string } | undefined {
  const { retainUntilDate } = requirements
  if (retainUntilDate === undefined || !unmet.some(({ kind }) => kind === 'retention')) return undefined
  const present = typeof state.retention === 'object' ? state.retention : undefined
  const wanted = requirements.retentionMode ?? 'GOVERNANCE'
  // A hold is never weakened: neither a stronger mode nor a later date is given up.
  const mode = present?.mode === 'COMPLIANCE' ? 'COMPLIANCE' : wanted
  const later = present !== undefined && Date.parse(present.retainUntilDate) > Date.parse(retainUntilDate)
  return { mode, retainUntilDate: later ? present.retainUntilDate : retainUntilDate }
}

function excessOf(steps: readonly RemediationStep[], state: ObjectState): string | undefined {
  for (const step of steps) {
    if (step.action === 'replace-metadata') {
      let bytes = 0
      for (const name of Object.keys(step.metadata)) {
        bytes += Buffer.byteLength(name) + Buffer.byteLength(step.metadata[name] ?? '')
      }
      if (bytes > metadataLimitBytes) return `the metadata would be ${bytes} bytes; S3 allows ${metadataLimitBytes}`
    }
    if (step.action === 'merge-tags') {
      const present = typeof state.tags === 'object' ? state.tags : {}
      const count = new Set([...Object.keys(present), ...Object.keys(step.tags)]).size
      if (count > tagLimit) return `the object would have ${count} tags; S3 allows ${tagLimit}`
      const long = Object.entries(step.tags).find(([, value]) => value.length > tagValueLimit)
      if (long !== undefined) return `the value of tag ${long[0]} would be longer than ${tagValueLimit} characters`
    }
  }
  return undefined
}
