import type { ObjectTraits } from '../identity.js'
import { throwIfAborted } from '../internal/abort.js'
import type { ObjectRef, ObjectState, Retention } from '../ports.js'
import { stateOf } from './s3-fast-head.js'
import type { FastRequest } from './s3-fast-path.js'
import type { WireAnswer } from './s3-fast-transport.js'
import { bySdk, doubtOfHead } from './s3-head-identity.js'
import { invalidAnswer, type S3Call, type S3Headers, type S3Output, type S3Requests } from './s3-requests.js'

/** How a HEAD is asked for. */
export type HeadCall = Pick<S3Call, 'stage' | 'signal'> & {
  /** What a listing showed of the object; an answer that does not agree is asked for again. */
  readonly listed?: ObjectTraits | undefined
}

/**
 * One HEAD, past the SDK where the client allows it (`s3-fast-path.ts`). An answer that is not plainly an object is
 * read by the SDK, so that it means the same on both paths. One that is not the object's own is asked for once more, by
 * the SDK and over a connection of its own.
 */
export async function headObject(requests: S3Requests, ref: ObjectRef, call: HeadCall): Promise<ObjectState> {
  throwIfAborted(call.signal, call.stage)
  const request: FastRequest = (session) => session.head(ref.key, ref.versionId)
  let result: { readonly answer: WireAnswer } | { readonly error: unknown }
  try {
    const answer = await requests.sendFast(request, call.signal)
    if (answer === undefined) return headObjectBySdk(requests, ref, bySdk(ref, call))
    result = { answer }
  } catch (error) {
    result = { error }
  }
  const state = 'answer' in result ? stateOf(ref, result.answer) : undefined
  if ('answer' in result) {
    const doubted = doubtOfHead(requests, { ref, call }, result.answer, state)
    doubted?.closeConnection()
    if (doubted !== undefined) return headObjectBySdk(requests, ref, { ...bySdk(ref, call), again: doubted })
  }
  if (state !== undefined) return state
  const { key, versionId } = ref
  const outcome = await requests.outcomeOf(result, request, call, { operation: 'HeadObject', key, versionId })
  return headObjectBySdk(requests, ref, { ...bySdk(ref, call), outcome })
}

/** What a HEAD by the SDK takes beside the key: the customer's own key of an SSE-C object. */
export type CustomerKeyInput = { readonly SSECustomerAlgorithm: string; readonly SSECustomerKey: string }

/** One HEAD by the SDK. */
export async function headObjectBySdk(
  requests: S3Requests,
  ref: ObjectRef,
  call: S3Call,
  customerKey?: CustomerKeyInput,
): Promise<ObjectState> {
  const version = ref.versionId === undefined ? {} : { VersionId: ref.versionId }
  const input = { Key: ref.key, ...version, ChecksumMode: 'ENABLED' as const, ...customerKey }
  const { output, headers, requestId, status } = await requests.send('HeadObject', input, call)
  if (customerKey === undefined && output.ETag === undefined && output.LastModified === undefined) {
    const context = { operation: 'HeadObject', stage: call.stage, ...ref, mutation: false }
    throw invalidAnswer(context, 'no object headers')
  }
  return toObjectState(ref, output, headers, requestId, status)
}

/**
 * A HEAD as an `ObjectState`, with only what HEAD itself proves: lock and tag fields that are absent stay `undefined`,
 * since they may only be hidden from the caller (s3-facts: Object Lock).
 */
export function toObjectState(
  ref: ObjectRef,
  output: S3Output<'HeadObject'>,
  headers: S3Headers,
  requestId: string | undefined,
  status?: number | undefined,
): ObjectState {
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: output.VersionId ?? ref.versionId,
    sizeBytes: output.ContentLength ?? 0,
    etag: output.ETag,
    lastModified: output.LastModified?.toISOString(),
    metadata: metadataOf(output.Metadata, headers),
    missingMetadata: output.MissingMeta,
    headers: {
      contentType: output.ContentType,
      contentEncoding: output.ContentEncoding,
      contentLanguage: output.ContentLanguage,
      contentDisposition: output.ContentDisposition,
      cacheControl: output.CacheControl,
      // The raw header: `Expires` of the SDK is a date and `undefined` where the header is none.
      expires: output.ExpiresString ?? headers.expires,
      websiteRedirectLocation: output.WebsiteRedirectLocation,
    },
    storageClass: output.StorageClass,
    archiveStatus: output.ArchiveStatus,
    restore: output.Restore,
    encryption: {
      algorithm: output.ServerSideEncryption,
      kmsKeyId: output.SSEKMSKeyId,
      bucketKeyEnabled: output.BucketKeyEnabled,
      customerAlgorithm: output.SSECustomerAlgorithm,
    },
    checksum: checksumOf(output),
    replicationStatus: output.ReplicationStatus,
    tagCount: output.TagCount,
    legalHold: output.ObjectLockLegalHoldStatus,
    retention: retentionOf(output.ObjectLockMode, output.ObjectLockRetainUntilDate),
    partsCount: partsOf(output),
    requestId,
    status,
  }
}

const prefix = 'x-amz-meta-'

/**
 * User metadata from the raw response headers, value for value as Node decoded the bytes. The SDK collects it into a
 * plain object, which silently loses a name such as `__proto__`.
 */
function metadataOf(fromSdk: Record<string, string> | undefined, headers: S3Headers): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(fromSdk ?? {})) metadata[name.toLowerCase()] = value
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase().startsWith(prefix)) metadata[name.slice(prefix.length).toLowerCase()] = value
  }
  return metadata
}

const algorithms = ['CRC64NVME', 'SHA256', 'SHA1', 'CRC32C', 'CRC32'] as const

function checksumOf(output: S3Output<'HeadObject'>): ObjectState['checksum'] {
  for (const algorithm of algorithms) {
    const value = output[`Checksum${algorithm}`]
    if (value === undefined) continue
    return { algorithm, value, type: output.ChecksumType ?? (/-\d+$/.test(value) ? 'COMPOSITE' : 'FULL_OBJECT') }
  }
  return undefined
}

/** HEAD counts parts only for a part number; a multipart ETag ends in their number. */
function partsOf(output: S3Output<'HeadObject'>): number | undefined {
  const counted = /-(\d+)"?$/.exec(output.ETag ?? '')?.[1]
  return output.PartsCount ?? (counted === undefined ? undefined : Number(counted))
}

/** Mode and date as this library writes them; `undefined` unless both are there. */
export function retentionOf(mode: string | undefined, until: Date | undefined): Retention | undefined {
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || until === undefined) return undefined
  return { mode, retainUntilDate: until.toISOString() }
}
