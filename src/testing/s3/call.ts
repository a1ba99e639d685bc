import type { Fields } from '../http/fields.js'
import { type AccessQuestion, conditionKeys, isAllowed, isAllowedByOwnPolicy, requireAccess } from './access/access.js'
import type { Authenticated } from './auth/claim.js'
import { accountId, type Identity } from './auth/identity.js'
import { type DocumentOptions, type Payload, readDocument, readUpload } from './auth/payload.js'
import { S3Error } from './http/errors.js'
import type { S3Request } from './http/request.js'
import { parseXml, type XmlElement } from './http/xml.js'
import type { ObjectVersion } from './state/object-version.js'
import type { Bucket } from './state/state.js'
import type { Store } from './state/store.js'

/** Sizes at which S3 refuses; tests make them small. */
export interface SizeLimits {
  /** Smallest part of a multipart upload, the last one excepted. */
  readonly minPartSizeBytes: number
  /** Largest upload in one request, and largest part. */
  readonly maxUploadSizeBytes: number
  /** Largest source of a copy in one request. */
  readonly maxCopySizeBytes: number
}

/** What all operations share. */
export interface Simulation {
  readonly store: Store
  readonly region: string
  readonly limits: SizeLimits
}

/** Options of an access check. */
export interface AccessOptions {
  readonly bucket?: Bucket | undefined
  readonly key?: string | undefined
  readonly version?: ObjectVersion | undefined
}

/** One request, authenticated, on its way through an operation. */
export class Call {
  readonly simulation: Simulation
  readonly request: S3Request
  readonly identity: Identity
  readonly nowMs: number
  /** Version that the operation read or wrote, for the log. */
  versionId: string | undefined
  readonly #authenticated: Authenticated
  /** Condition keys that operations added, in their order. They are only put together for a bucket that has a policy. */
  readonly #added: (readonly [name: string, values: readonly string[]])[] = []

  constructor(simulation: Simulation, request: S3Request, authenticated: Authenticated, nowMs: number) {
    this.simulation = simulation
    this.request = request
    this.identity = authenticated.identity
    this.nowMs = nowMs
    this.#authenticated = authenticated
  }

  /** Region that the request is signed for; undefined for an anonymous one. */
  get signedRegion(): string | undefined {
    return this.#authenticated.region
  }

  get store(): Store {
    return this.simulation.store
  }

  get headers(): Fields {
    return this.request.headers
  }

  get bucketName(): string {
    return this.request.bucket ?? ''
  }

  get key(): string {
    return this.request.key ?? ''
  }

  /** The version a request names, undefined for the current one. */
  get requestedVersion(): string | undefined {
    const versionId = this.request.query.get('versionId')
    if (versionId === '') throw new S3Error('InvalidArgument', { message: 'Version id cannot be the empty string' })
    return versionId
  }

  header(name: string): string | undefined {
    return this.request.headers.get(name) ?? undefined
  }

  /** The bucket of the request. A bucket of another account or region is refused as S3 does. */
  bucket(): Bucket {
    return this.bucketNamed(this.bucketName)
  }

  bucketNamed(name: string): Bucket {
    const bucket = this.store.buckets.get(name)
    if (bucket === undefined) throw new S3Error('NoSuchBucket', { details: [['BucketName', name]] })
    return bucket
  }

  /** Refuses a request that expects another account to own the bucket. */
  checkOwner(header: 'x-amz-expected-bucket-owner' | 'x-amz-source-expected-bucket-owner'): void {
    const expected = this.header(header)
    if (expected === undefined || expected === accountId) return
    if (!/^\d{12}$/.test(expected)) {
      throw new S3Error('InvalidBucketOwnerAWSAccountID', {
        message: `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected}]`,
      })
    }
    throw new S3Error('AccessDenied')
  }

  /** Adds what a policy may ask about and only the operation knows, e.g. the tags of the object. */
  addConditionKey(name: string, values: readonly string[]): void {
    this.#added.push([name.toLowerCase(), values])
  }

  allow(action: string, options: AccessOptions = {}): void {
    requireAccess(this.#question(action, options))
  }

  /** Checks an action on a bucket that does not exist yet. */
  allowOnNewBucket(action: string): void {
    this.#requireOwnPolicy(action, `arn:aws:s3:::${this.bucketName}`)
  }

  /** Checks an action on the account itself. */
  allowWithoutBucket(action: string): void {
    this.#requireOwnPolicy(action, '*')
  }

  #requireOwnPolicy(action: string, resource: string): void {
    const { allowed, reason } = isAllowedByOwnPolicy(this.identity, action, resource)
    if (!allowed) throw new S3Error('AccessDenied', { message: reason })
  }

  can(action: string, options: AccessOptions = {}): boolean {
    return isAllowed(this.#question(action, options)).allowed
  }

  upload(): Promise<Payload> {
    return readUpload(this.request, this.#authenticated.payload, this.simulation.limits.maxUploadSizeBytes)
  }

  /** Text of a small body. */
  text(options: DocumentOptions): Promise<string> {
    return readDocument(this.request, this.#authenticated.payload, options)
  }

  async xml(root: string, options: DocumentOptions): Promise<XmlElement> {
    return this.parse(await this.text(options), root)
  }

  parse(text: string, root: string): XmlElement {
    if (text === '') throw new S3Error('MissingRequestBodyError')
    return parseXml(text, root)
  }

  #question(action: string, { bucket, key, version }: AccessOptions): AccessQuestion {
    const { settings } = bucket ?? this.bucket()
    for (const [name, value] of version?.tags ?? []) this.addConditionKey(`s3:ExistingObjectTag/${name}`, [value])
    const keys = () => new Map([...conditionKeys(this.request, this.identity), ...this.#added])
    return { identity: this.identity, action, settings, key: key ?? this.request.key, keys, version }
  }
}
