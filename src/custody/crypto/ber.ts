/** What makes a time stamp unusable, in words that complete "The time stamp cannot be used: …". */
export class TimestampError extends Error {}

/** One element of BER. DER is its strictest form, so it is read too. */
export class BerElement {
  /** The first identifier octet. One that begins a tag number above 30 is none of {@link berTag}. */
  readonly tag: number
  /** Elements in a constructed one; none for a primitive one. */
  readonly children: readonly BerElement[]
  readonly #source: Buffer
  readonly #start: number
  readonly #end: number
  readonly #lengthAt: number
  readonly #contentsAt: number

  /** @param at where in the source it begins, its length stands, its contents begin and it ends */
  constructor(
    source: Buffer,
    at: { readonly start: number; readonly lengthAt: number; readonly contentsAt: number; readonly end: number },
    children: readonly BerElement[],
  ) {
    this.tag = source[at.start] ?? 0
    this.children = children
    this.#source = source
    this.#start = at.start
    this.#lengthAt = at.lengthAt
    this.#contentsAt = at.contentsAt
    this.#end = at.end
  }

  /** The identifier octets. */
  get identifier(): Buffer {
    return this.#source.subarray(this.#start, this.#lengthAt)
  }

  /** The whole element, as it was received. */
  get bytes(): Buffer {
    return this.#source.subarray(this.#start, this.#end)
  }

  /** Bytes of the whole element. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Contents of a primitive element; empty for a constructed one. */
  get contents(): Buffer {
    return this.#source.subarray(this.#contentsAt, this.isConstructed ? this.#contentsAt : this.#end)
  }

  /** Whether it holds elements, and not a value. */
  get isConstructed(): boolean {
    return (this.tag & constructedBit) !== 0
  }
}

/** Tags that a time stamp is made of. */
export const berTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  /** An OCTET STRING in pieces, which only BER has. */
  octetStringInPieces: 0x24,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Primitive, in the context of what holds it. */
  value0: 0x80,
  value1: 0x81,
  /** Constructed, in the context of what holds it. */
  context0: 0xa0,
  context1: 0xa1,
  context2: 0xa2,
  context3: 0xa3,
} as const

const constructedBit = 0x20
const indefiniteLength = 0x80
// A time stamp with its certificates is some twelve levels deep. The stack holds far more.
const deepest = 64
const longestTagBytes = 5

/**
 * Reads the one element that the bytes hold, in one pass: definite lengths in any form, and indefinite ones (X.690, 8.1).
 *
 * @throws TimestampError
 */
export function readBer(bytes: Buffer): BerElement {
  const element = readAt(bytes, 0, bytes.length, 0)
  if (element.length !== bytes.length) throw new TimestampError('bytes follow its end')
  return element
}

function readAt(bytes: Buffer, start: number, end: number, depth: number): BerElement {
  if (depth > deepest) throw new TimestampError(`it is nested deeper than ${deepest} levels`)
  const lengthAt = endOfTag(bytes, start, end)
  const isConstructed = ((bytes[start] ?? 0) & constructedBit) !== 0
  const first = lengthAt < end ? bytes[lengthAt] : undefined
  if (first === undefined) throw new TimestampError('a length is missing')
  if (first === indefiniteLength) {
    if (!isConstructed) throw new TimestampError('a value that holds no elements has no length')
    const contentsAt = lengthAt + 1
    const { children, at: close } = readChildren(bytes, contentsAt, end, depth)
    if (!isEnd(bytes, close, end)) throw new TimestampError('an element has no end')
    return new BerElement(bytes, { start, lengthAt, contentsAt, end: close + 2 }, children)
  }
  const { contentsAt, length } = definiteLength(bytes, lengthAt, end)
  const close = contentsAt + length
  const extent = { start, lengthAt, contentsAt, end: close }
  if (!isConstructed) return new BerElement(bytes, extent, noChildren)
  const { children, at: stopped } = readChildren(bytes, contentsAt, close, depth)
  if (stopped !== close) throw new TimestampError('an end stands where none was begun')
  return new BerElement(bytes, extent, children)
}

const noChildren: readonly BerElement[] = []

/** Reads elements up to the end, or up to the mark that ends an indefinite length. */
function readChildren(
  bytes: Buffer,
  start: number,
  end: number,
  depth: number,
): { readonly children: readonly BerElement[]; readonly at: number } {
  const children: BerElement[] = []
  let at = start
  while (at < end && !isEnd(bytes, at, end)) {
    const child = readAt(bytes, at, end, depth + 1)
    children.push(child)
    at += child.length
  }
  return { children, at }
}

/** Whether an element of indefinite length ends here: with two zeros. */
function isEnd(bytes: Buffer, at: number, end: number): boolean {
  return at + 2 <= end && bytes[at] === 0 && bytes[at + 1] === 0
}

function endOfTag(bytes: Buffer, at: number, end: number): number {
  const isLong = at < end && ((bytes[at] ?? 0) & 0x1f) === 0x1f
  if (!isLong) return at + 1
  for (let next = at + 1; next < Math.min(end, at + longestTagBytes); next += 1) {
    if ((bytes[next] ?? 0) < 0x80) return next + 1
  }
  throw new TimestampError('a tag has no end')
}

function definiteLength(
  bytes: Buffer,
  at: number,
  end: number,
): { readonly contentsAt: number; readonly length: number } {
  const first = bytes[at] ?? 0
  const count = first < 0x80 ? 0 : first & 0x7f
  // 0xff is reserved (X.690, 8.1.3.5).
  if (first === 0xff || at + 1 + count > end) throw new TimestampError('a length is cut off')
  const contentsAt = at + 1 + count
  let length = count === 0 ? first : 0
  for (let next = at + 1; next < contentsAt; next += 1) {
    length = length * 256 + (bytes[next] ?? 0)
    if (length > end) break
  }
  if (contentsAt + length > end) throw new TimestampError('an element reaches past the end')
  return { contentsAt, length }
}
