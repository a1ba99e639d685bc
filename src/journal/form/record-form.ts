import type { JournalRecord } from '../../model/record.js'
import { type Members, membersOf } from './untrusted.js'

/** A value as a record of a journal, or why it is none. What its data say is not looked at. */
export function recordOf(value: unknown): JournalRecord | string {
  return isRecord(value) ? value : (flawOf(value) ?? 'is not a valid record')
}

function isRecord(value: unknown): value is JournalRecord {
  return flawOf(value) === undefined
}

function flawOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not a valid record'
  const record: Members = membersOf(value)
  const { data, sequence } = record
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'is a record without data'
  for (const name of ['time', 'runId', 'type']) {
    if (typeof record[name] !== 'string' || record[name] === '') return `is a record without ${name}`
  }
  if (Number.isNaN(Date.parse(String(record.time)))) return 'bears no time'
  return Number.isSafeInteger(sequence) ? undefined : `bears the sequence ${JSON.stringify(sequence)}`
}
