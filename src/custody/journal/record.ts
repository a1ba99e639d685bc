import { isUtf8 } from 'node:buffer'
import { recordOf } from '../../journal/form/record-form.js'
import { LegalHoldError } from '../../model/errors.js'
import type { JournalRecord } from '../../model/record.js'

/** One line of the journal, without its end. `JSON.stringify` writes no line break and no lone surrogate. */
export function recordLine({ sequence, time, runId, type, data }: JournalRecord): string {
  return JSON.stringify({ sequence, time, runId, type, data })
}

/** A line, without its end, as a record; says why if it is not one. */
export function readRecord(line: Buffer): JournalRecord | string {
  if (!isUtf8(line)) return 'is not valid UTF-8'
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString('utf8'))
  } catch {
    return 'is not valid JSON'
  }
  return recordOf(parsed)
}

/**
 * Reads one line, without its end.
 *
 * @param sequence the number it must bear, which is that of its line
 * @throws LegalHoldError `JOURNAL_CORRUPT`, with `details.line`
 */
export function parseRecord(line: Buffer, sequence: number, path: string): JournalRecord {
  const record = readRecord(line)
  if (typeof record === 'string') throw journalCorrupt(path, sequence, record)
  if (record.sequence === sequence) return record
  throw journalCorrupt(path, sequence, `bears the sequence ${record.sequence}`)
}

/** A line that is not a valid record: nothing is repaired, since what it was cannot be known. */
export function journalCorrupt(path: string, line: number, why: string, cause?: unknown): LegalHoldError {
  const journal = path === '' ? 'the journal' : `the journal ${path}`
  return new LegalHoldError(
    `Line ${line} of ${journal} ${why}. It was changed by something other than this library, or the disk lost it. ` +
      'Keep the file as it is, and begin a new journal.',
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { path, line }, cause },
  )
}
