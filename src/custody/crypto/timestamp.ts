import { createHash, randomBytes, type X509Certificate } from 'node:crypto'
import { retrying } from '../../internal/retry.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { berTag, TimestampError } from './ber.js'
import { readCertificates } from './certificates.js'
import { der, derOid } from './der.js'
import { type AuthorityCall, askAuthority, rejected } from './timestamp-http.js'
import { type VerifiedTimestamp, verifyTimestamp } from './timestamp-token.js'

const sha256Oid = '2.16.840.1.101.3.4.2.1'

/** Who stamps the time (RFC 3161). */
export interface TimestampOptions {
  /**
   * URL of the authority, or a function that sends the request (DER) and returns the answer (DER or BER). Plain `http:`
   * is common and harmless here: the answer is signed, and the request holds nothing but a hash. One redirect by 307 or
   * 308 to `https:` is followed; any other is an error that names the new URL.
   */
  readonly authority: string | ((request: Uint8Array, options: CallOptions) => Promise<Uint8Array>)
  /** Certificates, in PEM, that the authority's has to lead to. @defaultValue only the answer's own signature is checked */
  readonly ca?: string | undefined
}

/** A request for a stamp over the SHA-256 of the data, with the authority's certificate in the answer. */
export function timestampRequest(data: Uint8Array, nonce: Buffer): Buffer {
  const imprint = createHash('sha256').update(data).digest()
  return der(
    berTag.sequence,
    der(berTag.integer, Uint8Array.of(1)),
    der(
      berTag.sequence,
      der(berTag.sequence, derOid(sha256Oid), Uint8Array.of(0x05, 0x00)),
      der(berTag.octetString, imprint),
    ),
    der(berTag.integer, nonce),
    // certReq
    der(berTag.boolean, Uint8Array.of(0xff)),
  )
}

/**
 * Has data stamped, and verifies the answer as it comes.
 *
 * @throws LegalHoldError `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `INVALID_OPTIONS` (the certificates in `ca`), `ABORTED`
 */
export async function obtainTimestamp(
  data: Uint8Array,
  options: TimestampOptions,
  call: AuthorityCall & { readonly retries?: number | undefined },
): Promise<{ readonly answer: Buffer; readonly verified: VerifiedTimestamp }> {
  const { authority } = options
  const ca = trustedBy(options)
  const nonce = randomBytes(16)
  // A positive integer without leading zeros, whatever was drawn.
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40
  const request = timestampRequest(data, nonce)
  const ask =
    typeof authority === 'string' ? () => askAuthority(authority, request, call) : () => authority(request, call)
  const retry = { retries: call.retries ?? 4 }
  const answer = Buffer.from(await retrying(ask, retry, { stage: 'report', signal: call.signal }))
  const verified = verifiedOrRejected(answer, data, ca)
  if (verified.nonce !== nonce.toString('hex')) throw rejected('it answers another request')
  return { answer, verified }
}

/**
 * The certificates that the authority's must lead to.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`: with none that can be read, any authority would do
 */
export function trustedBy({ ca }: Pick<TimestampOptions, 'ca'>): readonly X509Certificate[] {
  try {
    return ca === undefined ? [] : readCertificates(ca)
  } catch (error) {
    throw new LegalHoldError(`The option \`timestamp.ca\` ${(error as Error).message}.`, {
      code: 'INVALID_OPTIONS',
      stage: 'options',
    })
  }
}

function verifiedOrRejected(answer: Buffer, data: Uint8Array, ca: readonly X509Certificate[]): VerifiedTimestamp {
  try {
    return verifyTimestamp(answer, data, ca)
  } catch (error) {
    throw rejected(error instanceof TimestampError ? error.message : 'it cannot be read')
  }
}
