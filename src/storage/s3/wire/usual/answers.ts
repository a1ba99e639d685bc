import { isAscii } from 'node:buffer'
import type { FastOperation } from '../../protocol/operation-table.js'
import { copyOf } from '../text.js'

/*
 * The answers that nearly every repair gets, in the very form in which S3 writes them, as the SDK's schemas read them. Those
 * take a fifth of the processor's time of a run that repairs every object. Whatever has another form (an element, a header or
 * a blank that S3 does not write) gives `undefined`: then the schemas read the same bytes.
 */

type Headers = Readonly<Record<string, string>>
type Output = Readonly<Record<string, unknown>>

/** What an answer with status 200 says, or `undefined` for the schemas to say. */
export function readUsual(operation: FastOperation, headers: Headers, body: Buffer): Output | undefined {
  const read = readers[operation]
  if (read === undefined || !isAscii(body)) return undefined
  const fields = fieldsIn(headers, operation === 'CopyObject' ? copyHeaders : noHeaders)
  const content = fields === undefined ? undefined : read(body)
  return content === undefined ? undefined : { $metadata: metadataOf(headers), ...fields, ...content }
}

const readers: Partial<Record<FastOperation, (body: Buffer) => Output | undefined>> = {
  PutObjectLegalHold: (body) => (body.length === 0 ? {} : undefined),
  PutObjectRetention: (body) => (body.length === 0 ? {} : undefined),
  CopyObject: copyResultIn,
  ListObjectVersions: versionsIn,
}

/** Headers that are read as what they say. */
const noHeaders: Headers = {}
const copyHeaders: Headers = {
  'x-amz-version-id': 'VersionId',
  'x-amz-copy-source-version-id': 'CopySourceVersionId',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
}
/** Headers of S3's own that none of these outputs has. */
const passedOver: ReadonlySet<string> = new Set(['x-amz-request-id', 'x-amz-id-2', 'x-amz-version-id'])

function fieldsIn(headers: Headers, read: Headers): Record<string, string> | undefined {
  const fields: Record<string, string> = {}
  for (const name in headers) {
    if (!name.startsWith('x-amz')) continue
    const value = headers[name]
    const field = read[name]
    if (value === undefined || value.trim() === '') return undefined
    if (field !== undefined) fields[field] = value
    else if (!passedOver.has(name)) return undefined
  }
  return fields
}

function metadataOf(headers: Headers): Output {
  return {
    httpStatusCode: 200,
    requestId: headers['x-amz-request-id'],
    extendedRequestId: headers['x-amz-id-2'],
    cfId: headers['x-amz-cf-id'],
  }
}

const copyStart =
  /(?:<\?xml version="1\.0" encoding="UTF-8"\?>\n?)?<CopyObjectResult(?: xmlns="http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/")?>/y
/** S3 adds a checksum to nearly every copy. */
const copyElement =
  /<(ETag|LastModified|ChecksumType|ChecksumCRC32|ChecksumCRC32C|ChecksumCRC64NVME|ChecksumSHA1|ChecksumSHA256)>([^<>&\s]+|&quot;[0-9a-f-]+&quot;)<\/([A-Za-z0-9]+)>/y
const copyElements: Elements = { pattern: copyElement, read: readCopyElement }
const copyEnd = /<\/CopyObjectResult>\n?$/y
const quotedEtag = /^(?:"|&quot;)([0-9a-f-]{1,64})(?:"|&quot;)$/

function copyResultIn(body: Buffer): Output | undefined {
  if (body.length > 1_024) return undefined
  const text = body.toString('latin1')
  const result: Record<string, unknown> = {}
  const start = lengthAt(copyStart, text, 0)
  if (start === 0) return undefined
  const end = readElements(copyElements, text, start, result)
  if (end === undefined) return undefined
  const isWhole = lengthAt(copyEnd, text, end) > 0 && 'ETag' in result && 'LastModified' in result
  return isWhole ? { CopyObjectResult: result } : undefined
}

function readCopyElement(name: string, value: string): unknown {
  if (name === 'LastModified') return instant.test(value) ? dateOf(value) : undefined
  if (name !== 'ETag') return value.includes('"') ? undefined : copyOf(value)
  const etag = quotedEtag.exec(value)?.[1]
  return etag === undefined ? undefined : `"${copyOf(etag)}"`
}

/** When something was written. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/
/** Elements of a page, with what each is read as. */
const pageElement =
  /<(Name|Prefix|KeyMarker|VersionIdMarker|NextKeyMarker|NextVersionIdMarker|MaxKeys|EncodingType|IsTruncated)>([^<>&\s]*)<\/([A-Za-z]+)>/y
const pageElements: Elements = { pattern: pageElement, read: readPageElement }
const pageStart =
  /(?:<\?xml version="1\.0" encoding="UTF-8"\?>\n?)?<ListVersionsResult(?: xmlns="http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/")?>/y
const versionStart = '<Version>'
const version =
  /<Version><Key>([^<>&\s]+)<\/Key><VersionId>([^<>&\s]+)<\/VersionId><IsLatest>(true|false)<\/IsLatest><LastModified>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)<\/LastModified><ETag>(?:"|&quot;)([0-9a-f-]+)(?:"|&quot;)<\/ETag>(?:<ChecksumAlgorithm>([A-Z0-9]+)<\/ChecksumAlgorithm>)?(?:<ChecksumType>([A-Z_]+)<\/ChecksumType>)?<Size>(\d{1,15})<\/Size>(?:<Owner><ID>([^<>&\s]+)<\/ID><\/Owner>)?<StorageClass>([A-Z_]+)<\/StorageClass>(?:<Owner><ID>([^<>&\s]+)<\/ID><\/Owner>)?<\/Version>/y
const pageEnd = /<\/ListVersionsResult>\n?$/y

/** A page of versions without delete markers. */
function versionsIn(body: Buffer): Output | undefined {
  const text = body.toString('latin1')
  const page: Record<string, unknown> = {}
  const versions: Output[] = []
  let at = lengthAt(pageStart, text, 0)
  if (at === 0) return undefined
  for (;;) {
    if (text.startsWith(versionStart, at)) {
      version.lastIndex = at
      const match = version.exec(text)
      const entry = match === null ? undefined : versionOf(match)
      if (entry === undefined) return undefined
      versions.push(entry)
      at = version.lastIndex
      continue
    }
    const end = readElements(pageElements, text, at, page)
    if (end === undefined) return undefined
    if (end === at) break
    at = end
  }
  if (lengthAt(pageEnd, text, at) === 0) return undefined
  return versions.length === 0 ? page : { ...page, Versions: versions }
}

function versionOf(match: RegExpExecArray): Output | undefined {
  const [, key = '', id = '', isLatest, modified, etag = '', algorithm, type, size] = match
  const [before, storageClass = '', after] = match.slice(9)
  const LastModified = dateOf(modified)
  if (LastModified === undefined || (before !== undefined && after !== undefined)) return undefined
  const owner = before ?? after
  return {
    Key: copyOf(key),
    VersionId: copyOf(id),
    IsLatest: isLatest === 'true',
    LastModified,
    ETag: `"${copyOf(etag)}"`,
    Size: Number(size),
    ...(algorithm === undefined ? {} : { ChecksumAlgorithm: [copyOf(algorithm)] }),
    ...(type === undefined ? {} : { ChecksumType: copyOf(type) }),
    ...(owner === undefined ? {} : { Owner: { ID: copyOf(owner) } }),
    StorageClass: copyOf(storageClass),
  }
}

function readPageElement(name: string, value: string): unknown {
  if (name === 'IsTruncated') return value === 'true' || value === 'false' ? value === 'true' : undefined
  if (name === 'MaxKeys') return /^\d{1,9}$/.test(value) ? Number(value) : undefined
  return copyOf(value)
}

/** Elements without children: name, value and the name that closes them. */
interface Elements {
  readonly pattern: RegExp
  /** `undefined` for a value that S3 does not write. */
  readonly read: (name: string, value: string) => unknown
}

/** Reads those that follow one another, each once, and says where they end; `undefined` if one is not as S3 writes it. */
function readElements(
  { pattern, read }: Elements,
  text: string,
  start: number,
  found: Record<string, unknown>,
): number | undefined {
  for (let at = start; ; at = pattern.lastIndex) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return at
    const [, name = '', value = '', closed] = match
    const said = closed === name && !(name in found) ? read(name, value) : undefined
    if (said === undefined) return undefined
    found[name] = said
  }
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

/** `undefined` for a day that there is not. */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  return date.getUTCDate() === Number(text.slice(8, 10)) ? date : undefined
}
