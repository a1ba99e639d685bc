import type * as S3 from '@aws-sdk/client-s3'
import { orAbort, throwIfAborted } from '../../../internal/abort.js'
import { retrying } from '../../../internal/retry.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { S3Answer, S3Call, S3Headers } from '../answer/call.js'
import {
  marksOf,
  mostReadings,
  refuseAnswerToAnother,
  refuseForeignAnswer,
  refuseForGood,
  refuseRefusalOfAnother,
  refuseUnlike,
  repeatedHead,
  repeatedWhole,
  requestIdOfAnswer,
} from '../answer/checks.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import { AnswerMarks, type Repetition, requestIdIn, textOf } from '../answer/marks.js'
import { CredentialRenewal, credentialsSourceOf, isExpiry } from '../client/credentials.js'
import { type Extra, Extras, isRefusal, withoutExtras } from '../client/extras.js'
import { addHeaders, guard, isEmptyDocument, leaveOut, signRawBytes, withoutRetries } from '../client/middleware.js'
import { openClient } from '../client/open.js'
import { buildCommand, loadSdk } from '../client/sdk.js'
import { connectionOf, freshSender, type Renewable, type SendFresh } from '../client/sdk-connection.js'
import { S3Secrets } from '../client/secrets.js'
import { innerRetry, type S3ClientLike, type S3ClientSettings, type S3StorageOptions } from '../client/settings.js'
import { foreignBody } from '../protocol/answer-root.js'
import { isCorrectedSkew, normaliseS3Error } from '../protocol/errors.js'
import { type FastOperation, factsOf, isFastOperation } from '../protocol/operation-table.js'
import type { S3Input, S3Operation, S3Output } from '../protocol/operations.js'
import type { CallInput } from '../wire/calls.js'
import { type FastRequest, S3FastPath, type WireOutcome } from '../wire/path.js'
import { AttemptAborted, AttemptTimeout, isBeyondUndici, type WireAnswer } from '../wire/transport.js'
import { abortedUnderWay, sendBounded } from './bounded.js'
import { ChecksumMode } from './checksum-mode.js'
import { asReceived } from './received.js'
import { sendWithoutExtras } from './without-extras.js'

export type { S3Answer, S3Call, S3Headers } from '../answer/call.js'
export type { S3Input, S3Operation, S3Output } from '../protocol/operations.js'

/** How S3 is reached, and how patiently it is inspected. */
export type S3RequestSettings = S3ClientSettings & Pick<S3StorageOptions, 'retry' | 'clock' | 'transport'>

/**
 * Sends single requests: builds the client on first use, bounds each attempt in time, rejects at once on abort and
 * turns every failure into a `LegalHoldError`. It repeats a request only where S3 did not look at it: once for
 * credentials that had expired and were renewed, once for a clock that was off and was corrected; and those of an inspection.
 */
export class S3Requests {
  readonly bucket: string
  /** What the server takes and what it refuses, as far as that is known. */
  readonly extras: Extras
  readonly checksumMode: ChecksumMode
  readonly #settings: S3RequestSettings
  readonly #region: string | undefined
  readonly #fast: S3FastPath
  readonly #renewal = new CredentialRenewal()
  readonly #secrets = new S3Secrets()
  /** By which an answer is known that belongs to another request. */
  readonly marks = new AnswerMarks()
  /** How many connections were ended over answers that went astray. */
  #ended = 0
  #fresh: Promise<SendFresh | undefined> | undefined
  #client: S3ClientLike | undefined
  #sdk: typeof S3 | undefined
  #opening: Promise<S3ClientLike> | undefined
  /** Whether the credentials have been good for anything yet: then they are not missing, only late. */
  #answered = false

  constructor(bucket: string, settings: S3RequestSettings) {
    this.bucket = bucket
    this.extras = new Extras(settings)
    this.checksumMode = new ChecksumMode(this.extras)
    this.#settings = settings
    if (typeof settings.credentials === 'object') this.#secrets.noteCredentials(settings.credentials)
    this.#region = settings.region ?? (settings.endpoint === undefined ? undefined : 'us-east-1')
    this.#fast = new S3FastPath({
      bucket,
      settings,
      connect: () => this.#connected('validate'),
      onCredentials: (credentials) => this.#secrets.noteCredentials(credentials),
    })
  }

  /** The client, checked before anything is sent with it. */
  async #connected(stage: Stage): Promise<{ readonly sdk: typeof S3; readonly client: S3ClientLike }> {
    // Once: an `import()` for each request costs up to a tenth of it, more where a loader is registered.
    this.#sdk ??= await loadSdk(stage)
    const sdk = this.#sdk
    if (this.#client === undefined) {
      this.#opening ??= openClient(sdk, this.#settings, this.#region).finally(() => {
        this.#opening = undefined
      })
      this.#client = await this.#opening
    }
    return { sdk, client: this.#client }
  }

  /**
   * Sends one request past the SDK. `undefined` where that must not be done. What it rejects with goes to
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
    return this.#failed(result.error, call, context)
  }

  /** How long an attempt may take, and how long a content may pause. */
  get attemptTimeoutMs(): number {
    return this.#settings.attemptTimeoutMs ?? 60_000
  }

  /** A text of the server as it may leave the adapter. */
  get clean(): (text: string) => string {
    return this.#secrets.clean
  }

  /** The same for what a server calls a request: too short, nearly always, to hold any secret. */
  cleanId<T extends string | undefined>(id: T): T | string {
    return id === undefined ? id : this.#secrets.cleanId(id)
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
  async send<K extends S3Operation>(
    operation: K,
    input: Omit<S3Input<K>, 'Bucket'>,
    call: S3Call,
  ): Promise<S3Answer<K>> {
    if (call.stage !== 'inspect') return this.#sendOnce(operation, input, call)
    // An inspection is some forty requests that change nothing: begun anew for each that fails, it would not come to
    // its end on a network that loses one in ten.
    const { clock } = this.#settings
    const context = { stage: call.stage, signal: call.signal, clock }
    return retrying(() => this.#sendOnce(operation, input, call), innerRetry(this.#settings), context)
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
      const ended = this.#ended
      try {
        return await this.#sendTaken(operation, input, current)
      } catch (error) {
        const { again } = current
        // The connection that another answer went astray on was its own by then.
        if (mayBeHit > 0 && ended !== this.#ended && !mutation && isHangUp(error)) {
          mayBeHit -= 1
          current = { ...call, outcome: undefined, again }
          continue
        }
        if (error instanceof DoubtedAnswer) {
          this.#ended += 1
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
      const refused = { operation, input: input as CallInput, musts, refusal: error }
      return await sendWithoutExtras(extras, refused, (without) => this.#send(operation, input, again, without))
    }
  }

  /** Whether there are other credentials than those that have expired. Rejects as their provider does. */
  async #isRenewed(error: unknown, generation: number, operation: S3Operation, call: S3Call): Promise<boolean> {
    if (!isExpiry(error) || this.#client === undefined) return false
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
      const isRenewed = await orAbort(this.#renewal.renew(this.#client, generation), call.signal, call.stage)
      if (isRenewed) this.#fast.forget()
      return isRenewed
    } catch (failure) {
      throw normaliseS3Error(failure, context)
    }
  }

  async #send<K extends S3Operation>(
    operation: K,
    input: Omit<S3Input<K>, 'Bucket'>,
    call: S3Call,
    leftOut: readonly Extra[],
  ): Promise<S3Answer<K>> {
    throwIfAborted(call.signal, call.stage)
    const { key, versionId } = keyOf(input)
    const mutation = factsOf(operation).mutates
    const context = {
      operation,
      stage: call.stage,
      bucket: this.bucket,
      key,
      versionId,
      mutation,
      region: this.#region,
      credentialsWorked: this.#answered,
      clean: this.#secrets.clean,
    }
    const complete = this.#complete(withoutExtras(input, leftOut))
    let { outcome } = call
    const mayBeFast = outcome === undefined && call.isFaithful !== true && call.again === undefined
    if (mayBeFast && isFastOperation(operation)) {
      const result = await this.#sendCall(operation, complete as CallInput, { ...call, leftOut }, context)
      if (result?.answer !== undefined) return result.answer as S3Answer<K>
      outcome = result?.outcome
    }
    const { sdk, client } = await this.#connected(call.stage)
    let headers: S3Headers = {}
    let isEmpty = false
    let connection: Renewable | undefined
    // A second reading ends its connection: what else comes over that must not be taken for the answer to another request.
    let isToBeEnded = call.again !== undefined && operation !== 'GetObject'
    try {
      const fresh = call.again === undefined ? undefined : await this.#freshSender(sdk, client)
      isToBeEnded &&= fresh === undefined
      const command = buildCommand(sdk, operation, complete)
      command.middlewareStack?.add(
        (next, smithy) => async (args) => {
          this.#secrets.noteContext(smithy)
          const received = outcome
          // A client that retries by itself does so on the network.
          outcome = undefined
          const result =
            received !== undefined
              ? asReceived(received)
              : fresh !== undefined && args.request !== undefined
                ? await fresh(args.request, call.signal)
                : await next(args)
          headers = result.response?.headers ?? {}
          this.#answered = true
          connection = received?.answer?.connection ?? connectionOf(result.response)
          // What was received elsewhere has been looked at there.
          const seen = received === undefined ? { operation, input: complete, call } : undefined
          const repeated = seen && repeatedHead(this.marks, seen, result)
          if (repeated !== undefined) await this.#refuseRepeated(repeated, connection, call, mutation)
          const foreign = await foreignBody(operation, result.response)
          const whole = seen && !mutation ? repeatedWhole(this.marks, seen, result) : undefined
          if (whole !== undefined) throw DoubtedAnswer.repeated(whole, connection)
          if (foreign !== undefined) throw new DoubtedAnswer(foreign, connection)
          const { statusCode: status = 200 } = result.response ?? {}
          if (status >= 300) refuseUnlike(call, { status }, connection)
          if (factsOf(operation).root !== undefined) isEmpty = await isEmptyDocument(result.response)
          return result
        },
        { step: 'deserialize', name: 'legalHoldResponseHeaders', priority: 'low' },
      )
      guard(command, credentialsSourceOf(this.#settings))
      if (this.#settings.client !== undefined) withoutRetries(command)
      if (call.rawHeaders !== undefined) addHeaders(command, call.rawHeaders)
      if (leftOut.length > 0) leaveOut(command, leftOut)
      if (operation === 'CopyObject' || operation === 'CreateMultipartUpload') {
        signRawBytes(command, this.#settings.client === undefined)
      }
      const timeoutMs = this.attemptTimeoutMs + (call.extraTimeoutMs ?? 0)
      const output = await sendBounded<S3Output<K>>(client, command, { ...call, timeoutMs }, context)
      refuseForeignAnswer(operation, headers, isEmpty, context)
      const status = output.$metadata?.httpStatusCode
      refuseAnswerToAnother(operation, complete, { output, headers, connection })
      refuseUnlike(call, { status, output }, connection)
      const requestId = this.cleanId(requestIdOfAnswer(output, headers))
      return { output, headers, requestId, status, connection, leftOut }
    } catch (error) {
      if (error instanceof DoubtedAnswer) throw error
      refuseRefusalOfAnother(error, key, connection)
      throw normaliseS3Error(error, context)
    } finally {
      if (isToBeEnded) {
        this.#ended += 1
        connection?.renew?.()
      }
    }
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

  #freshSender(sdk: typeof S3, client: object): Promise<SendFresh | undefined> {
    this.#fresh ??= freshSender(sdk, client, this.attemptTimeoutMs)
    return this.#fresh
  }

  /**
   * Sends a call past the SDK. What it gets is an answer, or something for the SDK to read; nothing where it was not sent.
   * Throws what ends the request for good.
   */
  async #sendCall<K extends FastOperation>(
    operation: K,
    input: CallInput,
    call: S3Call & { readonly leftOut: readonly Extra[] },
    context: Parameters<typeof normaliseS3Error>[1],
  ): Promise<{ readonly answer?: S3Answer<K>; readonly outcome?: WireOutcome } | undefined> {
    const codec = await this.#fast.codec()
    const withMd5 = call.leftOut.includes('payload-checksum')
    const rendered = await codec?.render(operation, input, call.rawHeaders, withMd5).catch(() => undefined)
    if (codec === undefined || rendered === undefined) return undefined
    throwIfAborted(call.signal, call.stage)
    let answer: WireAnswer | undefined
    try {
      answer = await this.#fast.send((session) => session.call(rendered), call.signal, call.extraTimeoutMs)
    } catch (error) {
      return { outcome: this.#failed(error, call, context) }
    }
    if (answer === undefined) return undefined
    const { status, connection } = answer
    const hasText = !context.mutation && factsOf(operation).echoes !== 'listing'
    const marks = marksOf(operation, input, requestIdIn(answer), hasText ? () => textOf(answer) : undefined)
    const repetition = this.marks.meet(marks)
    if (repetition !== undefined) await this.#refuseRepeated(repetition, connection, call, context.mutation)
    const read = await codec.read(operation, answer)
    if (read === undefined) return { outcome: { answer } }
    this.#answered = true
    if (read.error !== undefined) {
      refuseRefusalOfAnother(read.error, context.key, connection)
      throw normaliseS3Error(read.error, context)
    }
    const { output, headers } = read
    refuseAnswerToAnother(operation, input, { output, headers, connection })
    refuseUnlike(call, { status, output }, connection)
    const { leftOut } = call
    const requestId = this.cleanId(requestIdOfAnswer(output, headers))
    return { answer: { output, headers, requestId, status, connection, leftOut } }
  }

  /** What the network failed with, for the SDK to report. Throws what is ours to say. */
  #failed(error: unknown, call: S3Call, context: Parameters<typeof normaliseS3Error>[1]): WireOutcome {
    if (error instanceof AttemptAborted) throw abortedUnderWay(context, call)
    // The SDK's own time limit is around all of its attempts, too.
    if (error instanceof AttemptTimeout) throw normaliseS3Error(error, context)
    // The same server would answer the next attempt in the same way.
    if (isBeyondUndici(error)) this.#fast.giveUp()
    return { error }
  }

  /** Drops the connections of a client that was built here; a caller's own client is left alone. */
  close(): void {
    this.#fast.close()
    this.#fresh = undefined
    if (this.#settings.client !== undefined) return
    const client = this.#client as { destroy?: () => void } | undefined
    this.#client = undefined
    client?.destroy?.()
  }

  #complete(input: object): object {
    const { expectedBucketOwner, requestPayer } = this.#settings
    // Operations that do not take it make nothing of it.
    const payer = requestPayer === undefined ? {} : { RequestPayer: requestPayer }
    if (expectedBucketOwner === undefined) return { ...input, ...payer, Bucket: this.bucket }
    const source = 'CopySource' in input ? { ExpectedSourceBucketOwner: expectedBucketOwner } : {}
    return { ...input, ...payer, ...source, Bucket: this.bucket, ExpectedBucketOwner: expectedBucketOwner }
  }
}

function isHangUp(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.code === 'NETWORK_ERROR'
}

function keyOf(input: object): { readonly key: string | undefined; readonly versionId: string | undefined } {
  const { Key: key, VersionId: versionId } = input as { Key?: string; VersionId?: string }
  return { key, versionId }
}
