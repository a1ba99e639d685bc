import type { InventoryFacet, InventoryRow } from '../../ports/inventory-source.js'

/** A row by the names of its columns, in lower case and without underscores: inventories spell them in several ways. */
export type Cells = Readonly<Record<string, unknown>>

/** `ObjectLockLegalHoldStatus`, `object_lock_legal_hold_status`: one name. */
export function columnName(name: string): string {
  return name.trim().toLowerCase().replaceAll('_', '')
}

const facetColumns: Readonly<Record<InventoryFacet, string>> = {
  metadata: 'usermetadata',
  tags: 'objecttags',
  'legal-hold': 'objectlocklegalholdstatus',
  retention: 'objectlockretainuntildate',
  etag: 'etag',
  size: 'size',
  'storage-class': 'storageclass',
}

/** What rows with these columns may say. */
export function facetsOf(columns: readonly string[]): readonly InventoryFacet[] {
  const facets = Object.entries(facetColumns) as [InventoryFacet, string][]
  return facets.filter(([, column]) => columns.includes(column)).map(([facet]) => facet)
}

/**
 * Reads a row whose key is decoded already; a text says why it cannot be read.
 *
 * @param bucket the bucket that the inventory is about
 */
export function rowOf(cells: Cells, key: string, bucket: string): InventoryRow | string {
  const named = textOf(cells.bucket)
  if (named !== undefined && named !== bucket) return `has a row about the bucket ${named}`
  const metadata = mapOf(cells.usermetadata)
  const tags = mapOf(cells.objecttags)
  if (metadata === 'other' || tags === 'other') return 'has metadata or tags that are not JSON'
  const sizeBytes = numberOf(cells.size)
  const row = {
    versionId: textOf(cells.versionid),
    isLatest: flagOf(cells.islatest),
    isDeleteMarker: flagOf(cells.isdeletemarker),
    sizeBytes,
    etag: textOf(cells.etag)?.replaceAll('"', ''),
    lastModified: timeOf(cells.lastmodifieddate),
    storageClass: textOf(cells.storageclass),
    legalHold: holdOf(cells.objectlocklegalholdstatus),
    lockMode: modeOf(cells.objectlockmode),
    retainUntil: timeOf(cells.objectlockretainuntildate),
    metadata,
    tags,
  }
  const known = Object.entries(row).filter(([, value]) => value !== undefined)
  return { bucket, key, ...(Object.fromEntries(known) as Partial<InventoryRow>) }
}

/** An empty field of CSV means no value, as null does. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  const text = textOf(value)?.toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : undefined
}

function numberOf(value: unknown): number | undefined {
  const given =
    typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number(textOf(value) ?? Number.NaN)
  return Number.isSafeInteger(given) && given >= 0 ? given : undefined
}

/** Athena writes a timestamp of S3 Metadata, which is UTC, without a zone. */
const withoutZone = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/

function timeOf(value: unknown): string | undefined {
  const text = (textOf(value) ?? '').replace(withoutZone, '$1T$2Z')
  const ms = value instanceof Date ? value.getTime() : Date.parse(text)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** Inventories say `On` and `Off`, HEAD `ON` and `OFF`. Anything else is not known. */
function holdOf(value: unknown): InventoryRow['legalHold'] {
  const text = textOf(value)?.toUpperCase()
  return text === 'ON' || text === 'OFF' ? text : undefined
}

function modeOf(value: unknown): InventoryRow['lockMode'] {
  const text = textOf(value)?.toUpperCase()
  return text === 'GOVERNANCE' || text === 'COMPLIANCE' ? text : undefined
}

/** A map as Parquet has it, or as JSON text. Athena's own `{a=b, c=d}` cannot be told apart from a value with a comma. */
function mapOf(value: unknown): Readonly<Record<string, string>> | undefined | 'other' {
  if (value === undefined || value === null || value === '') return undefined
  const parsed = typeof value === 'string' ? jsonOf(value) : value
  if (typeof parsed !== 'object' || parsed === null) return 'other'
  const entries: [unknown, unknown][] = Array.isArray(parsed)
    ? parsed.map((one: { readonly key?: unknown; readonly value?: unknown } | null) => [one?.key, one?.value])
    : Object.entries(parsed)
  const areTexts = entries.every(([name, text]) => typeof name === 'string' && typeof text === 'string')
  return areTexts ? (Object.fromEntries(entries) as Record<string, string>) : 'other'
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
