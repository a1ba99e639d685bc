import { isPending } from '../../../internal/waits/pending.js'
import { checksumsOf } from '../../../model/compare.js'
import { LegalHoldError } from '../../../model/errors.js'
import { isVersioned } from '../../../model/identity.js'
import type { ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { MutationResult, ReplaceMetadataOptions } from '../../../ports/storage.js'
import { s3CodeOf } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'
import type { RepairContext } from './context.js'
import { type CopyAnswer, copyInParts } from './multipart.js'
import { carriedProperties, copySourceOf, customerKey, rawHeaders, taggingHeader } from './properties.js'
import {
  refuseLossyRepair,
  refuseLostChecksum,
  refuseOverwrite,
  refuseUnseen,
  requireSize,
  type SizedState,
} from './refusals.js'
import { lostTags } from './restore.js'
import { sameMetadata, settleCopy } from './settle.js'

const stage = 'remediate'

/** Who gives a copy the tags of its original: the server, we in the request, or nobody, so that they are put back after it. */
type TagCarrier = 'server' | 'request' | 'nobody'

/** How a copy comes to its tags. */
interface Tagging {
  readonly TaggingDirective: 'COPY' | 'REPLACE'
  readonly Tagging?: string
}

type CopyCall = ReplaceMetadataOptions & { readonly tagging: Tagging }

/** Replaces user metadata by a copy of the object onto itself that keeps everything else. */
export class S3Repair {
  readonly #context: RepairContext
  /** Algorithms whose checksums a copy on this server turned out to lose. */
  readonly #lostAlgorithms = new Set<string>()
  /** Who sees to it that a copy has the tags of its original, as far as this server has shown. */
  #tags: TagCarrier = 'server'
  #carriesTags = false

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
    const source = await this.#withTags(requireSize(before), carrier, options)
    const tagging = await this.#taggingOf(source, carrier, options)
    const answer = await this.#copy(source, metadata, { tagging, ...options })
    const { written, ...result } = await settleCopy(this.#context, { before: source, metadata, answer }, options)
    this.#noteLostChecksums(source, written)
    this.#learn(source, written, carrier, answer)
    return result
  }

  /** Tags whose count alone is known stay unread where the server carries them and the original is left behind. */
  async #withTags(before: SizedState, carrier: TagCarrier, call: CallOptions): Promise<SizedState> {
    if (before.tags !== undefined || (carrier === 'server' && this.#leavesTags(before))) return before
    return { ...before, tags: await this.#context.reads.countedTags(before, stage, call) }
  }

  /** Whether a copy of this object needs no reading of its tags: the server has turned out to carry those of another one. */
  carriesTags(state: ObjectState): boolean {
    return this.#carriesTags && this.#leavesTags(state)
  }

  /** Copies in parts are given the tags by us; what is overwritten takes its tags with it. */
  #leavesTags(state: ObjectState): boolean {
    const { sizeBytes } = state
    return isVersioned(state) && sizeBytes !== undefined && sizeBytes <= this.#context.limits.multipartThresholdBytes
  }

  /** Throws if the copy would lose something, before anything is sent. */
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
      isReadAgain: options.isReadAgain ?? false,
    })
    const lost = checksumsOf(before).find(({ algorithm }) => this.#lostAlgorithms.has(algorithm))
    if (lost !== undefined) refuseLostChecksum(before, lost.algorithm)
    if (options.allowOverwrite ?? true) return
    const reading = bucket.versioning(stage, options)
    const versioning = isPending(reading) ? await reading : reading
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
   * Normally the server carries the tags over, including one that was set in between. If the server is known to
   * drop them, the copy sends the tags as they are now. Putting them back after the copy would leave a moment
   * without them, in which another exporter may copy the copy.
   */
  async #taggingOf(before: ObjectState, carrier: TagCarrier, call: CallOptions): Promise<Tagging> {
    const hasTags = typeof before.tags === 'object' && Object.keys(before.tags).length > 0
    if (carrier !== 'request' || !hasTags) return { TaggingDirective: 'COPY' }
    const tags = await this.#context.reads.countedTags(before, stage, call)
    return { TaggingDirective: 'REPLACE', Tagging: taggingHeader(tags) }
  }

  /** What one copy loses the next one would lose as well: it is refused then instead of being made. */
  #noteLostChecksums(before: ObjectState, written: ObjectState): void {
    if (written.checksums === 'unreadable') return
    const kept = checksumsOf(written)
    for (const { algorithm } of checksumsOf(before)) {
      if (kept.every((one) => one.algorithm !== algorithm)) this.#lostAlgorithms.add(algorithm)
    }
  }

  /** A server that drops the tags of one copy drops those of all. */
  #learn(before: ObjectState, written: ObjectState, carrier: TagCarrier, { requestId }: CopyAnswer): void {
    const lost = lostTags(before, written)
    if (carrier === 'server' && typeof before.tags === 'object' && lost.length === 0) {
      this.#carriesTags ||= Object.keys(before.tags).length > 0
    }
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
    // A copy that may turn out to have lost a checksum must leave the original behind.
    const isKept = before.versionId !== undefined && before.versionId !== 'null'
    const musts = isKept ? [] : (['checksum-algorithm'] as const)
    if (before.sizeBytes > limits.multipartThresholdBytes) {
      return copyInParts(this.#context, before, { carried, precondition, musts, signal: call.signal })
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
}

/** The ids that Ceph RGW gives its requests, e.g. `tx000005f8e2cc7e004b26c-006b0bed3b-1023-default`. */
function isCephRequest(requestId: string | undefined): boolean {
  return /^tx[0-9a-f]{16,}-[0-9a-f]+-/.test(requestId ?? '')
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
