import type { X509Certificate } from 'node:crypto'
import { visible } from '../../../internal/text/visible.js'
import { type BerElement, berTag, readBer, TimestampError } from '../ber.js'
import { Fields, readCount } from '../ber-values.js'
import { leadsTo, subjectOf } from './certificates.js'
import { longestAnswerBytes, type VerifiedTimestamp } from './facts.js'
import { verifySignedData } from './signed-data.js'
import { readTstInfo } from './tst-info.js'

/**
 * Verifies an answer of a time stamping authority (RFC 3161). The answer must be granted, cover this data, and be
 * signed by the certificate it names. That certificate must be for time stamping and must have been valid then.
 * Where `ca` is given, its issuers must lead there. The answer may be in BER, as CMS allows.
 *
 * @throws TimestampError saying what is wrong
 */
export function verifyTimestamp(answer: Buffer, data: Uint8Array, ca: readonly X509Certificate[]): VerifiedTimestamp {
  if (answer.length > longestAnswerBytes) throw new TimestampError('it is larger than a time stamp can be')
  const { content, signer, certificates } = verifySignedData(tokenOf(readBer(answer)))
  const { time, accuracyMs, nonce } = readTstInfo(content, data)
  return {
    time: time.toISOString(),
    ...(accuracyMs === undefined ? {} : { accuracyMs }),
    authority: subjectOf(signer.subject),
    trusted: leadsTo(signer, certificates, ca, time),
    nonce,
  }
}

/** The token of an answer that grants it. */
function tokenOf(answer: BerElement): BerElement {
  const fields = new Fields(answer)
  const status = new Fields(fields.next(berTag.sequence))
  // 0 granted, 1 granted with modifications; anything else is a refusal.
  if (readCount(status.next(berTag.integer)) > 1)
    throw new TimestampError(`the authority did not grant it${whyOf(status)}`)
  const token = fields.maybe(berTag.sequence)
  if (token === undefined) throw new TimestampError('the authority granted it and sent none')
  fields.end('the answer')
  return token
}

const longestReason = 200
const failures: Readonly<Record<number, string>> = {
  0: 'badAlg',
  2: 'badRequest',
  5: 'badDataFormat',
  14: 'timeNotAvailable',
  15: 'unacceptedPolicy',
  16: 'unacceptedExtension',
  17: 'addInfoNotAvailable',
  25: 'systemFailure',
}

/** What the authority says of its refusal (RFC 3161, 2.4.2). */
function whyOf(status: Fields): string {
  const texts = status.maybe(berTag.sequence)?.children ?? []
  const text = texts
    .find(({ tag }) => tag === berTag.utf8String)
    ?.contents.subarray(0, longestReason)
    .toString()
  const bits = status.maybe(berTag.bitString)?.contents.subarray(1) ?? []
  const names = Object.entries(failures).flatMap(([bit, name]) =>
    ((bits[Math.floor(Number(bit) / 8)] ?? 0) >> (7 - (Number(bit) % 8))) & 1 ? [name] : [],
  )
  const reasons = [...names, ...(text === undefined ? [] : [JSON.stringify(visible(text))])]
  return reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
}
