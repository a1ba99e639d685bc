import { dayMs } from '../../../internal/durations.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'

/** Who stamps the time (RFC 3161). */
export interface TimestampOptions {
  /**
   * URL of the authority, or a function that sends the request (DER) and returns the answer (DER or BER). Plain
   * `http:` is common and harmless here, because the answer is signed and the request holds only a hash. One
   * redirect by 307 or 308 to `https:` is followed; any other is an error that names the new URL.
   */
  readonly authority: string | ((request: Uint8Array, options: CallOptions) => Promise<Uint8Array>)
  /**
   * Trusted certificates in PEM. The authority's certificate must lead to one of them.
   *
   * @defaultValue only the answer's own signature is checked
   */
  readonly ca?: string | undefined
}

/** What a verified time stamp says. */
export interface VerifiedTimestamp {
  /** ISO 8601 in UTC. */
  readonly time: string
  /** How far `time` may be off, in milliseconds, according to the authority. Absent if it does not say. */
  readonly accuracyMs?: number | undefined
  /** Subject of the certificate that signed it. */
  readonly authority: string
  /** Whether its certificates lead to one that the verifier trusts. `false` if none was given. */
  readonly trusted: boolean
  /** Hex. Absent if the answer has none. */
  readonly nonce: string | undefined
}

/** A bundle is stamped as it is sealed, within a day: a stamp further away is one of another time. */
export const furthestStampMs = dayMs

/** Bytes of the largest answer that is looked at: with all its certificates a time stamp has some ten thousand. */
export const longestAnswerBytes = 1_048_576

/** An answer that cannot be used. */
export function rejected(why: string, retryable = false): LegalHoldError {
  return new LegalHoldError(`The time stamp cannot be used: ${why}.`, {
    code: 'TIMESTAMP_REJECTED',
    stage: 'report',
    retryable,
  })
}
