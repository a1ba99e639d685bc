import { throwIfAborted } from '../../../internal/abort.js'
import { isPending } from '../../../internal/waits/pending.js'
import { requireTime } from '../../../internal/waits/waits.js'
import type { S3Answer, S3Call } from '../answer/call.js'
import {
  marksOf,
  refuseAnswerToAnother,
  refuseRefusalOfAnother,
  refuseUnlike,
  requestIdOfAnswer,
} from '../answer/checks.js'
import { requestIdIn, textOf } from '../answer/marks.js'
import { normaliseS3Error } from '../protocol/errors.js'
import { type FastOperation, factsOf } from '../protocol/operation-table.js'
import type { S3Output } from '../protocol/operations.js'
import type { CallInput } from '../wire/calls.js'
import type { WireOutcome } from '../wire/path.js'
import { AttemptAborted, AttemptTimeout, isLeftToSdk, type WireAnswer } from '../wire/transport.js'
import { abortedUnderWay } from './bounded.js'
import { sendBySdk } from './by-sdk.js'
import { type About, type Attempt, cleanIdOf, type Route } from './route.js'

/** Sends one attempt past the SDK, or by it where that must not be done; what is not plainly an answer it is given to read. */
export async function sendPastSdk<K extends FastOperation>(route: Route, attempt: Attempt<K>): Promise<S3Answer<K>> {
  const { operation, call, leftOut, about } = attempt
  const input = attempt.input as CallInput
  const opened = route.fast.codec()
  const codec = isPending(opened) ? await opened : opened
  const rendering = codec?.render(operation, input, call.rawHeaders, leftOut.includes('payload-checksum'))
  const rendered = isPending(rendering) ? await rendering : rendering
  if (codec === undefined || rendered === undefined) return sendBySdk(route, attempt, undefined)
  throwIfAborted(call.signal, call.stage)
  if (about.mutation) requireTime(call.signal)
  let answer: WireAnswer | undefined
  try {
    answer = await route.fast.send((session) => session.call(rendered), call.signal, call.extraTimeoutMs)
  } catch (error) {
    return sendBySdk(route, attempt, failedOnWire(route, error, call, about))
  }
  if (answer === undefined) return sendBySdk(route, attempt, undefined)
  const { status, connection } = answer
  const hasText = !about.mutation && factsOf(operation).echoes !== 'listing'
  const marks = marksOf(operation, input, requestIdIn(answer), hasText ? () => textOf(answer) : undefined)
  const repetition = route.marks.meet(marks)
  if (repetition !== undefined) await route.refuseRepeated(repetition, connection, call, about.mutation)
  const noLock = codec.noLock(operation, answer)
  if (noLock !== undefined) {
    route.seen.answered = true
    refuseRefusalOfAnother(noLock, about.key, connection)
    refuseUnlike(call, { status }, connection)
    const requestId = cleanIdOf(route.secrets, requestIdIn(answer))
    return { output: {} as S3Output<K>, headers: {}, requestId, status, connection, leftOut, isNoLock: true }
  }
  const reading = codec.read(operation, answer)
  const read = isPending(reading) ? await reading : reading
  if (read === undefined) return sendBySdk(route, attempt, { answer })
  route.seen.answered = true
  if (read.error !== undefined) {
    refuseRefusalOfAnother(read.error, about.key, connection)
    throw normaliseS3Error(read.error, about)
  }
  const { output, headers } = read
  refuseAnswerToAnother(operation, input, { output, headers, connection })
  refuseUnlike(call, { status, output }, connection)
  const requestId = cleanIdOf(route.secrets, requestIdOfAnswer(output, headers))
  return { output, headers, requestId, status, connection, leftOut }
}

/** What the network failed with, for the SDK to report. Throws what is ours to say. */
export function failedOnWire(route: Pick<Route, 'fast'>, error: unknown, call: S3Call, about: About): WireOutcome {
  if (error instanceof AttemptAborted) throw abortedUnderWay(about, call)
  // The SDK's own time limit is around all of its attempts, too.
  if (error instanceof AttemptTimeout) throw normaliseS3Error(error, about)
  // The same server would answer the next attempt in the same way.
  if (isLeftToSdk(error)) route.fast.giveUp()
  return { error }
}
