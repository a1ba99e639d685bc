import { OptionCheck } from '../../../internal/option-check.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type {
  InventoryDescription,
  InventoryRow,
  InventoryRowsOptions,
  InventorySource,
} from '../../ports/inventory-source.js'
import { S3Objects, type S3ObjectsSettings } from '../s3/objects.js'
import { type Cells, columnName, facetsOf, rowOf } from './columns.js'
import { csvRows } from './csv-rows.js'
import { unreadableInventory } from './failure.js'
import { parquetRows } from './parquet-rows.js'

/** Options of {@link S3MetadataTable}: the bucket in which the rows lie, and how it is reached. */
export interface S3MetadataTableOptions extends S3ObjectsSettings {
  /** Bucket whose objects the table lists. */
  readonly sourceBucket: string
  /** Keys of the files with the rows: the result of an Athena query (`.csv`), or the Parquet files that UNLOAD wrote. */
  readonly files: readonly string[]
  /** When the query began, ISO 8601. The table itself lags up to an hour behind. */
  readonly asOf: string
  /** @defaultValue by the end of each key: `csv` for `.csv` and `.csv.gz`, otherwise `parquet` */
  readonly format?: 'csv' | 'parquet' | undefined
}

const advice = 'Query it with CAST(user_metadata AS JSON) and CAST(object_tags AS JSON), as docs/scale-aws.md shows.'

/**
 * Rows of the live inventory table of S3 Metadata, as an Athena query or an UNLOAD left them. It shows user
 * metadata and tags, but not Object Lock: {@link S3Inventory} shows that.
 *
 * In CSV a map must be JSON. Athena's own form, `{a=b, c=d}`, cannot be read back.
 */
export class S3MetadataTable implements InventorySource {
  readonly name = 's3-metadata-table'
  readonly #objects: S3Objects
  readonly #options: S3MetadataTableOptions

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing yet. */
  constructor(options: S3MetadataTableOptions) {
    const check = new OptionCheck('The options of S3MetadataTable')
    const { files, asOf, sourceBucket } = options
    check.check(Array.isArray(files) && files.length > 0, 'files', 'must name at least one file')
    check.check(!Number.isNaN(Date.parse(asOf)), 'asOf', 'must be a time in ISO 8601')
    check.check(typeof sourceBucket === 'string' && sourceBucket !== '', 'sourceBucket', 'must be the name of a bucket')
    check.throwIfAny()
    this.#objects = new S3Objects(options, 'S3MetadataTable')
    this.#options = options
  }

  async describe(options: CallOptions = {}): Promise<InventoryDescription> {
    const { sourceBucket: bucket, asOf, files } = this.#options
    const [first = ''] = files
    let columns: readonly string[] = []
    for await (const cells of this.#cells(first, options)) {
      columns = Object.keys(cells)
      break
    }
    return { bucket, asOf: new Date(asOf).toISOString(), facets: facetsOf(columns) }
  }

  async *rows({ prefix = '', ...options }: InventoryRowsOptions = {}): AsyncGenerator<InventoryRow> {
    for (const file of this.#options.files) {
      const place = this.#placeOf(file)
      for await (const cells of this.#cells(file, options)) {
        const key = typeof cells.key === 'string' ? cells.key : ''
        const row = key === '' ? 'has a row without a key' : rowOf(cells, key, this.#options.sourceBucket)
        if (typeof row === 'string') throw unreadableInventory(place, row, advice)
        if (key.startsWith(prefix)) yield row
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

  async *#cells(file: string, options: CallOptions): AsyncGenerator<Cells> {
    const place = this.#placeOf(file)
    const content = await this.#objects.read(file, options)
    if (content === undefined) throw unreadableInventory(place, 'is not there', 'Check the key.')
    const { format = /\.csv(\.gz)?$/.test(file) ? 'csv' : 'parquet' } = this.#options
    try {
      yield* format === 'csv' ? namedRows(content) : parquetRows(content)
    } catch (error) {
      if (LegalHoldError.isInstance(error)) throw error
      throw unreadableInventory(place, `is not ${format}, or is damaged`, advice)
    }
  }

  #placeOf(key: string): string {
    return `s3://${this.#objects.bucket}/${key}`
  }
}

/** Rows by the names in the first one, as Athena writes them. */
async function* namedRows(content: Uint8Array): AsyncGenerator<Cells> {
  let names: readonly string[] | undefined
  for await (const row of csvRows(content)) {
    if (names === undefined) {
      names = row.map(columnName)
      continue
    }
    if (row.length !== names.length) throw new Error('a row has another number of fields')
    yield Object.fromEntries(names.map((name, at) => [name, row[at]]))
  }
}
