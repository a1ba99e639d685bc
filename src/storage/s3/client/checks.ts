import { credentialMistake } from '../../../internal/text/header-text.js'
import { LegalHoldError } from '../../../model/errors.js'

/** Names of regions are labels of host names, in lower case: `eu-west-1`, `auto`, `garage`. */
const regionName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Throws `INVALID_OPTIONS` for what cannot be a region: a URL, a name in capitals, two words. */
export function requireRegion(region: unknown, source: string): asserts region is string {
  if (typeof region === 'string' && regionName.test(region)) return
  const shown = JSON.stringify(region)?.slice(0, 60) ?? String(region)
  const lower = typeof region === 'string' ? region.trim().toLowerCase() : ''
  const meant = regionName.test(lower) ? ` Perhaps "${lower}" is meant.` : ''
  throw new LegalHoldError(
    `The S3 region ${shown} (${source}) is not the name of a region, such as eu-west-1.${meant}`,
    { code: 'INVALID_OPTIONS', stage: 'options', details: { option: 'region' } },
  )
}

/** What can be wrong with a part of credentials. */
const parts = {
  accessKeyId: 'access key id',
  secretAccessKey: 'secret access key',
  sessionToken: 'session token',
} as const
type Part = keyof typeof parts

/**
 * Which part of credentials cannot be used and why, without a character of it; `undefined` if they can. The secret does not
 * be in a header, but one with a line break is as surely a mistake of copying.
 */
export function credentialsMistake(
  identity: unknown,
): { readonly part: Part; readonly name: string; readonly why: string } | undefined {
  const given = (typeof identity === 'object' && identity !== null ? identity : {}) as Record<string, unknown>
  for (const part of Object.keys(parts) as Part[]) {
    const value = given[part]
    if (value === undefined && part === 'sessionToken') continue
    const why = credentialMistake(value, part !== 'secretAccessKey')
    if (why !== undefined) return { part, name: parts[part], why }
  }
  return undefined
}

/** Throws `MISSING_CREDENTIALS` for credentials that the environment, a profile or a provider gave and that cannot be used. */
export function requireCredentials(identity: unknown, source: string): void {
  const mistake = credentialsMistake(identity)
  if (mistake === undefined) return
  throw new LegalHoldError(
    `The AWS ${mistake.name} that ${source} gives cannot be used: it ${mistake.why}. Copy it again.`,
    { code: 'MISSING_CREDENTIALS', stage: 'options', details: { part: mistake.part } },
  )
}
