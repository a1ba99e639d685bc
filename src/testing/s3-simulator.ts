import { systemClock } from '../internal/clock.js'
import type { Clock } from '../ports/runtime.js'
import { type CloseOptions, FaultScript } from './faults.js'
import { toResponse } from './http/answer.js'
import { type HandleContext, type Listener, type ListenOptions, listenOn } from './listen.js'
import type { S3SimulatorCredentials } from './s3/auth/identity.js'
import { buildBucket, type CreateBucketOptions } from './s3/buckets/seed.js'
import type { Simulation } from './s3/call.js'
import { sentAsObject } from './s3/http/request.js'
import { type LoggedRequest, RequestLog } from './s3/http/request-log.js'
import { S3Service } from './s3/service.js'
import type { ObjectVersion } from './s3/state/object-version.js'
import { Store } from './s3/state/store.js'

/** Options of an {@link S3Simulator}. */
export interface S3SimulatorOptions {
  /** Region of the endpoint. @defaultValue 'eu-west-1' */
  readonly region?: string | undefined
  /** Credentials that may sign requests. @defaultValue {@link S3Simulator.defaultCredentials} alone */
  readonly credentials?: readonly S3SimulatorCredentials[] | undefined
  /** Clock that dates objects and judges retentions and signatures. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
  /** Folder in which state survives a restart. @defaultValue none: state is kept in memory */
  readonly dataDir?: string | undefined
  /** Wait before each answer, on the machine's clock. @defaultValue 0 */
  readonly latencyMs?: number | undefined
  /** Whether a signature must be right. Everything else about credentials is always checked. @defaultValue true */
  readonly verifySignatures?: boolean | undefined
  /** How far the date of a signature may be off, in milliseconds. @defaultValue 900000, as in S3 */
  readonly maxClockSkewMs?: number | undefined
  /** Smallest part of a multipart upload, the last one excepted. @defaultValue 5 MiB, as in S3 */
  readonly minPartSizeBytes?: number | undefined
  /** Largest upload in one request, and largest part. @defaultValue 5 GiB, as in S3 */
  readonly maxUploadSizeBytes?: number | undefined
  /** Largest source of a copy in one request. @defaultValue 5 GiB, as in S3 */
  readonly maxCopySizeBytes?: number | undefined
  /** How many requests {@link S3Simulator.requests} remembers. @defaultValue 10000 */
  readonly maxLoggedRequests?: number | undefined
}

const gib = 1024 ** 3

/**
 * Amazon S3 in memory, or in a folder: a plain function from `Request` to `Response` that behaves as the API
 * reference documents, including the awkward parts. Signatures are verified, versions and Object Lock enforced.
 *
 * Bind it to a port with {@link S3Simulator.listen}, or hand {@link S3Simulator.handle} to msw.
 */
export class S3Simulator {
  /** The example credentials of the AWS documentation, which belong to nobody. */
  static readonly defaultCredentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  } as const satisfies S3SimulatorCredentials

  readonly region: string
  /** Faults to answer with instead of, or after, doing the work. */
  readonly faults = new FaultScript()
  readonly #clock: Clock
  readonly #simulation: Simulation
  readonly #log: RequestLog
  readonly #service: S3Service

  constructor(options: S3SimulatorOptions = {}) {
    this.region = options.region ?? 'eu-west-1'
    this.#clock = options.clock ?? systemClock
    this.#log = new RequestLog(options.maxLoggedRequests ?? 10_000)
    this.#simulation = {
      store: new Store(options.dataDir),
      region: this.region,
      limits: {
        minPartSizeBytes: options.minPartSizeBytes ?? 5 * 1024 ** 2,
        maxUploadSizeBytes: options.maxUploadSizeBytes ?? 5 * gib,
        maxCopySizeBytes: options.maxCopySizeBytes ?? 5 * gib,
      },
    }
    const credentials = options.credentials ?? [S3Simulator.defaultCredentials]
    this.#service = new S3Service(this.#simulation, {
      credentials: new Map(credentials.map((entry) => [entry.accessKeyId, entry])),
      clock: this.#clock,
      latencyMs: options.latencyMs ?? 0,
      verifySignatures: options.verifySignatures ?? true,
      maxClockSkewMs: options.maxClockSkewMs ?? 900_000,
      faults: this.faults,
      log: this.#log,
    })
  }

  /** The last requests, oldest first. */
  get requests(): readonly LoggedRequest[] {
    return this.#log.entries
  }

  /** How many requests there were of each operation. */
  counts(): Record<string, number> {
    return this.#log.counts()
  }

  /** Forgets the requests and their counts. */
  clearRequests(): void {
    this.#log.clear()
  }

  /** Binds the simulator to a port on loopback. */
  listen(options: ListenOptions = {}): Promise<Listener> {
    return this.serve(options)
  }

  /** @internal As {@link S3Simulator.listen}, for the simulated platform's own deliveries, or after something else. */
  serve(
    options: ListenOptions,
    { ownDelivery = false, before }: { readonly ownDelivery?: boolean; readonly before?: () => Promise<void> } = {},
  ): Promise<Listener> {
    return listenOn(async (request) => {
      await before?.()
      const { method, target, headers, body } = request
      const host = headers.get('host') ?? request.host
      return this.#service.reply({ method, target, host, headers, body, overHttp: true }, ownDelivery)
    }, options)
  }

  /**
   * Ends the writing of state to `dataDir`. The state itself needs no closing, because a killed process leaves it
   * intact.
   *
   * @throws AssertionError with `expectFired`, for a fault that never fired
   */
  close(options: CloseOptions = {}): void {
    this.#simulation.store.close()
    this.faults.end(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** Creates a bucket without a request. An existing bucket is left as it is. */
  createBucket(name: string, options: CreateBucketOptions = {}): void {
    const { store } = this.#simulation
    if (store.buckets.has(name)) return
    store.saveBucket(buildBucket(name, options, { region: this.region, nowMs: this.#clock.now() }))
  }

  /** The object at a key, or one of its versions. */
  object(bucket: string, key: string, versionId?: string): ObjectVersion | undefined {
    const versions = this.versions(bucket, key)
    return versionId === undefined ? versions[0] : versions.find((version) => version.versionId === versionId)
  }

  /** Versions and delete markers of a key, newest first. */
  versions(bucket: string, key: string): readonly ObjectVersion[] {
    return this.#simulation.store.buckets.get(bucket)?.objects.get(key) ?? []
  }

  /** Keys that a listing would show, in its order. */
  keys(bucket: string): readonly string[] {
    const objects = this.#simulation.store.buckets.get(bucket)?.objects
    return objects?.ordered().keys.filter((key) => objects.current(key)?.deleteMarker === false) ?? []
  }

  /** Ids of the multipart uploads that are neither completed nor aborted. */
  uploads(bucket: string): readonly string[] {
    return [...(this.#simulation.store.buckets.get(bucket)?.uploads.keys() ?? [])]
  }

  /**
   * Sets properties that no request can set, such as the state of replication. Returns whether there was such a
   * version.
   */
  setObjectState(
    bucket: string,
    key: string,
    changes: Partial<
      Pick<ObjectVersion, 'replicationStatus' | 'missingMetadata' | 'archiveStatus' | 'restoredUntilMs'>
    >,
    versionId?: string,
  ): boolean {
    const version = this.object(bucket, key, versionId)
    if (version === undefined) return false
    this.#simulation.store.saveVersion(bucket, { ...version, ...changes })
    return true
  }

  /** Answers one request. It is bound, so it can be passed around. */
  readonly handle = async (request: Request, context?: HandleContext): Promise<Response> => {
    const sent = sentAsObject(request, context?.rawTarget)
    const reply = await this.#service.reply(sent, context?.ownDelivery === true)
    return reply instanceof Response ? reply : toResponse(reply)
  }
}
