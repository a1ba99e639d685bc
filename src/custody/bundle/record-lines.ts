import { open } from 'node:fs/promises'
import { piecesOf } from '../../internal/streams/source.js'
import { membersOf } from '../../journal/form/untrusted.js'
import type { UntrustedRecord } from '../../journal/records.js'
import type { JournalRecord } from '../../model/record.js'
import type { Journal } from '../../ports/journal.js'
import type { CallOptions } from '../../ports/runtime.js'
import { readLines } from '../journal/lines.js'
import { parseRecord, recordLine } from '../journal/record.js'

/** The line of a record, without its end: as a `FileJournal` writes it, whatever journal it comes from. */
export function lineOf(record: JournalRecord): Buffer {
  return Buffer.from(recordLine(record))
}

/** Lines that were read together. */
export interface RecordBatch {
  /** Without their line breaks. Valid until the next batch is asked for. */
  readonly lines: readonly Buffer[]
  /** Bytes after the last line break of the file, once everything else was read. */
  readonly tornBytes: number
}

/** Reads the lines of a file in batches: a promise for each of a million lines would take longer than their hashes. */
export async function* fileLines(path: string, { signal }: CallOptions = {}): AsyncGenerator<RecordBatch, void, void> {
  const file = await open(path, 'r')
  try {
    let readBytes = 0
    for await (const { lines, endBytes } of readLines(file, path, { signal })) {
      yield { lines, tornBytes: 0 }
      readBytes = endBytes
    }
    const { size } = await file.stat()
    if (size > readBytes) yield { lines: [], tornBytes: size - readBytes }
  } finally {
    await file.close()
  }
}

/** A line with its record. Valid until the next is asked for. */
export interface RecordLine {
  readonly line: Buffer
  readonly record: JournalRecord
}

/**
 * The records of a journal with their lines: byte for byte as they are stored where the journal stores lines. In batches, of
 * which each is to be gone through before the next is asked for.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` for a line that is not a valid record
 */
export async function* journalLines(
  journal: Journal,
  options: CallOptions,
): AsyncGenerator<Iterable<RecordLine>, void, void> {
  const stored = journal.lines?.(options)
  let before = 0
  if (stored === undefined) {
    for await (const record of journal.entries(options)) {
      // As whoever verifies will read it.
      yield recordsOf([lineOf(record)], before, '')
      before += 1
    }
    return
  }
  const { path = '' } = journal as { readonly path?: string }
  for await (const lines of piecesOf(stored)) {
    yield recordsOf(lines, before, path)
    before += lines.length
  }
}

/** @param before how many records come before these */
function* recordsOf(lines: readonly Uint8Array[], before: number, path: string): Generator<RecordLine, void, void> {
  let sequence = before
  for (const bytes of lines) {
    const line = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    sequence += 1
    yield { line, record: parseRecord(line, sequence, path) }
  }
}

/** `BUCKET/KEY` of the object that a record is about. */
export function objectNameOf({ data }: Pick<UntrustedRecord, 'data'>): string | undefined {
  const { object } = membersOf(data)
  if (object === undefined) return undefined
  const { bucket, key } = membersOf(object)
  return `${bucket}/${key}`
}
