import { createHash, randomBytes, type X509Certificate } from 'node:crypto'
import { retrying } from '../../../internal/retry.js'
import { LegalHoldError } from '../../../model/errors.js'
import { berTag, TimestampError } from '../ber.js'
import { der, derOid } from '../der.js'
import { type AuthorityCall, askAuthority } from './authority.js'
import { readCertificates } from './certificates.js'
import { rejected, type TimestampOptions, type VerifiedTimestamp } from './facts.js'
import { verifyTimestamp } from './token.js'

const sha256Oid = '2.16.840.1.101.3.4.2.1'

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
  const subject = typeof authority === 'string' ? `time stamp of ${authority}` : 'time stamp'
  const answer = Buffer.from(await retrying(ask, retry, { stage: 'report', subject, signal: call.signal }))
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
