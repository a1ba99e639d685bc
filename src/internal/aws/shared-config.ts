import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * The endpoints that the environment and the shared configuration of AWS name, by the rules of the AWS SDKs, read before the
 * SDK reads them: it would send the credentials that it has, or asks for, to whatever is there.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */

type Environment = Readonly<Record<string, string | undefined>>

/** Services by the names that `AWS_ENDPOINT_URL_…` and the `services` of a profile have for them. */
export type AwsServiceId =
  | 'S3'
  | 'S3_CONTROL'
  | 'SFN'
  | 'KMS'
  | 'SNS'
  | 'EVENTBRIDGE'
  | 'STS'
  | 'SSO'
  | 'SSO_OIDC'
  | 'SIGNIN'

/** An endpoint and where it is named. */
export interface ConfiguredEndpoint {
  readonly url: string
  /** `AWS_ENDPOINT_URL_S3`, or `endpoint_url of the profile "x"`. */
  readonly source: string
}

/** Sections by their names, e.g. `profile x`, `services y`; settings within a service as `s3.endpoint_url`. */
export type SharedConfig = ReadonlyMap<string, ReadonlyMap<string, string>>

/** The endpoint that is configured for a service; `undefined` for that of AWS. Pure. */
export function configuredEndpoint(
  service: AwsServiceId,
  env: Environment,
  config: SharedConfig,
): ConfiguredEndpoint | undefined {
  const name = env.AWS_PROFILE || 'default'
  const profile = config.get(`profile ${name}`) ?? new Map<string, string>()
  if (isTrue(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS) || isTrue(profile.get('ignore_configured_endpoint_urls'))) {
    return undefined
  }
  for (const variable of [`AWS_ENDPOINT_URL_${service}`, 'AWS_ENDPOINT_URL']) {
    const url = env[variable]
    if (url) return { url, source: `the environment variable ${variable}` }
  }
  const services = config.get(`services ${profile.get('services') ?? ''}`)
  const own = services?.get(`${service.toLowerCase()}.endpoint_url`)
  if (own) return { url: own, source: `the services "${profile.get('services')}" of the profile "${name}"` }
  const url = profile.get('endpoint_url')
  return url ? { url, source: `endpoint_url of the profile "${name}"` } : undefined
}

function isTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true'
}

/** Both files; one that is not there has nothing in it. What both say of a profile is as the first one says it. */
export async function readSharedConfig(env: Environment): Promise<SharedConfig> {
  const folder = join(env.HOME || env.USERPROFILE || homedir(), '.aws')
  const [config, credentials] = await Promise.all([
    readOrNothing(env.AWS_CONFIG_FILE || join(folder, 'config')),
    readOrNothing(env.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials')),
  ])
  const sections = new Map<string, Map<string, string>>()
  // In the credentials file every section is a profile.
  for (const [name, settings] of parseSections(credentials)) sections.set(`profile ${name}`, settings)
  for (const [name, settings] of parseSections(config)) {
    const section = name === 'default' ? 'profile default' : name
    sections.set(section, new Map([...(sections.get(section) ?? []), ...settings]))
  }
  return sections
}

async function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function parseSections(text: string): ReadonlyMap<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  let parent = ''
  for (const line of text.split(/\r?\n/)) {
    const content = line.trim()
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue
    if (content.startsWith('[')) {
      const name = content.slice(1, content.indexOf(']')).trim().replaceAll(/["']/g, '').replaceAll(/\s+/g, ' ')
      section = sections.get(name) ?? new Map()
      sections.set(name, section)
      parent = ''
      continue
    }
    const at = content.indexOf('=')
    if (at < 0 || section === undefined) continue
    const [key, value] = [content.slice(0, at).trim(), content.slice(at + 1).trim()]
    const isNested = line !== line.trimStart()
    // `s3 =` and, beneath it, its settings.
    if (!isNested) parent = value === '' ? `${key}.` : ''
    section.set(isNested ? `${parent}${key}` : key, value)
  }
  return sections
}
