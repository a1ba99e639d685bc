import { isAscii } from 'node:buffer'
import type { ListEcho } from '../protocol/list-echo.js'
import { copyOf } from './text.js'

/** One entry of a page, keys still encoded as they were sent. */
export interface ScannedEntry {
  readonly key: string
  readonly sizeBytes: number
  readonly etag: string | undefined
  /** ISO 8601. */
  readonly lastModified: string | undefined
  readonly storageClass: string | undefined
}

/** A page of ListObjectsV2. */
export interface ScannedPage {
  readonly entries: readonly ScannedEntry[]
  /** Common prefixes, encoded like the keys. */
  readonly folders: readonly string[]
  readonly truncated: boolean
  readonly token: string | undefined
  readonly encoding: string | undefined
  /** What was asked, as the page repeats it. */
  readonly echo: ListEcho
}

/**
 * Reads the one document that ListObjectsV2 answers with, at a third of the cost of a general XML parser. Anything
 * that S3 does not write (another element, an attribute, a comment, an unusual form of a name or number) gives
 * `undefined`. The SDK's parser then reads the same bytes.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function scanListing(body: readonly Buffer[]): ScannedPage | undefined {
  try {
    return new Scanner(body).page()
  } catch (error) {
    if (error === unexpected) return undefined
    throw error
  }
}

const unexpected = new Error('not as S3 writes it')

const root = /^\s*(?:<\?xml[^>]*\?>\s*)?<ListBucketResult(?: xmlns="http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/")?>/
const entryStart = '<Contents>'
const usualEntry =
  /<Contents><Key>([^<>&\s]+)<\/Key><LastModified>(\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z)<\/LastModified><ETag>&quot;([0-9a-f-]+)&quot;<\/ETag>(?:<ChecksumAlgorithm>[A-Z0-9]+<\/ChecksumAlgorithm>)?(?:<ChecksumType>[A-Z_]+<\/ChecksumType>)?<Size>(\d{1,15})<\/Size><StorageClass>([A-Z_]+)<\/StorageClass><\/Contents>/y
const usualKeyStart = '<Contents><Key>'.length
const usualEtagStart = '</Key><LastModified>2006-02-03T16:45:09.000Z</LastModified><ETag>&quot;'.length
const rootEnd = '</ListBucketResult>'
/** Elements of the page that repeat what was asked. */
const echoes = {
  Name: 'name',
  Prefix: 'prefix',
  Delimiter: 'delimiter',
  StartAfter: 'startAfter',
  ContinuationToken: 'token',
} as const satisfies Readonly<Record<string, keyof ListEcho>>
/** Elements that count what is there. */
const ignoredInPage: ReadonlySet<string> = new Set(['KeyCount', 'MaxKeys'])
const ignoredInEntry: ReadonlySet<string> = new Set(['ChecksumAlgorithm', 'ChecksumType'])

/** So much is read at once: a text of the whole page takes longer to make than to read. */
const windowBytes = 1 << 16
/** So much of it is left when more is read: no element is longer, or the SDK reads the page. */
const lookAhead = 1 << 14

class Scanner {
  readonly #chunks: readonly Buffer[]
  /** The next chunk, and where in it the next window begins. */
  #chunk = 0
  #offset = 0
  /** The window, as bytes and as text, and where in it we are. */
  #bytes: Buffer = Buffer.alloc(0)
  #text = ''
  #at = 0
  /** Name of the element that was opened last, and whether it is empty (`<Prefix/>`). */
  #isEmpty = false
  #lastModified = ''
  #storageClass = ''

  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks
  }

  page(): ScannedPage {
    this.#readOn()
    const opening = root.exec(this.#text)
    if (opening === null) throw unexpected
    this.#at = opening[0].length
    const entries: ScannedEntry[] = []
    const folders: string[] = []
    let truncated: boolean | undefined
    let token: string | undefined
    let encoding: string | undefined
    const echo: Partial<Record<keyof ListEcho, string>> = {}
    for (;;) {
      if (this.#text.length - this.#at < lookAhead) this.#readOn()
      this.#skipBlanks()
      if (this.#text.startsWith(entryStart, this.#at)) {
        entries.push(this.#usualEntry() ?? this.#entry())
        continue
      }
      if (this.#text.startsWith(rootEnd, this.#at)) break
      const name = this.#open()
      if (name === 'CommonPrefixes') folders.push(this.#folder())
      else if (name === 'IsTruncated') truncated = once(truncated, booleanOf(this.#value(name)))
      else if (name === 'NextContinuationToken') token = once(token, this.#value(name))
      else if (name === 'EncodingType') encoding = once(encoding, this.#value(name))
      else if (Object.hasOwn(echoes, name)) {
        const what = echoes[name as keyof typeof echoes]
        echo[what] = once(echo[what], this.#value(name))
      } else if (ignoredInPage.has(name)) this.#value(name)
      else throw unexpected
    }
    this.#at += rootEnd.length
    this.#skipBlanks()
    if (this.#at !== this.#text.length || this.#hasMore || truncated === undefined) throw unexpected
    return { entries, folders, truncated, token, encoding, echo: { ...echo, encoding } }
  }

  get #hasMore(): boolean {
    return this.#chunk < this.#chunks.length
  }

  /** Moves the window: what is left of it, and what follows. */
  #readOn(): void {
    const pieces = [this.#bytes.subarray(this.#at)]
    for (let bytes = 0; bytes < windowBytes && this.#hasMore; ) {
      const chunk = this.#chunks[this.#chunk] as Buffer
      const end = Math.min(chunk.length, this.#offset + windowBytes - bytes)
      pieces.push(chunk.subarray(this.#offset, end))
      bytes += end - this.#offset
      this.#offset = end
      if (end < chunk.length) continue
      this.#chunk += 1
      this.#offset = 0
    }
    const [left, next, ...others] = pieces
    if (next === undefined) return
    const window = left?.length === 0 && others.length === 0 ? next : Buffer.concat(pieces)
    // Offsets in the text and in the bytes are the same then, and keys come encoded.
    if (!isAscii(window)) throw unexpected
    this.#bytes = window
    this.#text = window.toString('latin1')
    this.#at = 0
  }

  /** An entry in the very form in which S3 writes nearly all of them, by one expression. */
  #usualEntry(): ScannedEntry | undefined {
    usualEntry.lastIndex = this.#at
    const match = usualEntry.exec(this.#text)
    if (match === null) return undefined
    const [whole, key = '', lastModified = '', etag = '', size, storageClass = ''] = match
    const keyStart = this.#at + usualKeyStart
    const etagStart = keyStart + key.length + usualEtagStart
    this.#at += whole.length
    // What is the same in entry after entry is taken from the one before.
    if (lastModified !== this.#lastModified) this.#lastModified = copyOf(lastModified)
    if (storageClass !== this.#storageClass) this.#storageClass = copyOf(storageClass)
    return {
      // Cut from the bytes, as in `#value`.
      key: this.#bytes.toString('latin1', keyStart, keyStart + key.length),
      sizeBytes: Number(size),
      etag: `"${this.#bytes.toString('latin1', etagStart, etagStart + etag.length)}"`,
      lastModified: this.#lastModified,
      storageClass: this.#storageClass,
    }
  }

  #entry(): ScannedEntry {
    this.#at += entryStart.length
    let key: string | undefined
    let sizeBytes: number | undefined
    let etag: string | undefined
    let lastModified: string | undefined
    let storageClass: string | undefined
    for (;;) {
      this.#skipBlanks()
      if (this.#text.startsWith('</Contents>', this.#at)) break
      const name = this.#open()
      switch (name) {
        case 'Key':
          key = once(key, this.#value(name))
          break
        case 'LastModified':
          lastModified = once(lastModified, timestampOf(this.#value(name)))
          break
        case 'ETag':
          etag = once(etag, this.#value(name))
          break
        case 'Size':
          sizeBytes = once(sizeBytes, numberOf(this.#value(name)))
          break
        case 'StorageClass':
          storageClass = once(storageClass, this.#value(name))
          break
        case 'Owner':
        case 'RestoreStatus':
          this.#skipFlat(name)
          break
        default:
          if (!ignoredInEntry.has(name)) throw unexpected
          this.#value(name)
      }
    }
    this.#at += '</Contents>'.length
    if (key === undefined || key === '' || sizeBytes === undefined) throw unexpected
    return { key, sizeBytes, etag, lastModified, storageClass }
  }

  #folder(): string {
    if (this.#isEmpty) throw unexpected
    this.#skipBlanks()
    if (this.#open() !== 'Prefix') throw unexpected
    const folder = this.#value('Prefix')
    this.#skipBlanks()
    this.#close('CommonPrefixes')
    if (folder === '') throw unexpected
    return folder
  }

  /** An element whose children have only text, all of it of no interest. */
  #skipFlat(parent: string): void {
    if (this.#isEmpty) return
    for (;;) {
      this.#skipBlanks()
      if (this.#text.startsWith('</', this.#at)) break
      this.#value(this.#open())
    }
    this.#close(parent)
  }

  #open(): string {
    const text = this.#text
    if (text.charCodeAt(this.#at) !== 60) throw unexpected
    const end = text.indexOf('>', this.#at)
    this.#isEmpty = text.charCodeAt(end - 1) === 47
    const name = text.slice(this.#at + 1, this.#isEmpty ? end - 1 : end)
    // No attribute, comment, CDATA or instruction has a name like that.
    if (end < 0 || !/^[A-Za-z0-9]+$/.test(name)) throw unexpected
    this.#at = end + 1
    return name
  }

  #close(name: string): void {
    const tag = `</${name}>`
    if (!this.#text.startsWith(tag, this.#at)) throw unexpected
    this.#at += tag.length
  }

  #value(name: string): string {
    if (this.#isEmpty) return ''
    const start = this.#at
    const end = this.#text.indexOf('<', start)
    if (end < 0) throw unexpected
    this.#at = end
    this.#close(name)
    // Cut from the bytes: a piece of the text would keep the whole page in memory for as long as it is kept.
    if (end === start) return ''
    if (isBlank(this.#text.charCodeAt(start)) || isBlank(this.#text.charCodeAt(end - 1))) throw unexpected
    const value = this.#bytes.toString('latin1', start, end)
    return value.includes('&') ? unescapeXml(value) : value
  }

  /** Indentation. Blanks without a line break are content to the SDK's parser. */
  #skipBlanks(): void {
    const start = this.#at
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1
    if (this.#at > start && !this.#text.slice(start, this.#at).includes('\n')) throw unexpected
  }
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

function once<T>(former: T | undefined, value: T): T {
  if (former !== undefined) throw unexpected
  return value
}

function booleanOf(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw unexpected
  return text === 'true'
}

function numberOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw unexpected
  return Number(text)
}

const timestamp = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

function timestampOf(text: string): string {
  if (timestamp.test(text)) return text
  // The last days of a month, and servers that leave the milliseconds out.
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) ? new Date(text) : undefined
  if (date === undefined || Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(text.slice(8, 10))) {
    throw unexpected
  }
  return date.toISOString()
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(value: string): string {
  // An ETag.
  if (value.startsWith('&quot;') && value.indexOf('&', 1) === value.length - 6 && value.endsWith('&quot;')) {
    return `"${value.slice(6, -6)}"`
  }
  return value.replace(/&([^;&]*)(;?)/g, (_, reference: string, end: string) => {
    const text = end === '' ? undefined : (named[reference] ?? characterOf(reference))
    if (text === undefined) throw unexpected
    return text
  })
}

function characterOf(reference: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(reference)
  const code = match === null ? 0 : match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16)
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}
