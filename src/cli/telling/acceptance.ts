import { notOneOf } from '../../internal/text/closest.js'
import { type FindingCode, findingCodes } from '../../model/findings.js'
import type { Acceptance } from '../../options/acceptance.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { FlagSpec } from '../command.js'

/** Flags of the commands that blockers stop. */
export const acceptFlags: readonly FlagSpec[] = [
  { name: 'accept', value: 'CODE', kind: 'list', about: 'accept a blocking finding by its code (repeatable)' },
  {
    name: 'reason',
    value: 'TEXT',
    kind: 'list',
    about: 'why; applies to the --accept before it, and is recorded in the journal',
  },
]

/** Codes with their reasons: each reason is of the code before it. */
export function acceptedBy({ repeated }: Given): readonly Acceptance[] {
  const all: { code: FindingCode; reason?: string }[] = []
  for (const { name, value } of repeated) {
    if (name === 'accept') all.push({ code: findingCode(value) })
    if (name !== 'reason') continue
    const last = all.at(-1)
    if (last === undefined || last.reason !== undefined)
      throw new ArgumentError('--reason must follow its --accept CODE.')
    if (value.trim() === '') throw new ArgumentError('--reason must say something.')
    last.reason = value
  }
  return all
}

function findingCode(code: string): FindingCode {
  const found = findingCodes.find((known) => known === code)
  if (found === undefined) throw new ArgumentError(notOneOf('--accept', code, findingCodes))
  return found
}
