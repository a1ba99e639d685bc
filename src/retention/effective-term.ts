import type { DeletionRule } from './deletion-rules.js'

/** How long a rule leaves a recording, with all other rules considered. */
export interface EffectiveTerm {
  /** Days until deletion: 0 at once, infinite for a rule that deletes nothing. */
  readonly days: number
  /** The rule of another policy that keeps the recording longer. */
  readonly keeper?: DeletionRule
  /** The rule of another policy that sets no days, so that the longest term does not win. */
  readonly without?: DeletionRule
}

/**
 * How long a rule really leaves a recording. Of several policies that match, the longest term wins. That is so
 * only if all of them set days above 0 (genesys-facts; help p=17591): a policy that keeps without days outranks
 * nothing. Only policies without conditions are known to match; any other may. A longer term therefore counts only
 * where it is sure. A rule without days counts wherever it may match. A longer term for a call does not keep a
 * screen recording that has a term of its own. Pure.
 */
export function effectiveTerm(rule: DeletionRule, all: readonly DeletionRule[]): EffectiveTerm {
  if (!setsDays(rule)) return { days: rule.days }
  // One that always deletes speaks for itself.
  const others = all.filter((other) => isOfSameRecordings(rule, other) && other.policy !== rule.policy && !other.always)
  const without = others.find((other) => !setsDays(other))
  if (without !== undefined) return { days: rule.days, without }
  let keeper: DeletionRule | undefined
  for (const other of others) {
    const isSure = other.unconditional && (other.isOwnTerm || !rule.isOwnTerm)
    if (isSure && other.days > (keeper ?? rule).days) keeper = other
  }
  return keeper === undefined ? { days: rule.days } : { days: keeper.days, keeper }
}

function isOfSameRecordings(rule: DeletionRule, other: DeletionRule): boolean {
  return other.media === rule.media && other.beside === rule.beside
}

function setsDays({ days }: DeletionRule): boolean {
  return days > 0 && Number.isFinite(days)
}
