import { constants, type KeyObject, verify } from 'node:crypto'
import { type BerElement, berTag, TimestampError } from '../ber.js'
import { childrenOf, Fields, readCount, readOid } from '../ber-values.js'

const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/**
 * The digest that an AlgorithmIdentifier names.
 *
 * @throws TimestampError for one that is not known here
 */
export function digestOf(algorithm: BerElement | undefined): string {
  const name = readOid(childrenOf(algorithm, berTag.sequence)[0])
  const digest = digests[name]
  if (digest === undefined) throw new TimestampError(`the digest ${name} is not known here`)
  return digest
}

/** How a signature is made: with which keys, and with which digest where its name says that. */
interface Scheme {
  readonly keys: readonly (KeyObject['asymmetricKeyType'] & string)[]
  readonly digest?: string
  /** The key signs the data as they are. @defaultValue false */
  readonly isDigestless?: boolean
}

const rsa = ['rsa'] as const
const ec = ['ec'] as const
const rsaPss = '1.2.840.113549.1.1.10'
const schemes: Readonly<Record<string, Scheme>> = {
  // The key's own name stands for the scheme as well (RFC 3370, 3.2; RFC 5753, 7.1.3).
  '1.2.840.113549.1.1.1': { keys: rsa },
  '1.2.840.113549.1.1.5': { keys: rsa, digest: 'sha1' },
  '1.2.840.113549.1.1.11': { keys: rsa, digest: 'sha256' },
  '1.2.840.113549.1.1.12': { keys: rsa, digest: 'sha384' },
  '1.2.840.113549.1.1.13': { keys: rsa, digest: 'sha512' },
  [rsaPss]: { keys: ['rsa', 'rsa-pss'] },
  '1.2.840.10045.2.1': { keys: ec },
  '1.2.840.10045.4.1': { keys: ec, digest: 'sha1' },
  '1.2.840.10045.4.3.2': { keys: ec, digest: 'sha256' },
  '1.2.840.10045.4.3.3': { keys: ec, digest: 'sha384' },
  '1.2.840.10045.4.3.4': { keys: ec, digest: 'sha512' },
  '1.3.101.112': { keys: ['ed25519'], isDigestless: true },
  '1.3.101.113': { keys: ['ed448'], isDigestless: true },
}

/** How one signature of a time stamp is verified. */
export class SignatureAlgorithm {
  readonly #scheme: Scheme
  readonly #digest: string
  readonly #saltLength: number | undefined

  /**
   * @param digest what the signer says that he hashes with
   * @throws TimestampError for one that is not known here, or that contradicts the digest
   */
  constructor(algorithm: BerElement, digest: string) {
    const fields = new Fields(algorithm)
    const name = readOid(fields.next(berTag.oid))
    const scheme = schemes[name]
    if (scheme === undefined) throw new TimestampError(`the signature algorithm ${name} is not known here`)
    if (scheme.digest !== undefined && scheme.digest !== digest) throw twoDigests(scheme.digest, digest)
    this.#scheme = scheme
    this.#digest = digest
    this.#saltLength = name === rsaPss ? saltLengthOf(fields.maybe(berTag.sequence), digest) : undefined
  }

  /** @throws TimestampError where the key is none for this signature */
  verify(data: Buffer, key: KeyObject, signature: Buffer): boolean {
    const { keys, isDigestless = false } = this.#scheme
    const type = key.asymmetricKeyType ?? 'unknown'
    if (!keys.some((one) => one === type)) {
      throw new TimestampError(`its certificate has a key of type ${type}, which does not make such signatures`)
    }
    const saltLength = this.#saltLength
    const padding = saltLength === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    return verify(isDigestless ? null : this.#digest, data, { key, ...padding }, signature)
  }
}

const mgf1 = '1.2.840.113549.1.1.8'
const defaultSaltBytes = 20
// No key is as long as that.
const longestSaltBytes = 2_048

/** The length of the salt, by the parameters of RSA-PSS (RFC 4055, 3.1); what they leave out is SHA-1 and 20 bytes. */
function saltLengthOf(parameters: BerElement | undefined, digest: string): number {
  if (parameters === undefined) throw new TimestampError('its RSA-PSS signature has no parameters')
  const fields = new Fields(parameters)
  const hash = fields.maybe(berTag.context0)?.children[0]
  const mask = fields.maybe(berTag.context1)?.children[0]
  const salt = fields.maybe(berTag.context2)?.children[0]
  const trailer = fields.maybe(berTag.context3)?.children[0]
  fields.end('RSA-PSS')
  const hashed = hash === undefined ? 'sha1' : digestOf(hash)
  if (hashed !== digest) throw twoDigests(hashed, digest)
  // Node takes one digest for both; RFC 4055, 3.1 recommends that they are the same.
  const masked = mask === undefined ? 'sha1' : maskDigestOf(mask)
  if (masked !== digest) {
    throw new TimestampError(`its RSA-PSS mask is made with ${masked}, and only ${digest} can be verified here`)
  }
  if (trailer !== undefined && readCount(trailer) !== 1) {
    throw new TimestampError('its RSA-PSS signature has another trailer than 1')
  }
  const length = salt === undefined ? defaultSaltBytes : readCount(salt)
  if (length > longestSaltBytes) throw new TimestampError('its RSA-PSS salt is longer than any key')
  return length
}

function maskDigestOf(mask: BerElement): string {
  const fields = new Fields(mask)
  const name = readOid(fields.next(berTag.oid))
  if (name !== mgf1) throw new TimestampError(`the mask ${name} is not known here`)
  return digestOf(fields.next(berTag.sequence))
}

function twoDigests(one: string, other: string): TimestampError {
  return new TimestampError(`its signature names two digests, ${one} and ${other}`)
}
