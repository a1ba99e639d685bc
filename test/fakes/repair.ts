import { LegalHoldError, type ObjectState, type Remediation, type StorageAdapter, type Verdict } from '#src/index.js'
import type { MutationWitness } from '#src/journal/records.js'
import type { HoldRequirements } from '#src/model/requirements.js'
import { remediationDefaults } from '#src/options/remediation.js'
import type { StageContext } from '#src/stages/context.js'
import { remediateObject } from '#src/stages/repair/remediate.js'
import type { RemediationSettings } from '#src/stages/repair/settings.js'
import { validateObject } from '#src/stages/validate.js'
import { SimulatedClock } from '#src/testing/clock.js'

export const tag = 'matter-1'
export const requirements: HoldRequirements = { metadata: { 'legal-hold-tag': tag } }

/** What a journal was told, in short: `> action` before, `< action` or `< action: CODE` after. */
export class NotedWitness implements MutationWitness {
  readonly notes: string[] = []
  readonly befores: ObjectState[] = []

  async intent(...[, step, before]: Parameters<MutationWitness['intent']>): Promise<void> {
    this.notes.push(`> ${step.action}`)
    this.befores.push(before)
  }

  async outcome(...[, step, result]: Parameters<MutationWitness['outcome']>): Promise<void> {
    this.notes.push(`< ${step.action}${LegalHoldError.isInstance(result) ? `: ${result.code}` : ''}`)
  }
}

export interface Repaired {
  readonly verdict: Verdict
  readonly remediation: Remediation
  readonly witness: NotedWitness
}

/** Validates and repairs one object, as the run does it, on a clock that does not wait. */
export async function repair(
  storage: StorageAdapter,
  key: string,
  over: Partial<Omit<RemediationSettings, 'options'>> & {
    readonly options?: Partial<RemediationSettings['options']>
    readonly retries?: number
  } = {},
): Promise<Repaired> {
  const witness = new NotedWitness()
  const retry = { retries: over.retries ?? 8, minDelayMs: 1, maxDelayMs: 2 }
  const context: StageContext = {
    clock: new SimulatedClock(),
    logger: undefined,
    retry,
    signal: undefined,
    emit: () => {},
  }
  const settings: RemediationSettings = {
    requirements,
    dryRun: false,
    witness,
    isFresh: true,
    ...over,
    options: { ...remediationDefaults, allowOverwrite: false, ...over.options },
  }
  const validation = { storage, requirements: settings.requirements, context }
  const verdict = await validateObject(validation, { bucket: storage.bucket, key }, undefined)
  return { verdict, witness, remediation: await remediateObject(storage, verdict, settings, context) }
}
