import type { FileHandle } from 'node:fs/promises'
import { throwIfAborted } from '../../internal/abort.js'
import { journalCorrupt } from './record.js'

const chunkBytes = 1 << 20
// The longest records are reports with a thousand exceptions, far below this; a file without line breaks is not a journal.
const longestLineBytes = 1 << 26
const lineBreak = 0x0a

/** Complete lines that were read together. */
export interface LineBatch {
  /** Without their line breaks. Valid until the next batch is asked for. */
  readonly lines: readonly Buffer[]
  /** Number of the first of them, from 1. */
  readonly first: number
  /** Offset after the last of them, in bytes. */
  readonly endBytes: number
}

/**
 * Reads the complete lines of a journal, as many at a time as one read of the file holds: memory does not grow with
 * the file. What follows the last line break is left out.
 *
 * @param untilBytes where to stop; the end of the file if left out
 */
export async function* readLines(
  file: FileHandle,
  path: string,
  options: { readonly untilBytes?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<LineBatch, void, void> {
  const untilBytes = options.untilBytes ?? Number.POSITIVE_INFINITY
  // One buffer for all batches: a new one for each would be a gigabyte of garbage in a million records.
  let buffer = Buffer.allocUnsafeSlow(2 * chunkBytes)
  /** Bytes at its start that belong to a line whose end was not read yet. */
  let held = 0
  let offset = 0
  let first = 1
  while (offset < untilBytes) {
    throwIfAborted(options.signal, 'journal')
    const { bytesRead } = await file.read(buffer, held, Math.min(chunkBytes, untilBytes - offset), offset)
    if (bytesRead === 0) return
    offset += bytesRead
    const bytes = buffer.subarray(0, held + bytesRead)
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(lineBreak, held); end >= 0; end = bytes.indexOf(lineBreak, start)) {
      lines.push(bytes.subarray(start, end))
      start = end + 1
    }
    held = bytes.length - start
    if (lines.length > 0) yield { lines, first, endBytes: offset - held }
    first += lines.length
    if (held > longestLineBytes) throw journalCorrupt(path, first, 'is far longer than any record')
    if (start > 0) bytes.copyWithin(0, start)
    if (held + chunkBytes > buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length)
  }
}
