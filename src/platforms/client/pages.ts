import { LegalHoldError, type Stage } from '../../model/errors.js'
import { type Answer, fieldOf, listOf, numberOf, textOf } from './answer.js'

/** Fetches one page. */
export type PageOf<Position> = (position: Position) => Promise<Answer>

/** What is listed and in which stage, for errors. */
export interface Listing {
  readonly subject: string
  readonly stage: Stage
  /** @defaultValue 'entities' */
  readonly elements?: string | undefined
}

/** Pages in a row that may be empty although more are counted: what the client may not see is left out of them. */
const emptyPagesAtMost = 100

/**
 * Elements of a listing that is paged by number: until the last page it names, however many before it are empty, or until
 * it names no next one.
 *
 * @throws `PLATFORM_RESPONSE_INVALID` when a page has no list, or when too many in a row are empty
 */
export async function* numberedPages(listing: Listing, page: PageOf<number>): AsyncGenerator<unknown, void, void> {
  let empty = 0
  for (let pageNumber = 1; ; pageNumber += 1) {
    const body = await page(pageNumber)
    const entities = elementsOf(body, listing)
    yield* entities
    const pageCount = numberOf(body, 'pageCount')
    const last = pageCount === undefined ? textOf(body, 'nextUri') === undefined : pageNumber >= pageCount
    empty = entities.length === 0 ? empty + 1 : 0
    if (last || (pageCount === undefined && empty > 0)) return
    if (empty < emptyPagesAtMost) continue
    throw new LegalHoldError(
      `Could not list ${listing.subject}: ${empty} pages in a row were empty, and the platform counts ${pageCount}.`,
      { code: 'PLATFORM_RESPONSE_INVALID', stage: listing.stage },
    )
  }
}

/**
 * Elements of a listing that is paged by cursor: in the answer itself, or in its `nextUri` (genesys-facts: failed
 * recordings).
 *
 * @throws `PLATFORM_RESPONSE_INVALID` if a page has no list, if a cursor leads back to where it came from, or if a
 *   next page is announced without a cursor. A truncated list must not pass for a whole one.
 */
export async function* cursorPages(
  listing: Listing,
  page: PageOf<string | undefined>,
): AsyncGenerator<unknown, void, void> {
  const seen = new Set<string>()
  for (let cursor: string | undefined; ; ) {
    const body = await page(cursor)
    yield* elementsOf(body, listing)
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

/** Which page was asked for. */
export interface PageAsked {
  /** Of a listing that is paged by number. */
  readonly pageNumber?: number | undefined
  /** What the list is called. @defaultValue 'entities' */
  readonly elements?: string | undefined
}

/** What an answer is that is not the page that was asked for: one without a list, or one of another number. */
export function otherThanPage({
  pageNumber,
  elements = 'entities',
}: PageAsked = {}): (answer: unknown) => string | undefined {
  return (answer) => {
    const shown = numberOf(answer, 'pageNumber')
    if (pageNumber !== undefined && shown !== undefined && shown !== pageNumber) return `page ${shown}`
    const isPage = Array.isArray(fieldOf(answer, elements)) || numberOf(answer, 'total') === 0
    return isPage ? undefined : `without a list (\`${elements}\`)`
  }
}

function cursorIn(nextUri: string | undefined): string | undefined {
  if (nextUri === undefined) return undefined
  const query = nextUri.slice(nextUri.indexOf('?') + 1)
  return new URLSearchParams(query).get('cursor') || undefined
}

/** A page whose list stands under another name, or is the whole answer. */
export function withEntities(body: Answer, list: readonly unknown[], names: readonly string[]): Answer {
  if (listOf(body, 'entities') !== undefined) return body
  const entities = listOf(body, ...names) ?? (Object.keys(body).length === 0 ? list : undefined)
  return entities === undefined ? body : { entities }
}

/** A page without a list says nothing of what is listed, unless it counts none. */
function elementsOf(body: Answer, { subject, stage, elements = 'entities' }: Listing): readonly unknown[] {
  const given = fieldOf(body, elements)
  if (Array.isArray(given)) return given
  if (given === undefined && numberOf(body, 'total') === 0) return []
  throw new LegalHoldError(`Could not list ${subject}: a page has no list (\`${elements}\`).`, {
    code: 'PLATFORM_RESPONSE_INVALID',
    stage,
  })
}
