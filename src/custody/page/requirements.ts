import { isHoldTag } from '../../model/hold.js'
import type { HoldRequirements } from '../../model/requirements.js'
import { utc } from './text.js'

/** What each file must show, in sentences. Pure. */
export function requirementSentences(requirements: HoldRequirements): readonly string[] {
  const { metadata = {}, tags = {}, legalHold, retainUntilDate, retentionMode = 'GOVERNANCE' } = requirements
  return [
    ...Object.entries(metadata).map(
      ([name, value]) => `Each file carries the mark ${markOf(name, value)} in its metadata.`,
    ),
    ...Object.entries(tags).map(
      ([name, value]) => `Each file carries the mark ${markOf(name, value)} as an object tag.`,
    ),
    ...(legalHold
      ? ['Each file is under an Object Lock legal hold: nobody can delete it until that hold is lifted.']
      : []),
    ...(retainUntilDate === undefined
      ? []
      : [`Each file is kept at least until ${utc(retainUntilDate)}: ${retention[retentionMode]}.`]),
  ]
}

const retention = {
  GOVERNANCE:
    'until then only someone with a special permission can delete it (Object Lock, governance mode or stronger)',
  COMPLIANCE: 'until then nobody can delete it (Object Lock, compliance mode)',
} as const

function markOf(name: string, value: string): string {
  return `“${name}: ${value}”${isHoldTag(value) ? ', alone or beside the marks of other matters,' : ''}`
}
