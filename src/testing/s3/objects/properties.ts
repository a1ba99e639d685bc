import type { Fields } from '../../http/fields.js'
import { aclFromHeaders, namesAcl, privateAcl } from '../access/acl.js'
import type { Call } from '../call.js'
import { S3Error } from '../http/errors.js'
import type { ObjectProperties, Pairs } from '../state/object-version.js'
import type { BucketSettings } from '../state/state.js'
import { encryptionFromHeaders } from './encryption.js'
import { lockFromHeaders, namesLock } from './lock.js'
import { tagsFromHeader } from './tags.js'

const metadataPrefix = 'x-amz-meta-'
const metadataBytes = 2048
const headerSectionBytes = 8192

/** Headers of the content that are kept verbatim, `expires` too: S3 does not ask whether it is a date. */
export const contentHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const

const storageClasses: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
])

/** Reads the user metadata of a write. Values are the bytes sent, one character each. */
export function metadataFromHeaders(headers: Fields): Pairs {
  const metadata: (readonly [name: string, value: string])[] = []
  for (const [name, value] of headers) {
    if (name.startsWith(metadataPrefix)) metadata.push([name.slice(metadataPrefix.length), value])
  }
  const sizeBytes = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (sizeBytes > metadataBytes) {
    throw new S3Error('MetadataTooLarge', {
      details: [
        ['Size', sizeBytes],
        ['MaxSizeAllowed', metadataBytes],
      ],
    })
  }
  return metadata
}

/** Reads the headers that describe the content. `aws-chunked` was for the transfer only and is not kept. */
export function contentFromHeaders(headers: Fields): Pairs {
  const list: [string, string][] = []
  for (const name of contentHeaders) {
    const value = headers.get(name)
    if (value === null) continue
    const kept = name === 'content-encoding' ? withoutAwsChunked(value) : value
    if (kept !== '') list.push([name, kept])
  }
  if (!list.some(([name]) => name === 'content-type')) list.push(['content-type', 'binary/octet-stream'])
  return list
}

function withoutAwsChunked(value: string): string {
  if (!/aws-chunked/i.test(value)) return value
  return value
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding.toLowerCase() !== 'aws-chunked')
    .join(',')
}

/** Reads `x-amz-storage-class`; without it STANDARD, also for a copy. */
export function storageClassFromHeaders(headers: Fields): string {
  const storageClass = headers.get('x-amz-storage-class') ?? 'STANDARD'
  if (!storageClasses.has(storageClass)) {
    throw new S3Error('InvalidStorageClass', { details: [['StorageClassRequested', storageClass]] })
  }
  return storageClass
}

/** Reads `x-amz-website-redirect-location`. */
export function redirectFromHeaders(headers: Fields): string | undefined {
  const redirect = headers.get('x-amz-website-redirect-location') ?? undefined
  if (redirect !== undefined && !/^(\/|https?:\/\/)/.test(redirect)) throw new S3Error('InvalidRedirectLocation')
  return redirect
}

/** User guide, "Working with object metadata": a PUT request header is limited to 8 KB. */
export function checkHeaderSection(headers: Fields): void {
  let sizeBytes = 0
  for (const [name, value] of headers) sizeBytes += name.length + value.length
  if (sizeBytes > headerSectionBytes) {
    throw new S3Error('RequestHeaderSectionTooLarge', { details: [['MaxSizeAllowed', headerSectionBytes]] })
  }
}

/** Everything a write says of an object beside its content; what it does not say gets S3's defaults. */
export function propertiesFromHeaders(headers: Fields, settings: BucketSettings, nowMs: number): ObjectProperties {
  const metadata = metadataFromHeaders(headers)
  checkHeaderSection(headers)
  return {
    metadata,
    headers: contentFromHeaders(headers),
    storageClass: storageClassFromHeaders(headers),
    encryption: encryptionFromHeaders(headers, settings),
    tags: tagsFromHeader(headers.get('x-amz-tagging') ?? undefined),
    acl: aclFromHeaders(headers, settings) ?? privateAcl,
    redirect: redirectFromHeaders(headers),
    ...lockFromHeaders(headers, settings, nowMs),
  }
}

/** What a write needs beyond `s3:PutObject`, by what it says (user guide, "Required permissions"). */
export function allowWrite(call: Call): void {
  const { headers } = call
  for (const [name, value] of tagsFromHeader(call.header('x-amz-tagging'))) {
    call.addConditionKey(`s3:RequestObjectTag/${name}`, [value])
  }
  call.allow('s3:PutObject')
  if (headers.has('x-amz-tagging')) call.allow('s3:PutObjectTagging')
  if (namesAcl(headers)) call.allow('s3:PutObjectAcl')
  const lock = namesLock(headers)
  if (lock.retention) call.allow('s3:PutObjectRetention')
  if (lock.legalHold) call.allow('s3:PutObjectLegalHold')
}

/**
 * User metadata as an answer carries it. Text outside US-ASCII is in the form of RFC 2047. Each byte that was sent
 * is read as a character of ISO 8859-1 (user guide, "Working with object metadata", whose example is doubly
 * encoded).
 */
export function metadataHeaders(metadata: Pairs): [string, string][] {
  return metadata.map(([name, value]) => [
    metadataPrefix + name,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the definition of US-ASCII
    /^[\x00-\x7f]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`,
  ])
}
