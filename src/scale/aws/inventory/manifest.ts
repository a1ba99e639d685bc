import { createHash } from 'node:crypto'
import { columnName } from './columns.js'
import { unreadableInventory } from './failure.js'

/** What the `manifest.json` of an inventory says. */
export interface InventoryManifest {
  readonly sourceBucket: string
  /** When the inventory began, ISO 8601. */
  readonly asOf: string
  readonly format: 'CSV' | 'Parquet'
  /** Names of the columns, as {@link columnName} has them. */
  readonly columns: readonly string[]
  readonly files: readonly { readonly key: string; readonly md5: string }[]
}

/**
 * Reads a manifest (S3 user guide, "Inventory manifest").
 *
 * @param checksum content of `manifest.checksum`, the MD5 of the manifest; an inventory without it is not complete
 */
export function readInventoryManifest(
  content: Uint8Array,
  checksum: Uint8Array | undefined,
  place: string,
): InventoryManifest {
  if (checksum === undefined) throw unreadableInventory(place, 'has no manifest.checksum beside it: it is not complete')
  const expected = Buffer.from(checksum).toString('latin1').trim().toLowerCase()
  if (createHash('md5').update(content).digest('hex') !== expected) {
    throw unreadableInventory(place, 'is damaged: its MD5 is not the one in manifest.checksum')
  }
  const { sourceBucket, creationTimestamp, fileFormat, fileSchema, files } = parse(content, place)
  const createdMs = Number(creationTimestamp)
  const isWhole =
    typeof sourceBucket === 'string' &&
    typeof creationTimestamp === 'string' &&
    Number.isSafeInteger(createdMs) &&
    createdMs > 0 &&
    createdMs < 8.64e15 &&
    typeof fileSchema === 'string' &&
    Array.isArray(files)
  if (!isWhole) throw unreadableInventory(place, 'is not the manifest of an inventory')
  if (fileFormat !== 'CSV' && fileFormat !== 'Parquet') {
    throw unreadableInventory(place, `has the format ${String(fileFormat).slice(0, 20)}`, 'Configure CSV or Parquet.')
  }
  return {
    sourceBucket,
    asOf: new Date(createdMs).toISOString(),
    format: fileFormat,
    columns: columnsOf(fileSchema, fileFormat),
    files: files.map((file: { readonly key?: unknown; readonly MD5checksum?: unknown } | null) => {
      const { key, MD5checksum: md5 } = file ?? {}
      if (typeof key === 'string' && typeof md5 === 'string') return { key, md5: md5.toLowerCase() }
      throw unreadableInventory(place, 'names a file without its key or MD5')
    }),
  }
}

function parse(content: Uint8Array, place: string): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(Buffer.from(content).toString('utf8'))
    if (typeof manifest === 'object' && manifest !== null) return manifest as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw unreadableInventory(place, 'is not JSON')
}

/** `Bucket, Key, …` of CSV; of Parquet `message s3.inventory { required binary bucket (UTF8); … }`. */
function columnsOf(schema: string, format: InventoryManifest['format']): readonly string[] {
  if (format === 'CSV') return schema.split(',').map(columnName)
  const fields = schema.slice(schema.indexOf('{') + 1).split(';')
  return fields.flatMap((field) => {
    const name = field.trim().split(/\s+/)[2]
    return name === undefined ? [] : [columnName(name)]
  })
}
