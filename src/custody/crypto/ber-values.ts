import { type BerElement, berTag, TimestampError } from './ber.js'

/**
 * The element, if it has the tag.
 *
 * @throws TimestampError
 */
export function expectTag(element: BerElement | undefined, tag: number): BerElement {
  if (element?.tag !== tag) {
    throw new TimestampError(`tag ${tag.toString(16)} was expected, not ${element?.tag.toString(16) ?? 'the end'}`)
  }
  return element
}

/**
 * The elements in one that has the tag.
 *
 * @throws TimestampError
 */
export function childrenOf(element: BerElement | undefined, tag: number): readonly BerElement[] {
  return expectTag(element, tag).children
}

/**
 * Takes the elements of a SEQUENCE one after the other. An optional one is skipped only if another is in its
 * place, and nothing is left unread.
 */
export class Fields {
  readonly #elements: readonly BerElement[]
  #at = 0

  /** @throws TimestampError */
  constructor(element: BerElement | undefined, tag: number = berTag.sequence) {
    this.#elements = childrenOf(element, tag)
  }

  /** The next element, which must be there. */
  next(tag: number): BerElement {
    const element = expectTag(this.#elements[this.#at], tag)
    this.#at += 1
    return element
  }

  /** The next element, if it has one of the tags. */
  maybe(...tags: readonly number[]): BerElement | undefined {
    const element = this.#elements[this.#at]
    if (element === undefined || !tags.includes(element.tag)) return undefined
    this.#at += 1
    return element
  }

  /** The next element, whatever it is. */
  any(): BerElement {
    const element = this.#elements[this.#at]
    if (element === undefined) throw new TimestampError('a field is missing')
    this.#at += 1
    return element
  }

  /** @throws TimestampError for an element that nobody took */
  end(what: string): void {
    if (this.#at < this.#elements.length) throw new TimestampError(`${what} has a field that is not known here`)
  }
}

/**
 * The bytes of an OCTET STRING, in one piece or in many.
 *
 * @param tags of the whole and of one in pieces, where it stands under a tag of its context
 * @throws TimestampError
 */
export function readOctets(
  element: BerElement | undefined,
  [whole, inPieces]: readonly [number, number] = [berTag.octetString, berTag.octetStringInPieces],
): Buffer {
  if (element?.tag !== inPieces) return expectTag(element, whole).contents
  const pieces: Buffer[] = []
  collect(element, pieces)
  return Buffer.concat(pieces)
}

function collect({ children }: BerElement, pieces: Buffer[]): void {
  for (const child of children) {
    if (child.tag === berTag.octetStringInPieces) collect(child, pieces)
    else pieces.push(expectTag(child, berTag.octetString).contents)
  }
}

// The longest that are in use are those made of a UUID, with some 20 bytes.
const longestOidBytes = 64

/**
 * An object identifier in dotted form.
 *
 * @throws TimestampError
 */
export function readOid(element: BerElement | undefined): string {
  const { contents } = expectTag(element, berTag.oid)
  const malformed = () => new TimestampError('an object identifier is malformed')
  if (contents.length === 0 || contents.length > longestOidBytes) throw malformed()
  const arcs: bigint[] = []
  let arc = 0n
  let isBegun = false
  for (const byte of contents) {
    // A leading zero would make a second form of the same identifier (X.690, 8.19.2).
    if (!isBegun && byte === 0x80) throw malformed()
    arc = arc * 128n + BigInt(byte & 0x7f)
    isBegun = byte >= 0x80
    if (isBegun) continue
    arcs.push(arc)
    arc = 0n
  }
  if (isBegun) throw malformed()
  const [first = 0n, ...rest] = arcs
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...rest].join('.')
}

/**
 * A small INTEGER that is not negative.
 *
 * @throws TimestampError
 */
export function readCount(element: BerElement | undefined, tag: number = berTag.integer): number {
  const { contents } = expectTag(element, tag)
  const count = contents.length > 0 && contents.length <= 6 ? contents.readIntBE(0, contents.length) : -1
  if (count < 0) throw new TimestampError('a number is out of its range')
  return count
}

/**
 * A GeneralizedTime in UTC, with or without a fraction of a second (RFC 3161, 2.4.2). A fraction beyond milliseconds is
 * cut off.
 *
 * @throws TimestampError
 */
export function readTime(element: BerElement | undefined): Date {
  const { contents } = expectTag(element, berTag.generalizedTime)
  const text = contents.subarray(0, longestTimeBytes).toString('latin1')
  const parts = contents.length > longestTimeBytes ? null : timePattern.exec(text)
  const [, year, month, day, hour, minute, second, fraction = '0'] = parts ?? []
  const seconds = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const time = new Date(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  // A 31 April would become 1 May.
  if (parts === null || Number.isNaN(time.getTime()) || !time.toISOString().startsWith(seconds)) {
    throw new TimestampError(`${JSON.stringify(text)} is not a valid time`)
  }
  return time
}

const longestTimeBytes = 40
const timePattern = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z$/
