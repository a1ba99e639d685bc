import { requireSecure } from '../../../internal/aws/secure-endpoint.js'
import { dayMs } from '../../../internal/durations.js'
import { OptionCheck } from '../../../internal/option-check.js'
import { credentialsMistake, requireRegion } from './checks.js'
import { limitsOf, partLimits, type S3ClientSettings, type S3Limits, type S3StorageOptions } from './settings.js'

/** Notes what is wrong with options of S3, each under its name. */
class S3OptionCheck extends OptionCheck {
  note(right: boolean, option: string, problem: string, given?: unknown): void {
    if (right) return
    const got = given === undefined ? '' : `; got ${preview(given)}`
    this.add(option, `${problem}${got}`, { details: { option } })
  }

  integer(option: string, value: number, min: number, max: number): void {
    const right = Number.isInteger(value) && value >= min && value <= max
    this.note(right, option, `must be a whole number from ${min} to ${max}`, String(value))
  }
}

/** Applies the defaults and refuses what cannot work, all of it at once (`INVALID_OPTIONS`, `INSECURE_ENDPOINT`). */
export function checkStorageOptions(options: S3StorageOptions): S3Limits {
  // From JavaScript there may be none.
  const given: S3StorageOptions = options ?? {}
  const limits = limitsOf(given)
  const check = new S3OptionCheck('The options of S3StorageAdapter')
  checkBucket(given.bucket, check)
  checkClient(given, check)
  check.integer('multipartThresholdBytes', limits.multipartThresholdBytes, 1, partLimits.singleCopyBytes)
  check.integer('partSizeBytes', limits.partSizeBytes, partLimits.minBytes, partLimits.maxBytes)
  check.integer('copyConcurrency', limits.copyConcurrency, 1, 1000)
  const { transport } = given
  const isTransport = transport === undefined || transport === 'auto' || transport === 'sdk'
  check.note(isTransport, 'transport', 'must be "auto" or "sdk"', transport)
  checkRegion(given, check)
  check.throwIfAny()
  return limits
}

/** Refuses settings that cannot work before the first request is sent. */
export function checkClientSettings(
  settings: S3ClientSettings & { readonly bucket?: string | undefined },
  subject: string,
): void {
  const check = new S3OptionCheck(`The options of ${subject}`)
  if (settings.bucket !== undefined) checkBucket(settings.bucket, check)
  checkClient(settings, check)
  checkRegion(settings, check)
  check.throwIfAny()
}

function checkRegion({ region }: S3ClientSettings, check: OptionCheck): void {
  if (region !== undefined) check.attempt('region', () => requireRegion(region, 'the option `region`'))
}

function checkClient(settings: S3ClientSettings, check: S3OptionCheck): void {
  const { endpoint, expectedBucketOwner: owner, requestPayer, contentMd5 } = settings
  if (endpoint !== undefined) checkEndpoint(endpoint, check)
  checkCredentials(settings.credentials, check)
  const isHeaderText = owner === undefined || (typeof owner === 'string' && /^[\x21-\x7e]+$/.test(owner))
  check.note(isHeaderText, 'expectedBucketOwner', 'must be a text that a header can carry', owner)
  const isPayer = requestPayer === undefined || requestPayer === 'requester'
  check.note(isPayer, 'requestPayer', 'must be "requester"', requestPayer)
  const isFlag = contentMd5 === undefined || typeof contentMd5 === 'boolean'
  check.note(isFlag, 'contentMd5', 'must be true or false', contentMd5)
  check.integer('attemptTimeoutMs', settings.attemptTimeoutMs ?? 1, 1, dayMs)
  check.integer('maxSockets', settings.maxSockets ?? 1, 1, 65_535)
}

/** A provider function is asked, and what it gives is looked at, with the first request. */
function checkCredentials(credentials: S3ClientSettings['credentials'], check: S3OptionCheck): void {
  if (credentials === undefined || typeof credentials === 'function') return
  const mistake = credentialsMistake(credentials)
  if (mistake !== undefined) check.note(false, `credentials.${mistake.part}`, `cannot be used: it ${mistake.why}`)
}

/** Bucket names may hold letters, digits, dots, hyphens (and underscores on other servers), never a slash. */
function checkBucket(bucket: unknown, check: S3OptionCheck): void {
  const isName = typeof bucket === 'string' && /^[A-Za-z0-9._-]{3,255}$/.test(bucket)
  const problem = 'must be the name of an S3 bucket, without scheme, slash or prefix'
  check.note(isName, 'bucket', problem, bucket ?? null)
}

function checkEndpoint(endpoint: string, check: S3OptionCheck): void {
  if (!URL.canParse(endpoint)) {
    check.note(false, 'endpoint', 'must be a URL such as https://s3.example.com')
    return
  }
  const url = new URL(endpoint)
  if (url.username !== '' || url.password !== '') {
    check.note(false, 'endpoint', 'must not carry credentials; give them as `credentials`')
    return
  }
  check.attempt('endpoint', () => requireSecure(url, { what: 'S3' }))
}

function preview(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? String(value)
}
