import { retrying } from '../../../internal/retry.js'
import { checksumsOf } from '../../../model/compare.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { HeadResult, MutationResult, ReplaceMetadataOptions } from '../../../ports/storage.js'
import { hasHighBytes } from '../client/raw-headers.js'
import { innerRetry } from '../client/settings.js'
import { afterChange, s3CodeOf } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
import { isForbidden, isUnsupported, type S3Bucket } from '../read/bucket.js'
import type { S3Reads } from '../read/reads.js'
import { nextVersion, type VersionEntry } from '../read/versions.js'
import { type CopyAnswer, copyInParts, type MultipartContext } from './multipart.js'
import type { S3Mutations } from './mutations.js'
import { carriedProperties, copySourceOf, customerKey, rawHeaders, taggingHeader } from './properties.js'
import {
  refuseLossyRepair,
  refuseLostChecksum,
  refuseOverwrite,
  refuseUnseen,
  requireSize,
  type SizedState,
} from './refusals.js'
import { lostTags, restoreProperties } from './restore.js'

const stage = 'remediate'

/** Who gives a copy the tags of its original: the server, we in the request, or nobody, so that they are put back after it. */
type TagCarrier = 'server' | 'request' | 'nobody'

/** How a copy comes to its tags. */
interface Tagging {
  readonly TaggingDirective: 'COPY' | 'REPLACE'
  readonly Tagging?: string
}

type CopyCall = ReplaceMetadataOptions & { readonly tagging: Tagging }

export interface RepairContext extends MultipartContext {
  readonly bucket: S3Bucket
  readonly reads: S3Reads
  readonly mutations: S3Mutations
}

/** Replaces user metadata by a copy of the object onto itself that keeps everything else. */
export class S3Repair {
  readonly #context: RepairContext
  /** Algorithms whose checksums a copy on this server turned out to lose. */
  readonly #lostAlgorithms = new Set<string>()
  /** Who sees to it that a copy has the tags of its original, as far as this server has shown. */
  #tags: TagCarrier = 'server'

  constructor(context: RepairContext) {
    this.#context = context
  }

  /**
   * Refuses what would be lost, copies, finds the new version, looks at what lies beneath it, and puts back what the
   * server dropped.
   */
  async replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions,
  ): Promise<MutationResult> {
    await this.check(before, metadata, options)
    const leavesTrace = before.versionId !== undefined && before.versionId !== 'null'
    if (!leavesTrace || this.#context.bucket.hasNoVersionList) await this.#refuseChanged(before, options)
    const carrier = this.#tags
    const tagging = await this.#taggingOf(before, carrier, options)
    const answer = await this.#copy(requireSize(before), metadata, { ...options, tagging })
    const { written, ...result } = await this.#settle(before, metadata, answer, options)
    this.#learn(before, written, carrier, answer)
    return result
  }

  /** Throws where the copy would lose something, before anything is sent. */
  async check(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions,
  ): Promise<void> {
    const { options: settings, bucket } = this.#context
    refuseLossyRepair(before, metadata, {
      allowReplicas: settings.allowReplicas === true,
      hasCustomerKey: settings.sseCustomerKey !== undefined,
      bucketReceivesCloudTrail: bucket.receivesCloudTrail,
    })
    const lost = checksumsOf(before).find(({ algorithm }) => this.#lostAlgorithms.has(algorithm))
    if (lost !== undefined) refuseLostChecksum(before, lost.algorithm)
    if (options.allowOverwrite ?? true) return
    const versioning = await bucket.versioning(stage, options)
    // Some servers show an id of each object and keep none of its versions.
    const isKept = before.versionId !== undefined && before.versionId !== 'null' && versioning.value !== 'Off'
    // The null version: with versioning on, from before it was; suspended, it is what the copy overwrites.
    if (!isKept && versioning.value !== 'Enabled') refuseOverwrite(before, versioning.value)
    if (bucket.hasNoVersionList) refuseUnseen(before)
  }

  /**
   * Without a version to pin there is nothing beneath the copy to look at afterwards, and Ceph RGW ignores
   * CopySourceIfMatch (s3-facts: servers). A last look before narrows the window; only versioning closes it.
   */
  async #refuseChanged(before: ObjectState, options: ReplaceMetadataOptions): Promise<void> {
    const now = await this.#context.reads.head(before, { signal: options.signal }, stage)
    const same = now.found && now.state.etag === before.etag && now.state.lastModified === before.lastModified
    if (same && sameMetadata(now.state.metadata, before.metadata)) return
    throw new LegalHoldError(`${subjectOf(before)} was changed since it was read. Read it again and decide again.`, {
      code: 'OBJECT_CHANGED',
      stage,
      retryable: true,
      details: { found: now.found },
    })
  }

  /**
   * By itself the server carries the tags, and with them one that was set in between. Where it is known to drop them, they are
   * sent with the copy, as they are by now: put back after it, they would be missing for a moment, in which another exporter
   * may copy the copy.
   */
  async #taggingOf(before: ObjectState, carrier: TagCarrier, call: CallOptions): Promise<Tagging> {
    const hasTags = typeof before.tags === 'object' && Object.keys(before.tags).length > 0
    if (carrier !== 'request' || !hasTags) return { TaggingDirective: 'COPY' }
    const tags = await this.#context.reads.countedTags(before, stage, call)
    return { TaggingDirective: 'REPLACE', Tagging: taggingHeader(tags) }
  }

  /** A server that drops the tags of one copy drops those of all. */
  #learn(before: ObjectState, written: ObjectState, carrier: TagCarrier, { requestId }: CopyAnswer): void {
    const lost = lostTags(before, written)
    const isDropped =
      lost.length > 0 && typeof before.tags === 'object' && lost.length === Object.keys(before.tags).length
    if (!isDropped || carrier !== this.#tags) return
    // Ceph RGW stores what a copy sends as tags in a form that it cannot read itself (measured on 16.2).
    this.#tags = carrier === 'server' && !isCephRequest(requestId) ? 'request' : 'nobody'
  }

  async #copy(before: SizedState, metadata: Readonly<Record<string, string>>, options: CopyCall): Promise<CopyAnswer> {
    try {
      return await this.#copyOnce(before, metadata, options)
    } catch (error) {
      throw sourceGone(error, before)
    }
  }

  async #copyOnce(before: SizedState, metadata: Readonly<Record<string, string>>, call: CopyCall): Promise<CopyAnswer> {
    const { requests, options, limits } = this.#context
    const nowMs = options.clock?.now() ?? Date.now()
    const carried = carriedProperties(before, metadata, nowMs)
    const { etag: current } = call.onTopOf ?? before
    const precondition = current === undefined ? {} : { IfMatch: current }
    // A copy that may turn out to have lost a checksum has to leave the original behind.
    const isKept = before.versionId !== undefined && before.versionId !== 'null'
    const musts = isKept ? [] : (['checksum-algorithm'] as const)
    if (before.sizeBytes > limits.multipartThresholdBytes) {
      return copyInParts(this.#context, before, carried, { precondition, musts }, call)
    }
    const key = customerKey(before, options)
    const { output, requestId, status } = await requests.send(
      'CopyObject',
      {
        Key: before.key,
        CopySource: copySourceOf(before),
        MetadataDirective: 'REPLACE',
        ...call.tagging,
        ...carried,
        ...(before.etag === undefined ? {} : { CopySourceIfMatch: before.etag }),
        ...precondition,
        ...key.source,
        ...key.destination,
      },
      { stage, signal: call.signal, rawHeaders: rawHeaders(before), extraTimeoutMs: before.sizeBytes / 10_000, musts },
    )
    const etag = output.CopyObjectResult?.ETag
    if (etag === undefined) {
      throw new LegalHoldError(
        `CopyObject of ${subjectOf(before)} was answered without a result. Read the object before doing it again.`,
        { code: 'STORAGE_RESPONSE_INVALID', stage, retryable: true, outcome: 'unknown', requestId },
      )
    }
    const versionId = this.#context.bucket.hasNoVersions ? undefined : output.VersionId
    return { versionId, etag, requestId, status }
  }

  /** The copy is made; whatever fails from here on failed after it. */
  async #settle(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    answer: CopyAnswer,
    options: ReplaceMetadataOptions,
  ): Promise<MutationResult & { readonly written: ObjectState }> {
    const retry = innerRetry(this.#context.options)
    let versionId = answer.versionId
    try {
      const repeat = <T>(work: () => Promise<T>) =>
        retrying(work, retry, { stage, signal: options.signal, clock: this.#context.options.clock })
      const ref = { bucket: before.bucket, key: before.key, versionId: answer.versionId }
      // The lock is asked for where there is one to be put back.
      const lock = before.legalHold === 'ON' || typeof before.retention === 'object'
      const head = await repeat(() =>
        this.#context.reads.head(ref, { signal: options.signal, lock, tags: true }, stage),
      )
      const written = this.#requireWritten(before, metadata, answer, head, options)
      versionId = written.versionId
      this.#noteLostChecksums(before, written)
      const beneath = await repeat(() => this.#beneath(before, written, options))
      const restored = await repeat(() => restoreProperties(this.#context, before, written, options))
      return {
        written,
        versionId: written.versionId,
        etag: written.etag ?? answer.etag,
        requestId: answer.requestId,
        status: answer.status,
        ...(restored.length === 0 ? {} : { restored }),
        ...(beneath === undefined ? {} : { beneath }),
      }
    } catch (error) {
      const known = { previousVersionId: before.versionId, versionId }
      throw afterChange(error, `The metadata of ${subjectOf(before)} was replaced`, known)
    }
  }

  /** What one copy loses the next one would lose as well: it is refused then instead of being made. */
  #noteLostChecksums(before: ObjectState, written: ObjectState): void {
    if (written.checksums === 'unreadable') return
    const kept = checksumsOf(written)
    for (const { algorithm } of checksumsOf(before)) {
      if (kept.every((one) => one.algorithm !== algorithm)) this.#lostAlgorithms.add(algorithm)
    }
  }

  /** Where the copy answered no id (Ceph RGW, unversioned buckets) the current version has to prove that it is ours. */
  #requireWritten(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    answer: CopyAnswer,
    head: HeadResult,
    { onTopOf = before }: ReplaceMetadataOptions,
  ): ObjectState {
    if (head.found && answer.versionId !== undefined) return head.state
    const versioned = before.versionId !== undefined && before.versionId !== 'null'
    const isNew = head.found && !(versioned && head.state.versionId === onTopOf.versionId)
    if (head.found && isNew && sameMetadata(head.state.metadata, metadata)) return head.state
    throw new LegalHoldError(
      `${subjectOf({ ...before, versionId: answer.versionId })} does not show what was just written: somebody else changed it in between, or the server ignored the copy. Read it again and decide again.`,
      {
        code: 'OBJECT_CHANGED',
        stage,
        retryable: true,
        details: { found: head.found, foundVersionId: head.found ? head.state.versionId : head.versionId },
      },
    )
  }

  /** A metadata-only change by somebody else leaves the ETag as it is; only the order of versions shows it. */
  async #beneath(
    before: ObjectState,
    written: ObjectState,
    options: ReplaceMetadataOptions,
  ): Promise<MutationResult['beneath']> {
    const { requests } = this.#context
    if (before.versionId === undefined || written.versionId === undefined) return undefined
    // A suspended bucket has overwritten its null version; nothing of it is left to be found.
    if (before.versionId === 'null' && written.versionId === 'null') return undefined
    let beneath: VersionEntry | undefined
    try {
      beneath = await nextVersion(requests, { key: before.key, after: written.versionId }, stage, options)
    } catch (error) {
      this.#context.bucket.hasNoVersionList ||= isUnsupported(error)
      // The last look before the copy is all there is then, and the caller has accepted that.
      if (isUnsupported(error) && (options.allowOverwrite ?? true)) return undefined
      throw uncheckedBeneath(error, before)
    }
    if (beneath === undefined) return 'nothing'
    return { versionId: beneath.versionId, isDeleteMarker: beneath.deleteMarker }
  }
}

function uncheckedBeneath(error: unknown, before: ObjectState): unknown {
  const isDefinite = isForbidden(error) || isUnsupported(error)
  if (!LegalHoldError.isInstance(error) || !isDefinite) return error
  const action = 's3:ListBucketVersions'
  const remedy = isForbidden(error)
    ? `Allow ${action}.`
    : 'The server does not list versions; accept `versioning-off` to do without.'
  return new LegalHoldError(
    `It could not be checked that the version beneath the new one of ${subjectOf(before)} is the one that was read. ${remedy}`,
    { code: error.code, stage, cause: error, answer: { action }, details: { action } },
  )
}

/** The ids that Ceph RGW gives its requests, e.g. `tx000005f8e2cc7e004b26c-006b0bed3b-1023-default`. */
function isCephRequest(requestId: string | undefined): boolean {
  return /^tx[0-9a-f]{16,}-[0-9a-f]+-/.test(requestId ?? '')
}

/** A server may show raw bytes that were written in the encoding of RFC 2047. */
function sameMetadata(shown: Readonly<Record<string, string>>, written: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(shown)
  if (names.length !== Object.keys(written).length) return false
  return names.every((name) => {
    const [is, was] = [shown[name], written[name]]
    return is === was || (is?.startsWith('=?') === true && was !== undefined && hasHighBytes(was))
  })
}

/** The pinned version vanished between its reading and the copy: a change like any other. */
function sourceGone(error: unknown, before: ObjectState): unknown {
  if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_NOT_FOUND') return error
  const code = s3CodeOf(error)
  if (code !== undefined && code !== 'NoSuchKey' && code !== 'NoSuchVersion') return error
  return new LegalHoldError(`${subjectOf(before)} is gone since it was read. Read it again and decide again.`, {
    code: 'OBJECT_CHANGED',
    stage,
    retryable: true,
    requestId: error.requestId,
    status: error.status,
    cause: error,
  })
}
