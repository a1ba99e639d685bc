import { throwIfAborted } from '../../../internal/abort.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectChecksum, ObjectRef, ObjectState } from '../../../model/object.js'
import type { HeadCall } from '../answer/call.js'
import { invalidAnswer } from '../answer/checks.js'
import { checksumAlgorithmOf, checksumFields, checksumFrom } from '../protocol/checksums.js'
import { s3CodeOf } from '../protocol/errors.js'
import { legalHoldOf, retentionOf } from '../protocol/lock.js'
import type { S3Call, S3Headers, S3Output, S3Requests } from '../send/requests.js'
import { stateOf } from '../wire/head.js'
import type { FastRequest } from '../wire/path.js'
import type { WireAnswer } from '../wire/transport.js'
import { bySdk, doubtOfHead } from './head-identity.js'
import { requireOwnVersion } from './version-owner.js'

/** What came of a request past the SDK. */
type FastResult = { readonly answer: WireAnswer } | { readonly error: unknown }

/**
 * One HEAD, past the SDK where the client allows it (`wire/path.ts`). An answer that is not plainly an object is
 * read by the SDK, so that it means the same on both paths. One that is not the object's own is asked for once more, by
 * the SDK and over a connection of its own.
 */
export async function headObject(requests: S3Requests, ref: ObjectRef, call: HeadCall): Promise<ObjectState> {
  throwIfAborted(call.signal, call.stage)
  const { checksumMode } = requests
  const { asks } = checksumMode
  const request: FastRequest = (session) => session.head(ref.key, ref.versionId, asks)
  let answer: WireAnswer | undefined
  try {
    answer = await requests.sendFast(request, call.signal)
  } catch (error) {
    return headAfter(requests, ref, call, { result: { error }, request, asks })
  }
  if (answer === undefined) return headObjectBySdk(requests, ref, bySdk(ref, call))
  const state = stateOf(ref, answer)
  const doubted = doubtOfHead(requests, ref, call, { answer, state })
  if (doubted !== undefined) {
    doubted.closeConnection()
    return headObjectBySdk(requests, ref, { ...bySdk(ref, call), again: doubted })
  }
  if (state === undefined) return headAfter(requests, ref, call, { result: { answer }, request, asks })
  requests.marks.believe(state.versionId, ref.key)
  if (asks) checksumMode.answered()
  else if (checksumMode.isMissing(state.encryption.kmsKeyId)) return headObject(requests, ref, call)
  const requestId = requests.cleanId(state.requestId)
  const cleaned = requestId === state.requestId ? state : { ...state, requestId }
  return asks ? cleaned : withUnreadChecksums(cleaned)
}

/** What is left for the SDK to read or to repeat. */
async function headAfter(
  requests: S3Requests,
  ref: ObjectRef,
  call: HeadCall,
  { result, request, asks }: { readonly result: FastResult; readonly request: FastRequest; readonly asks: boolean },
): Promise<ObjectState> {
  const { key, versionId } = ref
  const outcome = await requests.outcomeOf(result, request, call, { operation: 'HeadObject', key, versionId })
  return headObjectBySdk(requests, ref, { ...bySdk(ref, call), outcome }, { asks })
}

/** Checksums that nobody asked for are not known, unless the server shows them unasked. */
function withUnreadChecksums(state: ObjectState): ObjectState {
  return state.checksum === undefined ? { ...state, checksums: 'unreadable' } : state
}

/** What a HEAD by the SDK takes beside the key: the customer's own key of an SSE-C object. */
export type CustomerKeyInput = { readonly SSECustomerAlgorithm: string; readonly SSECustomerKey: string }

/** How a HEAD is sent by the SDK. */
export interface HeadBySdk {
  readonly customerKey?: CustomerKeyInput | undefined
  /** Whether it asks for checksums. @defaultValue as is known of the server and of the last object */
  readonly asks?: boolean | undefined
}

/** One HEAD by the SDK, or two: one that is refused only because it asks for checksums is sent again without. */
export async function headObjectBySdk(
  requests: S3Requests,
  ref: ObjectRef,
  call: S3Call,
  { customerKey, asks = requests.checksumMode.asks }: HeadBySdk = {},
): Promise<ObjectState> {
  const { checksumMode } = requests
  try {
    const { state, isAsked } = await sendHead(requests, ref, call, { customerKey, asks })
    if (isAsked || !checksumMode.isMissing(state.encryption.kmsKeyId)) return state
    return (await sendHead(requests, ref, withoutOutcome(call), { customerKey, asks: true })).state
  } catch (error) {
    // A HEAD has no body that could say that it is a KMS key that the caller may not use.
    if (!asks || !isBareForbidden(error)) throw error
    const answered = await sendHead(requests, ref, withoutOutcome(call), { customerKey, asks: false }).catch(
      (again: unknown) => {
        throw isBareForbidden(again) ? error : again
      },
    )
    checksumMode.refused(answered.state.encryption.kmsKeyId)
    return answered.state
  }
}

async function sendHead(
  requests: S3Requests,
  ref: ObjectRef,
  call: S3Call,
  { customerKey, asks }: { readonly customerKey?: CustomerKeyInput | undefined; readonly asks: boolean },
): Promise<{ readonly state: ObjectState; readonly isAsked: boolean }> {
  const version = ref.versionId === undefined ? {} : { VersionId: ref.versionId }
  const mode = asks ? { ChecksumMode: 'ENABLED' as const } : {}
  const input = { Key: ref.key, ...version, ...mode, ...customerKey }
  const { output, headers, requestId, status, leftOut } = await requests.send('HeadObject', input, call)
  if (customerKey === undefined && output.ETag === undefined && output.LastModified === undefined) {
    const context = { operation: 'HeadObject', stage: call.stage, ...ref, mutation: false }
    throw invalidAnswer(context, 'no object headers')
  }
  const isAsked = asks && !leftOut.includes('checksum-mode')
  const state = toObjectState(ref, output, headers, { requestId, status })
  const { versionId } = state
  const rival = requests.marks.takeRival(versionId)
  if (versionId !== undefined && rival !== undefined) {
    await requireOwnVersion(requests, { bucket: ref.bucket, key: ref.key, versionId }, rival, call)
  }
  requests.marks.believe(versionId, ref.key)
  return { state: isAsked ? state : withUnreadChecksums(state), isAsked }
}

function withoutOutcome({ outcome: _, ...call }: S3Call): S3Call {
  return call
}

function isBareForbidden(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.status === 403 && s3CodeOf(error) === undefined
}

/**
 * A HEAD as an `ObjectState`, with only what HEAD itself proves. Absent lock and tag fields stay `undefined`,
 * since they may only be hidden from the caller (s3-facts: Object Lock).
 */
export function toObjectState(
  ref: ObjectRef,
  output: S3Output<'HeadObject'>,
  headers: S3Headers,
  { requestId, status }: { readonly requestId: string | undefined; readonly status: number | undefined },
): ObjectState {
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: output.VersionId ?? ref.versionId,
    sizeBytes: output.ContentLength,
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
      // The raw header: `Expires` of the SDK is a date and `undefined` if the header is none.
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
    ...checksumFields(checksumsOf(output, headers)),
    replicationStatus: output.ReplicationStatus,
    tagCount: output.TagCount,
    tags: undefined,
    acl: undefined,
    legalHold: legalHoldOf(output.ObjectLockLegalHoldStatus),
    retention: retentionOf(output.ObjectLockMode, output.ObjectLockRetainUntilDate?.toISOString()),
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

/** From the headers, which show algorithms that the SDK does not know as well; else from what the SDK makes of them. */
function checksumsOf(output: S3Output<'HeadObject'>, headers: S3Headers): readonly ObjectChecksum[] {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(output)) {
    const algorithm = /^Checksum([A-Z0-9]+)$/.exec(name)?.[1]
    if (algorithm !== undefined && typeof value === 'string') found.set(algorithm, value)
  }
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = checksumAlgorithmOf(name)
    if (algorithm !== undefined) found.set(algorithm, value)
  }
  return [...found].map(([algorithm, value]) => checksumFrom(algorithm, value, output.ChecksumType))
}

/** HEAD counts parts only for a part number; a multipart ETag ends in their number. */
function partsOf(output: S3Output<'HeadObject'>): number | undefined {
  const counted = /-(\d+)"?$/.exec(output.ETag ?? '')?.[1]
  return output.PartsCount ?? (counted === undefined ? undefined : Number(counted))
}
