import { isSlash, withoutEnd } from '../../internal/text/edges.js'
import { LegalHoldError } from '../../model/errors.js'

/** A Genesys Cloud region: its AWS name and the host that `api.` and `login.` are in front of. */
export interface GenesysRegion {
  /** AWS name, e.g. `eu-west-1`. */
  readonly region: string
  /** Host without a subdomain, e.g. `mypurecloud.ie`. */
  readonly host: string
  /** Location in words. */
  readonly location: string
}

/** Every region of Genesys Cloud (genesys-facts: Regions). */
export const genesysRegions: readonly GenesysRegion[] = [
  { region: 'us-east-1', host: 'mypurecloud.com', location: 'N. Virginia' },
  { region: 'us-east-2', host: 'use2.us-gov-pure.cloud', location: 'Ohio, FedRAMP' },
  { region: 'us-west-2', host: 'usw2.pure.cloud', location: 'Oregon' },
  { region: 'ca-central-1', host: 'cac1.pure.cloud', location: 'Canada' },
  { region: 'mx-central-1', host: 'mxc1.pure.cloud', location: 'Mexico' },
  { region: 'sa-east-1', host: 'sae1.pure.cloud', location: 'São Paulo' },
  { region: 'eu-west-1', host: 'mypurecloud.ie', location: 'Ireland' },
  { region: 'eu-west-2', host: 'euw2.pure.cloud', location: 'London' },
  { region: 'eu-central-1', host: 'mypurecloud.de', location: 'Frankfurt' },
  { region: 'eu-central-2', host: 'euc2.pure.cloud', location: 'Zurich' },
  { region: 'eusc-de-east-1', host: 'edee1.eusc-pure.cloud', location: 'European Sovereign Cloud' },
  { region: 'me-central-1', host: 'mec1.pure.cloud', location: 'UAE' },
  { region: 'ap-south-1', host: 'aps1.pure.cloud', location: 'Mumbai' },
  { region: 'ap-southeast-1', host: 'apse1.pure.cloud', location: 'Singapore' },
  { region: 'ap-southeast-2', host: 'mypurecloud.com.au', location: 'Sydney' },
  { region: 'ap-northeast-1', host: 'mypurecloud.jp', location: 'Tokyo' },
  { region: 'ap-northeast-2', host: 'apne2.pure.cloud', location: 'Seoul' },
  { region: 'ap-northeast-3', host: 'apne3.pure.cloud', location: 'Osaka' },
]

const londonMixUp =
  ' eu-west-1 is Ireland (mypurecloud.ie); London is eu-west-2 (euw2.pure.cloud): the two are easily mixed up.'

/**
 * The region that an AWS name (`eu-west-1`, also with underscores) or a host names. A host is `mypurecloud.ie`,
 * `api.mypurecloud.ie`, or a URL with such a host, as the address bar shows it.
 *
 * @throws `UNKNOWN_REGION`, with the right ones in the message and in `details.regions`.
 */
export function resolveRegion(input: string): GenesysRegion {
  const found = findRegion(input)
  if (found) return found
  // A password in a URL must not be repeated.
  const shown = input.replace(/\/\/[^/]*@/, '//…@')
  const known = genesysRegions.map(({ region, host }) => `${region} (${host})`).join(', ')
  const hint = /london|ireland|dublin|brit|eu.?west|euw\d|\buk\b|\bie\b/i.test(input) ? londonMixUp : ''
  throw new LegalHoldError(
    `"${shown}" is not a region of Genesys Cloud.${hint} Give the AWS name or the host of one of: ${known}.`,
    { code: 'UNKNOWN_REGION', stage: 'options', details: { region: shown, regions: genesysRegions } },
  )
}

/** The host of a URL; any other text as it is. One with a password in it names no region. */
function hostIn(text: string): string {
  const url = URL.canParse(text) && /^https?:/.test(text) ? new URL(text) : undefined
  if (url === undefined || url.username !== '' || url.password !== '') return withoutEnd(text, isSlash)
  return url.hostname
}

/** As {@link resolveRegion}, `undefined` if there is none. */
export function findRegion(input: string): GenesysRegion | undefined {
  const name = hostIn(input.trim().toLowerCase()).replace(/^(api|login|apps)\./, '')
  const asRegion = name.replaceAll('_', '-')
  return genesysRegions.find((known) => known.region === asRegion || known.host === name)
}
