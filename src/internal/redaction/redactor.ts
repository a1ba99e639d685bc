import { credentialsIn, type Stretch } from './credentials.js'
import { type Form, formsOf } from './forms.js'
import { type Layer, layersOf } from './layers.js'

const redacted = '[redacted]'
/** No more of a text is read: what is shown of one is far less. */
const mostCharacters = 1 << 16
/** How many recent kinds of secrets are kept: credentials that are renewed for weeks must not add up. */
const mostSecrets = 64
/** Shorter ones are not looked for in data, which must stay what it is. No service issues such. */
const shortestInData = 16
const mostResults = 64
const longestKept = 1_024
/** No answer of either service is so deep. */
const deepestData = 64

/**
 * Keeps credentials out of whatever leaves the library. AxiosErrors carry the Bearer or Basic credential, and
 * servers may echo what they were sent (genesys-facts: the JavaScript SDK). The echo may be in any encoding, or in
 * one inside another: percent-encoded, escaped for JSON or XML, base64 or hex in either case. Line breaks may
 * interrupt it.
 */
export class Redactor {
  readonly #forms = new Map<string, readonly Form[]>()
  /** Servers say the same thing a million times: that an object has no hold, for instance. */
  readonly #results = new Map<string, string>()
  #shortest = Number.POSITIVE_INFINITY

  /** No text with fewer characters holds a secret that is known. */
  get shortest(): number {
    return this.#shortest
  }

  /** Remembers a secret in every form in which it may come back. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret === '') return
    const known = this.#forms.get(secret)
    const forms = known ?? formsOf(secret)
    if (known === undefined) {
      this.#results.clear()
      this.#shortest = Math.min(this.#shortest, ...forms.map(({ bytes }) => bytes.length))
    }
    // Moved to the end: the first is the one that was in use longest ago.
    this.#forms.delete(secret)
    this.#forms.set(secret, forms)
    const [oldest] = this.#forms.keys()
    if (this.#forms.size > mostSecrets && oldest !== undefined) this.#forms.delete(oldest)
  }

  /** Remembers the secret of a client with the `Basic` value that is made of it. */
  addClient(clientId: string, clientSecret: string): void {
    this.add(clientSecret)
    this.add(Buffer.from(`${clientId}:${clientSecret}`).toString('base64'))
  }

  /** The text without any secret that is known, nor anything that looks like a credential. */
  redact(text: string): string {
    const known = this.#results.get(text)
    if (known !== undefined) return known
    const clean = this.#redacted(text)
    if (this.#results.size === mostResults) this.#results.clear()
    if (text.length <= longestKept) this.#results.set(text, clean)
    return clean
  }

  #redacted(text: string): string {
    const read = text.slice(0, mostCharacters)
    const found: Stretch[] = []
    for (const layer of layersOf(read)) {
      for (const form of [...this.#forms.values()].flat()) found.push(...occurrences(layer, form))
      for (const [from, to] of credentialsIn(layer.bytes)) found.push(inText(layer, from, to))
    }
    // What is cut off may have cut a secret in two.
    return text.length === read.length ? without(read, found) : `${without(read, found).slice(0, -this.#longest)}…`
  }

  /** Plain data with each of its texts redacted; for what only people read. */
  redactTexts<T>(data: T): T {
    return mapTexts(data, (text) => this.redact(text)) as T
  }

  /** The same data without any secret that is known in its texts; what merely looks like one stays. */
  redactData<T>(data: T): T {
    if (this.#forms.size === 0) return data
    const secrets = [...this.#forms].flatMap(([secret, forms]) => (secret.length < shortestInData ? [] : [forms]))
    const forms = secrets.flat()
    return isClean(data, forms) ? data : (mapTexts(data, (text) => cleaned(text, forms)) as T)
  }

  get #longest(): number {
    // A form may be encoded itself, three characters for each of its own.
    return 3 * Math.max(1, ...[...this.#forms.values()].flat().map(({ bytes }) => bytes.length))
  }
}

function isClean(data: unknown, forms: readonly Form[]): boolean {
  try {
    const json = JSON.stringify(data) ?? ''
    return layersOf(json).every((layer) => forms.every((form) => occurrences(layer, form).length === 0))
  } catch {
    // Too deep.
    return false
  }
}

function cleaned(text: string, forms: readonly Form[]): string {
  const found = layersOf(text).flatMap((layer) => forms.flatMap((form) => occurrences(layer, form)))
  return without(text, found)
}

function mapTexts(data: unknown, change: (text: string) => string, depth = 0): unknown {
  if (typeof data === 'string') return change(data)
  if (typeof data !== 'object' || data === null) return data
  if (depth === deepestData) return undefined
  if (Array.isArray(data)) return data.map((item) => mapTexts(item, change, depth + 1))
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [change(name), mapTexts(value, change, depth + 1)]),
  )
}

/** Where in the text a form of a secret stands, by one of its layers. */
function occurrences(layer: Layer, { bytes: wanted, isEncoded, isWord, isValue }: Form): Stretch[] {
  const { lowerCase: bytes } = layer
  const found: Stretch[] = []
  let done = 0
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, done)) {
    let [from, to] = [at, at + wanted.length]
    if (isEncoded) {
      while (from > done && isDigit64(bytes[from - 1])) from -= 1
      while (isDigit64(bytes[to])) to += 1
    }
    done = to
    if (isWord && (isLetterOrDigit(bytes[from - 1]) || isLetterOrDigit(bytes[to]))) continue
    if (isValue && !isValueAt(bytes, from, to)) continue
    found.push(inText(layer, from, to))
  }
  return found
}

/** Whether what is there is quoted, or stands behind `=` or `:`. */
function isValueAt(bytes: string, from: number, to: number): boolean {
  const before = bytes[from - 1] ?? ''
  if (/["'`]/.test(before) && bytes[to] === before) return true
  return /[=:] ?$/.test(bytes.slice(Math.max(0, from - 2), from))
}

const isDigit64 = (byte: string | undefined) => byte !== undefined && /[\w+/=-]/.test(byte)
const isLetterOrDigit = (byte: string | undefined) => byte !== undefined && /[a-z0-9]/i.test(byte)

function inText({ from, to }: Layer, first: number, end: number): Stretch {
  return [from?.[first] ?? first, to?.[end - 1] ?? end]
}

/** The text with something else in place of the stretches; those that touch are one. */
function without(text: string, stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return text
  let clean = ''
  let done = 0
  for (const [from, to] of [...stretches].sort(([a], [b]) => a - b)) {
    if (to <= done) continue
    if (from > done || done === 0) clean += text.slice(done, from) + redacted
    done = to
  }
  return clean + text.slice(done)
}
