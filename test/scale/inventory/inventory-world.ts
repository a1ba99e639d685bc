import type { LegalHoldExporterOptions } from '#src/index.js'
import type { InventoryFacet, InventoryRow, InventorySource } from '#src/scale/ports/inventory-source.js'
import type { MemoryStorageAdapter } from '#src/testing/index.js'
import { type Planted, scaledWorld, tag } from '../scale-world.js'

export const everyFacet: readonly InventoryFacet[] = [
  'metadata',
  'tags',
  'legal-hold',
  'retention',
  'etag',
  'size',
  'storage-class',
]

/** The rows of all versions in a bucket, as it is now. */
export async function rowsOf(storage: MemoryStorageAdapter): Promise<InventoryRow[]> {
  const rows: InventoryRow[] = []
  for await (const { bucket, key, versionId, isLatest, deleteMarker, lastModified } of storage.listVersions('')) {
    const version = storage.versions(key).find((one) => one.versionId === versionId)
    const state = version?.state
    const { retention } = state ?? {}
    rows.push({
      bucket,
      key,
      versionId,
      isLatest,
      isDeleteMarker: deleteMarker,
      lastModified,
      ...(state !== undefined && {
        sizeBytes: state.sizeBytes,
        etag: state.etag?.replaceAll('"', ''),
        metadata: state.metadata,
        tags: state.tags === 'unreadable' ? undefined : state.tags,
        legalHold: state.legalHold === 'ON' ? 'ON' : 'OFF',
        ...(typeof retention === 'object' && { lockMode: retention.mode, retainUntil: retention.retainUntilDate }),
      }),
    })
  }
  return rows
}

/** An inventory that was taken at some time. */
export function inventoryOf(
  rows: readonly InventoryRow[],
  asOf: string | number,
  about: { readonly bucket?: string; readonly facets?: readonly InventoryFacet[] } = {},
): InventorySource {
  const { bucket = 'memory', facets = everyFacet } = about
  return {
    name: 'test-inventory',
    describe: async () => ({ bucket, asOf: new Date(asOf).toISOString(), facets }),
    async *rows({ prefix = '' } = {}) {
      for (const row of rows) if (row.key.startsWith(prefix)) yield row
    },
  }
}

export const acceptance = { code: 'inventory-is-proof', reason: 'the court accepts it' } as const

/** A world whose objects were written an hour ago, and an inventory of it as it is. The keys that are read by HEAD are kept. */
export async function inventoriedWorld(planted: readonly Planted[], options: Partial<LegalHoldExporterOptions> = {}) {
  const world = scaledWorld(planted, {}, { requirements: { metadata: { 'legal-hold-tag': tag } }, ...options })
  world.clock.advance(3_600_000)
  const rows = await rowsOf(world.storage)
  const asOf = world.clock.now()
  world.clock.advance(60_000)
  const read: string[] = []
  const head = world.storage.head.bind(world.storage)
  world.storage.head = (ref, how) => {
    read.push(ref.key)
    return head(ref, how)
  }
  return { ...world, rows, asOf, read, inventory: inventoryOf(rows, asOf) }
}
