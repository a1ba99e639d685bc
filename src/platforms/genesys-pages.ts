import { LegalHoldError, type Stage } from '../errors.js'
import { type Answer, listOf, numberOf, textOf } from './answer.js'

/** Fetches one page. */
export type PageOf<Position> = (position: Position) => Promise<Answer>

/** Pages in a row that may be empty although more are counted: what the client may not see is left out of them. */
const emptyPagesAtMost = 100

/**
 * Elements of a listing that is paged by number: until the last page it names, however many before it are empty, or until
 * it names no next one.
 */
export async function* numberedPages(page: PageOf<number>): AsyncGenerator<unknown, void, void> {
  let empty = 0
  for (let pageNumber = 1; ; pageNumber += 1) {
    const body = await page(pageNumber)
    const entities = listOf(body, 'entities') ?? []
    yield* entities
    const pageCount = numberOf(body, 'pageCount')
    const last = pageCount === undefined ? textOf(body, 'nextUri') === undefined : pageNumber >= pageCount
    empty = entities.length === 0 ? empty + 1 : 0
    if (last || empty >= (pageCount === undefined ? 1 : emptyPagesAtMost)) return
  }
}

/** What a listing that is paged by cursor needs to know. */
export interface CursorListing {
  /** What is listed, for errors. */
  readonly subject: string
  readonly stage: Stage
  /** @defaultValue 'entities' */
  readonly elements?: string | undefined
}

/**
 * Elements of a listing that is paged by cursor: in the answer itself, or in its `nextUri` (genesys-facts: failed
 * recordings).
 *
 * @throws `PLATFORM_RESPONSE_INVALID` when a cursor leads back to where it came from, or a next page is named without
 *   one: a list that is cut off must not pass for a whole one
 */
export async function* cursorPages(
  listing: CursorListing,
  page: PageOf<string | undefined>,
): AsyncGenerator<unknown, void, void> {
  const seen = new Set<string>()
  for (let cursor: string | undefined; ; ) {
    const body = await page(cursor)
    yield* listOf(body, listing.elements ?? 'entities') ?? []
    const nextUri = textOf(body, 'nextUri')
    const next = textOf(body, 'cursor') ?? cursorIn(nextUri)
    if (next === undefined) {
      if (nextUri === undefined) return
      throw new LegalHoldError(
        `Could not list ${listing.subject}: the platform names a next page, but no cursor for it.`,
        { code: 'PLATFORM_RESPONSE_INVALID', stage: listing.stage },
      )
    }
    if (seen.has(next)) {
      throw new LegalHoldError(
        `Could not list ${listing.subject}: the platform's cursor leads in a circle, so the list would never end.`,
        { code: 'PLATFORM_RESPONSE_INVALID', stage: listing.stage },
      )
    }
    seen.add(next)
    cursor = next
  }
}

function cursorIn(nextUri: string | undefined): string | undefined {
  if (nextUri === undefined) return undefined
  const query = nextUri.slice(nextUri.indexOf('?') + 1)
  return new URLSearchParams(query).get('cursor') || undefined
}
