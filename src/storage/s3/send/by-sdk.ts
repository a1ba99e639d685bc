import { requireTime } from '../../../internal/waits/waits.js'
import type { S3Answer, S3Headers } from '../answer/call.js'
import {
  refuseAnswerToAnother,
  refuseForeignAnswer,
  refuseRefusalOfAnother,
  refuseUnlike,
  repeatedHead,
  repeatedWhole,
  requestIdOfAnswer,
} from '../answer/checks.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import { credentialsSourceOf } from '../client/credentials.js'
import { addHeaders, guard, isEmptyDocument, leaveOut, signRawBytes, withoutRetries } from '../client/middleware.js'
import { buildCommand } from '../client/sdk.js'
import { connectionOf, type Renewable } from '../client/sdk-connection.js'
import { foreignBody } from '../protocol/answer-root.js'
import { normaliseS3Error } from '../protocol/errors.js'
import { factsOf } from '../protocol/operation-table.js'
import type { S3Operation, S3Output } from '../protocol/operations.js'
import { withNamedVersion } from '../protocol/version-id.js'
import type { WireOutcome } from '../wire/path.js'
import { sendBounded } from './bounded.js'
import { asReceived } from './received.js'
import { type Attempt, attemptTimeoutOf, cleanIdOf, type Route } from './route.js'

/**
 * Sends one attempt through the SDK.
 *
 * @param received what came of it past the SDK, for the SDK to read instead of asking once more
 */
export async function sendBySdk<K extends S3Operation>(
  route: Route,
  { operation, input, call, leftOut, about }: Attempt<K>,
  received: WireOutcome | undefined,
): Promise<S3Answer<K>> {
  const { mutation } = about
  let outcome = received
  const { sdk, client } = await route.connection.open(call.stage)
  let headers: S3Headers = {}
  let isEmpty = false
  let connection: Renewable | undefined
  // A second reading ends its connection: what else comes over that must not be taken for the answer to another request.
  let isToBeEnded = call.again !== undefined && operation !== 'GetObject'
  try {
    const fresh = call.again === undefined ? undefined : await route.connection.freshSender(sdk, client)
    isToBeEnded &&= fresh === undefined
    const command = buildCommand(sdk, operation, input)
    command.middlewareStack?.add(
      (next, smithy) => async (args) => {
        route.secrets.noteContext(smithy)
        const received = outcome
        // A client that retries by itself does so on the network.
        outcome = undefined
        if (mutation && received === undefined) requireTime(call.signal)
        const result =
          received !== undefined
            ? asReceived(received)
            : fresh !== undefined && args.request !== undefined
              ? await fresh(args.request, call.signal)
              : await next(args)
        headers = result.response?.headers ?? {}
        route.seen.answered = true
        connection = received?.answer?.connection ?? connectionOf(result.response)
        // What was received elsewhere has been looked at there.
        const seen = received === undefined ? { operation, input, call } : undefined
        const repeated = seen && repeatedHead(route.marks, seen, result)
        if (repeated !== undefined) await route.refuseRepeated(repeated, connection, call, mutation)
        const foreign = await foreignBody(operation, result.response)
        const whole = seen && !mutation ? repeatedWhole(route.marks, seen, result) : undefined
        if (whole !== undefined) throw DoubtedAnswer.repeated(whole, connection)
        if (foreign !== undefined) throw new DoubtedAnswer(foreign, connection)
        const { statusCode: status = 200 } = result.response ?? {}
        if (status >= 300) refuseUnlike(call, { status }, connection)
        if (factsOf(operation).root !== undefined) isEmpty = await isEmptyDocument(result.response)
        return result
      },
      { step: 'deserialize', name: 'legalHoldResponseHeaders', priority: 'low' },
    )
    guard(command, credentialsSourceOf(route.settings))
    if (route.settings.client !== undefined) withoutRetries(command)
    if (call.rawHeaders !== undefined) addHeaders(command, call.rawHeaders)
    if (leftOut.length > 0) leaveOut(command, leftOut)
    if (operation === 'CopyObject' || operation === 'CreateMultipartUpload') {
      signRawBytes(command, route.settings.client === undefined)
    }
    const timeoutMs = attemptTimeoutOf(route.settings) + (call.extraTimeoutMs ?? 0)
    const said = await sendBounded<S3Output<K>>(client, command, { ...call, timeoutMs }, about)
    const output = withNamedVersion(said)
    refuseForeignAnswer(operation, headers, isEmpty, about)
    const status = output.$metadata?.httpStatusCode
    refuseAnswerToAnother(operation, input, { output, headers, connection })
    refuseUnlike(call, { status, output }, connection)
    const requestId = cleanIdOf(route.secrets, requestIdOfAnswer(output, headers))
    return { output, headers, requestId, status, connection, leftOut }
  } catch (error) {
    if (error instanceof DoubtedAnswer) throw error
    refuseRefusalOfAnother(error, about.key, connection)
    throw normaliseS3Error(error, about)
  } finally {
    if (isToBeEnded) {
      route.seen.ended += 1
      connection?.renew?.()
    }
  }
}
