import type { ContentDigest } from '../../journal/record-data.js'
import type { HashContent } from '../../model/evidence.js'
import type { ListedObject } from '../../model/object.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { Difference, ObjectOutcome, ObjectPlace, Remediation, Verdict } from '../../model/verdict.js'
import type { StorageAdapter } from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import { confirming } from '../reading/confirming-storage.js'
import { lineOf } from '../reading/listed-line.js'
import { isDue, remediateObject } from '../repair/remediate.js'
import type { RemediationSettings } from '../repair/settings.js'
import { judge, validateObject } from '../validate.js'
import { contentDifference, contentDigests, digestOfOverwritten } from './content-digest.js'
import { lacksSize, withSize } from './size.js'

/** What became of one object on its way through validation and repair. */
export interface Processed {
  readonly verdict: Verdict
  readonly remediation: Remediation | undefined
  readonly outcome: ObjectOutcome
  readonly reason: string
  /** Of the content as it is; only where contents are hashed, or the storage holds a checksum. */
  readonly digest?: ContentDigest | undefined
  /** Of the content before a repair that wrote it anew. */
  readonly digestBefore?: ContentDigest | undefined
}

/**
 * Validates one object and, where `repair` is given, repairs it if the hold is not on it.
 *
 * @param hashContent whether contents are read for their digests; left out, nothing is said of them
 */
export async function processObject(
  storage: StorageAdapter,
  requirements: HoldRequirements,
  object: ListedObject,
  place: ObjectPlace,
  repair: RemediationSettings | undefined,
  context: StageContext,
  hashContent?: HashContent,
): Promise<Processed> {
  const { bucket, key } = object
  const original = repair?.begun?.original
  // What called for the repair that was begun calls for it still; the object itself may look repaired by now.
  const found =
    original === undefined
      ? await validateObject(storage, requirements, { bucket, key, line: lineOf(object) }, place, context)
      : judge(requirements, original, place)
  const verdict = lacksSize(found) ? await withSize(storage, requirements, found, object, context) : found
  context.emit({ type: 'verdict', verdict })
  if (repair === undefined || !isDue(verdict, repair.options)) {
    const digests = await digestsOf(undefined, undefined)
    return { verdict, remediation: undefined, ...outcomeOf(verdict, undefined), ...digests }
  }
  const overwritten =
    hashContent === undefined || repair.dryRun
      ? undefined
      : await digestOfOverwritten(storage, verdict.state, repair.begun !== undefined, hashContent, context)
  const repaired = await remediateObject(confirming(storage, verdict.state, context), verdict, repair, context)
  const digests = await digestsOf(repaired, overwritten)
  const difference = contentDifference(digests)
  const remediation = difference === undefined ? repaired : withDifference(repaired, difference)
  context.emit({ type: 'remediation', remediation })
  const { verdictAfter } = remediation
  // Deleted under the repair's hands: that is what the object is now.
  if (verdictAfter !== undefined) context.emit({ type: 'verdict', verdict: verdictAfter })
  const last = verdictAfter ?? verdict
  return { verdict: last, remediation, ...outcomeOf(last, remediation), ...digests }

  async function digestsOf(remediation: Remediation | undefined, before: ContentDigest | undefined) {
    if (hashContent === undefined) return {}
    return contentDigests(storage, verdict.state, { remediation, overwritten: before }, hashContent, context)
  }
}

/** A copy whose content is not that of the original is not a repair, whatever its headers say. */
function withDifference(remediation: Remediation, difference: Difference): Remediation {
  const differences = [...(remediation.differences ?? []), difference]
  return { ...remediation, outcome: 'failed', reason: 'the content of the copy is another', differences }
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
