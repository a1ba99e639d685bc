import { compareKeys } from '../../../internal/key-order.js'
import { LegalHoldError } from '../../../model/errors.js'

/** Where a page begins. */
export interface Position {
  readonly token?: string | undefined
  readonly startAfter?: string | undefined
}

/** A page of a listing, its names decoded. */
export interface ListedPage<O extends { readonly key: string }> {
  readonly objects: readonly O[]
  /** With their trailing slash. */
  readonly folders: readonly string[]
  /** `undefined` if the server does not say. */
  readonly truncated: boolean | undefined
  readonly token: string | undefined
}

type AnyPage = ListedPage<{ readonly key: string }>

/**
 * Follows the tokens of one listing. A server whose tokens form a circle would be listed for ever. Each token is
 * therefore compared with one that is kept. The kept one is replaced after 1, 2, 4, … pages (Brent), so that any
 * circle is found.
 */
export class Paging {
  readonly #bucket: string
  #kept: string | undefined
  #pages = 0
  #keepAt = 1

  constructor(bucket: string) {
    this.#bucket = bucket
  }

  /** Where the next page begins, `undefined` if there is none. */
  after(page: AnyPage): Position | undefined {
    const { truncated, token } = page
    if (truncated === false) {
      if (!token) return undefined
      throw this.#broken('that it ends, and from where it continues')
    }
    if (token) return this.#next({ token }, token)
    if (truncated) throw this.#broken('that it continues but not from where')
    // Whether there is more is not said: that nothing follows shows it.
    const position = afterLast(page)
    return position === undefined ? undefined : this.#next(position, position.startAfter ?? '')
  }

  #next(position: Position, mark: string): Position {
    if (mark === this.#kept) throw this.#broken('to continue from where it was before')
    this.#pages += 1
    if (this.#pages === this.#keepAt) {
      this.#kept = mark
      this.#keepAt *= 2
    }
    return position
  }

  #broken(says: string): LegalHoldError {
    return new LegalHoldError(
      `The listing of s3://${this.#bucket} says ${says}. The server's paging is broken; nothing can be said about what is missing.`,
      { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
    )
  }
}

/** The last thing on a page: what comes next comes after it. */
export function lastOf({ objects, folders }: AnyPage): string | undefined {
  return later(objects.at(-1)?.key, folders.at(-1))
}

/** The position behind everything on a page; `undefined` for an empty one. What lies in a folder comes before `0`, which follows `/`. */
function afterLast({ objects, folders }: AnyPage): Position | undefined {
  const last = later(objects.at(-1)?.key, folders.at(-1)?.replace(/\/$/, '0'))
  return last === undefined ? undefined : { startAfter: last }
}

function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return compareKeys(one, other) > 0 ? one : other
}
