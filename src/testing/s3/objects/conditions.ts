import type { Fields } from '../../http/fields.js'
import type { Call } from '../call.js'
import { S3Error } from '../http/errors.js'
import { httpDate, parseHttpDate } from '../http/time.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket, MultipartUpload } from '../state/state.js'

/** The condition headers of a read; for the source of a copy they carry a prefix of their own. */
export interface ReadConditions {
  readonly ifMatch: string | null
  readonly ifNoneMatch: string | null
  readonly ifModifiedSince: number | undefined
  readonly ifUnmodifiedSince: number | undefined
}

/** Reads the condition headers, those of the source of a copy by their prefix. */
export function readConditions(headers: Fields, prefix = ''): ReadConditions {
  return {
    ifMatch: headers.get(`${prefix}if-match`),
    ifNoneMatch: headers.get(`${prefix}if-none-match`),
    ifModifiedSince: parseHttpDate(headers.get(`${prefix}if-modified-since`)),
    ifUnmodifiedSince: parseHttpDate(headers.get(`${prefix}if-unmodified-since`)),
  }
}

/** Whether a list of ETags, quoted or not, names this one. */
export function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((part) => {
    const candidate = part.trim().replace(/^W\//, '').replaceAll('"', '')
    return candidate === '*' || candidate === etag
  })
}

/** What the conditions say: go on, 304, or the name of the one that failed. */
function evaluate(
  conditions: ReadConditions,
  version: ObjectVersion,
  nowMs: number,
): 'holds' | 'not-modified' | { failed: string } {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  const modifiedMs = Math.floor(version.lastModifiedMs / 1000) * 1000
  if (ifMatch !== null) {
    if (!matchesEtag(ifMatch, version.etag)) return { failed: 'If-Match' }
    // If-Match that holds wins over If-Unmodified-Since that does not (API reference, GetObject).
  } else if (ifUnmodifiedSince !== undefined && modifiedMs > ifUnmodifiedSince) {
    return { failed: 'If-Unmodified-Since' }
  }
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, version.etag) ? 'not-modified' : 'holds'
  // A date that is still to come is not a condition.
  if (ifModifiedSince === undefined || ifModifiedSince > nowMs) return 'holds'
  return modifiedMs <= ifModifiedSince ? 'not-modified' : 'holds'
}

/** Checks the conditions of a GET or HEAD. */
export function checkReadConditions({ headers, nowMs }: Call, version: ObjectVersion): void {
  const outcome = evaluate(readConditions(headers), version, nowMs)
  if (outcome === 'holds') return
  if (outcome === 'not-modified') {
    throw new S3Error('NotModified', {
      headers: {
        etag: `"${version.etag}"`,
        'last-modified': httpDate(version.lastModifiedMs),
        ...(version.versionId === 'null' ? {} : { 'x-amz-version-id': version.versionId }),
      },
    })
  }
  throw new S3Error('PreconditionFailed', { details: [['Condition', outcome.failed]] })
}

/** Checks the conditions on the source of a copy: whatever does not hold is 412 (API reference, CopyObject). */
export function checkSourceConditions({ headers, nowMs }: Call, source: ObjectVersion): void {
  const prefix = 'x-amz-copy-source-'
  const outcome = evaluate(readConditions(headers, prefix), source, nowMs)
  if (outcome === 'holds') return
  const name = outcome === 'not-modified' ? notModifiedName(headers, prefix) : outcome.failed
  throw new S3Error('PreconditionFailed', { details: [['Condition', `${prefix}${name}`]] })
}

function notModifiedName(headers: Fields, prefix: string): string {
  return headers.has(`${prefix}if-none-match`) ? 'If-None-Match' : 'If-Modified-Since'
}

/**
 * Checks the conditions of a write on what lies at its key. Has to be called in the same turn as the write itself.
 * Source: user guide, "How to prevent object overwrites with conditional writes".
 */
export function checkWriteConditions({ headers, key }: Call, current: ObjectVersion | undefined): void {
  const ifNoneMatch = headers.get('if-none-match')
  const ifMatch = headers.get('if-match')
  const exists = current !== undefined && !current.deleteMarker
  if (ifNoneMatch !== null && exists) {
    throw new S3Error('PreconditionFailed', { details: [['Condition', 'If-None-Match']] })
  }
  if (ifMatch === null) return
  if (!exists) throw new S3Error('NoSuchKey', { details: [['Key', key]] })
  if (!matchesEtag(ifMatch, current.etag)) {
    throw new S3Error('PreconditionFailed', { details: [['Condition', 'If-Match']] })
  }
}

/** Refuses conditions on a write that S3 does not know. */
export function checkWriteConditionForm(headers: Fields): void {
  const ifNoneMatch = headers.get('if-none-match')
  const ifMatch = headers.get('if-match')
  if (ifNoneMatch !== null && ifMatch !== null) {
    throw unimplementedHeader('If-Match,If-None-Match', 'Multiple conditional request headers present in the request')
  }
  const refused = (name: string) => `We don't accept the provided value of ${name} header for this API`
  if (ifNoneMatch !== null && ifNoneMatch.trim() !== '*') {
    throw unimplementedHeader('If-None-Match', refused('If-None-Match'))
  }
  if (ifMatch?.trim() === '*') throw unimplementedHeader('If-Match', refused('If-Match'))
  for (const name of ['If-Modified-Since', 'If-Unmodified-Since']) {
    if (headers.has(name)) throw unimplementedHeader(name, refused(name))
  }
}

function unimplementedHeader(name: string, message: string): S3Error {
  return new S3Error('NotImplemented', {
    details: [
      ['Header', name],
      ['additionalMessage', message],
    ],
  })
}

/**
 * A multipart upload may only be completed under a condition if nothing was written at its key since it began.
 * That applies even if the condition holds again (recorded answers of S3; user guide, "Conditional writes", 409).
 */
export function checkUntouched(call: Call, bucket: Bucket, upload: MultipartUpload): void {
  const condition = call.headers.has('if-match') ? 'If-Match' : 'If-None-Match'
  if (!call.headers.has(condition) || (bucket.touched.get(upload.key) ?? 0) < upload.sequence) return
  throw new S3Error('ConditionalRequestConflict', {
    details: [
      ['Condition', condition],
      ['Key', upload.key],
    ],
  })
}
