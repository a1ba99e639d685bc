import type { RecordingException } from '../../model/report.js'

const columns = [
  'state',
  'reason',
  'recordingId',
  'conversationId',
  'key',
  'count',
  'conversationStart',
  'mediaType',
  'direction',
  'queueId',
  'agents',
  'customer',
  'queueName',
] as const

/** First line of the list of exceptions. */
export const csvHeader = `${columns.join(',')}\r\n`

/** One exception as a line of CSV (RFC 4180). */
export function csvLine(exception: RecordingException): string {
  return `${columns.map((column) => csvField(String(exception[column] ?? ''))).join(',')}\r\n`
}

/** What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection). */
const formulaStarts: ReadonlySet<string> = new Set('=+-@\uff0b\uff0d\uff1d\uff20')
/** At the beginning of a cell these are dropped, or open a quoted cell: what follows them counts as its beginning. */
const skipped: ReadonlySet<string> = new Set(' \t"\u00a0\u3000\ufeff')
/**
 * Where a spreadsheet may begin another cell or row. In the locales that write a decimal comma it is a semicolon, and a
 * quote within a line that is split there protects nothing.
 */
const separators: ReadonlySet<string> = new Set(';,|\n\r\v\f\u0085\u2028\u2029')

/**
 * A quoted field that no spreadsheet takes for a formula, in any locale. Text that begins like a formula gets an
 * apostrophe in front. This applies at the beginning of the field and after each character that may begin a cell.
 * Keys and reasons come from elsewhere.
 */
export function csvField(text: string): string {
  let harmless = /^[\t\r\n]/.test(text) ? "'" : ''
  let isBeginning = harmless === ''
  for (const character of text) {
    if (isBeginning && formulaStarts.has(character)) harmless += "'"
    if (separators.has(character)) isBeginning = true
    else if (!skipped.has(character)) isBeginning = false
    harmless += character
  }
  return `"${harmless.replaceAll('"', '""')}"`
}
