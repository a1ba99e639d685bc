import type { ObjectState } from '../model/object.js'
import { evaluate, type HoldRequirements } from '../model/requirements.js'
import type { RemediationOutcome, VerdictKind } from '../model/verdict.js'

/** What of a verdict's record has to agree with itself. It comes out of a file that somebody may have edited. */
interface VerdictFields {
  readonly verdict?: VerdictKind
  readonly outcome?: string
  readonly remediation?: RemediationOutcome
  readonly verification?: string
  readonly differences?: readonly unknown[] | null
  readonly before?: Partial<ObjectState> | null
  readonly after?: Partial<ObjectState> | null
}

/**
 * Why a verdict's record cannot be as this library wrote it: it says that an object carries the hold, or got it, and
 * the states in it do not show what the hold requires. `undefined` where it agrees with itself. A record that says
 * less than its states show harms nobody, and is left alone. Pure.
 *
 * @internal
 */
export function contradictionOf(data: object, requirements: HoldRequirements | undefined): string | undefined {
  const { verdict, outcome, remediation, verification, differences, before, after } = data as VerdictFields
  const says = (what: string) => `says ${JSON.stringify(what)}`
  if (verdict === 'held' && !shows(before, requirements)) {
    return `${says('held')}, and the state of the object in it does not show what the hold requires`
  }
  if (outcome !== 'held' && outcome !== 'repaired') return undefined
  if (verdict === 'absent') return `${says(outcome)} of an object that was not there`
  if (outcome === 'held' && !(remediation === 'not-needed' || (remediation === undefined && verdict === 'held'))) {
    return `${says('held')} of an object that was ${verdict}, and nothing found since that it carries the hold`
  }
  if (outcome === 'repaired') {
    if (remediation !== 'repaired') return `${says('repaired')}, and its repair was ${remediation ?? 'none'}`
    if (verification !== 'passed') return `${says('repaired')}, and the repair did not stand up to being read back`
    if ((differences?.length ?? 0) > 0) return `${says('repaired')}, and names what the repair lost`
  }
  // What was held before and is not written since was looked at above.
  if (verdict === 'held' && after === undefined) return undefined
  if (shows(after ?? before, requirements)) return undefined
  return `${says(outcome)}, and the state of the object in it does not show what the hold requires`
}

function shows(state: Partial<ObjectState> | null | undefined, requirements: HoldRequirements | undefined): boolean {
  if (typeof state !== 'object' || state === null) return false
  const { metadata } = state
  // What is missing or of another type shows nothing.
  const readable = typeof metadata === 'object' && metadata !== null ? state : { ...state, metadata: {} }
  try {
    return requirements === undefined || evaluate(requirements, readable as ObjectState).unmet.length === 0
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
