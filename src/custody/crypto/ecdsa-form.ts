import type { KeyObject } from 'node:crypto'
import { berTag, readBer, TimestampError } from './ber.js'
import { Fields } from './ber-values.js'
import { curveOrders } from './curves.js'
import { der } from './der.js'

/**
 * The one form of an ECDSA signature. Whoever has a signature `(r, s)` can make `(r, n - s)` of it without the key, and
 * write either in several ways: all verify. So the lower `s` in DER is the signature, and the rest are forgeries of its
 * bytes. `undefined` for another kind of key, and for what cannot be read as a signature.
 *
 * @see RFC 6979, and BIP 62 for the rule of the low s
 */
export function ecdsaFormOf(key: KeyObject, signature: Uint8Array): Buffer | undefined {
  const order = key.asymmetricKeyType === 'ec' ? curveOrders[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined
  if (order === undefined) return undefined
  const numbers = numbersOf(Buffer.from(signature))
  if (numbers === undefined) return undefined
  const [r, s] = numbers
  if (!(r > 0n && r < order && s > 0n && s < order)) return undefined
  const low = s * 2n > order ? order - s : s
  return der(berTag.sequence, integer(r), integer(low))
}

function numbersOf(signature: Buffer): readonly [bigint, bigint] | undefined {
  try {
    const fields = new Fields(readBer(signature))
    const numbers = [fields.next(berTag.integer), fields.next(berTag.integer)] as const
    fields.end('a signature')
    const [r, s] = numbers.map(({ contents }) => ((contents[0] ?? 0x80) < 0x80 ? contents.toString('hex') : ''))
    return r && s ? [BigInt(`0x${r}`), BigInt(`0x${s}`)] : undefined
  } catch (error) {
    if (error instanceof TimestampError) return undefined
    throw error
  }
}

/** In DER: the fewest bytes, with a zero in front where the first bit would make it negative. */
function integer(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return der(berTag.integer, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Uint8Array.of(0), bytes]))
}
