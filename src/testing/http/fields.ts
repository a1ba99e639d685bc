import { withoutEdges } from '../../internal/text/edges.js'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * The header fields of a request. They answer as `Headers` do: names in any case, several fields of one name joined by
 * commas, in the order of their names. Making a `Headers` of every request would take longer than answering it.
 */
export class Fields {
  readonly #values: Map<string, string>
  #sorted: readonly (readonly [name: string, value: string])[] | undefined

  private constructor(values: Map<string, string>) {
    this.#values = values
  }

  /** Of names and values in turn, as they came over the wire. */
  static of(raw: readonly string[]): Fields {
    const values = new Map<string, string>()
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = (raw[at] ?? '').toLowerCase()
      const value = trimmed(raw[at + 1] ?? '')
      const known = values.get(name)
      values.set(name, known === undefined ? value : `${known}, ${value}`)
    }
    return new Fields(values)
  }

  /** Of a request that did not come over the wire. */
  static from(headers: Headers): Fields {
    return new Fields(new Map(headers))
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#values.has(name.toLowerCase())
  }

  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  /** With further fields. Undefined if one of them cannot be a field. */
  with(further: Iterable<readonly [name: string, value: string]>): Fields | undefined {
    const values = new Map(this.#values)
    for (const [name, untrimmed] of further) {
      const value = trimmed(untrimmed)
      if (!token.test(name) || /[\0\r\n]/.test(value)) return undefined
      values.set(name, value)
    }
    return new Fields(values)
  }

  /** Names and values in turn, each on a line of its own: one text is cheaper to keep than its parts. */
  asText(): string {
    return Array.from(this.#values, ([name, value]) => `${name}\n${value}`).join('\n')
  }

  static fromText(text: string): Fields {
    const lines = text === '' ? [] : text.split('\n')
    const values = new Map<string, string>()
    for (let at = 0; at + 1 < lines.length; at += 2) values.set(lines[at] ?? '', lines[at + 1] ?? '')
    return new Fields(values)
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    this.#sorted ??= [...this.#values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return this.#sorted[Symbol.iterator]()
  }
}

/** What the Fetch standard takes off both ends of a value. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

const trimmed = (value: string) => withoutEdges(value, isSpace)
