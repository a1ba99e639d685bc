import type * as S3 from '@aws-sdk/client-s3'
import { proxyFor } from '../../../internal/proxy/proxy.js'
import { tunnelConnector } from '../../../internal/proxy/tunnel-connector.js'
import { isOrdinaryBucket, isStockClient, type ResolvedClient } from '../client/eligible.js'
import { isIntercepted } from '../client/native-http.js'
import { mayBeProxied, type S3ClientSettings, type S3StorageOptions } from '../client/settings.js'
import { CallCodec } from './calls.js'
import { GivenConnection, OwnConnections, type WireRequest } from './connections.js'
import { DispatcherConnection, type DispatcherPart } from './dispatcher.js'
import { headersOf } from './headers.js'
import { type FastSession, openSession, type SessionCredentials } from './session.js'
import { SigningKeys } from './signature.js'
import { BodyConnection, HeadConnection, onread } from './socket.js'
import { AttemptAborted, FastTransport, type WireAnswer } from './transport.js'

/** Not on this path. */
const nowhere = Promise.resolve(undefined)

/** What came of one attempt: an answer, or what the network failed with. */
export type WireOutcome =
  | { readonly answer: WireAnswer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: unknown }

/** Renders a request for a session. */
export type FastRequest = (session: FastSession) => WireRequest

/** What the fast path needs of the adapter it belongs to. */
export interface FastPathSubject {
  readonly bucket: string
  readonly settings: S3ClientSettings & Pick<S3StorageOptions, 'transport'>
  /** The client that would send otherwise, and the SDK it is made of. */
  readonly connect: () => Promise<{ readonly sdk: typeof S3; readonly client: object }>
  /** Told of the credentials that requests are signed with from now on. */
  readonly onCredentials: (credentials: SessionCredentials) => void
}

const connectTimeoutMs = 10_000
// A session's date is at most so old; S3 allows 15 minutes.
const renewAfterMs = 1_000
const expireAfterMs = 60_000
/** From here on the SDK corrects its clock as well. */
const skewMs = 240_000

/**
 * Requests past the SDK's middleware: signed from a session that the client itself vouches for, sent over sockets of
 * its own. A client that does anything of its own is never bypassed: then every answer is `undefined`, and the request
 * must go through the SDK.
 */
export class S3FastPath {
  readonly #subject: FastPathSubject
  readonly #keys = new SigningKeys()
  #eligible: Promise<boolean> | undefined
  #off: boolean
  #session: FastSession | undefined
  #renewal: Promise<FastSession | undefined> | undefined
  #transports: Transports | undefined
  /** Or what is to become one. */
  #codec: CallCodec | Promise<CallCodec | undefined> | undefined

  constructor(subject: FastPathSubject) {
    this.#subject = subject
    this.#off = subject.settings.transport === 'sdk' || !isOrdinaryBucket(subject.bucket)
  }

  /**
   * Resolves with `undefined` if the request cannot be sent on this path. Usually a session and a transport are
   * ready, and then nothing stands between the caller and the wire. Each promise in a row costs as much as a part
   * of the request.
   */
  send(render: FastRequest, signal: AbortSignal | undefined, extraTimeoutMs = 0): Promise<WireAnswer | undefined> {
    if (this.#off || isIntercepted()) return nowhere
    const session = this.#fresh()
    const transports = session === undefined ? undefined : this.#transportsTo(session.origin)
    if (session === undefined || transports === undefined) return this.#prepareAndSend(render, signal, extraTimeoutMs)
    const request = rendered(render, session)
    return request === undefined ? nowhere : transportOf(transports, request).send(request, signal, extraTimeoutMs)
  }

  /** How the client renders and reads what is neither a HEAD nor a list of objects; `undefined` if that is left to it. */
  codec(): CallCodec | undefined | Promise<CallCodec | undefined> {
    if (this.#off || isIntercepted()) return undefined
    if (this.#codec !== undefined) return this.#codec
    const opening: Promise<CallCodec | undefined> = this.#openCodec().then(
      (codec) => {
        // Unless the credentials that it was opened with have been let go of since. That there is none is remembered as well.
        if (this.#codec === opening && codec !== undefined) this.#codec = codec
        return codec
      },
      () => {
        // The client could not sign, which may pass.
        this.#codec = undefined
        return undefined
      },
    )
    this.#codec = opening
    return opening
  }

  async #openCodec(): Promise<CallCodec | undefined> {
    const session = this.#fresh() ?? (await this.#renew())
    if (session === undefined) throw new Error('there is nothing to compare with')
    const { sdk, client } = await this.#subject.connect()
    return CallCodec.open(sdk, client as ResolvedClient, session, this.#subject.bucket)
  }

  /** Sends again, if the answer refuses a request only for the clock of this machine. */
  async again(
    answer: WireAnswer,
    render: FastRequest,
    signal: AbortSignal | undefined,
  ): Promise<WireAnswer | undefined> {
    if (!(await this.#correctClock(answer))) return undefined
    await this.#renewal
    await this.#renew()
    return this.send(render, signal)
  }

  /** Lets go of the credentials; the next request takes those that the client has then. */
  forget(): void {
    this.#session = undefined
    this.#renewal = undefined
    this.#codec = undefined
  }

  /** From now on every request must go through the SDK. */
  giveUp(): void {
    this.#off = true
  }

  /** Lets go of the connections; the next request makes new ones. */
  close(): void {
    this.#session = undefined
    this.#eligible = undefined
    this.#codec = undefined
    this.#disconnect()
  }

  async #prepareAndSend(
    render: FastRequest,
    signal: AbortSignal | undefined,
    extraTimeoutMs: number,
  ): Promise<WireAnswer | undefined> {
    const session = this.#fresh() ?? (await this.#renew())
    const request = session === undefined ? undefined : rendered(render, session)
    if (session === undefined || request === undefined) return undefined
    const transports = this.#transportsTo(session.origin) ?? (await this.#connect(session.origin))
    if (signal?.aborted) throw new AttemptAborted('aborted')
    return transportOf(transports, request).send(request, signal, extraTimeoutMs)
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
    if (this.#renewal !== undefined) return this.#renewal
    const renewal: Promise<FastSession | undefined> = this.#open()
      .catch(() => undefined)
      .then((session) => {
        // Unless it was begun with credentials that have been let go of since.
        if (this.#renewal !== renewal) return session
        this.#session = session
        this.#renewal = undefined
        return session
      })
    this.#renewal = renewal
    return renewal
  }

  async #open(): Promise<FastSession | undefined> {
    const { connect, settings, bucket } = this.#subject
    const { sdk, client } = await connect()
    this.#eligible ??= this.#isEligible(sdk, client)
    const { expectedBucketOwner, requestPayer } = settings
    const session = (await this.#eligible)
      ? await openSession(sdk, client as ResolvedClient, { bucket, expectedBucketOwner, requestPayer }, this.#keys)
      : undefined
    if (session === undefined) this.#off = true
    else this.#subject.onCredentials(session.credentials)
    return session
  }

  async #isEligible(sdk: typeof S3, client: object): Promise<boolean> {
    const { settings } = this.#subject
    if (settings.requestHandler !== undefined && settings.dispatcher === undefined) return false
    return isStockClient(sdk, client, settings.dispatcher !== undefined || mayBeProxied(settings))
  }

  #transportsTo(origin: string): Transports | undefined {
    return this.#transports?.origin === origin ? this.#transports : undefined
  }

  async #connect(origin: string): Promise<Transports> {
    const { dispatcher, attemptTimeoutMs = 60_000, maxSockets = 512 } = this.#subject.settings
    const proxy = mayBeProxied(this.#subject.settings) ? proxyFor(new URL(origin), process.env) : undefined
    const transports =
      dispatcher !== undefined
        ? givenTransport(dispatcher as DispatcherPart, origin, attemptTimeoutMs)
        : proxy !== undefined
          ? await proxiedTransport(proxy, origin, maxSockets, attemptTimeoutMs)
          : await ownTransports(origin, maxSockets, attemptTimeoutMs)
    // Another lane may have been faster.
    const known = this.#transportsTo(origin)
    if (known !== undefined) return known
    this.#disconnect()
    this.#transports = transports
    return transports
  }

  #disconnect(): void {
    this.#transports?.heads.close()
    this.#transports?.others.close()
    this.#transports = undefined
  }

  /**
   * Whether an answer refused a request for the clock of this machine. A HEAD has no body that could say so: the
   * server's date does. The client's own offset is set then, as its signer does on every answer.
   */
  async #correctClock(answer: WireAnswer): Promise<boolean> {
    const session = this.#session
    const serverTime = Date.parse(headersOf(answer.rawHeaders).date ?? '')
    if (session === undefined || Number.isNaN(serverTime)) return false
    if (Math.abs(serverTime - session.signedAt) < skewMs) return false
    const { client } = await this.#subject.connect()
    const { config } = client as ResolvedClient
    if (typeof config.disableClockSkewCorrection === 'function' && (await config.disableClockSkewCorrection())) {
      return false
    }
    config.systemClockOffset = serverTime - Date.now()
    return true
  }
}

/** How requests reach an origin. */
interface Transports {
  readonly origin: string
  readonly heads: FastTransport
  readonly others: FastTransport
}

function transportOf({ heads, others }: Transports, { method }: WireRequest): FastTransport {
  return method === 'HEAD' ? heads : others
}

async function ownTransports(origin: string, most: number, timeoutMs: number): Promise<Transports> {
  const { buildConnector } = await import('undici')
  const connect = buildConnector({ timeout: connectTimeoutMs, onread } as Parameters<typeof buildConnector>[0])
  const heads = new OwnConnections(() => new HeadConnection(connect, origin), most)
  const others = new OwnConnections(() => new BodyConnection(connect, origin), most)
  return { origin, heads: new FastTransport(heads, timeoutMs), others: new FastTransport(others, timeoutMs) }
}

function givenTransport(dispatcher: DispatcherPart, origin: string, timeoutMs: number): Transports {
  // Whoever gave it closes it.
  const { dispatch } = dispatcher
  const part = { dispatch: dispatch.bind(dispatcher) as DispatcherPart['dispatch'] }
  const transport = new FastTransport(new GivenConnection(new DispatcherConnection(() => part, origin)), timeoutMs)
  return { origin, heads: transport, others: transport }
}

/** Through a proxy, which sees where to and nothing else: a tunnel for each connection. */
async function proxiedTransport(proxy: URL, origin: string, most: number, timeoutMs: number): Promise<Transports> {
  const { Client } = await import('undici')
  const connect = await tunnelConnector(proxy, connectTimeoutMs)
  // One client for each connection: an answer that went astray ends that one, and no other.
  const connections = new OwnConnections(
    () => new DispatcherConnection(() => new Client(origin, { connect }), origin),
    most,
  )
  const transport = new FastTransport(connections, timeoutMs)
  return { origin, heads: transport, others: transport }
}

/** A key with a lone surrogate has no form on the wire; the SDK says so in its words. */
function rendered(render: FastRequest, session: FastSession): WireRequest | undefined {
  try {
    return render(session)
  } catch {
    return undefined
  }
}
