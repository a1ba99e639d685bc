import type { LegalHoldError } from '../../model/errors.js'
import { isHoldTag } from '../../model/hold.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { ObjectPlace, Remediation, Verdict } from '../../model/verdict.js'
import type { RemediationOptions } from '../../options/remediation.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import type { HoldNames } from '../release/release-plan.js'
import { absent, isFatal, judge } from '../validate.js'
import { estimateOf } from './estimate.js'
import { type ChainFound, type ChainLink, isAsMade } from './history/chain-pass.js'
import { concluded, type Deferred, followed } from './history/deferred.js'
import { remediateNoncurrent } from './noncurrent.js'
import { planRepair } from './plan.js'
import { Repair } from './repair.js'
import type { RepairEnd, RepairGoal } from './scope.js'
import type { RemediationSettings } from './settings.js'

/**
 * Repairs one object, reads it back and compares it property by property before it counts as repaired.
 *
 * Each attempt reads the object again and decides again, so that neither a concurrent change nor an answer that was
 * lost leads to a blind repetition.
 */
export async function remediateObject(
  storage: StorageAdapter,
  verdict: Verdict,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation> {
  return concluded(await beginRemediation(storage, verdict, settings, context))
}

/** The same, deferred where a list of many keys shows what the copy came to lie on: it counts as repaired after that. */
export async function beginRemediation(
  storage: StorageAdapter,
  verdict: Verdict,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation | Deferred<Remediation>> {
  const looksBeneath = settings.chain === undefined
  const estimated = (remediation: Remediation): Remediation => {
    const before = remediation.before ?? verdict.state
    if (remediation.steps.length === 0 || before === undefined) return remediation
    return { estimate: estimateOf(storage, before, remediation.steps, { looksBeneath }), ...remediation }
  }
  const current = await remediateCurrent(storage, verdict, settings, context)
  if (settings.options.versions !== 'all') return followed(current, estimated)
  return followed(current, async (done) => estimated(await remediateNoncurrent(storage, done, settings, context)))
}

/** Whether there is anything to look at for a repair. */
export function isDue({ verdict, recoverable }: Verdict, { versions }: RemediationOptions): boolean {
  if (verdict === 'held') return versions === 'all'
  return verdict !== 'absent' || (versions === 'all' && recoverable !== undefined)
}

async function remediateCurrent(
  storage: StorageAdapter,
  verdict: Verdict,
  settings: RemediationSettings,
  context: StageContext,
): Promise<Remediation | Deferred<Remediation>> {
  const { object, place } = verdict
  const base = { object, place, verdict }
  if (verdict.verdict === 'held') return { ...base, outcome: 'not-needed', steps: [], attempts: 0 }
  if (verdict.verdict === 'absent' || verdict.state === undefined) {
    return { ...base, outcome: 'refused', steps: [], attempts: 0, reason: verdict.reason ?? verdict.verdict }
  }
  if (
    verdict.verdict === 'unreadable' ||
    (verdict.verdict === 'conflicting' && settings.options.onConflict === 'refuse')
  ) {
    return { ...base, outcome: 'refused', steps: [], attempts: 0, before: verdict.state, reason: verdict.reason }
  }
  const { allowOverwrite } = settings.options
  const goal = holding(settings, place)
  const fresh = settings.isFresh === true ? verdict.state : undefined
  const repair = new Repair(storage, verdict, { allowOverwrite, goal, fresh, ...settings }, context)
  const { unproven: link, ...end } = await endOf(repair, () =>
    persist(context, 'remediate', object.key, () => repair.attempt()),
  )
  if (link === undefined || settings.chain === undefined) return ended(base, end)
  return { link, conclude: async (found) => ended(base, await proven(repair, { end, link, found }, context)) }
}

/** How attempts at a repair end: what they fail with is how it ended, unless that stops the run. */
async function endOf(repair: Repair, attempts: () => Promise<RepairEnd>): Promise<RepairEnd> {
  try {
    return await attempts()
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    return { ...repair.progress, outcome: 'failed', reason: `${code}: ${message}` }
  }
}

/** A repair whose copy does not lie on what it was made of is taken up again. */
async function proven(
  repair: Repair,
  { end, link, found }: { readonly end: RepairEnd; readonly link: ChainLink; readonly found: ChainFound | undefined },
  context: StageContext,
): Promise<RepairEnd> {
  if (found !== undefined && isAsMade(link, found)) return end
  return endOf(repair, () =>
    persist(context, 'remediate', link.key, async (attempt) => {
      if (attempt > 1) return repair.attempt()
      await repair.prove(link, found)
      return end
    }),
  )
}

/** A repair that found nothing any more says what is there instead. */
function ended(base: Pick<Remediation, 'object' | 'place' | 'verdict'>, { gone, ...end }: RepairEnd): Remediation {
  const { object, place, verdict } = base
  const remediation = { object, place, verdict, ...end }
  if (gone === undefined) return remediation
  const verdictAfter = absent(object, place, gone)
  return { ...remediation, verdictAfter, reason: `${end.reason}: ${verdictAfter.reason}` }
}

/** The names whose values are lists of hold tags. */
function listNamesOf({ metadata = {}, tags = {} }: HoldRequirements): HoldNames {
  const names = (record: Readonly<Record<string, string>>) =>
    Object.keys(record).filter((name) => isHoldTag(record[name]))
  return { metadata: names(metadata), tags: names(tags) }
}

/** To meet all requirements. */
function holding({ requirements, options }: RemediationSettings, place: ObjectPlace | undefined): RepairGoal {
  return {
    plan: (state) => planRepair(requirements, state, options.onConflict),
    protects: () => options.protectOriginal,
    lists: { names: listNamesOf(requirements) },
    shortfall: (after) => judge(requirements, after, place).reason,
  }
}
