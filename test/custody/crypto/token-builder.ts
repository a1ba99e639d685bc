// Time stamps that openssl does not make: of any algorithm, in any form of BER, and wrong in any one place.
import { constants, createHash, type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { type BerElement, readBer } from '#src/custody/crypto/ber.js'
import { der, derOid } from '#src/custody/crypto/der.js'

const tag = { integer: 2, bits: 3, octets: 4, null: 5, time: 0x18, sequence: 0x30, set: 0x31 } as const
const oids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const

export type Digest = keyof typeof oids

export const sequence = (...parts: Uint8Array[]) => der(tag.sequence, ...parts)
export const set = (...parts: Uint8Array[]) => der(tag.set, ...parts)
export const integer = (value: number) => der(tag.integer, Uint8Array.of(value))
export const octets = (bytes: Uint8Array) => der(tag.octets, bytes)
export const time = (text: string) => der(tag.time, Buffer.from(text))
export const algorithm = (oid: string, ...parameters: Uint8Array[]) => sequence(derOid(oid), ...parameters)
export const hashOf = (digest: Digest) => algorithm(oids[digest], Uint8Array.of(tag.null, 0))
const context = (number: number, ...parts: Uint8Array[]) => der(0xa0 + number, ...parts)

/** A way to sign: how it is named, with which digest, and how it is done. */
export interface Way {
  readonly digest: Digest
  readonly algorithm: Buffer
  sign(key: KeyObject, data: Buffer): Buffer
}

const pssParameters = (digest: Digest, salt: number, mask: Digest = digest) =>
  sequence(
    context(0, hashOf(digest)),
    context(1, algorithm('1.2.840.113549.1.1.8', hashOf(mask))),
    context(2, integer(salt)),
  )

export const ways = {
  rsa: (digest: Digest = 'sha256', oid = '1.2.840.113549.1.1.1'): Way => ({
    digest,
    algorithm: algorithm(oid, Uint8Array.of(tag.null, 0)),
    sign: (key, data) => sign(digest, data, key),
  }),
  pss: (digest: Digest = 'sha256', saltLength = 32, parameters?: Buffer): Way => ({
    digest,
    algorithm: algorithm('1.2.840.113549.1.1.10', parameters ?? pssParameters(digest, saltLength)),
    sign: (key, data) => sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  }),
  pssWithMask: (digest: Digest, mask: Digest): Way => ways.pss(digest, 32, pssParameters(digest, 32, mask)),
  ec: (digest: Digest = 'sha256', oid?: string): Way => ({
    digest,
    algorithm: algorithm(oid ?? `1.2.840.10045.4.3.${{ sha1: 1, sha256: 2, sha384: 3, sha512: 4 }[digest]}`),
    sign: (key, data) => sign(digest, data, key),
  }),
  edwards: (oid = '1.3.101.112'): Way => ({
    // RFC 8419, 2.3
    digest: 'sha512',
    algorithm: algorithm(oid),
    sign: (key, data) => sign(null, data, key),
  }),
}

/** What a token is made of; each part may be given in a form of its own. */
export interface TokenParts {
  readonly data: Buffer
  readonly key: KeyObject
  readonly certificate: X509Certificate
  readonly way: Way
  readonly imprint?: Digest
  readonly version?: number
  readonly time?: string
  /** Fields of the TSTInfo behind the time. */
  readonly more?: readonly Buffer[]
  readonly status?: Buffer
  readonly contentType?: string
  readonly content?: Buffer
  readonly signedType?: string
  readonly certificates?: readonly Uint8Array[]
  readonly attributes?: (own: readonly Buffer[]) => readonly Buffer[]
  /** The order in which the attributes are signed. @defaultValue that of DER */
  readonly signedAs?: 'sent' | 'sorted'
  readonly identifier?: Buffer
  readonly signatures?: number
  readonly essDigest?: Digest
}

export const tstInfoOid = '1.2.840.113549.1.9.16.1.4'

export const attribute = (oid: string, ...values: Buffer[]) => sequence(derOid(oid), set(...values))

/** `YYYYMMDDhhmmssZ`, of now. */
export function generalizedTime(date = new Date(), fraction = ''): string {
  return `${date.toISOString().replace(/[-:T]|\..*/g, '')}${fraction}Z`
}

function tstInfoOf({
  data,
  imprint = 'sha256',
  version = 1,
  time: text = generalizedTime(),
  more = [],
}: TokenParts): Buffer {
  const hashed = sequence(hashOf(imprint), octets(createHash(imprint).update(data).digest()))
  return sequence(integer(version), derOid('1.2.3.4.1'), hashed, integer(7), time(text), ...more)
}

/** The attribute that names the certificate by its hash (RFC 5035). */
export function signingCertificate(raw: Buffer, digest: Digest = 'sha256'): Buffer {
  const hash = octets(createHash(digest).update(raw).digest())
  if (digest === 'sha1') return attribute('1.2.840.113549.1.9.16.2.12', sequence(sequence(sequence(hash))))
  const named = digest === 'sha256' ? sequence(hash) : sequence(hashOf(digest), hash)
  return attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(named)))
}

/** The token alone, in DER. */
export function tokenOf(parts: TokenParts): Buffer {
  const { key, certificate, way, contentType = tstInfoOid, signedType = tstInfoOid } = parts
  const content = parts.content ?? tstInfoOf(parts)
  const own = [
    attribute('1.2.840.113549.1.9.3', derOid(signedType)),
    attribute('1.2.840.113549.1.9.4', octets(createHash(way.digest).update(content).digest())),
    signingCertificate(certificate.raw, parts.essDigest),
  ].sort(Buffer.compare)
  const attributes = parts.attributes?.(own) ?? own
  const signed = parts.signedAs === 'sorted' ? [...attributes].sort(Buffer.compare) : attributes
  const signature = way.sign(key, der(tag.set, ...signed))
  const signerInfo = sequence(
    integer(1),
    parts.identifier ?? issuerAndSerial(certificate),
    hashOf(way.digest),
    context(0, ...attributes),
    way.algorithm,
    octets(signature),
  )
  const signedData = sequence(
    integer(3),
    set(hashOf(way.digest)),
    sequence(derOid(contentType), context(0, octets(content))),
    context(0, ...(parts.certificates ?? [certificate.raw])),
    set(...Array.from({ length: parts.signatures ?? 1 }, () => signerInfo)),
  )
  return sequence(derOid('1.2.840.113549.1.7.2'), context(0, signedData))
}

/** An answer that grants the token. */
export function answerOf(parts: TokenParts): Buffer {
  return sequence(parts.status ?? sequence(integer(0)), tokenOf(parts))
}

/** The key identifier of a certificate made by openssl, as a signature names it. */
export function keyIdentifier(certificate: X509Certificate): Buffer {
  const at = certificate.raw.indexOf(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0e]))
  return der(0x80, certificate.raw.subarray(at + 9, at + 29))
}

export function issuerAndSerial({ raw }: X509Certificate): Buffer {
  const [, serial, , issuer] = readBer(raw).children[0]!.children
  return sequence(issuer!.bytes, serial!.bytes)
}

/** Numbers below a bound: choices of a test. */
export type Choose = (bound: number) => number

/**
 * The same values in another form of BER: lengths that are longer than they need be or indefinite, and octet strings in
 * pieces. Certificates stay as they are, since they are DER by themselves; what is signed stays where `attributes` says so,
 * since openssl hashes it as it comes.
 */
export function inBer(bytes: Buffer, choose: Choose, attributes: 'rewrite' | 'keep' = 'rewrite'): Buffer {
  return rewrite(readBer(bytes), { choose, keeps: attributes === 'keep' }, 0)
}

function rewrite(element: BerElement, how: { choose: Choose; keeps: boolean }, depth: number): Buffer {
  const { tag: of, identifier, contents, children, isConstructed } = element
  const { choose, keeps } = how
  // In an answer the certificates are [0] on the fourth level, and the signed attributes [0] on the sixth.
  const isKept = of === 0xa0 && (depth === 4 || (keeps && depth === 6))
  if (isKept) return wrap(identifier, Buffer.concat(children.map(({ bytes }) => bytes)), choose, true)
  if (of === tag.octets && choose(2) === 0) return inPieces(contents, choose)
  const body = isConstructed ? Buffer.concat(children.map((child) => rewrite(child, how, depth + 1))) : contents
  return wrap(identifier, body, choose, isConstructed)
}

function inPieces(contents: Buffer, choose: Choose, depth = 0): Buffer {
  const cut = choose(contents.length + 1)
  const pieces = [contents.subarray(0, cut), contents.subarray(cut)]
  const written = pieces.map((piece) =>
    depth < 3 && choose(4) === 0
      ? inPieces(piece, choose, depth + 1)
      : wrap(Buffer.from([tag.octets]), piece, choose, false),
  )
  return wrap(Buffer.from([0x24]), Buffer.concat(written), choose, true)
}

function wrap(identifier: Buffer, body: Buffer, choose: Choose, isConstructed: boolean): Buffer {
  // Of a long form without any contents openssl says that its header is too long.
  const form = body.length === 0 && !isConstructed ? 0 : choose(isConstructed ? 3 : 2)
  if (form === 2) return Buffer.concat([identifier, Buffer.from([0x80]), body, Buffer.from([0, 0])])
  if (form === 0) return Buffer.concat([der(0, body).subarray(0, 0), identifier, der(0, body).subarray(1)])
  const octetsOfLength = 4 + choose(2)
  const length = Buffer.alloc(octetsOfLength)
  length.writeUInt32BE(body.length, octetsOfLength - 4)
  return Buffer.concat([identifier, Buffer.from([0x80 | octetsOfLength]), length, body])
}
