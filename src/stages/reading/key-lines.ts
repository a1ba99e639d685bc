import { compareKeys, justBefore } from '../../internal/key-order.js'
import type { ListedObject } from '../../model/object.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { isListingRefused, type ListedLine, lineOf, readLine } from './listed-line.js'

/** So many lines a page has at most. */
const mostLines = 1_000
/** So many pages are kept: several runs of keys may come interleaved. */
const mostPages = 8
/** How many keys a page has served lately. The first one is expected to serve so many. */
const firstExpectation = 16
const remembered = 16

/** A part of a listing without gaps: from right after a key to its last line, or to the end of its prefix. */
interface Page {
  readonly prefix: string
  readonly after: string
  readonly last: string
  /** Whether the listing ended with it. */
  readonly isLast: boolean
  readonly lines: ReadonlyMap<string, ListedObject>
}

interface PageUnderWay extends Pick<Page, 'prefix' | 'after'> {
  readonly done: Promise<Page | undefined>
}

/**
 * The lines that a listing has of keys which come from elsewhere, so that the answer to a HEAD can be compared
 * with something. A page begins at a requested key and serves all other keys on it. Keys in the order of the
 * bucket cost one request in up to a thousand. Keys that lie far apart cost one each, side by side.
 *
 * If the bucket may not be listed, nothing is known of any key.
 */
export class KeyLines {
  readonly #storage: StorageAdapter
  readonly #context: StageContext
  readonly #underWay = new Set<PageUnderWay>()
  #pages: readonly Page[] = []
  #keys = firstExpectation
  #lists = 1
  /** Whether a page of more than one folder was refused. */
  #isNarrow = false
  #isRefused = false

  constructor(storage: StorageAdapter, context: StageContext) {
    this.#storage = storage
    this.#context = context
  }

  /** The line of a key, that there is none, or `undefined` if nothing can be said. */
  async of(key: string): Promise<ListedLine> {
    this.#keys += 1
    for (;;) {
      if (this.#isRefused) return undefined
      const page = this.#pages.find((one) => covers(one, key))
      if (page !== undefined) return lineOn(page, key)
      const ahead = this.#expected < 2 ? undefined : [...this.#underWay].find((one) => mayReach(one, key))
      if (ahead === undefined) return this.#list(key)
      // Its failure is for whoever began it to tell.
      await ahead.done.catch(() => {})
    }
  }

  /** How many keys the next page will probably serve. */
  get #expected(): number {
    return this.#keys / this.#lists
  }

  async #list(key: string): Promise<ListedLine> {
    const page = await this.#pageFrom(key)
    if (page !== undefined && covers(page, key)) return lineOn(page, key)
    // A page of other keys may be forbidden, or may not reach this one.
    const line = await readLine(this.#storage, key, this.#context)
    if (line === undefined) this.#isRefused = true
    return line
  }

  /** `undefined` if there is no place right before the key to begin at, or the page may not be listed. */
  async #pageFrom(key: string): Promise<Page | undefined> {
    const after = justBefore(key)
    if (after === undefined) return undefined
    const limit = Math.min(mostLines, Math.ceil(this.#expected * 2))
    this.#lists += 1
    if (this.#lists > remembered) {
      this.#lists /= 2
      this.#keys /= 2
    }
    const prefix = key.slice(0, key.lastIndexOf('/') + 1)
    const wider = limit > 2 && !this.#isNarrow ? parentOf(prefix) : prefix
    const page = { prefix: wider, after, done: this.#read({ prefix: wider, after, limit }) }
    this.#underWay.add(page)
    try {
      return await page.done
    } finally {
      this.#underWay.delete(page)
    }
  }

  async #read(at: {
    readonly prefix: string
    readonly after: string
    readonly limit: number
  }): Promise<Page | undefined> {
    const { prefix, after, limit } = at
    try {
      const page = await persist(this.#context, 'discover', prefix, async () => {
        const lines = new Map<string, ListedObject>()
        let last = after
        const { signal } = this.#context
        for await (const object of this.#storage.list(prefix, { signal, startAfter: after, limit })) {
          lines.set(object.key, object)
          last = object.key
          if (lines.size === limit) break
        }
        return { prefix, after, last, isLast: lines.size < limit, lines }
      })
      this.#pages = [page, ...this.#pages].slice(0, mostPages)
      return page
    } catch (error) {
      if (!isListingRefused(error)) throw error
      this.#isNarrow = true
      return undefined
    }
  }
}

function lineOn(page: Page, key: string): ListedLine {
  const line = page.lines.get(key)
  return line === undefined ? 'none' : lineOf(line)
}

function mayReach({ prefix, after }: Pick<Page, 'prefix' | 'after'>, key: string): boolean {
  return key.startsWith(prefix) && compareKeys(key, after) > 0
}

function covers(page: Page, key: string): boolean {
  return mayReach(page, key) && (page.isLast || compareKeys(key, page.last) <= 0)
}

/** The folder of an hour has those of its conversations in it: keys in order soon leave theirs. */
function parentOf(folder: string): string {
  return folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1)
}
