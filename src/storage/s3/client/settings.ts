import { namesProxy } from '../../../internal/proxy/proxy.js'
import type { RetryOptions } from '../../../internal/retry.js'
import type { Clock } from '../../../ports/runtime.js'

/** Any ready client of `@aws-sdk/client-s3`, of any version. Only `send` is used. */
export interface S3ClientLike {
  send(command: never, options?: never): Promise<unknown>
}

/** Any dispatcher of undici 7: only `dispatch` is used. */
export interface DispatcherLike {
  dispatch(options: never, handler: never): boolean
}

/** Long-lived keys, or temporary ones with their session token. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** When temporary keys expire. A provider function is called again before that. */
  readonly expiration?: Date | undefined
}

/** How S3 is reached. Give a ready `client`, or settings from which one is built on first use. */
export interface S3ClientSettings {
  /**
   * A ready client. Its own retries are switched off for the requests of this library. The stages retry instead,
   * because the SDK's retry bucket is empty after about 100 retries in a burst. Metadata with bytes above 0x7F
   * that are not valid UTF-8 can only be written by a client that was built from settings.
   */
  readonly client?: S3ClientLike | undefined
  /** AWS region of the bucket. @defaultValue `us-east-1` with an `endpoint`, otherwise that of the environment */
  readonly region?: string | undefined
  /** Another S3 server. Plain `http:` is refused (`INSECURE_ENDPOINT`) unless the host is loopback. */
  readonly endpoint?: string | undefined
  /**
   * A function is called again when S3 says that its credentials have expired.
   *
   * @defaultValue the AWS SDK's default chain (environment, profile, role)
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined
  /** Bucket in the path instead of the host name. @defaultValue true with an `endpoint` */
  readonly forcePathStyle?: boolean | undefined
  /** A Smithy request handler, or options for the default one, instead of the pool made from `maxSockets`. */
  readonly requestHandler?: object | undefined
  /**
   * A dispatcher of undici 7 (a `ProxyAgent`, an `Agent` with certificates of your own) for HEAD and list requests,
   * which do not go through the SDK. For the others give a `requestHandler` that does the same.
   */
  readonly dispatcher?: DispatcherLike | undefined
  /**
   * Largest number of connections, at least the concurrency of the run.
   *
   * @defaultValue 512 for HEAD and lists, else 128
   */
  readonly maxSockets?: number | undefined
  /** How long one request may take, in milliseconds. A copy gets more time, by its size. @defaultValue 60000 */
  readonly attemptTimeoutMs?: number | undefined
  /** Account that must own the bucket; S3 refuses every request otherwise. */
  readonly expectedBucketOwner?: string | undefined
  /**
   * Send bodies with `Content-MD5` instead of a CRC32, as older S3 servers demand. If a server asks for it when it
   * refuses a request, the library adapts without this option.
   *
   * @defaultValue false
   */
  readonly contentMd5?: boolean | undefined
  /** `requester`: the requester pays for requests to this bucket, and you agree to that. */
  readonly requestPayer?: 'requester' | undefined
}

/** Options of `S3StorageAdapter`. */
export interface S3StorageOptions extends S3ClientSettings {
  readonly bucket: string
  /** Objects larger than this are copied in parts; S3 itself refuses a single copy over 5 GiB. @defaultValue 5 GiB */
  readonly multipartThresholdBytes?: number | undefined
  /** Size of one part, 5 MiB to 5 GiB; raised if an object would need more than 10,000. @defaultValue 256 MiB */
  readonly partSizeBytes?: number | undefined
  /** Parts copied in parallel. @defaultValue 8 */
  readonly copyConcurrency?: number | undefined
  /** Repair objects that are replicas of another bucket although they then diverge from it. @defaultValue false */
  readonly allowReplicas?: boolean | undefined
  /** The 256-bit key (raw bytes, or base64) of objects encrypted with SSE-C. Without it they are refused. */
  readonly sseCustomerKey?: Uint8Array | string | undefined
  /**
   * How requests are sent. `auto` sends most of them past the middleware of the AWS SDK, at a fraction of its
   * cost, wherever the client has no customisation. `sdk` sends every request through the SDK, and uses no
   * `dispatcher`: set it when a proxy or a server misbehaves, to see whether the way of sending matters.
   *
   * @defaultValue `auto`
   */
  readonly transport?: 'auto' | 'sdk' | undefined
  /**
   * Retries of the single requests inside one listing, one multipart copy and one restoration.
   *
   * @defaultValue that of the exporter
   */
  readonly retry?: RetryOptions | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

export const MIB = 1024 ** 2
export const GIB = 1024 ** 3

/** s3-facts: parts of 5 MiB to 5 GiB, 10,000 at most; a single copy up to 5 GiB. */
export const partLimits = { minBytes: 5 * MIB, maxBytes: 5 * GIB, parts: 10_000, singleCopyBytes: 5 * GIB }

/** The numbers of {@link S3StorageOptions} with their defaults applied. */
export interface S3Limits {
  readonly multipartThresholdBytes: number
  readonly partSizeBytes: number
  readonly copyConcurrency: number
}

/** The limits that the options name, or the defaults. */
export function limitsOf(options: S3StorageOptions): S3Limits {
  return {
    multipartThresholdBytes: options.multipartThresholdBytes ?? partLimits.singleCopyBytes,
    partSizeBytes: options.partSizeBytes ?? 256 * MIB,
    copyConcurrency: options.copyConcurrency ?? 8,
  }
}

/** Of what is only tidied up, so that an end by abort or by a fault does not wait for a network that is gone. */
export function briefRetry(options: { readonly retry?: RetryOptions | undefined }): RetryOptions {
  const { retries = 5, ...rest } = options.retry ?? {}
  return { ...rest, retries: Math.min(retries, 5) }
}

/** Which server the settings name; that of a ready client is its owner's to know. */
export function endpointOf({ client, endpoint }: S3ClientSettings): string | undefined {
  if (client !== undefined) return undefined
  // As the SDK reads them where no endpoint is given.
  const named = endpoint ?? (process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL || 'aws')
  return URL.canParse(named) && amazonHost.test(new URL(named).hostname) ? 'aws' : named
}

/** S3 by region, dual-stack, FIPS, or the interface endpoint of a network; other machines there have such names as well. */
const amazonHost =
  /(^|\.)s3(-fips|-accelerate|-[a-z]{2}(-[a-z]+)+-\d)?(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-\d)?(\.vpce)?\.amazonaws\.com$/

/** Whether requests of a client that is built here may go through a proxy: nothing else says how they are to go. */
export function mayBeProxied({ client, requestHandler, dispatcher }: S3ClientSettings): boolean {
  const isOurs = client === undefined && requestHandler === undefined && dispatcher === undefined
  return isOurs && namesProxy(process.env)
}
