import { fetchByEnvironment } from '../../../internal/proxy/fetch.js'
import { isLoopback } from '../../../internal/server-name.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import { longestAnswerBytes, rejected } from './facts.js'

const stage = 'report'
const longestAttemptMs = 30_000

/** How one request to an authority is sent. */
export interface AuthorityCall extends CallOptions {
  /** @defaultValue 30 seconds */
  readonly attemptTimeoutMs?: number | undefined
}

/**
 * Sends a request (DER) to an authority by HTTP and returns its answer, whatever that holds. One 307 or 308 to https is
 * followed.
 *
 * @throws LegalHoldError `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `ABORTED`
 */
export async function askAuthority(url: string, request: Buffer, call: AuthorityCall): Promise<Uint8Array> {
  const { signal, attemptTimeoutMs = longestAttemptMs } = call
  // One controller a request, not AbortSignal.any: that would stay with a long-lived signal for good.
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const timer = setTimeout(() => ending.abort(new Error('it took too long')), attemptTimeoutMs)
  try {
    const response = await post(url, request, ending.signal)
    return await bodyOf(isRedirect(response) ? await follow(url, response, request, ending.signal) : response)
  } catch (error) {
    if (LegalHoldError.isInstance(error)) throw error
    if (signal?.aborted) {
      throw new LegalHoldError('The call was aborted.', { code: 'ABORTED', stage, cause: signal.reason })
    }
    const why = ending.signal.aborted ? `did not answer within ${attemptTimeoutMs / 1000} s` : 'could not be reached'
    throw new LegalHoldError(`The time stamping authority at ${hostOf(url)} ${why}.`, {
      code: 'NETWORK_ERROR',
      stage,
      retryable: true,
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function post(url: string, body: Buffer, signal: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' }
  // By default fetch would follow, and after a 301 or 302 ask by GET and without the request.
  return fetchByEnvironment(new URL(url), { method: 'POST', headers, body, signal, redirect: 'manual' })
}

/** 300 and 304 to 306 lead nowhere. */
function isRedirect({ status }: Response): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

/**
 * Follows one redirect that keeps method and body (RFC 9110, 15.4.8 and 15.4.9). One that does not is a move that a
 * person must confirm, and one to `http:` would give away what the caller protects by `https:`.
 */
async function follow(from: string, response: Response, request: Buffer, signal: AbortSignal): Promise<Response> {
  await response.body?.cancel()
  const to = targetOf(from, response)
  if (response.status !== 307 && response.status !== 308) {
    throw rejected(`the authority has moved (HTTP ${response.status}) to ${nameOf(to)}. Give that URL if you trust it`)
  }
  if (!isSafe(to, new URL(from))) {
    throw rejected(`the authority sends its callers (HTTP ${response.status}) to ${nameOf(to)}, which is not https`)
  }
  const second = await post(to.href, request, signal)
  if (!isRedirect(second)) return second
  await second.body?.cancel()
  throw rejected(
    `the authority sends its callers to ${nameOf(to)}, and from there (HTTP ${second.status}) to ` +
      `${nameOf(targetOf(to.href, second))}. One redirect is followed`,
  )
}

/** Loopback needs no encryption, but only a caller that asked there himself is sent there. */
function isSafe(to: URL, from: URL): boolean {
  if (to.protocol === 'https:') return true
  return to.protocol === 'http:' && isLoopback(to.hostname) && isLoopback(from.hostname)
}

function targetOf(from: string, response: Response): URL {
  const location = response.headers.get('location') ?? ''
  if (location === '' || !URL.canParse(location, from)) {
    throw rejected(`the authority redirects (HTTP ${response.status}) and does not say where to`)
  }
  return new URL(location, from)
}

const longestName = 300

/** An address without what may be secret in it: credentials, and a query. */
function nameOf(url: URL): string {
  if (url.host === '') return `a URL of the scheme ${url.protocol.slice(0, longestName)}`
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`.slice(0, longestName)
}

/** Reads no more than a time stamp can have. */
async function bodyOf(response: Response): Promise<Uint8Array> {
  if (!response.ok) {
    await response.body?.cancel()
    throw rejected(`HTTP ${response.status}`, response.status >= 500 || response.status === 429)
  }
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > longestAnswerBytes) throw rejected('the answer is larger than a time stamp can be')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : JSON.stringify(url)
}
