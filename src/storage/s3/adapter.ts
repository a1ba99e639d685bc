import { InPieces } from '../../internal/streams/source.js'
import { LegalHoldError } from '../../model/errors.js'
import type { BucketInspection } from '../../model/inspection.js'
import type { ListedObject, ListedVersion, ObjectRef, ObjectState, Retention } from '../../model/object.js'
import type { RemediationStep } from '../../model/verdict.js'
import type { CallOptions, ServiceAddress } from '../../ports/runtime.js'
import type {
  CompleteOptions,
  HeadOptions,
  HeadResult,
  ListOptions,
  MergeTagsOptions,
  MutationResult,
  PutLegalHoldOptions,
  PutRetentionOptions,
  ReadContentOptions,
  ReplaceMetadataOptions,
  StorageAdapter,
  StorageCapabilities,
  StorageNeeds,
} from '../../ports/storage.js'
import { checkStorageOptions } from './client/option-checks.js'
import { endpointOf, type S3StorageOptions } from './client/settings.js'
import { inspectBucket } from './inspect/inspect.js'
import { S3Bucket } from './read/bucket.js'
import { S3Completion } from './read/completion.js'
import { readContent } from './read/content.js'
import { type ListContext, listFolders, listObjectPages, listObjects } from './read/list.js'
import { S3Reads } from './read/reads.js'
import { readText } from './read/text.js'
import { listVersionsOrKeys } from './read/versions.js'
import { requestsOf } from './repair/estimate.js'
import { cleanUpUploads, type MultipartContext, type OrphanedUpload } from './repair/multipart.js'
import { S3Mutations } from './repair/mutations.js'
import { S3Repair } from './repair/repair.js'
import { S3Requests } from './send/requests.js'

/**
 * Recordings in an Amazon S3 bucket, or in that of another S3 server.
 *
 * The AWS SDK (`@aws-sdk/client-s3`, a peer dependency) is loaded with the first request. The adapter repeats only
 * the requests of lists and inspections. For all others the stages read again and decide again.
 *
 * @example
 * ```ts
 * const storage = new S3StorageAdapter({ bucket: 'evidence', region: 'eu-west-1' })
 * ```
 *
 * Errors in addition to those of each method: `MISSING_DEPENDENCY`, `MISSING_CREDENTIALS`, `BUCKET_NOT_FOUND`,
 * `BUCKET_WRONG_REGION`, `STORAGE_UNAUTHORIZED`, `STORAGE_FORBIDDEN`, `STORAGE_THROTTLED`, `STORAGE_UNAVAILABLE`,
 * `STORAGE_RESPONSE_INVALID`, `CLOCK_SKEW`, `NETWORK_ERROR`, `TIMEOUT`, `ABORTED`.
 */
export class S3StorageAdapter implements StorageAdapter {
  readonly name = 's3'
  readonly bucket: string
  readonly endpoint: string | undefined
  /** The server, as an error names it if it never answered. */
  readonly service: ServiceAddress
  readonly #requests: S3Requests
  readonly #facts: S3Bucket
  readonly #reads: S3Reads
  readonly #completion: S3Completion
  readonly #mutations: S3Mutations
  readonly #repair: S3Repair
  readonly #multipart: MultipartContext
  readonly #list: ListContext
  readonly #tls: boolean
  #capabilities: StorageCapabilities = { versioning: true, objectLock: true, tags: true, metadataUpdate: 'new-version' }

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing and loads nothing yet. */
  constructor(options: S3StorageOptions) {
    const limits = checkStorageOptions(options)
    this.bucket = options.bucket
    this.endpoint = endpointOf(options)
    this.#tls = !(options.endpoint ?? 'https:').startsWith('http:')
    this.#requests = new S3Requests(options.bucket, options)
    this.service = this.#requests.service
    this.#facts = new S3Bucket(this.#requests)
    this.#reads = new S3Reads(this.#requests, this.#facts, options)
    this.#completion = new S3Completion(this.#requests, this.#reads, options)
    this.#mutations = new S3Mutations(this.#requests, this.#reads, this.#completion)
    this.#multipart = { requests: this.#requests, options, limits, begun: { failed: new Set() } }
    this.#repair = new S3Repair({
      ...this.#multipart,
      bucket: this.#facts,
      reads: this.#reads,
      mutations: this.#mutations,
    })
    this.#list = { requests: this.#requests, retry: options.retry, clock: options.clock }
  }

  /** What S3 can do. After an inspection it is narrowed to what this bucket can do. */
  get capabilities(): StorageCapabilities {
    return this.#reads.hasNoTags ? { ...this.#capabilities, tags: false } : this.#capabilities
  }

  /**
   * Region, versioning, Object Lock, encryption, ownership and policy of the bucket, and whether the actions that
   * the needs imply are allowed, tried without changing anything. A bucket that cannot be used is the finding
   * `bucket-unreachable`. Only faults that may pass and faults of the options are thrown.
   */
  async inspectBucket(needs: StorageNeeds, options: CallOptions = {}): Promise<BucketInspection> {
    const context = { requests: this.#requests, bucket: this.#facts, reads: this.#reads, tls: this.#tls }
    const inspection = this.#requests.cleanData(await inspectBucket(context, needs, options))
    this.#capabilities = {
      ...this.#capabilities,
      versioning: inspection.versioning !== 'Off' && inspection.versioning !== 'Suspended',
      objectLock: inspection.objectLock !== 'Off',
    }
    return inspection
  }

  /** Keys in UTF-8 byte order; the next page is fetched while the consumer works on this one. */
  list(prefix: string, options: ListOptions = {}): AsyncIterable<ListedObject> {
    const { startAfter, limit } = options
    return listObjects(this.#list, { prefix, startAfter, limit }, options)
  }

  /** The same in pages of up to 1,000. */
  listPages(prefix: string, options: ListOptions = {}): AsyncIterable<readonly ListedObject[]> {
    const { startAfter, limit } = options
    return listObjectPages(this.#list, { prefix, startAfter, limit }, options)
  }

  /** "Folders" under a prefix, with their trailing slash. */
  listFolders(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    return listFolders(this.#list, prefix, options)
  }

  /**
   * One HEAD, and further reads only for requested properties that HEAD cannot prove. A refusal is thrown
   * (`STORAGE_FORBIDDEN`): without s3:ListBucket S3 answers 403 for a missing key as well.
   */
  head(ref: ObjectRef, options: HeadOptions = {}): Promise<HeadResult> {
    if (ref.bucket !== this.bucket) return Promise.reject(this.#foreign(ref))
    return this.#reads.head(ref, options)
  }

  /** Reads at once what a repair must keep and a recent HEAD does not show: lock, tags, grants and size. */
  async complete(state: ObjectState, options: CompleteOptions = {}): Promise<ObjectState> {
    return await this.#completion.complete(this.#own(state), this.#repair.carriesTags(state), options)
  }

  /**
   * Copies the object onto itself with `metadata` and everything else that `before` shows, pinned to its version
   * and ETag. Without versioning this overwrites the original: inspect first.
   *
   * Throws:
   * - `OBJECT_CHANGED` (retryable, `not-applied`) if somebody else wrote first.
   * - `OBJECT_CHANGED` with outcome `applied` if somebody wrote in between.
   * - `STORAGE_REJECTED`, `STORAGE_FORBIDDEN` or `OBJECT_ARCHIVED`, each with its `reason`, if the copy would lose
   *   something.
   */
  async replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions = {},
  ): Promise<MutationResult> {
    return await this.#repair.replaceMetadata(this.#own(before), metadata, options)
  }

  /**
   * Rejects with a `reason` if `replaceMetadata` would refuse the copy. It sends only one request, once: whether
   * the bucket keeps versions.
   */
  async checkReplaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions = {},
  ): Promise<void> {
    await this.#repair.check(this.#own(before), metadata, options)
  }

  /**
   * Versions and delete markers, page by page. On a server that keeps no versions it lists each object as its only
   * version.
   */
  listVersions(
    prefix: string,
    options: CallOptions & { readonly startAfter?: string | undefined } = {},
  ): AsyncIterable<ListedVersion> {
    const from = { prefix, startAfter: options.startAfter }
    return new InPieces(() => listVersionsOrKeys(this.#list, this.#facts, from, options))
  }

  /** The requests of one repair after the HEAD that judged the object. Sends nothing. */
  requestsOf(
    before: ObjectState,
    steps: readonly RemediationStep[],
    { looksBeneath = true }: Pick<ReplaceMetadataOptions, 'looksBeneath'> = {},
  ): Readonly<Record<string, number>> {
    const { limits } = this.#multipart
    return requestsOf(before, steps, { limits, hasObjectLock: this.#capabilities.objectLock, looksBeneath })
  }

  /** Reads, merges, writes, reads again. `OBJECT_CHANGED` if another writer interfered. */
  async mergeTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    options: MergeTagsOptions = {},
  ): Promise<MutationResult> {
    return await this.#mutations.mergeTags(this.#own(ref), tags, options)
  }

  /** Reads, writes the complete set, reads again. `OBJECT_CHANGED` if the present set is not the expected one. */
  async replaceTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    options: CallOptions & { readonly expected: Readonly<Record<string, string>> },
  ): Promise<MutationResult> {
    return this.#mutations.replaceTags(this.#own(ref), tags, options)
  }

  /** `STORAGE_UNSUPPORTED` if the bucket has no Object Lock. */
  async putLegalHold(ref: ObjectRef, status: 'ON' | 'OFF', options: PutLegalHoldOptions = {}): Promise<MutationResult> {
    try {
      return await this.#mutations.putLegalHold(this.#own(ref), status, options)
    } catch (error) {
      // Known from now on, without an inspection: the next object is not asked in vain.
      const hasNoLock = LegalHoldError.isInstance(error) && error.code === 'STORAGE_UNSUPPORTED'
      if (hasNoLock) this.#capabilities = { ...this.#capabilities, objectLock: false }
      throw error
    }
  }

  /** `STORAGE_REJECTED` for a shorter retention or a weaker mode. In that case nothing is sent. */
  async putRetention(ref: ObjectRef, retention: Retention, options: PutRetentionOptions = {}): Promise<MutationResult> {
    return this.#mutations.putRetention(this.#own(ref), retention, options)
  }

  /** The content as UTF-8; `undefined` if it is larger than `maxBytes`. */
  async readText(ref: ObjectRef, options: CallOptions & { readonly maxBytes: number }): Promise<string | undefined> {
    return readText(this.#requests, this.#own(ref), options)
  }

  /** The content in pieces. Content that ends early is a `NETWORK_ERROR`. It is never cut short silently. */
  readContent(ref: ObjectRef, options: ReadContentOptions = {}): AsyncIterable<Uint8Array> {
    return readContent(this.#requests, this.#own(ref), options)
  }

  /**
   * Aborts the uploads that interrupted multipart copies left under a prefix, and returns them. It takes every
   * unfinished upload of the same principal for its own, because uploads carry no other mark. Do not call it while
   * another run of that principal repairs there. A repair does the same for its own key.
   */
  cleanUpMultipart(prefix: string, options: CallOptions = {}): Promise<readonly OrphanedUpload[]> {
    return cleanUpUploads(this.#multipart, prefix, options)
  }

  /** Closes the connections. A ready client that you passed stays open. */
  close(): void {
    this.#requests.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #own<R extends ObjectRef>(ref: R): R {
    if (ref.bucket === this.bucket) return ref
    throw this.#foreign(ref)
  }

  #foreign(ref: ObjectRef): LegalHoldError {
    return new LegalHoldError(`The adapter of the bucket "${this.bucket}" was given an object of "${ref.bucket}".`, {
      code: 'INVALID_REQUEST',
      stage: 'validate',
    })
  }
}
