import type { ObjectVersion } from './object-version.js'

/**
 * Orders keys by the bytes of their UTF-8 form, as S3 lists them. That is the order of code points, which for
 * characters beyond U+FFFF is not the order in which JavaScript compares strings.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return byCodePoint(left) - byCodePoint(right)
  }
  return a.length - b.length
}

// Moves the surrogates above U+E000 to U+FFFF, where the code points that they stand for belong.
function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/** Keys in listing order, to be searched. */
export class OrderedKeys {
  readonly keys: readonly string[]

  constructor(keys: readonly string[]) {
    this.keys = keys
  }

  /** Position of the first key that is not before `key`. */
  position(key: string): number {
    return this.#search((candidate) => compareKeys(candidate, key) >= 0)
  }

  /** Position of the first key after all those that begin with `prefix`. */
  positionAfterPrefix(prefix: string): number {
    return this.#search((candidate) => compareKeys(candidate, prefix) >= 0 && !candidate.startsWith(prefix))
  }

  #search(found: (key: string) => boolean): number {
    let low = 0
    let high = this.keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (found(this.keys[middle] ?? '')) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Versions by key, newest first, with the keys in listing order. Sorted when first listed after a change. */
export class KeyIndex {
  readonly #versions = new Map<string, readonly ObjectVersion[]>()
  #ordered = new OrderedKeys([])
  #unsorted = new Set<string>()
  #removed = 0

  get size(): number {
    return this.#versions.size
  }

  get(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? []
  }

  current(key: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.[0]
  }

  /** An empty list removes the key. */
  set(key: string, versions: readonly ObjectVersion[]): void {
    const known = this.#versions.has(key)
    if (versions.length === 0) {
      if (!known) return
      this.#versions.delete(key)
      if (!this.#unsorted.delete(key)) this.#removed += 1
      return
    }
    this.#versions.set(key, versions)
    if (!known) this.#unsorted.add(key)
  }

  /** Every key with versions, in listing order. */
  ordered(): OrderedKeys {
    this.#settle()
    return this.#ordered
  }

  all(): IterableIterator<readonly ObjectVersion[]> {
    return this.#versions.values()
  }

  #settle(): void {
    if (this.#unsorted.size === 0 && this.#removed === 0) return
    // A key that was removed and put again is still in the sorted list.
    const { keys } = this.#ordered
    const kept = this.#removed === 0 ? keys : keys.filter((key) => this.#isKept(key))
    const fresh = [...this.#unsorted].sort(compareKeys)
    this.#unsorted = new Set()
    this.#removed = 0
    this.#ordered = new OrderedKeys(merge(kept, fresh))
  }

  #isKept(key: string): boolean {
    return this.#versions.has(key) && !this.#unsorted.has(key)
  }
}

function merge(left: readonly string[], right: readonly string[]): readonly string[] {
  if (right.length === 0) return left
  const last = left.at(-1)
  const [first] = right
  if (last === undefined || (first !== undefined && compareKeys(last, first) < 0)) return left.concat(right)
  const merged: string[] = []
  let at = 0
  for (const key of right) {
    while (at < left.length && compareKeys(left[at] ?? '', key) < 0) merged.push(left[at++] ?? '')
    merged.push(key)
  }
  return merged.concat(left.slice(at))
}
