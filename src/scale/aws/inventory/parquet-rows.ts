import { gunzipSync } from 'node:zlib'
import type * as Hyparquet from 'hyparquet'
import { loadPackage } from '../../../internal/package/optional-package.js'
import { columnName } from './columns.js'

/** The reader of Parquet, which is an optional dependency. */
function loadHyparquet(): Promise<typeof Hyparquet> {
  return loadPackage({
    name: 'hyparquet',
    stage: 'scale',
    load: () => import('hyparquet'),
    isWhole: ({ parquetReadObjects }) => typeof parquetReadObjects === 'function',
  })
}

/** UNLOAD of Athena packs with GZIP where nobody says otherwise; hyparquet itself unpacks Snappy only. */
const compressors = {
  GZIP: (packed: Uint8Array, length: number) => gunzipSync(packed, { maxOutputLength: Math.max(1, length) }),
}

/** Rows of a Parquet file by the names of their columns, a group of rows at a time. */
export async function* parquetRows(content: Uint8Array): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const { parquetMetadataAsync, parquetReadObjects } = await loadHyparquet()
  const { buffer, byteOffset, byteLength } = content
  const file = {
    byteLength,
    slice: (from: number, to = byteLength) => buffer.slice(byteOffset + from, byteOffset + to) as ArrayBuffer,
  }
  const metadata = await parquetMetadataAsync(file)
  let rowStart = 0
  for (const { num_rows: count } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count)
    for (const row of await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd })) {
      yield Object.fromEntries(Object.entries(row).map(([name, value]) => [columnName(name), value]))
    }
    rowStart = rowEnd
  }
}
