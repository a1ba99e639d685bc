import { evaluate, type HoldRequirements, type ShownState } from '../model/requirements.js'
import { shownMembers as isShown, texts as isTexts } from './form/model-forms.js'
import { itemsOf, type Members, membersOf } from './form/untrusted.js'
import type { JournalData, Untrusted } from './records.js'

/**
 * Why this library cannot have written a verdict's record. Such a record says that an object carries the hold, or
 * got it, but its states do not show what the hold requires. The result is `undefined` if the record agrees with
 * itself. A record that says less than its states show harms nobody, and is left alone. Pure.
 *
 * @internal
 */
export function contradictionOf(
  data: Untrusted<JournalData['verdict']>,
  requirements: HoldRequirements | undefined,
): string | undefined {
  const { verdict, outcome, remediation, verification, differences, before, after } = data
  const says = (what: string) => `says ${JSON.stringify(what)}`
  const misused = misuseOfInventory(data)
  if (misused !== undefined) return misused
  if (verdict === 'held' && !shows(before, requirements)) {
    return `${says('held')}, and the state of the object in it does not show what the hold requires`
  }
  if (outcome !== 'held' && outcome !== 'repaired') return undefined
  if (verdict === 'absent') return `${says(outcome)} of an object that was not there`
  if (Number(membersOf(data.request).httpStatus) >= 300) return `${says(outcome)}, and rests on a refusal`
  if (outcome === 'held' && !(remediation === 'not-needed' || (remediation === undefined && verdict === 'held'))) {
    return `${says('held')} of an object that was ${verdict}, and nothing found since that it carries the hold`
  }
  if (outcome === 'repaired') {
    if (remediation !== 'repaired') return `${says('repaired')}, and its repair was ${remediation ?? 'none'}`
    if (data.decision !== undefined && data.decision !== 'repair')
      return `${says('repaired')}, and a repair was not what was decided`
    if (verification !== 'passed') return `${says('repaired')}, and the repair did not stand up to being read back`
    if (itemsOf(differences).length > 0) return `${says('repaired')}, and names what the repair lost`
  }
  // What was held before and is not written since was looked at above.
  if (verdict === 'held' && after === undefined) return undefined
  if (shows(after ?? before, requirements)) return undefined
  return `${says(outcome)}, and the state of the object in it does not show what the hold requires`
}

/** An inventory shows only that an object was held. What it does not show is read. */
function misuseOfInventory({
  provenBy,
  asOf,
  verdict,
  remediation,
  after,
  request,
}: Untrusted<JournalData['verdict']>): string | undefined {
  if (provenBy === undefined) {
    return asOf === undefined ? undefined : 'has the time of an inventory, and does not rest on one'
  }
  if (typeof asOf !== 'string' || Number.isNaN(Date.parse(asOf))) return 'rests on an inventory without a time'
  const { requestId } = membersOf(request)
  const isPlain = verdict === 'held' && remediation === undefined && after === undefined && requestId === undefined
  return isPlain ? undefined : 'rests on an inventory, and says more than one can show'
}

function shows(state: unknown, requirements: HoldRequirements | undefined): boolean {
  if (typeof state !== 'object' || state === null) return false
  return requirements === undefined || evaluate(requirements, shownBy(membersOf(state))).unmet.length === 0
}

/** What is missing or of another type shows nothing. */
function shownBy({ metadata, missingMetadata, tagCount, tags, legalHold, retention }: Members): ShownState {
  return {
    metadata: isTexts(metadata) ? metadata : {},
    missingMetadata: isShown.missingMetadata(missingMetadata) ? missingMetadata : undefined,
    tagCount: isShown.tagCount(tagCount) ? tagCount : undefined,
    tags: isShown.tags(tags) ? tags : undefined,
    legalHold: isShown.legalHold(legalHold) ? legalHold : undefined,
    retention: isShown.retention(retention) ? retention : undefined,
  }
}
