import { orAbort, throwIfAborted } from '../../../internal/abort.js'
import { AwsSecrets } from '../../../internal/aws/secrets.js'
import { retrying } from '../../../internal/retry.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ServiceAddress } from '../../../ports/runtime.js'
import type { S3Answer, S3Call } from '../answer/call.js'
import { mostReadings, refuseForGood } from '../answer/checks.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import { AnswerMarks, type Repetition } from '../answer/marks.js'
import { CredentialRenewal, isExpiry } from '../client/credentials.js'
import { type Extra, Extras, isRefusal, withoutExtras } from '../client/extras.js'
import type { Renewable } from '../client/sdk-connection.js'
import { isCorrectedSkew, normaliseS3Error } from '../protocol/errors.js'
import { type FastOperation, factsOf, isFastOperation } from '../protocol/operation-table.js'
import type { S3Input, S3Operation } from '../protocol/operations.js'
import type { CallInput } from '../wire/calls.js'
import { type FastRequest, S3FastPath, type WireOutcome } from '../wire/path.js'
import type { WireAnswer } from '../wire/transport.js'
import { sendBySdk } from './by-sdk.js'
import { ChecksumMode } from './checksum-mode.js'
import { failedOnWire, sendPastSdk } from './past-sdk.js'
import { type Attempt, attemptTimeoutOf, cleanIdOf, type Route, type S3RequestSettings, SdkClient } from './route.js'
import { serviceOf } from './service.js'
import { sendWithoutExtras } from './without-extras.js'

export type { S3Answer, S3Call, S3Headers } from '../answer/call.js'
export type { S3Input, S3Operation, S3Output } from '../protocol/operations.js'
export type { S3RequestSettings } from './route.js'

/**
 * Sends single requests: builds the client on first use, bounds each attempt in time, rejects at once on abort and
 * turns every failure into a `LegalHoldError`. It repeats a request only if S3 did not act on it: once after
 * renewing expired credentials, and once after correcting a wrong clock. It also repeats the requests of an
 * inspection.
 */
export class S3Requests {
  readonly bucket: string
  /** What the server takes and what it refuses, as far as that is known. */
  readonly extras: Extras
  readonly checksumMode: ChecksumMode
  readonly #settings: S3RequestSettings
  readonly #region: string | undefined
  /** The server, as an error names it that never got an answer. */
  readonly service: ServiceAddress
  readonly #fast: S3FastPath
  readonly #client: SdkClient
  readonly #route: Route
  readonly #renewal = new CredentialRenewal()
  readonly #secrets = new AwsSecrets()
  /** By which an answer is known that belongs to another request. */
  readonly marks = new AnswerMarks()

  constructor(bucket: string, settings: S3RequestSettings) {
    this.bucket = bucket
    this.extras = new Extras(settings)
    this.checksumMode = new ChecksumMode(this.extras)
    this.#settings = settings
    if (typeof settings.credentials === 'object') this.#secrets.noteCredentials(settings.credentials)
    this.#region = settings.region ?? (settings.endpoint === undefined ? undefined : 'us-east-1')
    this.service = serviceOf(settings, this.#region)
    const client = new SdkClient(settings, this.#region)
    this.#client = client
    this.#fast = new S3FastPath({
      bucket,
      settings,
      connect: () => client.open('validate'),
      onCredentials: (credentials) => this.#secrets.noteCredentials(credentials),
    })
    this.#route = {
      settings,
      connection: client,
      fast: this.#fast,
      secrets: this.#secrets,
      marks: this.marks,
      seen: { answered: false, ended: 0 },
      refuseRepeated: (repetition, connection, call, mutation) =>
        this.#refuseRepeated(repetition, connection, call, mutation),
    }
  }

  /**
   * Sends one request past the SDK. `undefined` if that must not be done. What it rejects with goes to
   * {@link S3Requests.outcomeOf}; so does an answer that the caller does not understand.
   */
  sendFast(request: FastRequest, signal: AbortSignal | undefined): Promise<WireAnswer | undefined> {
    return this.#fast.send(request, signal)
  }

  /**
   * What {@link S3Requests.send} is to let the SDK read: the answer, after another attempt if it was refused for the
   * clock alone, or what the network failed with. Throws what ends the request for good.
   */
  async outcomeOf(
    result: { readonly answer: WireAnswer } | { readonly error: unknown },
    request: FastRequest,
    call: S3Call,
    about: { readonly operation: S3Operation; readonly key?: string; readonly versionId?: string | undefined },
  ): Promise<WireOutcome> {
    if ('answer' in result) {
      const { answer } = result
      const mayBeSkew = answer.status === 403 || answer.status === 400
      return { answer: (mayBeSkew ? await this.#fast.again(answer, request, call.signal) : undefined) ?? answer }
    }
    const { clean } = this.#secrets
    const context = { stage: call.stage, bucket: this.bucket, ...about, mutation: false, region: this.#region, clean }
    return failedOnWire(this.#route, result.error, call, context)
  }

  /** How long an attempt may take, and how long a content may pause. */
  get attemptTimeoutMs(): number {
    return attemptTimeoutOf(this.#settings)
  }

  /** A text of the server as it may leave the adapter. */
  get clean(): (text: string) => string {
    return this.#secrets.clean
  }

  /** The same for what a server calls a request: too short, nearly always, to hold any secret. */
  cleanId<T extends string | undefined>(id: T): T | string {
    return cleanIdOf(this.#secrets, id)
  }

  /** Settings of the bucket without secrets. */
  cleanData<T>(data: T): T {
    return this.#secrets.cleanData(data)
  }

  /** Which credentials a request that begins now is signed with. */
  get generation(): number {
    return this.#renewal.generation
  }

  /** Sends one request about the bucket or one of its keys. */
  send<K extends S3Operation>(operation: K, input: Omit<S3Input<K>, 'Bucket'>, call: S3Call): Promise<S3Answer<K>> {
    if (call.stage !== 'inspect') return this.#sendOnce(operation, input, call)
    // An inspection is some forty requests that change nothing: begun again for each that fails, it would not come to
    // its end on a network that loses one in ten.
    const { clock } = this.#settings
    const { stage, signal } = call
    const subject = `${operation} of s3://${this.bucket}`
    return retrying((_, own) => this.#sendOnce(operation, input, { ...call, signal: own }), this.#settings.retry, {
      stage,
      subject,
      service: this.service,
      signal,
      clock,
    })
  }

  async #sendOnce<K extends S3Operation>(
    operation: K,
    input: Omit<S3Input<K>, 'Bucket'>,
    call: S3Call,
  ): Promise<S3Answer<K>> {
    let current = call
    // Once for each reason: a clock that is off, and credentials that have expired.
    let mayCorrect = true
    let mayRenew = true
    const mutation = factsOf(operation).mutates
    let readings = call.again === undefined ? 1 : 2
    let mayBeHit = mostReadings
    for (;;) {
      const { generation } = this.#renewal
      const { ended } = this.#route.seen
      try {
        return await this.#sendTaken(operation, input, current)
      } catch (error) {
        const { again } = current
        // The connection that another answer went astray on was its own by then.
        if (mayBeHit > 0 && ended !== this.#route.seen.ended && !mutation && isHangUp(error)) {
          mayBeHit -= 1
          current = { ...call, outcome: undefined, again }
          continue
        }
        if (error instanceof DoubtedAnswer) {
          this.#route.seen.ended += 1
          error.closeConnection()
          const about = {
            operation,
            stage: call.stage,
            bucket: this.bucket,
            ...keyOf(input),
            mutation,
            clean: this.clean,
          }
          refuseForGood(error, about, readings)
          readings += 1
          current = { ...call, outcome: undefined, again: error }
          continue
        }
        // What S3 did not look at is for the SDK to send again: it has heard of the right time and has new credentials.
        current = { ...call, outcome: undefined, isFaithful: true, again }
        if (mayCorrect && isCorrectedSkew(error)) mayCorrect = false
        else if (mayRenew && (await this.#isRenewed(error, generation, operation, call))) mayRenew = false
        else throw error
      }
    }
  }

  /** Sends a request without what the server is known to refuse, or turns out to. */
  async #sendTaken<K extends S3Operation>(
    operation: K,
    input: Omit<S3Input<K>, 'Bucket'>,
    call: S3Call,
  ): Promise<S3Answer<K>> {
    const { extras } = this
    const leftOut = extras.leftOut(operation)
    try {
      const answer = await this.#send(operation, input, call, leftOut)
      extras.acceptAll(operation, input as CallInput, leftOut)
      return answer
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { musts = [] } = call
      const again = { ...call, outcome: undefined, isFaithful: true }
      const { mutates } = factsOf(operation)
      const refused = { operation, mutates, input: input as CallInput, musts, refusal: error }
      return await sendWithoutExtras(extras, refused, (without) => this.#send(operation, input, again, without))
    }
  }

  /** Whether there are other credentials than those that have expired. Rejects as their provider does. */
  async #isRenewed(error: unknown, generation: number, operation: S3Operation, call: S3Call): Promise<boolean> {
    const client = this.#client.opened
    if (!isExpiry(error) || client === undefined) return false
    const { clean } = this.#secrets
    const context = {
      operation,
      stage: call.stage,
      bucket: this.bucket,
      mutation: false,
      credentialsWorked: true,
      clean,
    }
    try {
      const isRenewed = await orAbort(this.#renewal.renew(client, generation), call.signal, call.stage)
      if (isRenewed) this.#fast.forget()
      return isRenewed
    } catch (failure) {
      throw normaliseS3Error(failure, context)
    }
  }

  #send<K extends S3Operation>(
    operation: K,
    input: Omit<S3Input<K>, 'Bucket'>,
    call: S3Call,
    leftOut: readonly Extra[],
  ): Promise<S3Answer<K>> {
    throwIfAborted(call.signal, call.stage)
    const { key, versionId } = keyOf(input)
    const mutation = factsOf(operation).mutates
    const about = {
      operation,
      stage: call.stage,
      bucket: this.bucket,
      key,
      versionId,
      mutation,
      region: this.#region,
      credentialsWorked: this.#route.seen.answered,
      clean: this.#secrets.clean,
    }
    const attempt = { operation, input: this.#complete(withoutExtras(input, leftOut)), call, leftOut, about }
    const mayBeFast = call.outcome === undefined && call.isFaithful !== true && call.again === undefined
    return mayBeFast && isFastAttempt(attempt)
      ? sendPastSdk(this.#route, attempt)
      : sendBySdk(this.#route, attempt, call.outcome)
  }

  /**
   * Throws for an answer with a mark of another, so that it is asked for again. A change is not: there it is looked, by a
   * question that changes nothing, whether this server marks all of its answers so.
   */
  async #refuseRepeated(
    repetition: Repetition,
    connection: Renewable | undefined,
    { stage, signal }: S3Call,
    mutation: boolean,
  ): Promise<void> {
    const doubted = DoubtedAnswer.repeated(repetition, connection)
    if (!mutation) throw doubted
    // Whatever the answer is, it has an id.
    await this.#sendOnce('HeadBucket', {}, { stage, signal, again: doubted }).catch(() => {})
    if (this.marks.haveOwnIds) throw doubted
  }

  /** Drops the connections of a client that was built here; a caller's own client is left alone. */
  close(): void {
    this.#fast.close()
    this.#client.close()
  }

  #complete(input: object): object {
    const { expectedBucketOwner, requestPayer } = this.#settings
    // Operations that do not take it make nothing of it.
    const payer = requestPayer === undefined ? {} : { RequestPayer: requestPayer }
    // In front of what is spread (docs/decisions.md, speed): no input names a bucket or an owner of its own.
    if (expectedBucketOwner === undefined) return { Bucket: this.bucket, ...input, ...payer }
    const source = 'CopySource' in input ? { ExpectedSourceBucketOwner: expectedBucketOwner } : {}
    return { Bucket: this.bucket, ExpectedBucketOwner: expectedBucketOwner, ...input, ...payer, ...source }
  }
}

function isFastAttempt<K extends S3Operation>(attempt: Attempt<K>): attempt is Attempt<K & FastOperation> {
  return isFastOperation(attempt.operation)
}

function isHangUp(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.code === 'NETWORK_ERROR'
}

function keyOf(input: object): { readonly key: string | undefined; readonly versionId: string | undefined } {
  const { Key: key, VersionId: versionId } = input as { Key?: string; VersionId?: string }
  return { key, versionId }
}
