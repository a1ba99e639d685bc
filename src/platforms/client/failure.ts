import { proxyFailed, proxyRemedy } from '../../internal/proxy/refusal.js'
import type { Redactor } from '../../internal/redaction/redactor.js'
import { redirectOf } from '../../internal/redirect.js'
import { endingIn } from '../../internal/waits/own-advice.js'
import { LegalHoldError, type LegalHoldErrorCode, type Stage } from '../../model/errors.js'
import { type Answer, answerOf, isAnswer, listOf, numberOf, textOf } from './answer.js'
import { refusalOfProxy } from './tunnel-refusal.js'

/** What repeating a request means. A `create` makes something new each time: it is never repeated blindly. */
export type Effect = 'read' | 'repeatable' | 'create'

/** What a failure must be told about the request that failed. */
export interface FailureContext {
  /** Completes "Could not …", e.g. `read the integration abc`. */
  readonly operation: string
  readonly stage: Stage
  readonly effect: Effect
}

/** A failure of the SDK, whichever way it came, as plain facts. */
export interface PlatformFailure {
  /** Absent when there was no answer. */
  readonly status?: number | undefined
  readonly headers: Answer
  /** The parsed ErrorBody, if there was one. */
  readonly body?: Answer | undefined
  /** `empty`, or `page` for something that is not a JSON object. */
  readonly bodyKind: 'json' | 'page' | 'empty'
  /** Node's or axios's code of a network failure. */
  readonly networkCode?: string | undefined
  readonly message?: string | undefined
  /** The SDK refused to send, e.g. for a missing argument. */
  readonly notSent?: boolean | undefined
  readonly error?: Error | undefined
}

/** Rejected by our own timer. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout'
}

/** The name of the answer's correlation id: what Genesys support asks for. */
const correlationHeader = 'inin-correlation-id'

// Nothing reached the server, so even a create may be repeated.
const notSentCodes = new Set([
  proxyFailed,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_INVALID_URL',
])
const timeoutCodes = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT'])

/**
 * Reads a failure in each form that the SDK gives it:
 *
 * - an extended response
 * - an AxiosError (network, timeout, login)
 * - a plain ErrorBody
 * - a string (HTML body, or the SDK's own complaint)
 * - `undefined` (empty body)
 * - any other Error
 *
 * What a proxy answered to CONNECT comes as the first two, and is a network failure.
 */
export function readFailure(failure: unknown): PlatformFailure {
  if (failure instanceof AttemptTimeout) {
    return { headers: {}, bodyKind: 'empty', networkCode: 'ETIMEDOUT', message: failure.message }
  }
  if (failure === undefined || failure === null || failure === '') return { headers: {}, bodyKind: 'empty' }
  if (typeof failure === 'string') {
    const notSent = failure.startsWith('Missing the required parameter')
    return { headers: {}, bodyKind: 'page', notSent, ...(notSent ? { message: failure } : {}) }
  }
  if (!isAnswer(failure)) return { headers: {}, bodyKind: 'page' }
  const refusal = refusalOfProxy(failure instanceof Error ? failure : failure.error)
  if (refusal !== undefined) {
    return { headers: {}, bodyKind: 'empty', networkCode: proxyFailed, message: refusal.message, error: refusal }
  }
  if (isExtended(failure)) return answered(failure.status, failure.headers, failure.body ?? failure.text)
  const response = answerOf(failure, 'response')
  if (failure instanceof Error) {
    if (response && typeof response.status === 'number') {
      return answered(response.status, response.headers, response.data)
    }
    const { code } = failure as Error & { code?: unknown }
    const isAxios = 'isAxiosError' in failure || 'config' in failure
    return {
      headers: {},
      bodyKind: 'empty',
      networkCode: typeof code === 'string' ? code : isAxios ? 'ERR_NETWORK' : undefined,
      message: failure.message,
      error: failure,
    }
  }
  return answered(numberOf(failure, 'status'), {}, failure)
}

function isExtended(value: Answer): value is Answer & { status: number } {
  return typeof value.status === 'number' && 'headers' in value && ('body' in value || 'text' in value)
}

function answered(status: number | undefined, headers: unknown, data: unknown): PlatformFailure {
  return {
    status,
    headers: isAnswer(headers) ? headers : {},
    ...(isAnswer(data) ? { body: data } : {}),
    bodyKind: isAnswer(data) ? 'json' : data === undefined || data === null || data === '' ? 'empty' : 'page',
  }
}

/** Makes the one error that callers see of a failure. Nothing of the SDK's own error objects is attached to it. */
export function toLegalHoldError(
  failure: PlatformFailure,
  context: FailureContext,
  redactor: Redactor,
  now: number,
): LegalHoldError {
  const { code, retryable, certain, advice } = classify(failure, context)
  const unknown = !certain && context.effect === 'create'
  const told = unknown ? 'Whether it took effect is not known: look for it before doing it again.' : advice
  const text = `Could not ${context.operation}: ${describe(failure)}. ${told}`
  const error = new LegalHoldError(redactor.redact(text), {
    code: unknown ? 'JOB_OUTCOME_UNKNOWN' : code,
    stage: context.stage,
    retryable: retryable && !unknown,
    outcome: certain || context.effect === 'read' ? 'not-applied' : 'unknown',
    status: failure.status,
    requestId: clean(headerOf(failure.headers, correlationHeader) ?? textOf(failure.body, 'contextId'), redactor),
    retryAfterMs: retryAfterMs(failure.headers, now),
    details: detailsOf(failure, redactor, unknown ? code : undefined),
    cause: causeOf(failure, redactor),
  })
  return endingIn(told, error)
}

interface Classification {
  readonly code: LegalHoldErrorCode
  readonly retryable: boolean
  /** The server certainly did not do what it was asked. */
  readonly certain: boolean
  readonly advice: string
}

function classify(failure: PlatformFailure, context: FailureContext): Classification {
  const { status } = failure
  const no = (code: LegalHoldErrorCode, advice: string): Classification => ({
    code,
    retryable: false,
    certain: true,
    advice,
  })
  if (failure.notSent) return no('INTERNAL', 'The request was not sent.')
  if (status === undefined) return classifyUnanswered(failure, context)
  if (status === 401)
    return no('PLATFORM_UNAUTHORIZED', 'Check client id, secret or token, and that the region is right.')
  if (status === 403) return no('PLATFORM_FORBIDDEN', 'Give the role of the OAuth client the permission it names.')
  if (status === 404) return no('PLATFORM_NOT_FOUND', 'Check the id, and that the region is that of the organisation.')
  if (status === 409) return no('PLATFORM_CONFLICT', 'Read its state again and decide again.')
  if (status === 429) {
    return { code: 'PLATFORM_RATE_LIMITED', retryable: true, certain: true, advice: 'Wait as long as it asks.' }
  }
  if (status === 408 || status >= 500) {
    const retryable = context.effect !== 'create'
    return { code: 'PLATFORM_UNAVAILABLE', retryable, certain: false, advice: 'Try again later.' }
  }
  if (status >= 400) return no('PLATFORM_REJECTED', 'Correct the request.')
  const redirect = redirectOf(status, headerOf(failure.headers, 'location'))
  if (redirect !== undefined) {
    return {
      code: 'PLATFORM_RESPONSE_INVALID',
      retryable: false,
      certain: redirect.isUntouched,
      advice: 'Check the region or endpoint, and that no proxy answers in its place.',
    }
  }
  return {
    code: 'PLATFORM_RESPONSE_INVALID',
    retryable: context.effect !== 'create',
    certain: false,
    advice: 'Check that the endpoint is that of Genesys Cloud and that no proxy answers in its place.',
  }
}

function classifyUnanswered(failure: PlatformFailure, { effect }: FailureContext): Classification {
  const { networkCode } = failure
  if (networkCode === undefined) {
    if (failure.error) {
      return { code: 'INTERNAL', retryable: false, certain: false, advice: 'The SDK failed in an unexpected way.' }
    }
    return {
      code: 'PLATFORM_RESPONSE_INVALID',
      retryable: effect !== 'create',
      certain: false,
      advice: 'Check that the endpoint is that of Genesys Cloud and that no proxy answers in its place.',
    }
  }
  if (timeoutCodes.has(networkCode)) {
    return { code: 'TIMEOUT', retryable: true, certain: false, advice: 'Try again, or allow a longer timeoutMs.' }
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(networkCode)) {
    return {
      code: 'NETWORK_ERROR',
      retryable: false,
      certain: true,
      advice: 'Check the certificate of the endpoint or proxy.',
    }
  }
  return {
    code: 'NETWORK_ERROR',
    retryable: true,
    certain: notSentCodes.has(networkCode),
    advice: networkCode === proxyFailed ? proxyRemedy : 'Check the connection and the region.',
  }
}

function describe(failure: PlatformFailure): string {
  const { status, networkCode, bodyKind } = failure
  if (status === undefined) {
    if (failure.message) return networkCode ? `${failure.message} (${networkCode})` : failure.message
    return `Genesys Cloud's answer was ${bodyKind === 'page' ? 'a page instead of JSON' : 'empty'}`
  }
  const redirect = redirectOf(status, headerOf(failure.headers, 'location'))
  if (redirect !== undefined) {
    return `Genesys Cloud answered ${status}, which points to ${redirect.target}. That is not followed, since the credentials would go there`
  }
  if (bodyKind === 'empty') return `Genesys Cloud answered ${status} with an empty body`
  if (bodyKind === 'page') return `Genesys Cloud answered ${status} with a page instead of JSON`
  const message = textOf(failure.body, 'message', 'error_description', 'description', 'error')
  const code = textOf(failure.body, 'code')
  return `Genesys Cloud answered ${status}${code ? ` (${code})` : ''}${message ? `: ${trimmed(message)}` : ''}`
}

function trimmed(message: string): string {
  return message.trim().replace(/\.$/, '').slice(0, 500)
}

function detailsOf(
  failure: PlatformFailure,
  redactor: Redactor,
  failedWith: LegalHoldErrorCode | undefined,
): Record<string, unknown> | undefined {
  const { body } = failure
  if (body === undefined && failedWith === undefined) return undefined
  const details = {
    failedWith,
    platformCode: textOf(body, 'code'),
    platformMessage: textOf(body, 'message'),
    limit: answerOf(body, 'limit'),
    errors: listOf(body, 'errors')
      ?.slice(0, 10)
      .map((error) => ({ code: textOf(error, 'code'), message: textOf(error, 'message') })),
  }
  const plain = JSON.parse(JSON.stringify(redactor.redactTexts(details))) as Record<string, unknown>
  return Object.keys(plain).length > 0 ? plain : undefined
}

/** A copy of name, code and message: the original carries the credential in `config.headers`. */
function causeOf(failure: PlatformFailure, redactor: Redactor): Error | undefined {
  if (failure.message === undefined) return undefined
  const cause = new Error(redactor.redact(failure.message))
  cause.name = failure.error?.name ?? 'Error'
  if (failure.networkCode !== undefined) Object.assign(cause, { code: failure.networkCode })
  return cause
}

function clean(text: string | undefined, redactor: Redactor): string | undefined {
  return text === undefined ? undefined : redactor.redact(text)
}

/** A header's value, whatever the case of its name. */
export function headerOf(headers: Answer, name: string): string | undefined {
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() !== name) continue
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

/** The correlation id of an answer. */
export function correlationIdOf(headers: Answer): string | undefined {
  return headerOf(headers, correlationHeader)
}

/** `Retry-After`: whole seconds (genesys-facts), or a date as HTTP also allows. */
export function retryAfterMs(headers: Answer, now: number): number | undefined {
  const value = headerOf(headers, 'retry-after')?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1_000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
