import { badRequest, booleanParameter, integerParameter, type JsonObject } from '../http.js'

/** The two ways in which Genesys pages a listing. */
export interface PageRequest {
  readonly url: URL
  readonly query: URLSearchParams
}

interface PageBounds {
  readonly defaultSize: number
  readonly maxSize: number
}

/**
 * A page by number with totals, or, with `includeTotal=false` or a cursor, by cursor, which stands only in `nextUri`
 * (genesys-facts, "Recording jobs").
 */
export function entityPage(request: PageRequest, entities: readonly unknown[], bounds: PageBounds): JsonObject {
  const byCursor = request.query.has('cursor') || !booleanParameter(request.query, 'includeTotal', true)
  return byCursor ? cursorPage(request, entities, bounds) : numberedPage(request, entities, bounds)
}

function numberedPage({ url, query }: PageRequest, entities: readonly unknown[], bounds: PageBounds): JsonObject {
  const pageSize = sizeOf(query, bounds)
  const pageNumber = integerParameter(query, 'pageNumber', { default: 1, min: 1, max: 1_000_000 })
  const pageCount = Math.max(1, Math.ceil(entities.length / pageSize))
  const uri = (page: number) => pageUri(url, { pageSize: String(pageSize), pageNumber: String(page) })
  return {
    entities: entities.slice((pageNumber - 1) * pageSize, pageNumber * pageSize),
    pageSize,
    pageNumber,
    total: entities.length,
    pageCount,
    firstUri: uri(1),
    selfUri: uri(pageNumber),
    lastUri: uri(pageCount),
    ...(pageNumber < pageCount ? { nextUri: uri(pageNumber + 1) } : {}),
    ...(pageNumber > 1 ? { previousUri: uri(pageNumber - 1) } : {}),
  }
}

/** A page by cursor: no totals; the last one has no `nextUri`. */
function cursorPage({ url, query }: PageRequest, entities: readonly unknown[], bounds: PageBounds): JsonObject {
  const pageSize = sizeOf(query, bounds)
  const from = readCursor(query.get('cursor'))
  const until = from + pageSize
  const size = { pageSize: String(pageSize) }
  return {
    entities: entities.slice(from, until),
    pageSize,
    selfUri: pageUri(url, { ...size, ...(from > 0 ? { cursor: writeCursor(from) } : {}) }),
    ...(until < entities.length ? { nextUri: pageUri(url, { ...size, cursor: writeCursor(until) }) } : {}),
  }
}

/** Cursors are opaque to a client, so they do not look like an offset. */
export function writeCursor(offset: number): string {
  return Buffer.from(JSON.stringify({ o: offset })).toString('base64')
}

/** The offset of a cursor that {@link writeCursor} wrote. */
export function readCursor(cursor: string | null): number {
  if (cursor === null || cursor === '') return 0
  try {
    const { o } = JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')) as { o?: unknown }
    if (typeof o === 'number' && Number.isInteger(o) && o >= 0) return o
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('The cursor is not valid.')
}

function sizeOf(query: URLSearchParams, bounds: PageBounds): number {
  return integerParameter(query, 'pageSize', { default: bounds.defaultSize, min: 1, max: bounds.maxSize })
}

/** The address of another page of a listing. */
export function pageUri(url: URL, changes: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(url.search)
  for (const [name, value] of Object.entries(changes)) query.set(name, value)
  return `${url.pathname}?${query}`
}
