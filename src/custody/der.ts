/** One DER element. */
export interface DerElement {
  readonly tag: number
  /** Tag, length and contents. */
  readonly bytes: Buffer
  readonly contents: Buffer
}

/** Tags that a time stamp is made of. */
export const derTag = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
} as const

/** Input that is not DER as it is expected here. */
export class DerError extends Error {}

/** Reads the one element that the bytes hold. */
export function readDer(bytes: Buffer): DerElement {
  // What follows it is not read: it may be a megabyte of elements.
  if (bytes.length === 0 || extentAt(bytes, 0).end !== bytes.length) {
    throw new DerError('exactly one DER element was expected')
  }
  return elementAt(bytes, 0)
}

/** The elements within a constructed one. */
export function childrenOf(element: DerElement | undefined, tag: number): DerElement[] {
  return readAll(expectTag(element, tag).contents)
}

/** The element, if it has the tag. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) {
    throw new DerError(`tag ${tag.toString(16)} was expected, not ${element?.tag.toString(16) ?? 'the end'}`)
  }
  return element
}

function readAll(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = []
  let at = 0
  while (at < bytes.length) {
    const element = elementAt(bytes, at)
    elements.push(element)
    at += element.bytes.length
  }
  return elements
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const { start, end } = extentAt(bytes, at)
  return { tag: bytes[at] ?? 0, bytes: bytes.subarray(at, end), contents: bytes.subarray(start, end) }
}

function extentAt(bytes: Buffer, at: number): { start: number; end: number } {
  const first = bytes[at + 1]
  if (first === undefined) throw new DerError('a length is missing')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  // 0x80 is BER's indefinite length; four bytes are more than any time stamp has.
  if (first === 0x80 || lengthBytes > 4 || at + 2 + lengthBytes > bytes.length) throw new DerError('a length is no DER')
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  const start = at + 2 + lengthBytes
  if (start + length > bytes.length) throw new DerError('an element reaches past the end')
  return { start, end: start + length }
}

/** An object identifier in dotted form. */
export function readOid(element: DerElement | undefined): string {
  const { contents } = expectTag(element, derTag.oid)
  const arcs: number[] = []
  let arc = 0
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

/** A GeneralizedTime in UTC, with or without a fraction of a second. */
export function readTime(element: DerElement | undefined): Date {
  const text = expectTag(element, derTag.generalizedTime).contents.toString('latin1')
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z$/.exec(text)
  if (parts === null) throw new DerError(`${JSON.stringify(text)} is no time`)
  const [, year, month, day, hour, minute, second, fraction = '0'] = parts
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
}

/** Encodes an element. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const significant = length.subarray(length.findIndex((byte) => byte !== 0))
  return Buffer.concat([Uint8Array.of(tag, 0x80 | significant.length), significant, body])
}

/** Encodes an object identifier; its first two arcs share a byte. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(derTag.oid, Uint8Array.from(bytes))
}
