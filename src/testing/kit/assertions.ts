import { AssertionError } from 'node:assert'
import { counted, verb } from '../../internal/text/counted.js'
import type { LegalHold } from '../../model/hold.js'
import type { ObjectState } from '../../model/object.js'
import { defaultRequirements, evaluate, type HoldRequirements } from '../../model/requirements.js'
import type { BucketView } from './simulated-bucket.js'

/** How an object must be held: by a tag, a hold, or requirements. */
export type HeldBy = string | LegalHold | HoldRequirements

/**
 * Fails unless the object exists and is held. Throws an `AssertionError` of Node, which every test runner
 * understands.
 *
 * @param bucket a bucket of the kit, or any `StorageAdapter`
 * @param by how the object must be held
 * @defaultValue any tag in the metadata `legal-hold-tag`, or an Object Lock legal hold
 */
export async function expectHeld(bucket: BucketView, key: string, by?: HeldBy): Promise<void> {
  const problem = await problemOf(bucket, key, by)
  if (problem !== undefined) fail(`${key} in ${bucket.bucket} is not held: ${problem}.`)
}

/** Fails if the object is held, or does not exist. */
export async function expectNotHeld(bucket: BucketView, key: string, by?: HeldBy): Promise<void> {
  if ((await stateOf(bucket, key)) === undefined)
    fail(`${key} is not in ${bucket.bucket}, so nothing is known of its hold.`)
  if ((await problemOf(bucket, key, by)) === undefined) fail(`${key} in ${bucket.bucket} is held, and was not to be.`)
}

/**
 * Fails unless every object under the prefix is held, and at least one exists. Names the first ten objects that
 * are not held.
 */
export async function expectAllHeld(
  bucket: BucketView,
  options: { readonly prefix?: string; readonly by?: HeldBy } = {},
): Promise<void> {
  const problems: string[] = []
  let count = 0
  for await (const { key } of bucket.list(options.prefix ?? '')) {
    count += 1
    const problem = await problemOf(bucket, key, options.by)
    if (problem !== undefined) problems.push(`${key}: ${problem}`)
  }
  if (count === 0) fail(`No object is under "${options.prefix ?? ''}" in ${bucket.bucket}.`)
  if (problems.length === 0) return
  const more = problems.length > 10 ? `\n  and ${problems.length - 10} more` : ''
  fail(
    `${problems.length} of ${counted(count, 'object')} in ${bucket.bucket} ${verb(problems.length, 'is', 'are')} not held:\n  ${problems.slice(0, 10).join('\n  ')}${more}`,
  )
}

async function stateOf(bucket: BucketView, key: string): Promise<ObjectState | undefined> {
  const answer = await bucket.head({ bucket: bucket.bucket, key }, { full: true })
  return answer.found ? answer.state : undefined
}

/** What is missing for the object to be held. */
async function problemOf(bucket: BucketView, key: string, by: HeldBy | undefined): Promise<string | undefined> {
  const state = await stateOf(bucket, key)
  if (state === undefined) return 'it is not there'
  if (by === undefined) {
    const tag = Object.hasOwn(state.metadata, 'legal-hold-tag') ? state.metadata['legal-hold-tag'] : undefined
    if ((tag ?? '').trim() !== '' || state.legalHold === 'ON') return undefined
    return 'it has neither the metadata legal-hold-tag nor an Object Lock legal hold'
  }
  const { met, unmet } = evaluate(requirementsOf(by), state)
  if (met + unmet.length === 0) return 'nothing was required of it'
  if (unmet.length === 0) return undefined
  return unmet
    .map(({ kind, name, expected, actual }) => `${name ?? kind} is ${actual ?? 'absent'} and must be ${expected}`)
    .join('; ')
}

function requirementsOf(by: HeldBy): HoldRequirements {
  if (typeof by === 'string') return defaultRequirements({ tag: by })
  return 'tag' in by ? defaultRequirements(by) : by
}

function fail(message: string): never {
  throw new AssertionError({ message, stackStartFn: fail })
}
