import { createHash } from 'node:crypto'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type {
  InventoryDescription,
  InventoryRow,
  InventoryRowsOptions,
  InventorySource,
} from '../../ports/inventory-source.js'
import { decodeManifestKey } from '../batch/manifest.js'
import { S3Objects, type S3ObjectsSettings } from '../s3/objects.js'
import { type Cells, columnName, facetsOf, rowOf } from './columns.js'
import { csvRows } from './csv-rows.js'
import { unreadableInventory } from './failure.js'
import { type InventoryManifest, readInventoryManifest } from './manifest.js'
import { parquetRows } from './parquet-rows.js'

/** Options of {@link S3Inventory}: the bucket that S3 delivers the inventory to, and how it is reached. */
export interface S3InventoryOptions extends S3ObjectsSettings {
  /** Key of the inventory's `manifest.json`; {@link S3Inventory.latest} finds the last one. */
  readonly manifest: string
}

/**
 * An inventory of Amazon S3, as CSV or Parquet (for which it needs the package `hyparquet`, an optional peer
 * dependency).
 *
 * If the optional fields are configured, it shows whether an object has a legal hold or a retention. It never
 * shows metadata or tags: {@link S3MetadataTable} has those. The MD5 of each file is compared with the manifest
 * before its first row is returned. A file is held in memory in its compressed form.
 *
 * @example
 * ```ts
 * const inventory = await S3Inventory.latest({ bucket: 'inventories', region: 'eu-west-1' }, 'recordings/recordings/all/')
 * ```
 */
export class S3Inventory implements InventorySource {
  readonly name = 's3-inventory'
  readonly #objects: S3Objects
  readonly #key: string
  #manifest: InventoryManifest | undefined

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing yet. */
  constructor(options: S3InventoryOptions) {
    this.#objects = new S3Objects(options, 'S3Inventory')
    this.#key = options.manifest
  }

  /**
   * The last complete inventory under a prefix (`PREFIX/SOURCE-BUCKET/ID/`). An inventory is complete once it has
   * `manifest.checksum`, which S3 writes last.
   *
   * @throws LegalHoldError `INVENTORY_UNREADABLE` if there is none
   */
  static async latest(settings: S3ObjectsSettings, prefix: string, options: CallOptions = {}): Promise<S3Inventory> {
    const objects = new S3Objects(settings, 'S3Inventory')
    let last: string | undefined
    try {
      for await (const key of objects.list(prefix, options)) {
        const folder = /^\d{4}-\d\d-\d\dT\d\d-\d\dZ(?=\/manifest\.checksum$)/.exec(key.slice(prefix.length))?.[0]
        if (folder !== undefined) last = folder
      }
    } finally {
      objects.close()
    }
    if (last === undefined) {
      throw unreadableInventory(
        `s3://${settings.bucket}/${prefix}`,
        'is not there: no folder with a manifest.checksum lies under this prefix',
        'Check the prefix, which ends with the id of the inventory and a slash. The first inventory takes up to 48 hours.',
      )
    }
    return new S3Inventory({ ...settings, manifest: `${prefix}${last}/manifest.json` })
  }

  async describe(options: CallOptions = {}): Promise<InventoryDescription> {
    const { sourceBucket, asOf, columns } = await this.#read(options)
    return { bucket: sourceBucket, asOf, facets: facetsOf(columns) }
  }

  async *rows({ prefix = '', ...options }: InventoryRowsOptions = {}): AsyncGenerator<InventoryRow> {
    const manifest = await this.#read(options)
    for (const file of manifest.files) {
      const place = this.#placeOf(file.key)
      const content = await this.#objects.read(file.key, options)
      if (content === undefined) throw unreadableInventory(place, 'is named by its manifest, and is not there')
      if (createHash('md5').update(content).digest('hex') !== file.md5) {
        throw unreadableInventory(place, 'is damaged: its MD5 is not the one that its manifest says')
      }
      try {
        for await (const cells of cellsOf(content, manifest)) {
          // In CSV keys are URL-encoded, in Parquet they are not (S3 user guide, "Amazon S3 Inventory list").
          const given = typeof cells.key === 'string' ? cells.key : ''
          const key = manifest.format === 'CSV' ? decodeManifestKey(given) : given
          const row = key === '' ? 'has a row without a key' : rowOf(cells, key, manifest.sourceBucket)
          if (typeof row === 'string') throw unreadableInventory(place, row)
          if (key.startsWith(prefix)) yield row
        }
      } catch (error) {
        if (LegalHoldError.isInstance(error)) throw error
        throw unreadableInventory(place, `is not ${manifest.format}`)
      }
    }
  }

  /** Drops the connections. */
  close(): void {
    this.#objects.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #read(options: CallOptions): Promise<InventoryManifest> {
    if (this.#manifest !== undefined) return this.#manifest
    const place = this.#placeOf(this.#key)
    const content = await this.#objects.read(this.#key, options)
    if (content === undefined) throw unreadableInventory(place, 'is not there')
    const checksum = await this.#objects.read(this.#key.replace(/\.json$/, '.checksum'), options)
    this.#manifest = readInventoryManifest(content, checksum, place)
    return this.#manifest
  }

  #placeOf(key: string): string {
    return `s3://${this.#objects.bucket}/${key}`
  }
}

async function* cellsOf(content: Uint8Array, { format, columns }: InventoryManifest): AsyncGenerator<Cells> {
  if (format === 'Parquet') {
    yield* parquetRows(content)
    return
  }
  for await (const row of csvRows(content)) {
    if (row.length !== columns.length) throw new Error('a row has another number of fields')
    yield Object.fromEntries(columns.map((name, at) => [columnName(name), row[at]]))
  }
}
