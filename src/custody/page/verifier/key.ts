import { curveOrders } from '../../crypto/curves.js'
import { type EnvelopeContents, fromBase64, signedBytes } from '../../crypto/envelope.js'
import { normaliseFingerprint } from '../../crypto/fingerprint.js'
import { hex, sha256 } from './sha256.js'

/** Kinds of keys that sign bundles. */
export type KeyKind = 'Ed25519' | 'ECDSA P-256' | 'ECDSA P-384'

/** A public key. */
export interface PublicKey {
  readonly kind: KeyKind
  /** SPKI in DER. */
  readonly der: Uint8Array
  /** `sha256:` and hex. */
  readonly fingerprint: string
}

/** What somebody was given from elsewhere: the key, its fingerprint, or nothing. */
export type Given = PublicKey | { readonly fingerprint: string } | undefined

/** What the SPKI of each kind begins with, in hex, and how many bytes follow (RFC 8410, RFC 5480). */
const beginnings: readonly (readonly [KeyKind, string, number])[] = [
  ['Ed25519', '302a300506032b6570032100', 32],
  ['ECDSA P-256', '3059301306072a8648ce3d020106082a8648ce3d03010703420004', 64],
  ['ECDSA P-384', '3076301006072a8648ce3d020106052b8104002203620004', 96],
]

const before = '-----BEGIN PUBLIC KEY-----'
const after = '-----END PUBLIC KEY-----'

/** Reads a public key, SPKI in PEM; says why where it cannot be used. */
export function readKey(pem: string): PublicKey | string {
  if (pem.includes('PRIVATE KEY')) return 'This is a private key. Nobody who verifies needs it: ask for the public key.'
  const from = pem.indexOf(before)
  const to = pem.indexOf(after)
  if (from < 0 || to < from) return 'This is not a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----.'
  let der: Uint8Array
  try {
    der = fromBase64(pem.slice(from + before.length, to))
  } catch {
    return 'What stands between the lines of the public key is not base64.'
  }
  const text = hex(der)
  const found = beginnings.find(
    ([, beginning, more]) => text.startsWith(beginning) && der.length === beginning.length / 2 + more,
  )
  if (found === undefined) return 'The public key is neither Ed25519 nor ECDSA on P-256 or P-384.'
  return { kind: found[0], der, fingerprint: `sha256:${hex(sha256(der))}` }
}

/** Reads what somebody typed: a key in PEM or a fingerprint, or nothing; says why where it is neither. */
export function readGiven(text: string): Given | string {
  const typed = text.trim()
  if (typed === '') return undefined
  if (typed.includes('-----BEGIN')) return readKey(typed)
  const fingerprint = normaliseFingerprint(typed)
  if (fingerprint !== undefined) return { fingerprint }
  return 'This is neither a public key in PEM nor a fingerprint, which has 64 hexadecimal digits.'
}

/** How a signature stands to a key. `unsupported`: the browser knows no keys of this kind. */
export type SignatureFinding = 'valid' | 'invalid' | 'rewritten' | 'unsupported'

const algorithms: Readonly<
  Record<KeyKind, { readonly name: string; readonly namedCurve?: string; readonly hash?: string }>
> = {
  Ed25519: { name: 'Ed25519' },
  'ECDSA P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ECDSA P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
}

/** Checks an envelope's signature by WebCrypto. It must be in the one form that the library writes. */
export async function envelopeFinding(
  subtle: typeof crypto.subtle,
  key: PublicKey,
  { payloadType, payload, signature, keyid }: EnvelopeContents,
): Promise<SignatureFinding> {
  const algorithm = algorithms[key.kind]
  const form = key.kind === 'Ed25519' ? { raw: signature, isLow: true } : ecdsaForm(key.kind, signature)
  let imported: CryptoKey
  try {
    imported = await subtle.importKey('spki', key.der, algorithm, false, ['verify'])
  } catch (error) {
    // Whatever is wrong with the key itself has another name.
    return (error as Error).name === 'NotSupportedError' ? 'unsupported' : 'invalid'
  }
  if (keyid !== key.fingerprint || form === undefined) return 'invalid'
  const isValid = await subtle.verify(algorithm, imported, form.raw, signedBytes(payloadType, payload))
  if (!isValid) return 'invalid'
  return form.isLow ? 'valid' : 'rewritten'
}

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/**
 * The two numbers of an ECDSA signature in DER as WebCrypto takes them: one behind the other, each as long as the curve.
 * `undefined` where it is not DER.
 */
function ecdsaForm(kind: KeyKind, der: Uint8Array): { readonly raw: Uint8Array; readonly isLow: boolean } | undefined {
  const [size, curve] = kind === 'ECDSA P-256' ? [32, 'prime256v1'] : [48, 'secp384r1']
  // No signature on these curves is so long that its length takes two bytes.
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 0x7f) return undefined
  const raw = new Uint8Array(2 * size)
  let at = 2
  for (const end of [size, 2 * size]) {
    const length = der[at + 1] ?? 0
    const number = der.subarray(at + 2, at + 2 + length)
    if (der[at] !== 0x02 || number.length !== length || !isShortest(number)) return undefined
    const digits = number[0] === 0 ? number.subarray(1) : number
    if (digits.length > size) return undefined
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  if (at !== der.length) return undefined
  const s = BigInt(`0x${hex(raw.subarray(size))}`)
  return { raw, isLow: s * 2n < (curveOrders[curve] ?? 0n) }
}

/** A number that is not negative, in as few bytes as can be (X.690, 8.3.2). */
function isShortest(number: Uint8Array): boolean {
  const [first = 0x80, second = 0x80] = number
  return first < 0x80 && !(first === 0 && number.length > 1 && second < 0x80)
}
