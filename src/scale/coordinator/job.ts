import type { Plan } from '../plan/plan.js'
import type { EngineJob } from '../ports/shard-engine.js'

/** States of a job that has ended. */
export const ends: ReadonlySet<string> = new Set<EngineJob['state']>(['complete', 'failed', 'cancelled'])

/** The same for the same round of the same plan. */
export function tokenOf({ planSha256 }: Plan, round: number): string {
  return `${planSha256.slice(0, 48)}-r${round}`
}
