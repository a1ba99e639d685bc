import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { LegalHoldError } from '../errors.js'
import { retrying } from '../internal/retry.js'
import type { CallOptions } from '../ports.js'
import { der, derOid, derTag } from './der.js'
import { type VerifiedTimestamp, verifyTimestamp } from './timestamp-token.js'

const stage = 'report'
const sha256Oid = '2.16.840.1.101.3.4.2.1'
const longestAttemptMs = 30_000
const longestAnswerBytes = 1_048_576

/** Who stamps the time (RFC 3161). */
export interface TimestampOptions {
  /**
   * URL of the authority, or a function that sends the request (DER) and returns the answer (DER). Plain `http:` is
   * common and harmless here: the answer is signed, and the request holds nothing but a hash.
   */
  readonly authority: string | ((request: Uint8Array, options: CallOptions) => Promise<Uint8Array>)
  /** Certificates, in PEM, that the authority's has to lead to. @defaultValue only the answer's own signature is checked */
  readonly ca?: string | undefined
}

/** A request for a stamp over the SHA-256 of the data, with the authority's certificate in the answer. */
export function timestampRequest(data: Uint8Array, nonce: Buffer): Buffer {
  const imprint = createHash('sha256').update(data).digest()
  return der(
    derTag.sequence,
    der(derTag.integer, Uint8Array.of(1)),
    der(
      derTag.sequence,
      der(derTag.sequence, derOid(sha256Oid), Uint8Array.of(0x05, 0x00)),
      der(derTag.octetString, imprint),
    ),
    der(derTag.integer, nonce),
    // BOOLEAN TRUE: certReq
    Uint8Array.of(0x01, 0x01, 0xff),
  )
}

/**
 * Has data stamped, and verifies the answer as it comes.
 *
 * @throws LegalHoldError `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `ABORTED`
 */
export async function obtainTimestamp(
  data: Uint8Array,
  options: TimestampOptions,
  call: CallOptions & { readonly attemptTimeoutMs?: number; readonly retries?: number },
): Promise<{ readonly answer: Buffer; readonly verified: VerifiedTimestamp }> {
  const { authority } = options
  const nonce = randomBytes(16)
  // A positive integer without leading zeros, whatever was drawn.
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40
  const request = timestampRequest(data, nonce)
  const ask = typeof authority === 'string' ? () => post(authority, request, call) : () => authority(request, call)
  const answer = Buffer.from(await retrying(ask, { retries: call.retries ?? 4 }, { stage, signal: call.signal }))
  let verified: VerifiedTimestamp
  try {
    verified = verifyTimestamp(answer, data, readCertificates(options.ca ?? ''))
  } catch (error) {
    throw rejected((error as Error).message)
  }
  if (verified.nonce !== nonce.toString('hex')) throw rejected('it answers another request')
  return { answer, verified }
}

/** The certificates of a PEM file. */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}

async function post(
  url: string,
  request: Buffer,
  { signal, attemptTimeoutMs = longestAttemptMs }: CallOptions & { readonly attemptTimeoutMs?: number },
): Promise<Uint8Array> {
  // One controller a request, not AbortSignal.any: that would stay with a long-lived signal for good.
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const timer = setTimeout(() => ending.abort(new Error('it took too long')), attemptTimeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: request,
      signal: ending.signal,
    })
    const body = new Uint8Array(await response.arrayBuffer())
    if (!response.ok) throw rejected(`HTTP ${response.status}`, response.status >= 500 || response.status === 429)
    if (body.length > longestAnswerBytes) throw rejected('the answer is larger than a time stamp can be')
    return body
  } catch (error) {
    if (LegalHoldError.isInstance(error)) throw error
    if (signal?.aborted)
      throw new LegalHoldError('The call was aborted.', { code: 'ABORTED', stage, cause: signal.reason })
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

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : JSON.stringify(url)
}

function rejected(why: string, retryable = false): LegalHoldError {
  return new LegalHoldError(`The time stamp cannot be used: ${why}.`, { code: 'TIMESTAMP_REJECTED', stage, retryable })
}
