import type { Check } from '../internal/option-check.js'
import { isHoldTag } from '../model/hold.js'
import type { HoldRequirements } from '../model/requirements.js'
import { checkNames, isInstant, isOptionalFlag, isRecord } from './checks.js'

export function checkRequirements(requirements: HoldRequirements | undefined, now: number, check: Check): void {
  if (requirements === undefined) return
  if (!isRecord(requirements)) {
    check(false, 'requirements', 'must be an object')
    return
  }
  checkNames(requirements, Object.keys(requirementNames), 'requirements.', check)
  const metadata = entriesOf(requirements.metadata, 'requirements.metadata', check)
  const tags = entriesOf(requirements.tags, 'requirements.tags', check)
  const names = metadata.map(([name]) => name.toLowerCase())
  for (const [name, value] of metadata) {
    const path = `requirements.metadata.${name}`
    check(metadataNamePattern.test(name), path, 'is not a valid name of an HTTP header')
    check(
      isHoldTag(value) || /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value),
      path,
      'must be printable ASCII without blanks at its ends',
    )
    // S3 knows no upper case in names: of two that differ by case only one could be met.
    const twice = names.filter((other) => other === name.toLowerCase()).length > 1
    check(!twice, path, 'is given twice, in upper and lower case')
  }
  for (const [name, value] of tags) {
    // Tag values of S3: letters, digits, space and + - = . _ : / @ (s3-facts, copy).
    check(/^[\p{L}\p{N} +\-=._:/@]{1,128}$/u.test(name), `requirements.tags.${name}`, 'is not a valid key of an S3 tag')
    check(
      /^[\p{L}\p{N} +\-=._:/@]{1,256}$/u.test(value),
      `requirements.tags.${name}`,
      'is not a valid value of an S3 tag',
    )
  }
  const { legalHold, retainUntilDate, retentionMode } = requirements
  check(isOptionalFlag(legalHold), 'requirements.legalHold', 'must be true or false')
  if (retainUntilDate !== undefined) {
    const path = 'requirements.retainUntilDate'
    check(isInstant(retainUntilDate), path, 'must be ISO 8601 with a time zone')
    if (isInstant(retainUntilDate)) check(Date.parse(retainUntilDate) > now, path, 'has passed')
  }
  check(
    retentionMode === undefined || retentionMode === 'GOVERNANCE' || retentionMode === 'COMPLIANCE',
    'requirements.retentionMode',
    "must be 'GOVERNANCE' or 'COMPLIANCE'",
  )
  const asked = metadata.length + tags.length + (legalHold ? 1 : 0) + (retainUntilDate === undefined ? 0 : 1)
  check(asked > 0, 'requirements', 'require nothing, so every object would count as held')
}

export function entriesOf(given: unknown, path: string, check: Check): [string, string][] {
  if (given === undefined) return []
  if (!isRecord(given)) {
    check(false, path, 'must be an object of names and values')
    return []
  }
  const entries = Object.entries(given)
  for (const [name, value] of entries) check(typeof value === 'string', `${path}.${name}`, 'must be a text')
  return entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}

/** S3 returns metadata names in lower case. */
export function lowerCaseNames(requirements: HoldRequirements): HoldRequirements {
  if (requirements.metadata === undefined) return requirements
  const metadata = Object.fromEntries(
    Object.entries(requirements.metadata).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return { ...requirements, metadata }
}

const metadataNamePattern = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/i

const requirementNames: Record<keyof HoldRequirements, true> = {
  metadata: true,
  tags: true,
  legalHold: true,
  retainUntilDate: true,
  retentionMode: true,
}
