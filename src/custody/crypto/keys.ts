import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { LegalHoldError } from '../../model/errors.js'
import type { Signer } from '../../ports/evidence.js'
import { ecdsaFormOf } from './ecdsa-form.js'
import { normaliseFingerprint } from './fingerprint.js'

/** How a key signs: Ed25519 as it is, ECDSA with the digest of its curve's size and DER signatures. */
function digestOf(key: KeyObject): 'sha256' | 'sha384' | undefined | 'unsupported' {
  if (key.asymmetricKeyType === 'ed25519') return undefined
  if (key.asymmetricKeyType !== 'ec') return 'unsupported'
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve === 'prime256v1') return 'sha256'
  return curve === 'secp384r1' ? 'sha384' : 'unsupported'
}

/**
 * Reads a public key, SPKI in PEM.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export function readPublicKey(pem: string): KeyObject {
  let key: KeyObject
  try {
    // A private key would be taken for its public half without a word; nobody should hand one out to verify.
    if (/PRIVATE KEY/.test(pem)) throw new Error('it is a private key')
    key = createPublicKey(pem)
  } catch (error) {
    throw unusable(`The public key cannot be read: ${(error as Error).message}. Give it as SPKI in PEM.`)
  }
  if (digestOf(key) === 'unsupported') throw unusable('The public key is neither Ed25519 nor ECDSA on P-256 or P-384.')
  return key
}

/**
 * SHA-256 of a public key (SPKI, as a key or in PEM) as `sha256:` and hex.
 * `openssl pkey -pubin -outform DER | sha256sum` prints the same digest.
 */
export function fingerprintOf(key: KeyObject | string): string {
  const der = (typeof key === 'string' ? readPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(der).digest('hex')}`
}

/**
 * What somebody who verifies was given from elsewhere: the key, or its fingerprint, or nothing.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`, `EVIDENCE_UNREADABLE`
 */
export function givenKey(given: {
  readonly publicKey?: string | undefined
  readonly fingerprint?: string | undefined
}): KeyObject | string | undefined {
  const { publicKey, fingerprint } = given
  const normal = fingerprint === undefined ? undefined : normaliseFingerprint(fingerprint)
  if (fingerprint !== undefined && normal === undefined) {
    throw new LegalHoldError('The fingerprint must be 64 hexadecimal digits, with or without "sha256:" in front.', {
      code: 'INVALID_OPTIONS',
      stage: 'report',
    })
  }
  if (publicKey === undefined) return normal
  const key = readPublicKey(publicKey)
  if (normal !== undefined && fingerprintOf(key) !== normal) {
    throw new LegalHoldError('The key and the fingerprint that were given are not of the same key.', {
      code: 'INVALID_OPTIONS',
      stage: 'report',
    })
  }
  return key
}

/** How a signature stands to a key and to data. */
export type SignatureFinding =
  | 'valid'
  | 'invalid'
  /** By this key over this data, but written otherwise than a signature is written: see {@link ecdsaFormOf}. */
  | 'rewritten'

/** Whether a signature is this key's over the data, in the one form that a signature has. */
export function signatureFinding(key: KeyObject, data: Uint8Array, signature: Uint8Array): SignatureFinding {
  const digest = digestOf(key)
  if (digest === 'unsupported') return 'invalid'
  try {
    if (!verify(digest, data, key, signature)) return 'invalid'
  } catch {
    return 'invalid'
  }
  // Ed25519 has no second form: openssl refuses an S that is not below the order (RFC 8032, 5.1.7).
  const isOfOneForm = key.asymmetricKeyType !== 'ec' || ecdsaFormOf(key, signature)?.equals(signature) === true
  return isOfOneForm ? 'valid' : 'rewritten'
}

/** The signer, whose signatures are brought into their one form: AWS KMS and others give either of the two. */
export function inOneForm(signer: Signer, key: KeyObject): Signer {
  return {
    publicKey: () => signer.publicKey(),
    sign: async (data) => {
      const signature = await signer.sign(data)
      return ecdsaFormOf(key, signature) ?? signature
    },
  }
}

/** Where a {@link KeyFileSigner} finds its key. */
export interface KeyFileSignerOptions {
  /** The private key, PKCS#8 in PEM: Ed25519, or ECDSA on P-256 or P-384. */
  readonly pem: string
  readonly passphrase?: string | undefined
}

/**
 * Signs with a private key in PEM: `new KeyFileSigner({ pem: await readFile('signing-key.pem', 'utf8') })`. Make
 * one by `openssl genpkey -algorithm ed25519 -out signing-key.pem`.
 *
 * @throws LegalHoldError `INVALID_OPTIONS` if the key cannot be used. No message contains its text.
 */
export class KeyFileSigner implements Signer {
  readonly #key: KeyObject

  constructor(options: KeyFileSignerOptions) {
    try {
      const { pem: key, passphrase } = options
      this.#key = createPrivateKey(passphrase === undefined ? key : { key, passphrase })
    } catch {
      // The reason may quote the key.
      throw new LegalHoldError(
        'The signing key cannot be read. Give a private key as PKCS#8 in PEM, and its passphrase if it has one.',
        { code: 'INVALID_OPTIONS', stage: 'options' },
      )
    }
    if (digestOf(this.#key) === 'unsupported') {
      throw new LegalHoldError('The signing key is neither Ed25519 nor ECDSA on P-256 or P-384.', {
        code: 'INVALID_OPTIONS',
        stage: 'options',
      })
    }
  }

  async publicKey(): Promise<string> {
    return createPublicKey(this.#key).export({ type: 'spki', format: 'pem' }).toString()
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const digest = digestOf(this.#key)
    const signature = sign(digest === 'unsupported' ? undefined : digest, data, this.#key)
    return ecdsaFormOf(this.#key, signature) ?? signature
  }
}

function unusable(message: string): LegalHoldError {
  return new LegalHoldError(message, { code: 'EVIDENCE_UNREADABLE', stage: 'report' })
}
