import { createHmac, timingSafeEqual } from 'node:crypto'
import { OptionCheck } from '../internal/option-check.js'
import { fetchByEnvironment } from '../internal/proxy/fetch.js'
import { proxyFor } from '../internal/proxy/proxy.js'
import { retrying } from '../internal/retry.js'
import { isLoopback } from '../internal/server-name.js'
import { LegalHoldError } from '../model/errors.js'
import type { Notice, Notifier } from '../ports/notifier.js'
import type { CallOptions } from '../ports/runtime.js'

/** Options of {@link webhookNotifier}. */
export interface WebhookOptions {
  /** `https:`, or `http:` to loopback. It may hold a secret, so messages name only its host. */
  readonly url: string
  /** Key of the signature. Without one the notice is not signed. */
  readonly secret?: string | undefined
  /** Longest time of one attempt, in milliseconds. @defaultValue 10000 */
  readonly timeoutMs?: number | undefined
}

/** Header that carries the signature: `t=SECONDS,v1=HEX`, the HMAC-SHA-256 of `SECONDS.BODY`. */
export const signatureHeader = 'x-legal-hold-signature'

const stage = 'report'

/**
 * Posts a notice as signed JSON. Any 2xx is an answer. After 429, 5xx and network failures it tries again, twice.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, `INSECURE_ENDPOINT`
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const { secret, timeoutMs = 10_000 } = options
  const url = checkedUrl(options)
  return async (notice: Notice, { signal }: CallOptions) => {
    const body = JSON.stringify(notice)
    await retrying(() => post(url, body, { secret, timeoutMs, signal }), { retries: 2 }, { stage, signal })
  }
}

/** Whether a request was signed with the secret, not longer ago than `toleranceMs`. For receivers of notices. */
export function isSignedNotice(request: {
  readonly secret: string
  /** Value of {@link signatureHeader}. */
  readonly signature: string
  /** The body as received, before parsing. */
  readonly body: string
  /** @defaultValue 300000 (5 min) */
  readonly toleranceMs?: number | undefined
  /** @defaultValue the machine's clock */
  readonly now?: number | undefined
}): boolean {
  const { secret, signature, body, toleranceMs = 300_000, now = Date.now() } = request
  const [, seconds = '', hex = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature) ?? []
  if (hex === '' || Math.abs(now - Number(seconds) * 1_000) > toleranceMs) return false
  return timingSafeEqual(Buffer.from(hex, 'hex'), hmac(secret, `${seconds}.${body}`))
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

function checkedUrl({ url, secret, timeoutMs }: WebhookOptions): URL {
  const mistakes = new OptionCheck('The options of webhookNotifier')
  const { check } = mistakes
  check(secret === undefined || (typeof secret === 'string' && secret !== ''), 'secret', 'must be a text, not empty')
  check(
    timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs > 0),
    'timeoutMs',
    'must be a positive number',
  )
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  check(parsed?.protocol === 'https:' || parsed?.protocol === 'http:', 'url', 'must be a URL with https')
  check(
    parsed === undefined || (parsed.username === '' && parsed.password === ''),
    'url',
    'must not carry a user or a password',
  )
  if (parsed?.protocol === 'http:' && !isLoopback(parsed.hostname)) {
    mistakes.add('url', 'is not encrypted; http is accepted to loopback only', { code: 'INSECURE_ENDPOINT' })
  }
  mistakes.throwIfAny()
  return parsed ?? new URL(url)
}

async function post(
  url: URL,
  body: string,
  call: { readonly secret: string | undefined; readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const seconds = Math.floor(Date.now() / 1_000)
  const signature = call.secret === undefined ? undefined : hmac(call.secret, `${seconds}.${body}`).toString('hex')
  const ending = new AbortController()
  const onAbort = () => ending.abort(call.signal?.reason)
  call.signal?.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => ending.abort(new Error('it took too long')), call.timeoutMs)
  try {
    const response = await fetchByEnvironment(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { [signatureHeader]: `t=${seconds},v1=${signature}` }),
      },
      // A redirect would send the notice to whoever is named there.
      redirect: 'manual',
      signal: ending.signal,
    })
    await response.body?.cancel()
    if (!response.ok)
      throw failure(url, `answered HTTP ${response.status}`, response.status === 429 || response.status >= 500)
  } catch (error) {
    if (LegalHoldError.isInstance(error)) throw error
    const proxy = proxyFor(url, process.env)
    const way = proxy === undefined ? '' : ` through the proxy ${proxy.host}`
    // What fetch says of it names the whole URL.
    const what = ending.signal.aborted ? `did not answer within ${call.timeoutMs} ms` : 'could not be reached'
    throw failure(url, `${what}${way}`, true)
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', onAbort)
  }
}

function failure(url: URL, what: string, retryable: boolean): LegalHoldError {
  return new LegalHoldError(`The webhook at ${url.host} ${what}.`, { code: 'NETWORK_ERROR', stage, retryable })
}
