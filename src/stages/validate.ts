import { isLastingOutage } from '../internal/retry.js'
import { LegalHoldError } from '../model/errors.js'
import type { ObjectRef, ObjectState } from '../model/object.js'
import { evaluate, type HoldRequirements, headNeeds, type UnmetRequirement } from '../model/requirements.js'
import type { ObjectPlace, Verdict, VerdictKind } from '../model/verdict.js'
import type { HeadOptions, HeadResult, StorageAdapter } from '../ports/storage.js'
import { persist, type StageContext } from './context.js'
import { doubtOf, type ListedLine } from './reading/listed-line.js'
import { readAgain } from './reading/read-again.js'

type Absence = Extract<HeadResult, { found: false }>

/** Errors that concern the whole run and not one object: continuing would make every object unreadable. */
const fatalCodes: ReadonlySet<string> = new Set([
  'ABORTED',
  'STORAGE_UNAUTHORIZED',
  'BUCKET_NOT_FOUND',
  'BUCKET_WRONG_REGION',
  'CLOCK_SKEW',
  'MISSING_CREDENTIALS',
  'MISSING_DEPENDENCY',
  'INSECURE_ENDPOINT',
])

/** Whether an error concerns the whole run and not one object. */
export function isFatal(error: unknown): boolean {
  // Nothing may be done that is not on record.
  if (!LegalHoldError.isInstance(error) || fatalCodes.has(error.code) || error.stage === 'journal') return true
  // Every object after this one would be unreadable as well, each after as long a wait; a run that stops can resume.
  return isLastingOutage(error)
}

/** An object to validate. */
export interface ValidationSubject extends ObjectRef {
  /** What a listing showed of it: an answer is believed only if it agrees. */
  readonly line?: ListedLine
}

/** What objects are validated with. */
export interface Validation {
  readonly storage: StorageAdapter
  readonly requirements: HoldRequirements
  readonly context: StageContext
}

/** Reads one object's headers and says what they show of the hold. Object faults are verdicts, never exceptions. */
export async function validateObject(
  { storage, requirements, context }: Validation,
  subject: ValidationSubject,
  place: ObjectPlace | undefined,
  extra: Pick<HeadOptions, 'size'> = {},
): Promise<Verdict> {
  const { bucket, key, versionId, line } = subject
  const object: ObjectRef = versionId === undefined ? { bucket, key } : { bucket, key, versionId }
  let attempts = 0
  try {
    const { tags, lock } = headNeeds(requirements)
    const options: HeadOptions = {
      signal: context.signal,
      tags,
      lock,
      size: extra.size,
      listed: line === 'none' ? undefined : line,
    }
    let answer = await persist(context, 'validate', key, () => {
      attempts += 1
      return storage.head(object, options)
    })
    const doubt = doubtOf(object, line, answer)
    if (doubt !== undefined) {
      const reading = { ref: object, answer, doubt, line, needs: { tags, lock, ...extra } }
      answer = await readAgain(storage, reading, context, () => {
        attempts += 1
      })
    }
    if (answer.found) return judge(requirements, answer.state, place, attempts)
    return { ...absent(object, place, answer), attempts }
  } catch (error) {
    return unreadable(object, place, error, attempts)
  }
}

/** The verdict on an object that could not be read. Throws what concerns the whole run. */
export function unreadable(
  object: ObjectRef,
  place: ObjectPlace | undefined,
  error: unknown,
  attempts: number,
): Verdict {
  if (isFatal(error)) throw error
  const { code, message, requestId, status } = error as LegalHoldError
  const reason = `${code}: ${message}`
  return { verdict: 'unreadable', object, place, unmet: [], reason, requestId, status, attempts }
}

/**
 * The verdict on an object's state. Pure. One literal with every field, for a copy of a verdict costs as much as a
 * third of its HEAD.
 */
export function judge(
  requirements: HoldRequirements,
  state: ObjectState,
  place: ObjectPlace | undefined,
  attempts?: number | undefined,
): Verdict {
  const { met, unmet } = evaluate(requirements, state)
  const { bucket, key, versionId, requestId, status } = state
  const object: ObjectRef = versionId === undefined ? { bucket, key } : { bucket, key, versionId }
  const verdict = verdictOf(met, unmet)
  const reason = verdict === 'held' ? undefined : describeUnmet(unmet)
  return { verdict, object, place, unmet, reason, state, requestId, status, attempts }
}

function verdictOf(met: number, unmet: readonly UnmetRequirement[]): VerdictKind {
  if (unmet.length === 0) return 'held'
  if (unmet.some(({ shortfall }) => shortfall === 'unreadable')) return 'unreadable'
  if (unmet.some(({ shortfall }) => shortfall === 'conflict')) return 'conflicting'
  if (met > 0 || unmet.some(({ shortfall }) => shortfall === 'insufficient')) return 'mismatched'
  return 'untagged'
}

function describeUnmet(unmet: readonly UnmetRequirement[]): string {
  return unmet
    .map(({ kind, name, expected, actual, shortfall }) => {
      const what = name === undefined ? kind : `${kind} ${name}`
      if (shortfall === 'unreadable') return `${what} could not be read`
      if (shortfall === 'absent') return `${what} is not there`
      return `${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`
    })
    .join('; ')
}

/** The verdict on an object that HEAD did not find. Pure. */
export function absent(object: ObjectRef, place: ObjectPlace | undefined, answer: Absence): Verdict {
  const verdict = { verdict: 'absent', object, place, unmet: [] } as const
  if (!answer.deleteMarker) return { ...verdict, reason: 'no object lies at this key' }
  const { beneath, versionId } = answer
  const what = beneath === undefined ? 'what lies beneath could not be read' : `version ${beneath} lies beneath`
  return {
    ...verdict,
    reason: `absent (deleted, recoverable): a delete marker is on top, ${what}`,
    recoverable: { deleteMarker: versionId, beneath },
  }
}
