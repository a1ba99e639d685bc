import { X509Certificate } from 'node:crypto'
import { type BerElement, berTag, readBer, TimestampError } from '../ber.js'
import { expectTag, Fields, readOctets, readOid } from '../ber-values.js'
import { derOf } from '../der.js'

const oid = {
  timeStamping: '1.3.6.1.5.5.7.3.8',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectKeyIdentifier: '2.5.29.14',
} as const
// More than any token has, and few enough that each may be tried for each.
const mostCertificates = 64

/**
 * The certificates of a PEM file that somebody trusts.
 *
 * @throws TimestampError for a file without any, or with one that cannot be read: then it says nothing of whom to trust
 */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new TimestampError('holds no certificate in PEM')
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw new TimestampError('holds a certificate that cannot be read')
    }
  })
}

/**
 * The certificates that a token carries.
 *
 * @throws TimestampError for one that cannot be read
 */
export function certificatesOf(elements: readonly BerElement[]): X509Certificate[] {
  // Attribute certificates, and other forms, stand under tags of their own (RFC 5652, 10.2.2).
  const own = elements.filter(({ tag }) => tag === berTag.sequence)
  if (own.length > mostCertificates) throw new TimestampError(`it carries more than ${mostCertificates} certificates`)
  return own.map((element) => {
    try {
      return new X509Certificate(derOf(element))
    } catch {
      throw new TimestampError('a certificate in it cannot be read')
    }
  })
}

/** What of a certificate names it, as bytes. */
export interface CertificateNames {
  readonly serialNumber: Buffer
  readonly issuer: Buffer
  readonly subjectKeyIdentifier: Buffer | undefined
  /** Whether the key may sign, for time stamping alone, and whoever reads it must heed that (RFC 3161, 2.3). */
  readonly isForTimeStampingAlone: boolean
}

/** @throws TimestampError */
export function namesOf(certificate: X509Certificate): CertificateNames {
  const [body] = readBer(certificate.raw).children
  const fields = new Fields(body)
  fields.maybe(berTag.context0)
  const serialNumber = fields.next(berTag.integer).contents
  fields.next(berTag.sequence)
  const issuer = fields.next(berTag.sequence).bytes
  const extensions = body?.children.at(-1)?.tag === berTag.context3 ? body.children.at(-1)?.children[0] : undefined
  const found = new Map<string, { readonly isCritical: boolean; readonly value: Buffer }>()
  for (const extension of extensions?.children ?? []) {
    const parts = new Fields(extension)
    const name = readOid(parts.next(berTag.oid))
    const isCritical = (parts.maybe(berTag.boolean)?.contents[0] ?? 0) !== 0
    found.set(name, { isCritical, value: readOctets(parts.any()) })
  }
  const keyId = found.get(oid.subjectKeyIdentifier)
  const usage = found.get(oid.extendedKeyUsage)
  const purposes = certificate.keyUsage ?? []
  const isAlone = usage?.isCritical === true && purposes.length === 1 && purposes[0] === oid.timeStamping
  return {
    serialNumber,
    issuer,
    subjectKeyIdentifier: keyId === undefined ? undefined : readOctets(readBer(keyId.value)),
    isForTimeStampingAlone: isAlone && maySign(found.get(oid.keyUsage)?.value),
  }
}

/** Whether a key usage, if there is one, allows signatures: digitalSignature or nonRepudiation (RFC 5280, 4.2.1.3). */
function maySign(usage: Buffer | undefined): boolean {
  if (usage === undefined) return true
  const [, bits = 0] = expectTag(readBer(usage), berTag.bitString).contents
  return (bits & 0xc0) !== 0
}

/**
 * Whether a signer's certificate leads to a trusted one.
 *
 * @param certificates others that may lie between them
 * @param ca the trusted ones; without any, nobody knows
 * @throws TimestampError for a certificate that is not for time stamping, that was not valid then, or that does not lead
 *   to `ca` although that is given
 */
export function leadsTo(
  signer: X509Certificate,
  certificates: readonly X509Certificate[],
  ca: readonly X509Certificate[],
  time: Date,
): boolean {
  if (!namesOf(signer).isForTimeStampingAlone)
    throw new TimestampError('its certificate is not for time stamping alone')
  requireValid(signer, time)
  if (ca.length === 0) return false
  const trusted = new Set(ca.map(({ fingerprint256 }) => fingerprint256))
  const seen = new Set<string>()
  let why = 'its certificate does not lead to the authority that was given'
  // A certificate may be issued by several of one name: each way is gone once.
  const ways = [signer]
  for (let at = ways.pop(); at !== undefined; at = ways.pop()) {
    if (trusted.has(at.fingerprint256)) return true
    if (seen.has(at.fingerprint256)) continue
    seen.add(at.fingerprint256)
    for (const issuer of [...certificates, ...ca]) {
      if (seen.has(issuer.fingerprint256) || !hasIssued(issuer, at)) continue
      const flaw = flawOf(issuer, time)
      if (flaw === undefined) ways.push(issuer)
      else why = flaw
    }
  }
  throw new TimestampError(why)
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // A key that cannot be used has issued nothing.
    return false
  }
}

/** What forbids a certificate to issue another at that time. */
function flawOf(issuer: X509Certificate, time: Date): string | undefined {
  return issuer.ca ? invalidity(issuer, time) : 'a certificate that may not issue others issued one of its own'
}

function requireValid(certificate: X509Certificate, time: Date): void {
  const why = invalidity(certificate, time)
  if (why !== undefined) throw new TimestampError(why)
}

function invalidity({ validFrom, validTo, subject }: X509Certificate, time: Date): string | undefined {
  // Certificates count whole seconds.
  const seconds = Math.floor(time.getTime() / 1000) * 1000
  if (seconds >= Date.parse(validFrom) && seconds <= Date.parse(validTo)) return undefined
  return `the certificate of ${subjectOf(subject)} was not valid at ${time.toISOString()}`
}

/** A subject on one line. Node escapes what cannot be printed. */
export function subjectOf(subject: string): string {
  return subject.replaceAll('\n', ', ')
}
