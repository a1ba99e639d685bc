import { isUtf8 } from 'node:buffer'
import { LegalHoldError } from '../errors.js'
import type { JournalRecord } from '../ports.js'

/** One line of the journal, without its end. `JSON.stringify` writes no line break and no lone surrogate. */
export function recordLine({ sequence, time, runId, type, data }: JournalRecord): string {
  return JSON.stringify({ sequence, time, runId, type, data })
}

/**
 * Reads one line, without its end.
 *
 * @param sequence the number it has to bear, which is that of its line
 * @throws LegalHoldError `JOURNAL_CORRUPT`, with `details.line`
 */
export function parseRecord(line: Buffer, sequence: number, path: string): JournalRecord {
  const corrupt = (why: string, cause?: unknown) => journalCorrupt(path, sequence, why, cause)
  if (!isUtf8(line)) throw corrupt('is no UTF-8')
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString('utf8'))
  } catch (error) {
    throw corrupt('is no JSON', error)
  }
  if (typeof parsed !== 'object' || parsed === null) throw corrupt('is no record')
  const record = parsed as Partial<Record<keyof JournalRecord, unknown>>
  const { data } = record
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw corrupt('is a record without data')
  for (const name of ['time', 'runId', 'type'] as const) {
    if (typeof record[name] !== 'string' || record[name] === '') throw corrupt(`is a record without ${name}`)
  }
  if (Number.isNaN(Date.parse(String(record.time)))) throw corrupt('bears no time')
  if (record.sequence !== sequence) throw corrupt(`bears the sequence ${JSON.stringify(record.sequence)}`)
  return parsed as JournalRecord
}

/** A line that is no record: nothing is repaired, since what it was cannot be known. */
export function journalCorrupt(path: string, line: number, why: string, cause?: unknown): LegalHoldError {
  return new LegalHoldError(
    `Line ${line} of the journal ${path} ${why}. It was changed by something other than this library, or the disk lost it. ` +
      'Keep the file as it is, and begin a new journal.',
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { path, line }, cause },
  )
}
