import { canonicalJson } from '../../internal/canonical-json.js'
import { isObject, type JsonObject } from '../genesys/http.js'
import type { ScenarioOptions } from '../scenario.js'

/** A foreign S3 server, to which the simulated exports deliver in place of the S3 simulator. */
export interface ForeignS3 {
  /** TLS, unless the host is loopback. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/**
 * The scenario that running simulators are seeded with: the body of `PUT /_simulator/scenario`, without
 * `recordingsDir`. That option works in the same process only, because nobody may have local files read over the
 * wire.
 */
export interface ScenarioRequest
  extends Pick<ScenarioOptions, 'count' | 'media' | 'interval' | 'failAtSource' | 'indexLagHours' | 'recordingsDir'> {
  /** With it, only objects in scope are put there. @defaultValue the S3 simulator */
  readonly s3?: ForeignS3 | undefined
}

/** Says what is wrong with a body; never repeats a value, since one of them is a secret. */
export class InvalidScenario extends Error {}

/** Checks a body of unknown origin. */
export function parseScenarioRequest(body: unknown): ScenarioRequest {
  if (!isObject(body)) throw new InvalidScenario('The body must be a JSON object.')
  onlyKnown(body, ['count', 'media', 'interval', 'failAtSource', 'indexLagHours', 's3'], '')
  const { media, interval, s3 } = body
  const count = readNumber(body, 'count', 1_000_000)
  const failAtSource = readNumber(body, 'failAtSource', count ?? 200)
  const indexLagHours = readNumber(body, 'indexLagHours', 8_760)
  if (media !== undefined && media !== 'digital' && media !== 'call' && media !== 'all') {
    throw new InvalidScenario('media must be digital, call or all.')
  }
  return {
    ...(count === undefined ? {} : { count }),
    ...(media === undefined ? {} : { media }),
    ...(interval === undefined ? {} : { interval: readInterval(interval) }),
    ...(failAtSource === undefined ? {} : { failAtSource }),
    ...(indexLagHours === undefined ? {} : { indexLagHours }),
    ...(s3 === undefined ? {} : { s3: readS3(s3) }),
  }
}

/**
 * Checks what a data directory keeps: a body, and what only this machine may say.
 *
 * @param s3 the foreign S3 server, where the seed was made for one whose credentials are not kept
 */
export function parseKeptScenario(kept: unknown, s3: ForeignS3 | undefined): ScenarioRequest {
  if (!isObject(kept)) throw new InvalidScenario('The kept scenario must be a JSON object.')
  const { recordingsDir, ...body } = kept
  const request = parseScenarioRequest(body)
  return {
    ...request,
    ...(typeof recordingsDir === 'string' ? { recordingsDir } : {}),
    ...(s3 === undefined ? {} : { s3 }),
  }
}

function onlyKnown(object: JsonObject, known: readonly string[], prefix: string): void {
  const unknown = Object.keys(object).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new InvalidScenario(`${prefix}${unknown.join(', ')} is not known; known are ${known.join(', ')}.`)
}

function readNumber(body: JsonObject, field: string, max: number): number | undefined {
  const value = body[field]
  if (value === undefined) return undefined
  if (
    typeof value !== 'number' ||
    value < 0 ||
    value > max ||
    (field !== 'indexLagHours' && !Number.isInteger(value))
  ) {
    throw new InvalidScenario(`${field} must be a number from 0 to ${max}.`)
  }
  return value
}

function readInterval(value: unknown): { readonly start: string; readonly end: string } {
  if (!isObject(value)) throw new InvalidScenario('interval must be an object with start and end.')
  onlyKnown(value, ['start', 'end'], 'interval: ')
  const { start, end } = value
  if (typeof start !== 'string' || typeof end !== 'string' || !(Date.parse(start) < Date.parse(end))) {
    throw new InvalidScenario('interval needs start and end in ISO 8601, start before end.')
  }
  return { start, end }
}

function readS3(value: unknown): ForeignS3 {
  if (!isObject(value)) throw new InvalidScenario('s3 must be an object.')
  const fields = ['endpoint', 'region', 'bucket', 'accessKeyId', 'secretAccessKey'] as const
  onlyKnown(value, [...fields, 'sessionToken'], 's3: ')
  const read = (field: string): string => {
    const text = value[field]
    if (typeof text !== 'string' || text === '') throw new InvalidScenario(`s3.${field} must be a string.`)
    return text
  }
  const [endpoint, region, bucket, accessKeyId, secretAccessKey] = [
    read('endpoint'),
    read('region'),
    read('bucket'),
    read('accessKeyId'),
    read('secretAccessKey'),
  ]
  refuseOpenEndpoint(endpoint)
  const sessionToken = value.sessionToken === undefined ? {} : { sessionToken: read('sessionToken') }
  return { endpoint, region, bucket, accessKeyId, secretAccessKey, ...sessionToken }
}

/** Recordings and signatures go over the network in the clear only as far as loopback. */
function refuseOpenEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url?.protocol === 'https:') return
  const isLoopback = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url?.protocol !== 'http:' || !isLoopback) {
    throw new InvalidScenario('s3.endpoint must be an https URL, or an http URL on loopback.')
  }
}

/** The same text for requests that mean the same. */
export function canonicalScenario(request: ScenarioRequest): string {
  return canonicalJson(request)
}
