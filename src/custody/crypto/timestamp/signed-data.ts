import { createHash, type X509Certificate } from 'node:crypto'
import { type BerElement, berTag, TimestampError } from '../ber.js'
import { childrenOf, Fields, readOctets, readOid } from '../ber-values.js'
import { der, derOf, derSetOf } from '../der.js'
import { certificatesOf, namesOf } from './certificates.js'
import { digestOf, SignatureAlgorithm } from './signature-algorithm.js'

const oid = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const

/** What a token signs, and who signed it. */
export interface SignedContent {
  /** The TSTInfo, as its bytes. */
  readonly content: Buffer
  readonly signer: X509Certificate
  /** All that the token carries. */
  readonly certificates: readonly X509Certificate[]
}

/**
 * Reads the signed data of a token (RFC 5652, 5) and verifies its one signature with the certificate that it
 * names. It does not decide whether that certificate can be trusted.
 *
 * @throws TimestampError
 */
export function verifySignedData(token: BerElement): SignedContent {
  const info = new Fields(token)
  if (readOid(info.next(berTag.oid)) !== oid.signedData) throw new TimestampError('it is not signed data')
  const [signedData] = info.next(berTag.context0).children
  const fields = new Fields(signedData)
  fields.next(berTag.integer)
  fields.next(berTag.set)
  const encapsulated = new Fields(fields.next(berTag.sequence))
  if (readOid(encapsulated.next(berTag.oid)) !== oid.tstInfo) {
    throw new TimestampError('what is signed is not a time stamp')
  }
  const [octets] = encapsulated.next(berTag.context0).children
  const content = readOctets(octets)
  const certificates = certificatesOf(fields.maybe(berTag.context0)?.children ?? [])
  fields.maybe(berTag.context1)
  const [signerInfo, ...others] = fields.next(berTag.set).children
  fields.end('its signed data')
  if (signerInfo === undefined || others.length > 0) {
    throw new TimestampError('it must carry exactly one signature')
  }
  return { content, signer: verifySigner(signerInfo, content, certificates), certificates }
}

/** Checks signature and signed attributes; returns the certificate that made it. */
function verifySigner(
  signerInfo: BerElement,
  content: Buffer,
  certificates: readonly X509Certificate[],
): X509Certificate {
  const fields = new Fields(signerInfo)
  fields.next(berTag.integer)
  const identifier = fields.any()
  const digest = digestOf(fields.next(berTag.sequence))
  const attributes = fields.next(berTag.context0)
  const algorithm = new SignatureAlgorithm(fields.next(berTag.sequence), digest)
  const signature = readOctets(fields.any())
  fields.maybe(berTag.context1)
  fields.end('its signature')
  const values = readAttributes(attributes)
  if (readOid(values.get(oid.contentType)) !== oid.tstInfo) throw new TimestampError('its signed type is another')
  if (
    !createHash(digest)
      .update(content)
      .digest()
      .equals(readOctets(values.get(oid.messageDigest)))
  ) {
    throw new TimestampError('its contents were changed')
  }
  const signer = certificates.find((certificate) => isNamedBy(values, certificate))
  if (signer === undefined) throw new TimestampError('the certificate that signed it is not in it')
  if (!isIdentifiedBy(identifier, signer)) {
    throw new TimestampError('it names two certificates as the one that signed it')
  }
  if (!isSigned(attributes, algorithm, signer, signature)) throw new TimestampError('its signature does not verify')
  return signer
}

/**
 * The attributes are signed as a SET in DER, not under the tag and in the form they are sent with (RFC 5652, 5.4). Some
 * authorities sign them in the order in which they send them, and not in that of DER.
 */
function isSigned(
  { children }: BerElement,
  algorithm: SignatureAlgorithm,
  signer: X509Certificate,
  signature: Buffer,
): boolean {
  const forms = [der(berTag.set, ...children.map(derOf)), derSetOf(children)]
  try {
    return forms.some((form) => algorithm.verify(form, signer.publicKey, signature))
  } catch (error) {
    if (error instanceof TimestampError) throw error
    throw new TimestampError('the key of its certificate cannot be used')
  }
}

/** The values of the signed attributes. One that is given twice could be read either way. */
function readAttributes(attributes: BerElement): ReadonlyMap<string, BerElement> {
  const values = new Map<string, BerElement>()
  for (const attribute of attributes.children) {
    const [name, set] = childrenOf(attribute, berTag.sequence)
    const [value, ...more] = childrenOf(set, berTag.set)
    const type = readOid(name)
    if (value === undefined || values.has(type))
      throw new TimestampError(`its attribute ${type} is given twice or empty`)
    if (more.length > 0 && known.has(type)) throw new TimestampError(`its attribute ${type} has several values`)
    values.set(type, value)
  }
  return values
}

const known: ReadonlySet<string> = new Set([
  oid.contentType,
  oid.messageDigest,
  oid.signingCertificate,
  oid.signingCertificateV2,
])

/**
 * RFC 2634 and 5035: the certificate's hash is signed, so that no other one of the same key can stand in for it. Where
 * both forms are given, both must name it.
 */
function isNamedBy(values: ReadonlyMap<string, BerElement>, { raw }: X509Certificate): boolean {
  const attributes = [
    [values.get(oid.signingCertificateV2), 'sha256'],
    [values.get(oid.signingCertificate), 'sha1'],
  ] as const
  const given = attributes.filter(([attribute]) => attribute !== undefined)
  return given.length > 0 && given.every(([attribute, digest]) => hashIn(attribute, digest, raw))
}

/** Whether the first certificate that the attribute lists has these bytes. */
function hashIn(attribute: BerElement | undefined, defaultDigest: string, raw: Buffer): boolean {
  const [list] = childrenOf(attribute, berTag.sequence)
  const fields = new Fields(childrenOf(list, berTag.sequence)[0])
  const algorithm = fields.maybe(berTag.sequence)
  const digest = algorithm === undefined ? defaultDigest : digestOf(algorithm)
  return createHash(digest).update(raw).digest().equals(readOctets(fields.any()))
}

/** Whether the signature names this certificate, by issuer and serial number or by its key (RFC 5652, 5.3). */
function isIdentifiedBy(identifier: BerElement, certificate: X509Certificate): boolean {
  const { serialNumber, issuer, subjectKeyIdentifier } = namesOf(certificate)
  if (identifier.tag !== berTag.sequence) {
    return subjectKeyIdentifier?.equals(readOctets(identifier, [berTag.value0, berTag.context0])) === true
  }
  const fields = new Fields(identifier)
  const named = fields.next(berTag.sequence)
  return derOf(named).equals(issuer) && fields.next(berTag.integer).contents.equals(serialNumber)
}
