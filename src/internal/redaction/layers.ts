/**
 * A text as bytes of UTF-8, one a character, with one more of its encodings undone, and from where in the text each byte
 * comes.
 */
export interface Layer {
  readonly bytes: string
  readonly lowerCase: string
  /** Where in the text each byte begins and ends; absent if both are its own place. */
  readonly from?: Uint32Array | undefined
  readonly to?: Uint32Array | undefined
}

/** So often an encoding may lie in another one. */
const deepest = 4

/**
 * The text as it is, and with percent-encoding, JSON escapes and XML entities undone and line breaks removed. This
 * is repeated as long as it changes the text. One pass each.
 */
export function layersOf(text: string): Layer[] {
  let last = bytesOf(text)
  const layers = [last]
  for (let depth = 0; depth < deepest && isEncoded(last.bytes); depth += 1) {
    const { bytes } = last
    // First: a line break may stand within what encodes a character.
    for (const undo of [readLineBreak, readEscape]) {
      const decoded = decode(last, undo)
      if (decoded.bytes.length === last.bytes.length) continue
      layers.push(decoded)
      last = decoded
    }
    if (last.bytes === bytes) break
  }
  return layers
}

function layer(bytes: string, from?: Uint32Array, to?: Uint32Array): Layer {
  return { bytes, lowerCase: bytes.toLowerCase(), from, to }
}

function bytesOf(text: string): Layer {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length === text.length) return layer(text)
  const from = new Uint32Array(bytes.length)
  const to = new Uint32Array(bytes.length)
  let at = 0
  for (let place = 0; place < text.length; ) {
    const unit = text.charCodeAt(place)
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(place + 1) & 0xfc00) === 0xdc00
    // A lone surrogate becomes U+FFFD, which takes three bytes.
    const length = isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
    const next = place + (isPair ? 2 : 1)
    from.fill(place, at, at + length)
    to.fill(next, at, at + length)
    at += length
    place = next
  }
  return layer(bytes.toString('latin1'), from, to)
}

function isEncoded(bytes: string): boolean {
  return (
    bytes.includes('%') || bytes.includes('\\') || bytes.includes('&') || bytes.includes('\n') || bytes.includes('\r')
  )
}

/** What stands at a place, and where it ends; `undefined` for a byte that stands for itself. */
type Reader = (bytes: string, at: number) => { readonly text: string; readonly end: number } | undefined

function decode({ bytes, from, to }: Layer, read: Reader): Layer {
  const pieces: string[] = []
  const begins = new Uint32Array(bytes.length)
  const ends = new Uint32Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; ) {
    const { text, end } = read(bytes, at) ?? { text: bytes[at] ?? '', end: at + 1 }
    const [begin, behind] = [from?.[at] ?? at, to?.[end - 1] ?? end]
    begins.fill(begin, length, length + text.length)
    ends.fill(behind, length, length + text.length)
    length += text.length
    pieces.push(text)
    at = end
  }
  return layer(pieces.join(''), begins.subarray(0, length), ends.subarray(0, length))
}

const readLineBreak: Reader = (bytes, at) =>
  bytes[at] === '\n' || bytes[at] === '\r' ? { text: '', end: at + 1 } : undefined

const readEscape: Reader = (bytes, at) => {
  switch (bytes[at]) {
    case '%':
      return readPercent(bytes, at)
    case '\\':
      return readBackslash(bytes, at)
    case '&':
      return readEntity(bytes, at)
    default:
      return undefined
  }
}

const readPercent: Reader = (bytes, at) => {
  const code = hexAt(bytes, at + 1, 2)
  return code === undefined ? undefined : { text: String.fromCharCode(code), end: at + 3 }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

const readBackslash: Reader = (bytes, at) => {
  const kind = bytes[at + 1]
  if (kind === undefined) return undefined
  if (kind === 'x' || kind === 'X') {
    const code = hexAt(bytes, at + 2, 2)
    return code === undefined ? undefined : { text: utf8(code), end: at + 4 }
  }
  if (kind !== 'u' && kind !== 'U') return { text: escapes[kind] ?? kind, end: at + 2 }
  const code = hexAt(bytes, at + 2, 4)
  if (code === undefined) return undefined
  const isHigh = code >= 0xd800 && code < 0xdc00 && bytes[at + 6] === '\\'
  const low = isHigh ? hexAt(bytes, at + 8, 4) : undefined
  if (low === undefined || (low & 0xfc00) !== 0xdc00) return { text: utf8(code), end: at + 6 }
  return { text: utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)), end: at + 12 }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const longestEntity = 10

const readEntity: Reader = (bytes, at) => {
  const rest = bytes.slice(at + 1, at + 1 + longestEntity).toLowerCase()
  const length = rest.indexOf(';')
  const name = rest.slice(0, Math.max(0, length))
  const end = at + length + 2
  if (Object.hasOwn(entities, name)) return { text: entities[name] ?? '', end }
  if (!/^#(?:x[0-9a-f]{1,6}|\d{1,7})$/.test(name)) return undefined
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  return code > 0x10ffff ? undefined : { text: utf8(code), end }
}

function hexAt(bytes: string, at: number, digits: number): number | undefined {
  const text = bytes.slice(at, at + digits)
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : undefined
}

function utf8(code: number): string {
  return Buffer.from(String.fromCodePoint(code), 'utf8').toString('latin1')
}
