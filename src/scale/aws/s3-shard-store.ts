import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ListShardKeysOptions, ShardStore } from '../ports/shard-store.js'
import { S3Objects, type S3ObjectsSettings } from './s3/objects.js'

/** Options of {@link S3ShardStore}: the evidence bucket, and how S3 is reached. */
export interface S3ShardStoreOptions extends S3ObjectsSettings {
  /**
   * Whether to send the first created object once more, to see that the server refuses it. A server that ignores
   * `If-None-Match` would let two workers own one shard. Switch it off for a server that is known to refuse, to
   * save the request.
   *
   * @defaultValue true
   */
  readonly proveCondition?: boolean | undefined
}

/**
 * Plans, lists, journals and seals in an S3 bucket. Every object is written with `If-None-Match: *`, so that the
 * first writer of a key wins. S3 shows at once what was written.
 *
 * Use a separate bucket with versioning and Object Lock: `deploymentTemplate` describes it. The worker needs
 * s3:GetObject, s3:PutObject and s3:ListBucket there, and nothing that deletes: see `scalePolicies`.
 *
 * @example
 * ```ts
 * const store = new S3ShardStore({ bucket: 'legal-hold-evidence', region: 'eu-west-1' })
 * ```
 */
export class S3ShardStore implements ShardStore {
  readonly bucket: string
  readonly #objects: S3Objects
  #proof: Promise<void> | undefined
  #isProven: boolean

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing yet. */
  constructor(options: S3ShardStoreOptions) {
    this.#objects = new S3Objects(options, 'S3ShardStore')
    this.bucket = options.bucket
    this.#isProven = options.proveCondition === false
  }

  /**
   * Writes an object if none exists.
   *
   * @throws LegalHoldError `STORAGE_UNSUPPORTED` if the server does not obey the condition
   */
  async create(key: string, content: Uint8Array, options: CallOptions = {}): Promise<boolean> {
    // It may be sent more than once, and its author may change it meanwhile.
    const taken = content.slice()
    const isCreated = await this.#objects.create(key, taken, options)
    // A refusal proves it as well.
    if (!isCreated) this.#isProven = true
    else if (!this.#isProven) await this.#prove(key, taken, options)
    return isCreated
  }

  read(key: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    return this.#objects.read(key, options)
  }

  list(prefix: string, options: ListShardKeysOptions = {}): AsyncIterable<string> {
    return this.#objects.list(prefix, options)
  }

  /** Closes the connections. The store can be used again. */
  close(): void {
    this.#objects.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #prove(key: string, content: Uint8Array, options: CallOptions): Promise<void> {
    this.#proof ??= this.#objects.create(key, content, options).then((isCreatedTwice) => {
      if (isCreatedTwice) throw unconditional(this.bucket)
      this.#isProven = true
    })
    const proof = this.#proof
    return proof.catch((error: unknown) => {
      // Whoever comes next tries again: this one may only have been aborted.
      if (this.#proof === proof) this.#proof = undefined
      throw error
    })
  }
}

function unconditional(bucket: string): LegalHoldError {
  return new LegalHoldError(
    `The server of s3://${bucket} ignores If-None-Match: it wrote one object twice. Two workers could own the same shard there. Use a bucket of Amazon S3, or a server that keeps the condition.`,
    { code: 'STORAGE_UNSUPPORTED', stage: 'scale', outcome: 'applied' },
  )
}
