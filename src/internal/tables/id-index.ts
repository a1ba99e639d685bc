import { randomBytes } from 'node:crypto'
import { Column } from './column.js'

const wordsOfId = 4
const uuidLength = 36

/**
 * Numbers distinct ids in the order in which they come: 0, 1, 2, … Exact: two ids never share a number.
 *
 * Genesys ids are UUIDs in lower case. Each takes 16 bytes and a slot of 4 bytes in a hash table that is at most
 * three quarters full: some 24 MB for a million. Any other text is kept as it is. The hash is keyed per process,
 * so that nobody can craft keys in a bucket that slow it down.
 */
export class IdIndex {
  readonly #words = Column.words()
  readonly #texts = new Map<string, number>()
  readonly #textOfRow = new Map<number, string>()
  readonly #seed = randomBytes(4).readUInt32LE(0)
  readonly #probe = new Uint32Array(wordsOfId)
  /** Row + 1; 0 is an empty slot. */
  #slots = new Uint32Array(1024)
  #hashed = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number of an id, which is new if the size grew. */
  add(id: string): number {
    if (!readUuid(id, this.#probe)) return this.#addText(id)
    const slot = this.#find()
    const taken = this.#slots[slot] ?? 0
    if (taken > 0) return taken - 1
    const row = this.#size
    for (let word = 0; word < wordsOfId; word += 1) {
      this.#words.set(row * wordsOfId + word, this.#probe[word] ?? 0)
    }
    this.#slots[slot] = row + 1
    this.#size += 1
    this.#hashed += 1
    if (this.#hashed * 4 > this.#slots.length * 3) this.#grow()
    return row
  }

  /** The number of an id, -1 if it was never added. */
  find(id: string): number {
    if (!readUuid(id, this.#probe)) return this.#texts.get(id) ?? -1
    return (this.#slots[this.#find()] ?? 0) - 1
  }

  /** The id of a number. */
  idAt(row: number): string {
    const text = this.#textOfRow.get(row)
    if (text !== undefined) return text
    let hex = ''
    for (let word = 0; word < wordsOfId; word += 1) {
      hex += this.#words
        .get(row * wordsOfId + word)
        .toString(16)
        .padStart(8, '0')
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  #addText(id: string): number {
    const known = this.#texts.get(id)
    if (known !== undefined) return known
    const row = this.#size
    this.#texts.set(id, row)
    this.#textOfRow.set(row, id)
    this.#size += 1
    return row
  }

  /** The slot of the id in the probe, or the empty one where it belongs. */
  #find(): number {
    const mask = this.#slots.length - 1
    const [a = 0, b = 0, c = 0, d = 0] = this.#probe
    let at = this.#hash(a, b, c, d) & mask
    for (;;) {
      const taken = this.#slots[at] ?? 0
      if (taken === 0) return at
      const from = (taken - 1) * wordsOfId
      const words = this.#words
      if (
        words.get(from) === a &&
        words.get(from + 1) === b &&
        words.get(from + 2) === c &&
        words.get(from + 3) === d
      ) {
        return at
      }
      at = (at + 1) & mask
    }
  }

  /** The mixing of MurmurHash3, begun with the seed. */
  #hash(a: number, b: number, c: number, d: number): number {
    let hash = this.#seed
    hash = mix(hash, a)
    hash = mix(hash, b)
    hash = mix(hash, c)
    hash = mix(hash, d)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  #grow(): void {
    const former = this.#slots
    this.#slots = new Uint32Array(former.length * 2)
    const mask = this.#slots.length - 1
    for (const taken of former) {
      if (taken === 0) continue
      const from = (taken - 1) * wordsOfId
      const words = this.#words
      let at = this.#hash(words.get(from), words.get(from + 1), words.get(from + 2), words.get(from + 3)) & mask
      while (this.#slots[at] !== 0) at = (at + 1) & mask
      this.#slots[at] = taken
    }
  }
}

function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51)
  mixed = (mixed << 15) | (mixed >>> 17)
  const sum = hash ^ Math.imul(mixed, 0x1b873593)
  return (Math.imul((sum << 13) | (sum >>> 19), 5) + 0xe6546b64) | 0
}

/** Reads a UUID in lower case into four words; `false` for any other text, which could not be given back as it was. */
function readUuid(text: string, words: Uint32Array): boolean {
  if (text.length !== uuidLength) return false
  let digits = 0
  let word = 0
  for (let at = 0; at < uuidLength; at += 1) {
    const code = text.charCodeAt(at)
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== 45) return false
      continue
    }
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1
    if (digit < 0) return false
    word = (word << 4) | digit
    digits += 1
    if (digits % 8 === 0) {
      words[digits / 8 - 1] = word >>> 0
      word = 0
    }
  }
  return true
}
