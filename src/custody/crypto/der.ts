import { type BerElement, berTag } from './ber.js'
import { readOctets } from './ber-values.js'

/** Encodes an element in DER. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  return encode(Uint8Array.of(tag), contents)
}

function encode(identifier: Uint8Array, contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { length: bytes }) => sum + bytes, 0)
  return Buffer.concat([identifier, lengthOctets(length), ...contents])
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(length)
  const significant = octets.subarray(octets.findIndex((octet) => octet !== 0))
  return Buffer.concat([Uint8Array.of(0x80 | significant.length), significant])
}

/** Encodes an object identifier; its first two arcs share a byte. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(berTag.oid, Uint8Array.from(bytes))
}

/**
 * The element with the lengths of DER: definite, in their shortest form, and each OCTET STRING in one piece. What was
 * signed is hashed in this form, whatever it was sent in (RFC 5652, 5.4). Elements keep their order.
 */
export function derOf(element: BerElement): Buffer {
  if (element.tag === berTag.octetStringInPieces) return der(berTag.octetString, readOctets(element))
  return encode(element.identifier, element.isConstructed ? element.children.map(derOf) : [element.contents])
}

/** The elements of a SET OF in the order of DER: by their bytes (X.690, 11.6). */
export function derSetOf(elements: readonly BerElement[]): Buffer {
  return der(berTag.set, ...elements.map(derOf).sort(Buffer.compare))
}
