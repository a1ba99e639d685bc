import type * as S3 from '@aws-sdk/client-s3'
import type { Dispatcher } from 'undici'
import { GivenConnections, OwnConnections } from './s3-fast-connections.js'
import { isIntercepted, isOrdinaryBucket, isStockClient, type ResolvedClient } from './s3-fast-eligible.js'
import { headersOf } from './s3-fast-headers.js'
import { type FastSession, openSession } from './s3-fast-session.js'
import { SigningKeys } from './s3-fast-signature.js'
import {
  AttemptAborted,
  AttemptTimeout,
  FastTransport,
  type WireAnswer,
  type WireRequest,
} from './s3-fast-transport.js'
import type { S3ClientSettings } from './s3-settings.js'

/** What came of one attempt: an answer, or what the network failed with. */
export type WireOutcome =
  | { readonly answer: WireAnswer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: unknown }

/** Renders a request for a session. */
export type FastRequest = (session: FastSession) => WireRequest

/** What the fast path needs of the adapter it belongs to. */
export interface FastPathSubject {
  readonly bucket: string
  readonly settings: S3ClientSettings
  /** The client that would send otherwise, and the SDK it is made of. */
  readonly connect: () => Promise<{ readonly sdk: typeof S3; readonly client: object }>
}

// A session's date is at most so old; S3 allows 15 minutes.
const renewAfterMs = 1_000
const expireAfterMs = 60_000
/** From here on the SDK corrects its clock, too. */
const skewMs = 240_000

/**
 * HEAD and list requests past the SDK's middleware: signed from a session that the client itself vouches for, sent
 * over undici. A client that does anything of its own is never bypassed: then every answer is `undefined`, and the
 * request has to go through the SDK.
 */
export class S3FastPath {
  readonly #subject: FastPathSubject
  readonly #keys = new SigningKeys()
  #eligible: Promise<boolean> | undefined
  #off: boolean
  #session: FastSession | undefined
  #renewal: Promise<FastSession | undefined> | undefined
  #transport: { readonly origin: string; readonly transport: FastTransport } | undefined

  constructor(subject: FastPathSubject) {
    this.#subject = subject
    this.#off = !isOrdinaryBucket(subject.bucket)
  }

  /** `undefined`: not here. Rejects only with {@link AttemptAborted}. */
  async send(render: FastRequest, signal: AbortSignal | undefined): Promise<WireOutcome | undefined> {
    if (this.#off || isIntercepted()) return undefined
    const session = this.#fresh() ?? (await this.#renew())
    if (session === undefined) return undefined
    if (signal?.aborted) throw new AttemptAborted('aborted')
    const request = rendered(render, session)
    if (request === undefined) return undefined
    const outcome = await this.#attempt(session, request, signal)
    if (outcome.answer === undefined || !(await this.#correctClock(outcome.answer, session))) return outcome
    const corrected = await this.#renew()
    const again = corrected === undefined ? undefined : rendered(render, corrected)
    return corrected === undefined || again === undefined ? outcome : this.#attempt(corrected, again, signal)
  }

  /** Lets go of the connections; the next request makes new ones. */
  close(): void {
    this.#session = undefined
    this.#eligible = undefined
    this.#transport?.transport.close()
    this.#transport = undefined
  }

  async #attempt(session: FastSession, request: WireRequest, signal: AbortSignal | undefined): Promise<WireOutcome> {
    try {
      const transport = this.#transportTo(session.origin) ?? (await this.#connect(session.origin))
      return { answer: await transport.send(request, signal) }
    } catch (error) {
      if (error instanceof AttemptAborted) throw error
      return { error: named(error) }
    }
  }

  /** The session, if it is young enough; one that ages is renewed on the side. */
  #fresh(): FastSession | undefined {
    const session = this.#session
    if (session === undefined) return undefined
    const ageMs = Date.now() - session.madeAt
    if (ageMs >= renewAfterMs || ageMs < 0) {
      void this.#renew()
      if (ageMs >= expireAfterMs || ageMs < 0) return undefined
    }
    return session
  }

  /** Never rejects: why there is no session is for the SDK to say, with its own request. */
  #renew(): Promise<FastSession | undefined> {
    this.#renewal ??= this.#open()
      .catch(() => undefined)
      .then((session) => {
        this.#session = session
        this.#renewal = undefined
        return session
      })
    return this.#renewal
  }

  async #open(): Promise<FastSession | undefined> {
    const { connect, settings, bucket } = this.#subject
    const { sdk, client } = await connect()
    this.#eligible ??= this.#isEligible(sdk, client)
    const { expectedBucketOwner } = settings
    const session = (await this.#eligible)
      ? await openSession(sdk, client as ResolvedClient, { bucket, expectedBucketOwner }, this.#keys)
      : undefined
    if (session === undefined) this.#off = true
    return session
  }

  async #isEligible(sdk: typeof S3, client: object): Promise<boolean> {
    const { settings } = this.#subject
    if (settings.requestHandler !== undefined && settings.dispatcher === undefined) return false
    return isStockClient(sdk, client, settings.dispatcher !== undefined)
  }

  #transportTo(origin: string): FastTransport | undefined {
    return this.#transport?.origin === origin ? this.#transport.transport : undefined
  }

  async #connect(origin: string): Promise<FastTransport> {
    const { dispatcher, attemptTimeoutMs = 60_000, maxSockets = 512 } = this.#subject.settings
    const connections =
      dispatcher === undefined
        ? await ownConnections(origin, maxSockets)
        : new GivenConnections(dispatcher as Pick<Dispatcher, 'dispatch'>)
    // Another lane may have been faster.
    const known = this.#transportTo(origin)
    if (known !== undefined) return known
    this.#transport?.transport.close()
    const transport = new FastTransport(connections, origin, attemptTimeoutMs)
    this.#transport = { origin, transport }
    return transport
  }

  /**
   * Whether an answer refused a request for the clock of this machine. A HEAD has no body that could say so: the
   * server's date does. The client's own offset is set then, as its signer does on every answer.
   */
  async #correctClock(answer: WireAnswer, session: FastSession): Promise<boolean> {
    if (answer.status !== 403 && answer.status !== 400) return false
    const serverTime = Date.parse(headersOf(answer.rawHeaders).date ?? '')
    if (Number.isNaN(serverTime) || Math.abs(serverTime - session.signedAt) < skewMs) return false
    const { client } = await this.#subject.connect()
    const { config } = client as ResolvedClient
    if (typeof config.disableClockSkewCorrection === 'function' && (await config.disableClockSkewCorrection())) {
      return false
    }
    config.systemClockOffset = serverTime - Date.now()
    return true
  }
}

async function ownConnections(origin: string, most: number): Promise<OwnConnections> {
  const { Client } = await import('undici')
  return new OwnConnections(() => new Client(origin, { pipelining: 1, connectTimeout: 10_000 }), most)
}

/** A key with a lone surrogate has no form on the wire; the SDK says so in its words. */
function rendered(render: FastRequest, session: FastSession): WireRequest | undefined {
  try {
    return render(session)
  } catch {
    return undefined
  }
}

/** Errors by the names that Node's own client and the SDK give them. */
function named(error: unknown): unknown {
  if (error instanceof AttemptTimeout || !(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') error.name = 'TimeoutError'
  return error
}
