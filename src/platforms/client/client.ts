import { orAbort, throwIfAborted } from '../../internal/abort.js'
import { systemClock } from '../../internal/clock.js'
import { withoutSecrets } from '../../internal/redaction/error.js'
import { Redactor } from '../../internal/redaction/redactor.js'
import { type RetryOptions, retrying } from '../../internal/retry.js'
import { credentialMistake } from '../../internal/text/header-text.js'
import { waitsOf } from '../../internal/waits/waits.js'
import { withinTime } from '../../internal/waits/within-time.js'
import { LegalHoldError, type Stage } from '../../model/errors.js'
import type { CallOptions, Clock, Logger, ServiceAddress } from '../../ports/runtime.js'
import { type Answer, isAnswer, numberOf } from './answer.js'
import {
  AttemptTimeout,
  correlationIdOf,
  type Effect,
  headerOf,
  type PlatformFailure,
  readFailure,
  toLegalHoldError,
} from './failure.js'
import { checkConnection, type GenesysConnection, type GenesysConnectionOptions } from './options.js'
import { RateGate } from './rate-gate.js'
import type { GenesysRegion } from './regions.js'
import { type GenesysApis, loadSdk, openSdk, type SdkAccess } from './sdk.js'
import { serviceOf } from './service.js'
import { GenesysSession } from './session.js'

/** One request to Genesys Cloud. */
export interface GenesysRequest {
  /** Completes "Could not …" in errors. */
  readonly operation: string
  readonly stage: Stage
  /** Whether it may be repeated. A `create` never is, unless it certainly did nothing. @defaultValue 'read' */
  readonly effect?: Effect | undefined
  /** What a good answer is made of; anything else is `PLATFORM_RESPONSE_INVALID`. @defaultValue 'object' */
  readonly expect?: 'object' | 'list' | 'collection' | 'anything' | undefined
  readonly send: (apis: GenesysApis) => Promise<unknown>
  /** In place of the client's own: for what nothing depends on. */
  readonly retry?: RetryOptions | undefined
  /** Says what a good answer is instead, where it belongs to another request. A read is sent again then. */
  readonly foreign?: ((answer: unknown) => string | undefined) | undefined
  /** Turns a failure with a meaning of its own into its error; `undefined` leaves it to the general rules. */
  readonly recognise?: ((failure: PlatformFailure, error: LegalHoldError) => LegalHoldError | undefined) | undefined
}

/** A good answer. */
export interface GenesysAnswer {
  /** Empty for an answer without one (`expect: 'anything'`) and for a list. */
  readonly body: Answer
  /** The elements where the answer is an array. */
  readonly list: readonly unknown[]
  readonly status: number | undefined
  readonly correlationId: string | undefined
}

/**
 * Access to one Genesys Cloud organisation on top of the SDK. The SDK never retries, does not renew a
 * client-credentials token and fails in six different ways (genesys-facts); this client does and does not:
 *
 * - every failure is a {@link LegalHoldError} without a credential in it, with the correlation id as `requestId`;
 * - an expired token is renewed once, by one login for all requests that wait;
 * - Retry-After is obeyed exactly and by all requests, and a quota that runs low slows them down;
 * - reads and repeatable requests are retried after 5xx and network failures, creates are not.
 */
export class GenesysClient {
  /** Region of the organisation; unknown with a ready client of an unknown host. */
  readonly region: GenesysRegion | undefined
  /** Id of the OAuth client, if client credentials were given. It is not a secret. */
  readonly clientId: string | undefined
  readonly clock: Clock
  readonly #connection: GenesysConnection
  readonly #retry: RetryOptions | undefined
  readonly #logger: Logger | undefined
  readonly #gate: RateGate
  readonly #service: ServiceAddress
  readonly #redactor = new Redactor()
  readonly #session: GenesysSession
  #sdk: Promise<SdkAccess> | undefined
  #clockOffsetMs = 0

  /** @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`. */
  constructor(options: GenesysConnectionOptions, connection = checkConnection(options, 'GenesysClient')) {
    this.#connection = connection
    this.region = connection.region
    this.clock = options.clock ?? systemClock
    this.#retry = options.retry
    this.#logger = options.logger
    this.#gate = new RateGate(this.clock, options.retry?.totalTimeoutMs)
    this.#service = serviceOf(connection)
    const { credentials } = connection
    this.clientId = credentials.kind === 'client-credentials' ? credentials.clientId : undefined
    if (credentials.kind === 'client-credentials') {
      this.#redactor.addClient(credentials.clientId, credentials.clientSecret)
    }
    const renewable = credentials.kind === 'client-credentials' || typeof tokenOf(credentials) === 'function'
    this.#session = new GenesysSession(
      credentials.kind === 'client' ? undefined : (signal, stage) => this.#logIn(signal, stage),
      renewable,
    )
  }

  /** A text of the platform's answers as it may leave the library: without credentials. */
  redact(text: string): string
  redact(text: string | undefined): string | undefined
  redact(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.#redactor.redact(text)
  }

  /**
   * How far the platform's clock is ahead of {@link clock}, in milliseconds, by the `Date` header of its last
   * answer. It is negative if the platform is behind, and zero before the first answer. The header shows whole
   * seconds (RFC 9110, 5.6.7) and the answer takes time to arrive. The platform's time is therefore at least our
   * time plus this offset.
   */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs
  }

  /**
   * Sends a request and settles everything that can be settled without knowing what it is for.
   *
   * @throws `PLATFORM_*`, `NETWORK_ERROR`, `TIMEOUT`, `JOB_OUTCOME_UNKNOWN` (creates only), `MISSING_DEPENDENCY`, `ABORTED`.
   */
  async request(request: GenesysRequest, options: CallOptions = {}): Promise<GenesysAnswer> {
    const { signal } = options
    const { stage, operation } = request
    const attempt = async (_: number, own: AbortSignal | undefined) => {
      try {
        return await this.#attempt(request, own)
      } catch (error) {
        // Its meaning is the caller's, and so is the decision to repeat it, even if it may be repeated.
        if (error instanceof Recognised) return error
        throw error
      }
    }
    const settled = await retrying(attempt, this.#policyOf(request, signal), {
      stage,
      subject: operation,
      service: this.#service,
      signal,
      clock: this.clock,
      onRetry: (error, attemptNumber, delayMs) =>
        this.#warn(`${error.message} Attempt ${attemptNumber}; the next one follows in ${delayMs} ms.`),
    })
    if (settled instanceof Recognised) throw settled.error
    return settled
  }

  /** A request may have a patience of its own, within what the caller allows otherwise. */
  #policyOf({ retry }: GenesysRequest, signal: AbortSignal | undefined): RetryOptions | undefined {
    return retry === undefined ? this.#retry : { ...(this.#retry ?? waitsOf(signal)?.retry), ...retry }
  }

  /** Forgets the token. The next request logs in again. A ready client that you passed stays open. */
  close(): void {
    if (this.#connection.credentials.kind === 'client') return
    this.#sdk = undefined
    this.#session.forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #attempt(request: GenesysRequest, signal: AbortSignal | undefined): Promise<GenesysAnswer> {
    const { stage } = request
    await this.#gate.pass(request.operation, signal, stage)
    const generation = await this.#session.ensure(signal, stage)
    try {
      return await this.#send(request, signal)
    } catch (error) {
      if (!LegalHoldError.isInstance(error) || error.code !== 'PLATFORM_UNAUTHORIZED') throw error
      if (!(await this.#session.renew(generation, signal, stage))) throw error
    }
    await this.#gate.pass(request.operation, signal, stage)
    return this.#send(request, signal)
  }

  async #send(request: GenesysRequest, signal: AbortSignal | undefined): Promise<GenesysAnswer> {
    const sdk = await this.#open(signal, request.stage)
    this.#redactor.add(sdk.currentToken())
    let answer: unknown
    try {
      answer = await this.#bounded((attempt) => sdk.perform(request.send, attempt), signal, request.stage)
    } catch (failure) {
      throw this.#normalise(failure, request)
    }
    return this.#read(answer, request)
  }

  #read(answer: unknown, request: GenesysRequest): GenesysAnswer {
    const extended = isAnswer(answer) && typeof answer.status === 'number' && 'headers' in answer
    const headers = extended && isAnswer(answer.headers) ? { ...answer.headers } : {}
    const data = this.#redactor.redactData(extended ? answer.body : answer)
    this.#setClockBy(headers)
    this.#observe(headers)
    if (isErrorBody(data)) {
      // A gateway's 200 over what failed behind it. Its own status says what.
      throw this.#toError(this.#clean({ status: data.status, headers, body: data, bodyKind: 'json' }), request)
    }
    if (!fits(data, request.expect)) {
      const empty = data === undefined || data === null || data === ''
      const status = extended ? (answer.status as number) : undefined
      throw this.#toError(this.#clean({ status, headers, bodyKind: empty ? 'empty' : 'page' }), request)
    }
    const correlationId = this.redact(correlationIdOf(headers))
    const foreign = request.foreign?.(data)
    if (foreign !== undefined) throw foreignAnswer(foreign, request, correlationId)
    return {
      body: isAnswer(data) ? data : {},
      list: Array.isArray(data) ? data : [],
      status: extended ? (answer.status as number) : undefined,
      correlationId,
    }
  }

  #normalise(failure: unknown, request: GenesysRequest): LegalHoldError | Recognised {
    if (LegalHoldError.isInstance(failure)) return failure
    const read = this.#clean(readFailure(failure))
    this.#setClockBy(read.headers)
    const error = this.#toError(read, request)
    const recognised = request.recognise?.(read, error)
    if (recognised) return new Recognised(withoutSecrets(recognised, this.#redactor))
    const { retryAfterMs } = error
    if (error.status === 429 && retryAfterMs !== undefined) this.#gate.refused(retryAfterMs)
    else this.#observe(read.headers)
    return error
  }

  /** Before anything of it is cut short: half a secret would not be recognised. */
  #clean(failure: PlatformFailure): PlatformFailure {
    const { headers, body, message } = failure
    return {
      ...failure,
      headers: this.#redactor.redactTexts(headers),
      body: this.#redactor.redactTexts(body),
      message: this.redact(message),
    }
  }

  #toError(failure: PlatformFailure, request: GenesysRequest): LegalHoldError {
    const { operation, stage, effect = 'read' } = request
    return toLegalHoldError(failure, { operation, stage, effect }, this.#redactor, this.clock.now())
  }

  #setClockBy(headers: Answer): void {
    const dateMs = Date.parse(headerOf(headers, 'date') ?? '')
    if (!Number.isNaN(dateMs)) this.#clockOffsetMs = dateMs - this.clock.now()
  }

  #observe(headers: Answer): void {
    const count = numberOf({ value: headerOf(headers, 'inin-ratelimit-count') }, 'value')
    const allowed = numberOf({ value: headerOf(headers, 'inin-ratelimit-allowed') }, 'value')
    const reset = numberOf({ value: headerOf(headers, 'inin-ratelimit-reset') }, 'value')
    if (count === undefined || allowed === undefined || reset === undefined) return
    this.#gate.observe({ count, allowed, resetMs: reset * 1_000 })
  }

  /** Runs one attempt under the per-attempt timeout; rejects at once on abort and drops the connection. */
  async #bounded<T>(
    work: (attempt: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
    stage: Stage,
  ): Promise<T> {
    throwIfAborted(signal, stage)
    const { timeoutMs } = this.#connection
    const late = () => new AttemptTimeout(`no answer within ${timeoutMs} ms`)
    return withinTime(work, { timeoutMs, late, signal, stage })
  }

  #open(signal: AbortSignal | undefined, stage: Stage): Promise<SdkAccess> {
    this.#sdk ??= loadSdk().then((loaded) => openSdk(loaded, this.#connection))
    return orAbort(this.#sdk, signal, stage)
  }

  async #logIn(signal: AbortSignal, stage: Stage): Promise<void> {
    const { credentials } = this.#connection
    if (credentials.kind === 'client') return
    const request: GenesysRequest = { operation: 'log in to Genesys Cloud', stage, send: async () => undefined }
    const sdk = await this.#open(signal, stage)
    let token: string | undefined
    try {
      token = await this.#bounded(
        (attempt) =>
          credentials.kind === 'client-credentials'
            ? sdk.login(credentials.clientId, credentials.clientSecret, attempt)
            : tokenFrom(credentials.token, stage),
        signal,
        stage,
      )
    } catch (failure) {
      throw this.#loginError(failure, request)
    }
    if (!token) throw this.#toError({ status: 200, headers: {}, bodyKind: 'page' }, request)
    this.#redactor.add(token)
    sdk.setAccessToken(token)
  }

  #loginError(failure: unknown, request: GenesysRequest): LegalHoldError {
    const error = this.#normalise(failure, request)
    if (error instanceof Recognised) return error.error
    // OAuth answers 400 (invalid_client, invalid_grant) where the API would say 401; a token function may throw anything.
    if (error.code !== 'PLATFORM_REJECTED' && error.code !== 'INTERNAL') return error
    const message = error.message.replace(/ Correct the request\.$/, this.#loginAdvice())
    return new LegalHoldError(message, {
      code: 'PLATFORM_UNAUTHORIZED',
      stage: error.stage,
      status: error.status,
      requestId: error.requestId,
      details: error.details,
      cause: error.cause,
    })
  }

  /** A client is known in its own region only: elsewhere it gets the same 400 as a client with a wrong secret. */
  #loginAdvice(): string {
    const { region } = this
    const where = region === undefined ? '' : ` (${region.region}, ${region.host})`
    return ` Check client id and secret, and that the region${where} is that of the organisation: other regions do not know the client.`
  }

  #warn(message: string): void {
    try {
      this.#logger?.warn(message)
    } catch {
      // A logger that throws must not fail the run that it watches.
    }
  }
}

/** An answer that belongs to another request, whatever mixed the two up. */
function foreignAnswer(
  what: string,
  { operation, stage, effect }: GenesysRequest,
  requestId: string | undefined,
): LegalHoldError {
  return new LegalHoldError(
    `Could not ${operation}: the answer is ${what}. Look for a cache or a proxy between here and Genesys Cloud.`,
    {
      code: 'PLATFORM_RESPONSE_INVALID',
      stage,
      retryable: effect !== 'create',
      outcome: effect === undefined || effect === 'read' ? 'not-applied' : 'unknown',
      requestId,
    },
  )
}

function fits(data: unknown, expect: GenesysRequest['expect']): boolean {
  if (expect === 'list') return Array.isArray(data)
  if (expect === 'collection') return Array.isArray(data) || isAnswer(data)
  // No answer of the platform is a text: one that is there is a page of somebody else.
  return expect === 'anything' ? typeof data !== 'string' || data === '' : isAnswer(data)
}

/** The platform's ErrorBody (genesys-facts, limits and errors). */
function isErrorBody(data: unknown): data is Answer & { readonly status: number } {
  return isAnswer(data) && typeof data.status === 'number' && data.status >= 400 && typeof data.message === 'string'
}

/** Carries a recognised failure past the retries. */
class Recognised {
  constructor(readonly error: LegalHoldError) {}
}

function tokenOf(credentials: GenesysConnection['credentials']): unknown {
  return credentials.kind === 'token' ? credentials.token : undefined
}

async function tokenFrom(source: string | (() => string | Promise<string>), stage: Stage): Promise<string> {
  if (typeof source === 'string') return source
  const token = await source()
  const mistake = token ? credentialMistake(token, true) : undefined
  if (mistake === undefined) return token
  throw new LegalHoldError(`The token that the accessToken function gave cannot be used: it ${mistake}.`, {
    code: 'MISSING_CREDENTIALS',
    stage,
  })
}
