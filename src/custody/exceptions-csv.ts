import type { RecordingException } from '../report.js'

const columns = ['state', 'reason', 'recordingId', 'conversationId', 'key', 'count'] as const

/** First line of the list of exceptions. */
export const csvHeader = `${columns.join(',')}\r\n`

/** One exception as a line of CSV (RFC 4180). */
export function csvLine(exception: RecordingException): string {
  return `${columns.map((column) => csvField(String(exception[column] ?? ''))).join(',')}\r\n`
}

/**
 * A field that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front. Keys and reasons
 * come from elsewhere (OWASP, CSV injection).
 */
export function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}
