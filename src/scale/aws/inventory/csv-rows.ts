import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvReader } from '../../../internal/text/csv.js'

const gzipMagic = 0x1f8b

/** Rows of a CSV file, gzipped or not, in pieces. Throws for what is not gzip, or ends too early. */
export async function* csvRows(content: Uint8Array): AsyncGenerator<string[]> {
  const reader = new CsvReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const piece of unpacked(content)) {
    for (const row of reader.push(decoder.decode(piece, { stream: true }))) yield row
  }
  for (const row of reader.push(decoder.decode())) yield row
  const last = reader.end()
  if (last === 'cut') throw new Error('the file ends within a field')
  if (last !== undefined) yield last
}

async function* unpacked(content: Uint8Array): AsyncGenerator<Uint8Array> {
  const isPacked = content.length > 2 && (content[0] ?? 0) * 256 + (content[1] ?? 0) === gzipMagic
  if (!isPacked) {
    yield content
    return
  }
  const gunzip = createGunzip()
  const feeding = pipeline(Readable.from([content]), gunzip)
  // Its failure is that of the iteration as well.
  feeding.catch(() => {})
  yield* gunzip as AsyncIterable<Uint8Array>
  await feeding
}
