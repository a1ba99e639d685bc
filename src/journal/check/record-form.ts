import type { JournalRecord } from '../../model/record.js'

/** Why a value is not a record of a journal; `undefined` where it is one. What its data say is not looked at. */
export function flawOfRecord(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not a valid record'
  const record = value as Partial<Record<keyof JournalRecord, unknown>>
  const { data, sequence } = record
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'is a record without data'
  for (const name of ['time', 'runId', 'type'] as const) {
    if (typeof record[name] !== 'string' || record[name] === '') return `is a record without ${name}`
  }
  if (Number.isNaN(Date.parse(String(record.time)))) return 'bears no time'
  return Number.isSafeInteger(sequence) ? undefined : `bears the sequence ${JSON.stringify(sequence)}`
}
