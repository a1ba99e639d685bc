import pLimit from 'p-limit'
import { retrying } from '../../../internal/retry.js'
import { inheritWaits } from '../../../internal/waits/waits.js'
import { checksumsOf } from '../../../model/compare.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { Extra } from '../client/extras.js'
import { briefRetry, partLimits, type S3Limits, type S3StorageOptions } from '../client/settings.js'
import { algorithmToCarry } from '../protocol/checksums.js'
import { afterChange, s3CodeOf } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
import { decodeKey } from '../read/list.js'
import type { S3Input, S3Output, S3Requests } from '../send/requests.js'
import { type CarriedProperties, copySourceOf, customerKey, rawHeaders, taggingHeader } from './properties.js'
import type { SizedState } from './refusals.js'

const stage = 'remediate'
/** What S3 copies at the least in a second; a part that takes longer than its bytes at this rate has stalled. */
const slowestCopyBytesPerMs = 10_000

/** An upload that was begun and never completed. */
export interface OrphanedUpload {
  readonly key: string
  readonly uploadId: string
}

export interface MultipartContext {
  readonly requests: S3Requests
  readonly options: S3StorageOptions
  readonly limits: S3Limits
  readonly begun: {
    /** When the first upload of this adapter was begun, by the clock of the server, in milliseconds. */
    at?: number | undefined
    /** Keys whose copy in parts failed. The upload may still be there, whatever was answered. */
    readonly failed: Set<string>
  }
}

/** What a copy answered, before anything was read back. */
export interface CopyAnswer {
  readonly versionId: string | undefined
  readonly etag: string | undefined
  readonly requestId: string | undefined
  readonly status: number | undefined
}

/** A copy, and the properties that it is to have. */
export interface PartsCopy extends CallOptions {
  readonly carried: CarriedProperties
  readonly precondition: { readonly IfMatch?: string }
  /** Without these the copy is worth nothing. */
  readonly musts: readonly Extra[]
}

/**
 * Copies an object onto itself in parts, with every property given at the creation. Whatever fails, or an abort, ends
 * the upload before the error is passed on, so that no parts stay behind to be paid for.
 */
export async function copyInParts(
  context: MultipartContext,
  before: SizedState,
  { carried, precondition, musts, ...call }: PartsCopy,
): Promise<CopyAnswer> {
  const { requests, options } = context
  const key = customerKey(before, options)
  const created = await beginning(context, before.key, () =>
    requests.send(
      'CreateMultipartUpload',
      {
        Key: before.key,
        ...(carried as Partial<S3Input<'CreateMultipartUpload'>>),
        ...key.destination,
        ...tagging(before),
        ...checksumType(before),
      },
      { stage, signal: call.signal, rawHeaders: rawHeaders(before), musts },
    ),
  )
  const uploadId = created.output.UploadId
  if (uploadId === undefined) {
    throw new LegalHoldError(`CreateMultipartUpload of ${subjectOf(before)} was answered without an upload id.`, {
      code: 'STORAGE_RESPONSE_INVALID',
      stage,
      retryable: true,
      outcome: 'unknown',
    })
  }
  let completing = false
  try {
    await abortOlderUploads(context, before.key, uploadId, call)
    const parts = await copyParts(context, before, uploadId, call)
    completing = true
    const { output, requestId, status } = await requests.send(
      'CompleteMultipartUpload',
      { Key: before.key, UploadId: uploadId, MultipartUpload: { Parts: parts }, ...key.destination, ...precondition },
      { stage, signal: call.signal, extraTimeoutMs: 600_000 },
    )
    return { versionId: output.VersionId, etag: output.ETag === '' ? undefined : output.ETag, requestId, status }
  } catch (error) {
    const ended = uploadGone(error, before, completing)
    throw await endUpload(context, before, uploadId, completing ? ended : withoutEffect(ended))
  }
}

/** Begins an upload. One whose answer is lost may be there anyway: the next attempt ends it. */
async function beginning<T>({ begun }: MultipartContext, key: string, begin: () => Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    if (LegalHoldError.isInstance(error) && error.outcome === 'unknown') begun.failed.add(key)
    throw error
  }
}

/** Another run of the same principal took the upload for one that an interrupted copy had left. */
function uploadGone(error: unknown, before: ObjectState, completing: boolean): unknown {
  if (s3CodeOf(error) !== 'NoSuchUpload' || !LegalHoldError.isInstance(error)) return error
  return new LegalHoldError(
    `The multipart copy of ${subjectOf(before)} was aborted by somebody else while it was under way. Read the object again and decide again.`,
    {
      code: 'OBJECT_CHANGED',
      stage,
      retryable: true,
      // A completion whose first answer was lost is answered like this as well.
      outcome: completing ? 'unknown' : 'not-applied',
      status: error.status,
      requestId: error.requestId,
      cause: error,
    },
  )
}

/** Until an upload is completed nothing of it can be seen: a lost answer about a part leaves nothing unknown. */
function withoutEffect(error: unknown): unknown {
  if (!LegalHoldError.isInstance(error) || error.outcome === 'not-applied') return error
  return new LegalHoldError(error.message, { ...error, outcome: 'not-applied', cause: error.cause })
}

/** Aborts without the caller's signal: it may be the very reason. A completed upload answers NoSuchUpload. */
async function endUpload(
  context: MultipartContext,
  before: ObjectState,
  uploadId: string,
  error: unknown,
): Promise<unknown> {
  context.begun.failed.add(before.key)
  try {
    await retrying(() => abortUpload(context, { key: before.key, uploadId }, {}), briefRetry(context.options), {
      stage,
      subject: before.key,
      clock: context.options.clock,
    })
    return error
  } catch (failure) {
    // The orphan is found by the next repair of this key, or by `cleanUpMultipart`.
    if (!LegalHoldError.isInstance(error) || !LegalHoldError.isInstance(failure)) return error
    return new LegalHoldError(
      `${error.message} The upload ${uploadId} could not be aborted either (${failure.code}); \`cleanUpMultipart\` does it later.`,
      { ...error, details: { ...error.details, orphanedUpload: { key: before.key, uploadId } }, cause: error },
    )
  }
}

async function copyParts(
  { requests, options, limits }: MultipartContext,
  before: SizedState,
  uploadId: string,
  call: CallOptions,
) {
  const ranges = partRanges(before.sizeBytes, limits.partSizeBytes)
  const limit = pLimit(limits.copyConcurrency)
  const { source, destination } = customerKey(before, options)
  // One failed part fails the copy: the others are cancelled rather than paid for.
  const cancel = new AbortController()
  inheritWaits(cancel.signal, call.signal)
  const onAbort = () => cancel.abort(call.signal?.reason)
  if (call.signal?.aborted) onAbort()
  call.signal?.addEventListener('abort', onAbort, { once: true })
  let first: unknown
  const copyPart = async (range: PartRange) => {
    const { output } = await requests.send(
      'UploadPartCopy',
      {
        Key: before.key,
        UploadId: uploadId,
        PartNumber: range.partNumber,
        CopySource: copySourceOf(before),
        CopySourceRange: `bytes=${range.first}-${range.last}`,
        ...(before.etag === undefined ? {} : { CopySourceIfMatch: before.etag }),
        ...source,
        ...destination,
      },
      { stage, signal: cancel.signal, extraTimeoutMs: (range.last - range.first) / slowestCopyBytesPerMs },
    )
    return completedPart(range.partNumber, output.CopyPartResult, before)
  }
  try {
    const copies = ranges.map((range) =>
      limit(async () => {
        try {
          return await retrying(() => copyPart(range), options.retry, {
            stage,
            subject: before.key,
            signal: cancel.signal,
            clock: options.clock,
          })
        } catch (error) {
          first ??= error
          cancel.abort(error)
          throw error
        }
      }),
    )
    // In-flight parts are drained before the upload is aborted; S3 might keep a part that arrives after it.
    const settled = await Promise.allSettled(copies)
    if (first !== undefined) throw first
    return settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []))
  } finally {
    call.signal?.removeEventListener('abort', onAbort)
  }
}

function completedPart(partNumber: number, result: S3Output<'UploadPartCopy'>['CopyPartResult'], before: ObjectState) {
  if (result?.ETag === undefined) {
    throw new LegalHoldError(`Part ${partNumber} of ${subjectOf(before)} was answered without an ETag.`, {
      code: 'STORAGE_RESPONSE_INVALID',
      stage,
      retryable: true,
      outcome: 'unknown',
    })
  }
  const { LastModified: _, ...checksums } = result
  return { PartNumber: partNumber, ...checksums }
}

interface PartRange {
  readonly partNumber: number
  readonly first: number
  readonly last: number
}

/** Ranges of `partSizeBytes`, larger ones where there would be more than 10,000. */
export function partRanges(sizeBytes: number, partSizeBytes: number): readonly PartRange[] {
  const size = Math.max(partSizeBytes, Math.ceil(sizeBytes / partLimits.parts))
  return Array.from({ length: Math.ceil(sizeBytes / size) }, (_, index) => ({
    partNumber: index + 1,
    first: index * size,
    last: Math.min(sizeBytes, (index + 1) * size) - 1,
  }))
}

/** A multipart copy has no TaggingDirective: tags are lost unless given at its creation (s3-facts: copy). */
function tagging(before: ObjectState): { Tagging?: string } {
  return typeof before.tags === 'object' && Object.keys(before.tags).length > 0
    ? { Tagging: taggingHeader(before.tags) }
    : {}
}

/** A CRC over the whole object can be combined from those of the parts; a SHA cannot and becomes COMPOSITE. */
function checksumType(before: ObjectState): Partial<S3Input<'CreateMultipartUpload'>> {
  const algorithm = algorithmToCarry(before)
  const carried = checksumsOf(before).find((checksum) => checksum.algorithm === algorithm)
  return carried?.algorithm.startsWith('CRC') === true && carried.type !== 'COMPOSITE'
    ? { ChecksumType: 'FULL_OBJECT' }
    : {}
}

/**
 * Aborts unfinished uploads of our own under a prefix.
 *
 * An upload carries nothing that says whose work it is. Ours are those which the same principal initiated: on the key of
 * a recording nobody else of that principal has a reason to. Who we are is learned from an upload that is begun on one of those keys
 * and aborted at once. Not to be called while another run of the same principal repairs under this prefix.
 */
export async function cleanUpUploads(
  context: MultipartContext,
  prefix: string,
  call: CallOptions,
): Promise<readonly OrphanedUpload[]> {
  const uploads = await listUploads(context, prefix, call)
  const [sample] = uploads
  if (sample === undefined) return []
  const own = await initiatorOfOurs(context, sample.key, call)
  const ours = uploads.filter((upload) => own !== undefined && upload.initiator === own)
  const limit = pLimit(context.limits.copyConcurrency)
  await Promise.all(ours.map((upload) => limit(() => abortUpload(context, upload, call))))
  return ours.map(({ key, uploadId }) => ({ key, uploadId }))
}

/** What an interrupted copy of this very key left behind: of the same initiator, and older than anything of ours. */
async function abortOlderUploads(
  context: MultipartContext,
  key: string,
  current: string,
  call: CallOptions,
): Promise<void> {
  let uploads: readonly ListedUpload[]
  try {
    uploads = (await listUploads(context, key, call)).filter((upload) => upload.key === key)
  } catch (error) {
    // Tidying needs s3:ListBucketMultipartUploads; the copy does not.
    if (
      LegalHoldError.isInstance(error) &&
      (error.code === 'STORAGE_FORBIDDEN' || error.code === 'STORAGE_UNSUPPORTED')
    )
      return
    throw error
  }
  const ours = uploads.find((upload) => upload.uploadId === current)
  if (ours?.initiator === undefined) return
  const { begun } = context
  begun.at ??= ours.initiatedAt
  const hasFailed = begun.failed.delete(key)
  for (const upload of uploads) {
    // What was begun after us is under way in another process; two of them would abort each other for ever.
    const isOlder = (upload.initiatedAt ?? 0) < (begun.at ?? Number.POSITIVE_INFINITY)
    const isLeft = isOlder || (hasFailed && (upload.initiatedAt ?? 0) <= (ours.initiatedAt ?? 0))
    if (upload.uploadId !== current && upload.initiator === ours.initiator && isLeft) {
      await abortUpload(context, upload, call)
    }
  }
}

async function initiatorOfOurs(context: MultipartContext, key: string, call: CallOptions): Promise<string | undefined> {
  const { output } = await context.requests.send('CreateMultipartUpload', { Key: key }, { stage, signal: call.signal })
  const uploadId = output.UploadId
  if (uploadId === undefined) return undefined
  try {
    return (await listUploads(context, key, call)).find((upload) => upload.uploadId === uploadId)?.initiator
  } catch (error) {
    throw afterChange(error, 'An upload was begun to learn who we are', { key, uploadId })
  } finally {
    await abortUpload(context, { key, uploadId }, {})
  }
}

async function abortUpload({ requests }: MultipartContext, upload: OrphanedUpload, call: CallOptions): Promise<void> {
  try {
    await requests.send(
      'AbortMultipartUpload',
      { Key: upload.key, UploadId: upload.uploadId },
      { stage, signal: call.signal },
    )
  } catch (error) {
    // Already completed or aborted.
    if (LegalHoldError.isInstance(error) && error.status === 404) return
    throw error
  }
}

interface ListedUpload extends OrphanedUpload {
  readonly initiator: string | undefined
  readonly initiatedAt: number | undefined
}

async function listUploads(
  { requests }: MultipartContext,
  prefix: string,
  call: CallOptions,
): Promise<readonly ListedUpload[]> {
  const uploads: ListedUpload[] = []
  let markers: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}
  for (;;) {
    const input = { Prefix: prefix, EncodingType: 'url' as const, ...markers }
    const { output } = await requests.send('ListMultipartUploads', input, { stage, signal: call.signal })
    for (const { Key, UploadId, Initiator, Initiated } of output.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue
      const key = decodeKey(Key, output.EncodingType)
      uploads.push({ key, uploadId: UploadId, initiator: Initiator?.ID, initiatedAt: Initiated?.getTime() })
    }
    if (output.IsTruncated === false || output.NextKeyMarker === undefined) return uploads
    const next = {
      KeyMarker: decodeKey(output.NextKeyMarker, output.EncodingType),
      ...(output.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: output.NextUploadIdMarker }),
    }
    // A server that leads back to where it was would be listed for ever; what is tidied up may be left over.
    if (next.KeyMarker === markers.KeyMarker && next.UploadIdMarker === markers.UploadIdMarker) return uploads
    markers = next
  }
}
