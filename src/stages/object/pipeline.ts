import { type ContentDigests, contentDifference } from '../../journal/content-difference.js'
import type { ContentDigest } from '../../journal/record-data.js'
import type { BegunRepair } from '../../journal/records.js'
import type { HashContent } from '../../model/evidence.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { Difference, ObjectPlace, Remediation, Verdict } from '../../model/verdict.js'
import type { StorageAdapter } from '../../ports/storage.js'
import type { StageContext } from '../context.js'
import { confirming } from '../reading/confirming-storage.js'
import type { Chain } from '../repair/history/chains.js'
import { concluded, type Deferred, followed } from '../repair/history/deferred.js'
import { beginRemediation, isDue } from '../repair/remediate.js'
import type { RemediationSettings } from '../repair/settings.js'
import { judge, type ValidationSubject, validateObject } from '../validate.js'
import { contentDigests, digestOfOverwritten } from './content-digest.js'
import { outcomeOf, type Processed } from './processed.js'
import { withSidecarContent } from './sidecar-content.js'
import { lacksSize, withSize } from './size.js'

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly storage: StorageAdapter
  readonly requirements: HoldRequirements
  /** How what is not held is repaired; left out, nothing is. */
  readonly repair?: Omit<RemediationSettings, 'requirements' | 'begun' | 'chain' | 'isFresh'> | undefined
  /** Whether contents are read for their digests; left out, nothing is said of them. */
  readonly hashContent?: HashContent | undefined
  /** Whether sidecars are read. */
  readonly readsSidecars?: boolean | undefined
  readonly context: StageContext
}

/** How one object takes its way. */
export interface ObjectWay {
  /** What is known of it already, so that it is not read for a verdict. */
  readonly verdict?: Verdict | undefined
  /** What an interrupted run had begun on it. */
  readonly begun?: BegunRepair | undefined
  /** Where it is asked what a copy of it came to lie on. */
  readonly chain?: Chain | undefined
}

/** The way of one object: read, judged, repaired where that is due, its content and its sidecar read. */
export type ObjectPipeline = (
  object: ValidationSubject,
  place: ObjectPlace | undefined,
  way?: Omit<ObjectWay, 'chain'>,
) => Promise<Processed>

/** The same, where the end may be left to a list of many keys. */
export type DeferringPipeline = (
  object: ValidationSubject,
  place: ObjectPlace | undefined,
  way: ObjectWay,
) => Promise<Processed | Deferred<Processed>>

/** The one way that objects take, whoever sends them: a validation, a repair, a run. */
export function objectPipeline(parts: PipelineParts): ObjectPipeline {
  const begin = deferringPipeline(parts)
  return (object, place, way = {}) => begin(object, place, way).then(concluded)
}

/**
 * The same way, of which the end may be left to a list of many keys. What is held, and most objects are, takes it without a
 * call of its own for each step.
 */
export function deferringPipeline(parts: PipelineParts): DeferringPipeline {
  const { requirements, repair, readsSidecars, storage, context } = parts
  return async (object, place, way) => {
    // What called for the repair that was begun calls for it still; the object itself may look repaired by now.
    const original = way.begun?.original
    let verdict = way.verdict
    if (verdict === undefined) {
      verdict =
        original === undefined ? await validateObject(parts, object, place) : judge(requirements, original, place)
      if (lacksSize(verdict)) verdict = await withSize(parts, verdict, object.line)
    }
    context.emit({ type: 'verdict', verdict })
    const isRepaired = repair !== undefined && isDue(verdict, repair.options)
    const begun = isRepaired ? await repaired(parts, repair, verdict, way) : left(parts, verdict)
    if (readsSidecars !== true || place === undefined) return begun
    return followed(await begun, (processed) => withSidecarContent(storage, processed, place, context))
  }
}

/** What is not repaired. */
function left(parts: PipelineParts, verdict: Verdict): Processed | Promise<Processed> {
  const { outcome, reason } = outcomeOf(verdict, undefined)
  const processed = { verdict, remediation: undefined, outcome, reason }
  if (parts.hashContent === undefined) return processed
  return digestsOf(parts, verdict, undefined, undefined).then((digests) => ({ ...processed, ...digests }))
}

async function repaired(
  parts: PipelineParts,
  repair: NonNullable<PipelineParts['repair']>,
  verdict: Verdict,
  { begun, chain, verdict: known }: ObjectWay,
): Promise<Processed | Deferred<Processed>> {
  const { storage, requirements, hashContent, context } = parts
  const overwritten =
    hashContent === undefined || repair.dryRun
      ? undefined
      : await digestOfOverwritten({ storage, hashContent, context }, verdict.state, begun !== undefined)
  // Reading a content takes its time.
  const isStill = overwritten === undefined || overwritten.source === 'storage'
  const isFresh = known === undefined && begun?.original === undefined && isStill
  const settings = { requirements, begun, chain, isFresh, ...repair }
  const remediation = await beginRemediation(confirming(storage, verdict.state, context), verdict, settings, context)
  return followed(remediation, async (done): Promise<Processed> => {
    const digests = await digestsOf(parts, verdict, done, overwritten)
    const difference = contentDifference(digests)
    const remediation = difference === undefined ? done : withDifference(done, difference)
    context.emit({ type: 'remediation', remediation })
    const { verdictAfter } = remediation
    // Deleted under the repair's hands: that is what the object is now.
    if (verdictAfter !== undefined) context.emit({ type: 'verdict', verdict: verdictAfter })
    const last = verdictAfter ?? verdict
    return { verdict: last, remediation, ...outcomeOf(last, remediation), ...digests }
  })
}

async function digestsOf(
  { storage, hashContent, context }: PipelineParts,
  verdict: Verdict,
  remediation: Remediation | undefined,
  overwritten: ContentDigest | undefined,
): Promise<ContentDigests> {
  if (hashContent === undefined) return {}
  if (verdict.provenBy === 'inventory') return hashContent === 'none' ? {} : { digest: notShown }
  return await contentDigests({ storage, hashContent, context }, verdict.state, { remediation, overwritten })
}

/** To know whether S3 holds a checksum takes the HEAD that the inventory saves. */
const notShown: ContentDigest = { source: 'unavailable', reason: 'an inventory shows no checksum' }

/** A copy whose content is not that of the original is not a repair, whatever its headers say. */
function withDifference(remediation: Remediation, difference: Difference): Remediation {
  const differences = [...(remediation.differences ?? []), difference]
  return { ...remediation, outcome: 'failed', reason: 'the content of the copy is another', differences }
}
