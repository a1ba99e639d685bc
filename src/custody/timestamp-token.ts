import { constants, createHash, verify, X509Certificate } from 'node:crypto'
import { childrenOf, type DerElement, DerError, derTag, expectTag, readDer, readOid, readTime } from './der.js'

/** What a verified time stamp says. */
export interface VerifiedTimestamp {
  /** ISO 8601 in UTC. */
  readonly time: string
  /** Subject of the certificate that signed it. */
  readonly authority: string
  /** Whether its certificates lead to one that the verifier trusts; without any given, nobody knows. */
  readonly trusted: boolean
  /** Hex; absent where the answer has none. */
  readonly nonce: string | undefined
}

const oid = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const

const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

const rsaPss = '1.2.840.113549.1.1.10'

/**
 * Verifies an answer of a time stamping authority (RFC 3161): granted, over this data, signed by the certificate it
 * names, which is for time stamping and was valid then, and whose issuers lead to `ca` where that is given.
 *
 * @throws DerError saying what is wrong
 */
export function verifyTimestamp(answer: Buffer, data: Uint8Array, ca: readonly X509Certificate[]): VerifiedTimestamp {
  const [status, token] = childrenOf(readDer(answer), derTag.sequence)
  const [code] = childrenOf(status, derTag.sequence)
  const granted = expectTag(code, derTag.integer).contents
  // 0 granted, 1 granted with modifications; anything else is a refusal.
  if (granted.length !== 1 || (granted[0] ?? 9) > 1) throw new DerError('the authority did not grant it')
  const [contentType, content] = childrenOf(token, derTag.sequence)
  if (readOid(contentType) !== oid.signedData) throw new DerError('it is no signed data')
  const [signedData] = childrenOf(content, derTag.context0)
  const parts = childrenOf(signedData, derTag.sequence)
  const [eContentType, wrapped] = childrenOf(parts[2], derTag.sequence)
  if (readOid(eContentType) !== oid.tstInfo) throw new DerError('what is signed is no time stamp')
  const [octets] = childrenOf(wrapped, derTag.context0)
  const tstInfo = expectTag(octets, derTag.octetString).contents
  const certificates = readCertificates(parts.find(({ tag }) => tag === derTag.context0))
  const [signerInfo, ...others] = childrenOf(parts.at(-1), derTag.set)
  if (signerInfo === undefined || others.length > 0) throw new DerError('it has to carry exactly one signature')
  const signer = verifySigner(signerInfo, tstInfo, certificates)
  const { time, nonce } = readTstInfo(tstInfo, data)
  return {
    time: time.toISOString(),
    authority: signer.subject.replaceAll('\n', ', '),
    trusted: checkChain(signer, certificates, ca, time),
    nonce,
  }
}

function readTstInfo(bytes: Buffer, data: Uint8Array): { time: Date; nonce: string | undefined } {
  const fields = childrenOf(readDer(bytes), derTag.sequence)
  const [algorithm, imprint] = childrenOf(fields[2], derTag.sequence)
  const digest = digestOf(childrenOf(algorithm, derTag.sequence)[0])
  if (digest === 'sha1') throw new DerError('its imprint is SHA-1')
  if (!createHash(digest).update(data).digest().equals(expectTag(imprint, derTag.octetString).contents)) {
    throw new DerError('it stamps other data')
  }
  const nonce = fields.slice(5).find(({ tag }) => tag === derTag.integer)
  return { time: readTime(fields[4]), nonce: nonce?.contents.toString('hex').replace(/^(00)+(?=..)/, '') }
}

/** Checks signature and signed attributes; returns the certificate that made it. */
function verifySigner(
  signerInfo: DerElement,
  tstInfo: Buffer,
  certificates: readonly X509Certificate[],
): X509Certificate {
  const fields = childrenOf(signerInfo, derTag.sequence)
  const digest = digestOf(childrenOf(fields[2], derTag.sequence)[0])
  const attributes = expectTag(fields[3], derTag.context0)
  const values = readAttributes(attributes)
  if (readOid(values.get(oid.contentType)) !== oid.tstInfo) throw new DerError('its signed type is another')
  const claimed = expectTag(values.get(oid.messageDigest), derTag.octetString).contents
  if (!createHash(digest).update(tstInfo).digest().equals(claimed)) throw new DerError('its contents were changed')
  const named = namedCertificate(values)
  const signer = certificates.find(
    ({ raw }) => named !== undefined && createHash(named.digest).update(raw).digest().equals(named.hash),
  )
  if (signer === undefined) throw new DerError('the certificate that signed it is not in it')
  // The attributes are signed as a SET, not under the tag they are sent with (RFC 5652, 5.4).
  const signed = Buffer.concat([Uint8Array.of(derTag.set), attributes.bytes.subarray(1)])
  const signature = expectTag(fields[5], derTag.octetString).contents
  const isPss = readOid(childrenOf(fields[4], derTag.sequence)[0]) === rsaPss
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {}
  const isEdwards = signer.publicKey.asymmetricKeyType?.startsWith('ed') === true
  if (!verify(isEdwards ? undefined : digest, signed, { key: signer.publicKey, ...padding }, signature)) {
    throw new DerError('its signature does not verify')
  }
  return signer
}

/** RFC 2634 and 5035: the certificate's hash is signed, so that no other one of the same key can stand in for it. */
function namedCertificate(
  values: ReadonlyMap<string, DerElement>,
): { readonly digest: string; readonly hash: Buffer } | undefined {
  const attribute = values.get(oid.signingCertificateV2) ?? values.get(oid.signingCertificate)
  if (attribute === undefined) return undefined
  const [list] = childrenOf(attribute, derTag.sequence)
  const [first] = childrenOf(list, derTag.sequence)
  const fields = childrenOf(first, derTag.sequence)
  const digest = values.has(oid.signingCertificateV2)
    ? fields[0]?.tag === derTag.sequence
      ? digestOf(childrenOf(fields[0], derTag.sequence)[0])
      : 'sha256'
    : 'sha1'
  const hash = expectTag(
    fields.find(({ tag }) => tag === derTag.octetString),
    derTag.octetString,
  ).contents
  return { digest, hash }
}

function readAttributes(attributes: DerElement): Map<string, DerElement> {
  const values = new Map<string, DerElement>()
  for (const attribute of childrenOf(attributes, derTag.context0)) {
    const [name, set] = childrenOf(attribute, derTag.sequence)
    const [value] = childrenOf(set, derTag.set)
    if (value !== undefined) values.set(readOid(name), value)
  }
  return values
}

function readCertificates(element: DerElement | undefined): X509Certificate[] {
  if (element === undefined) return []
  return childrenOf(element, derTag.context0)
    .filter(({ tag }) => tag === derTag.sequence)
    .map(({ bytes }) => new X509Certificate(bytes))
}

function digestOf(algorithm: DerElement | undefined): string {
  const name = readOid(algorithm)
  const digest = digests[name]
  if (digest === undefined) throw new DerError(`the digest ${name} is not known here`)
  return digest
}

/** Whether the signer leads to a trusted certificate; a chain that is broken, where any is trusted, is an error. */
function checkChain(
  signer: X509Certificate,
  certificates: readonly X509Certificate[],
  ca: readonly X509Certificate[],
  time: Date,
): boolean {
  if (!(signer.keyUsage ?? []).includes(oid.timeStamping))
    throw new DerError('its certificate is not for time stamping')
  requireValid(signer, time)
  if (ca.length === 0) return false
  let at = signer
  for (let depth = 0; depth < 8; depth += 1) {
    if (ca.some(({ fingerprint256 }) => fingerprint256 === at.fingerprint256)) return true
    const issuer = [...ca, ...certificates].find(
      (candidate) => candidate !== at && at.checkIssued(candidate) && at.verify(candidate.publicKey),
    )
    if (issuer === undefined) break
    if (!issuer.ca) throw new DerError('a certificate that may not issue others issued one of its own')
    requireValid(issuer, time)
    at = issuer
  }
  throw new DerError('its certificate does not lead to the authority that was given')
}

function requireValid(certificate: X509Certificate, time: Date): void {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  if (time.getTime() >= from && time.getTime() <= to) return
  throw new DerError(
    `the certificate of ${certificate.subject.replaceAll('\n', ', ')} was not valid at ${time.toISOString()}`,
  )
}
