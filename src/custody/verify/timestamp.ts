import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { bundleFiles, type CustodyPredicate, timestampPayloadType } from '../bundle/contents.js'
import { textOf, unreadable } from '../bundle/file.js'
import { type Findings, rewrittenSignature } from '../bundle/problem.js'
import { TimestampError } from '../crypto/ber.js'
import { envelopeFinding, type OpenedEnvelope, openEnvelope } from '../crypto/dsse.js'
import { loadTimestamp } from '../crypto/load-timestamp.js'
import { furthestStampMs, type VerifiedTimestamp } from '../crypto/timestamp/facts.js'

// The clocks of the authority and of who verifies may differ by so much.
const clockToleranceMs = 300_000

const file = bundleFiles.timestamp

/** What the time stamp of a bundle is held against. */
export interface StampedBundle {
  readonly dir: string
  readonly predicate: CustodyPredicate
  /** What was stamped. */
  readonly signature: Buffer
  readonly key: KeyObject | undefined
  /** Certificates, in PEM, that the authority's must lead to. */
  readonly tsaCa: string | undefined
  /** Milliseconds. */
  readonly now: number
}

/**
 * Verifies the time stamp of a bundle. What does not hold is entered in `findings`.
 *
 * @returns what the stamp says; `undefined` if there is none that can be read
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function checkTimestamp(
  bundle: StampedBundle,
  findings: Findings,
): Promise<VerifiedTimestamp | undefined> {
  const { dir, predicate, tsaCa } = bundle
  if (predicate.timestamp === 'none') {
    if (tsaCa !== undefined) findings.fail('timestamp-invalid', 'The bundle has no time stamp.')
    return undefined
  }
  const text = await textOf(join(dir, file))
  if (text === undefined) {
    findings.fail('file-missing', `${file} is missing.`, file)
    return undefined
  }
  const opened = openEnvelope(text)
  if (typeof opened === 'string' || opened.payloadType !== timestampPayloadType) {
    const why = typeof opened === 'string' ? opened : 'it holds something else'
    findings.fail('timestamp-invalid', `${file} cannot be used: ${why}.`, file)
    return undefined
  }
  checkSignature(opened, bundle, findings)
  const { readCertificates, verifyTimestamp } = await loadTimestamp()
  const ca = trustedAuthorities(tsaCa, readCertificates)
  try {
    const verified = verifyTimestamp(opened.payload, bundle.signature, ca)
    if (!verified.trusted) {
      findings.note(
        'The time stamp is sound in itself; whose it is was not checked: give the certificate of its authority.',
      )
    }
    checkTime(verified, bundle, findings)
    return verified
  } catch (error) {
    const why = error instanceof TimestampError ? error.message : 'it cannot be read'
    findings.fail('timestamp-invalid', `The time stamp does not verify: ${why}.`, file)
    return undefined
  }
}

function checkSignature(opened: OpenedEnvelope, { key }: StampedBundle, findings: Findings): void {
  if (key === undefined) return
  const finding = envelopeFinding(key, opened)
  if (finding === 'invalid') findings.fail('timestamp-invalid', `${file} is not what was signed.`, file)
  if (finding === 'rewritten') findings.fail('timestamp-invalid', `${file} ${rewrittenSignature}.`, file)
}

function checkTime({ time }: VerifiedTimestamp, { predicate, now }: StampedBundle, findings: Findings): void {
  const stampedAt = Date.parse(time)
  const sealedAt = Date.parse(predicate.sealedAt)
  // A time that is none is not within a day of anything.
  if (!(Math.abs(stampedAt - sealedAt) <= furthestStampMs)) {
    findings.fail(
      'timestamp-invalid',
      `The time stamp says ${time}, and the bundle says that it was sealed at ${predicate.sealedAt}: more than a day apart.`,
      file,
    )
  }
  if (stampedAt > now + clockToleranceMs) {
    findings.fail(
      'timestamp-invalid',
      `The time stamp says ${time}, which has not come yet: it is ${new Date(now).toISOString()} here.`,
      file,
    )
  }
}

function trustedAuthorities(
  pem: string | undefined,
  readCertificates: (pem: string) => readonly X509Certificate[],
): readonly X509Certificate[] {
  try {
    return pem === undefined ? [] : readCertificates(pem)
  } catch (error) {
    throw unreadable(`The file for --tsa ${(error as Error).message}.`)
  }
}
