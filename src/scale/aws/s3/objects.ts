import { type RetryOptions, retrying } from '../../../internal/retry.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions, Clock } from '../../../ports/runtime.js'
import { checkClientSettings } from '../../../storage/s3/client/option-checks.js'
import type { S3ClientSettings } from '../../../storage/s3/client/settings.js'
import { s3CodeOf } from '../../../storage/s3/protocol/errors.js'
import { readContent } from '../../../storage/s3/read/content.js'
import { listObjects } from '../../../storage/s3/read/list.js'
import { S3Requests } from '../../../storage/s3/send/requests.js'

/** A bucket of small objects, and how it is reached. */
export interface S3ObjectsSettings extends S3ClientSettings {
  readonly bucket: string
  /** Repeats of single requests. */
  readonly retry?: RetryOptions | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/** How an object is written. */
export interface CreateObjectOptions extends CallOptions {
  /** Encrypt with the keys of S3 (SSE-S3), whatever the bucket's default is. @defaultValue false */
  readonly sse?: boolean | undefined
}

const stage = 'scale'

/** Whole small objects of one bucket: written once, read, listed. Every request is repeated until it has an answer. */
export class S3Objects {
  readonly bucket: string
  readonly #settings: S3ObjectsSettings
  readonly #requests: S3Requests

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing yet. */
  constructor(settings: S3ObjectsSettings, subject: string) {
    checkClientSettings(settings, subject)
    this.bucket = settings.bucket
    this.#settings = settings
    this.#requests = new S3Requests(settings.bucket, settings)
  }

  /**
   * Writes an object if none exists.
   *
   * @returns whether it was created
   */
  create(key: string, content: Uint8Array, { signal, sse = false }: CreateObjectOptions = {}): Promise<boolean> {
    const input = {
      Key: key,
      Body: content,
      IfNoneMatch: '*',
      // A bucket with a default retention takes no upload without a checksum (s3-facts, Object Lock).
      ChecksumAlgorithm: 'CRC32' as const,
      ...(sse ? { ServerSideEncryption: 'AES256' as const } : {}),
    }
    return this.#repeating(async (own) => {
      try {
        await this.#requests.send('PutObject', input, { stage, signal: own })
        return true
      } catch (error) {
        // 412 says that there is one; 409 says that another upload was under way, and to try again.
        if (isPreconditionFailed(error)) return false
        throw error
      }
    }, signal)
  }

  /** The content; `undefined` if there is no such object. */
  read(key: string, { signal }: CallOptions = {}): Promise<Uint8Array | undefined> {
    const ref = { bucket: this.bucket, key }
    return this.#repeating(async (own) => {
      try {
        const pieces: Uint8Array[] = []
        for await (const piece of readContent(this.#requests, ref, { signal: own }, stage)) pieces.push(piece)
        return Buffer.concat(pieces)
      } catch (error) {
        if (LegalHoldError.isInstance(error) && error.code === 'OBJECT_NOT_FOUND') return undefined
        throw error
      }
    }, signal)
  }

  /** ETag of an object, without the quotes; `undefined` if there is no such object. */
  etagOf(key: string, { signal }: CallOptions = {}): Promise<string | undefined> {
    return this.#repeating(async (own) => {
      try {
        const { output } = await this.#requests.send('HeadObject', { Key: key }, { stage, signal: own })
        return output.ETag?.replaceAll('"', '')
      } catch (error) {
        if (LegalHoldError.isInstance(error) && error.code === 'OBJECT_NOT_FOUND') return undefined
        throw error
      }
    }, signal)
  }

  /** Keys under a prefix, those after `after` only, in the order of their bytes. */
  async *list(
    prefix: string,
    { after, ...options }: CallOptions & { readonly after?: string | undefined } = {},
  ): AsyncGenerator<string> {
    const context = { requests: this.#requests, retry: this.#settings.retry, clock: this.#settings.clock }
    for await (const { key } of listObjects(context, { prefix, startAfter: after }, options)) yield key
  }

  /** Drops the connections of a client that was built here. */
  close(): void {
    this.#requests.close()
  }

  #repeating<T>(work: (own: AbortSignal | undefined) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { retry, clock } = this.#settings
    return retrying((_, own) => work(own), retry, { stage, signal, clock, service: this.#requests.service })
  }
}

function isPreconditionFailed(error: unknown): boolean {
  if (!LegalHoldError.isInstance(error)) return false
  return error.status === 412 || s3CodeOf(error) === 'PreconditionFailed'
}
