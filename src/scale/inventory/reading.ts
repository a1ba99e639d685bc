import { LegalHoldError } from '../../model/errors.js'
import { type InventoryLine, isBefore } from '../../model/inventory/line.js'
import { parseKey } from '../../model/layout/keys.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { CallOptions } from '../../ports/runtime.js'
import { showsHold } from '../../stages/object/by-inventory.js'
import type { Spool } from '../plan/spool.js'
import type { InventoryDescription, InventoryFacet, InventoryRow, InventorySource } from '../ports/inventory-source.js'

/** What an inventory is compared with before it is read. */
export interface InventoryUse {
  readonly bucket: string
  readonly requirements: HoldRequirements
  /** The present, in milliseconds since the epoch. */
  readonly now: number
}

/** An inventory that may be read. */
export interface OpenedInventory {
  readonly source: InventorySource
  readonly description: InventoryDescription
  /** Why no row of it can show the hold; `undefined` if one can. */
  readonly lacks: string | undefined
}

/** Clocks differ; an inventory from the future would make later changes look earlier. */
const clockSkewMs = 60_000

/**
 * Asks an inventory what it is about.
 *
 * @throws LegalHoldError `INVENTORY_UNREADABLE` if it is about another bucket, or about the future
 */
export async function openInventory(
  source: InventorySource,
  use: InventoryUse,
  options: CallOptions,
): Promise<OpenedInventory> {
  const given = await source.describe(options)
  const began = Date.parse(given.asOf)
  if (given.bucket !== use.bucket) {
    throw unusable(source, `is about the bucket ${given.bucket}, and the recordings are in ${use.bucket}`)
  }
  if (Number.isNaN(began)) throw unusable(source, 'does not say when it began')
  if (began > use.now + clockSkewMs) throw unusable(source, `begins in the future (${given.asOf})`)
  const description = { ...given, asOf: new Date(Math.min(began, use.now)).toISOString() }
  return { source, description, lacks: lackOf(use.requirements, description) }
}

/**
 * Reads an inventory into a spool, each row by the place of its key. Only the rows of an hour in which something is
 * expected are kept.
 *
 * @throws LegalHoldError `INVENTORY_UNREADABLE`
 */
export async function spoolInventory(
  { source, description }: OpenedInventory,
  where: {
    readonly organizationId: string
    readonly hours: { readonly first: number; readonly last: number }
    readonly requirements: HoldRequirements
    readonly spool: Spool
  },
  { signal }: CallOptions,
): Promise<void> {
  const { organizationId, hours, requirements, spool } = where
  const prefix = `${organizationId}/`
  for await (const row of source.rows({ signal, prefix })) {
    if (row.bucket !== description.bucket) throw unusable(source, `has a row about the bucket ${row.bucket}`)
    // A former version says nothing about the current one.
    if (row.isLatest === false) continue
    const { key } = row
    const place = parseKey(key)
    if (place?.organizationId !== organizationId) continue
    const hour = Date.parse(place.hour)
    if (hour < hours.first || hour > hours.last) continue
    const { conversationId } = place
    const line = lineOf(row, description, requirements)
    const isDeleted = row.isDeleteMarker === true
    const writtenAt = row.isLatest === true ? undefined : row.lastModified
    const sizeBytes = line === undefined && description.facets.includes('size') ? row.sizeBytes : undefined
    const known = { isDeleted: isDeleted || undefined, writtenAt, line, sizeBytes }
    const shown = Object.entries(known).filter(([, value]) => value !== undefined)
    spool.add({ hour, conversationId, row: { kind: 'inventory', key, ...Object.fromEntries(shown) } })
    await spool.room()
  }
}

/** A row that shows the hold; `undefined` if it does not, or cannot be told from another state of the object. Pure. */
export function lineOf(
  row: InventoryRow,
  { asOf, facets }: Pick<InventoryDescription, 'asOf' | 'facets'>,
  requirements: HoldRequirements,
): InventoryLine | undefined {
  const { etag, lastModified, isDeleteMarker, isLatest } = row
  if (isDeleteMarker === true || isLatest === false) return undefined
  if (!facets.includes('etag') || etag === undefined || etag === '') return undefined
  if (lastModified === undefined || !isBefore(lastModified, asOf)) return undefined
  const { versionId, storageClass, sizeBytes, metadata, tags, legalHold, retainUntil, lockMode } = row
  const hasRetention = retainUntil !== undefined && lockMode !== undefined
  const retention = hasRetention ? { mode: lockMode, retainUntilDate: retainUntil } : undefined
  const shown = {
    // What a bucket without versions says: HEAD names none there.
    versionId: versionId === 'null' ? undefined : versionId,
    sizeBytes: shownBy('size', sizeBytes),
    storageClass: shownBy('storage-class', storageClass),
    metadata: shownBy('metadata', metadata),
    tags: shownBy('tags', tags),
    legalHold: shownBy('legal-hold', legalHold),
    retention: shownBy('retention', retention),
  }
  const known = Object.entries(shown).filter(([, value]) => value !== undefined)
  const line: InventoryLine = { etag, lastModified, ...(Object.fromEntries(known) as Partial<InventoryLine>) }
  return showsHold(requirements, line) ? line : undefined

  /** A value without a column is not believed. */
  function shownBy<T>(facet: InventoryFacet, value: T | undefined): T | undefined {
    return facets.includes(facet) ? value : undefined
  }
}

/** Which column the requirements need and the inventory does not have. Pure. */
function lackOf(requirements: HoldRequirements, { facets }: InventoryDescription): string | undefined {
  const needs: readonly (readonly [boolean, InventoryFacet, string])[] = [
    [true, 'etag', 'ETags'],
    [Object.keys(requirements.metadata ?? {}).length > 0, 'metadata', 'user metadata'],
    [Object.keys(requirements.tags ?? {}).length > 0, 'tags', 'tags'],
    [requirements.legalHold === true, 'legal-hold', 'legal holds'],
    [requirements.retainUntilDate !== undefined, 'retention', 'retentions'],
  ]
  const missing = needs.filter(([isNeeded, facet]) => isNeeded && !facets.includes(facet)).map(([, , what]) => what)
  return missing.length === 0 ? undefined : `it has no column for ${missing.join(', ')}`
}

function unusable({ name }: InventorySource, why: string): LegalHoldError {
  return new LegalHoldError(`The inventory ${name} ${why}. Take another inventory, or run without one.`, {
    code: 'INVENTORY_UNREADABLE',
    stage: 'scale',
  })
}
