import type { ContentDigest } from '../../journal/record-data.js'
import type { ObjectOutcome, Remediation, Verdict } from '../../model/verdict.js'

/** What became of one object on its way through validation and repair. */
export interface Processed {
  readonly verdict: Verdict
  readonly remediation: Remediation | undefined
  readonly outcome: ObjectOutcome
  readonly reason: string
  /** Of the content as it is; only if contents are hashed, or the storage holds a checksum. */
  readonly digest?: ContentDigest | undefined
  /** Of the content before a repair that wrote it again. */
  readonly digestBefore?: ContentDigest | undefined
}

/** The state an object gives its recording. Pure. */
export function outcomeOf(
  verdict: Verdict,
  remediation: Remediation | undefined,
): { readonly outcome: ObjectOutcome; readonly reason: string } {
  const why = remediation?.reason ?? verdict.reason ?? verdict.verdict
  if (verdict.verdict === 'absent') return { outcome: 'missing', reason: why }
  switch (remediation?.outcome) {
    case 'repaired':
      return { outcome: 'repaired', reason: '' }
    case 'not-needed':
      return { outcome: 'held', reason: '' }
    case 'planned':
      return {
        outcome: 'unrepaired',
        reason: `dry run, repair planned: ${verdict.reason ?? 'versions beneath the current one are not held'}`,
      }
    case 'failed':
      return { outcome: 'unrepaired', reason: `repair failed: ${why}` }
    default:
      break
  }
  if (verdict.verdict === 'held') return { outcome: 'held', reason: '' }
  if (verdict.verdict === 'conflicting') return { outcome: 'conflicting', reason: why }
  if (verdict.verdict === 'unreadable') return { outcome: 'unreadable', reason: why }
  return {
    outcome: 'unrepaired',
    reason: remediation === undefined ? `not repaired: ${why}` : `repair refused: ${why}`,
  }
}
