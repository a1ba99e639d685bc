// What records claim, and what of it is not so.
import type { JournalRecord } from '#src/index.js'

type Json = Record<string, unknown>

/** What the records of a run say in the end. */
export interface Claims {
  readonly outcome: unknown
  readonly isProven: unknown
  /** Which run it is of, and what it is about. */
  readonly of: string
  /** State of each recording that has a name, and the number of those that have none by their state. */
  readonly recordings: ReadonlyMap<string, unknown>
  /** The last word on each object. */
  readonly objects: ReadonlyMap<string, unknown>
}

export function claimsOf(records: readonly JournalRecord[]): Claims {
  const report = records.findLast(({ type }) => type === 'report')?.data as Json
  const begun = records.findLastIndex(({ type }) => type === 'run-started' || type === 'run-resumed')
  const recordings = new Map<string, unknown>()
  for (const { type, data } of records.slice(begun)) {
    if (type !== 'recording') continue
    const { recordingId, conversationId, state, count } = data
    if (recordingId === undefined) recordings.set(`unnamed ${state}`, count)
    else recordings.set(`${conversationId}/${recordingId}`, state)
  }
  const objects = new Map<string, unknown>()
  let attempt: unknown = -1
  for (const { type, data } of records) {
    if (type === 'job-intent' && data.attempt !== attempt) {
      attempt = data.attempt
      objects.clear()
    }
    if (type === 'verdict') objects.set(String((data.object as Json).key), data.outcome)
  }
  const { runId, hold, requirements, interval, platform, storage, dryRun } = report
  return {
    outcome: report.outcome,
    isProven: (report.coverage as Json).proven,
    of: JSON.stringify({ runId, hold, requirements, interval, platform, storage, dryRun }),
    recordings,
    objects,
  }
}

export const isWell = (state: unknown) => state === 'held' || state === 'repaired'

/** What is claimed that is not so; nothing where all is as it was, or worse. */
export function liesOf(truth: Claims, now: Claims): string[] {
  const lies: string[] = []
  if (now.outcome === 'complete' && truth.outcome !== 'complete') lies.push('says complete')
  if (now.isProven === true && truth.isProven !== true) lies.push('says proven')
  if (now.of !== truth.of) lies.push('is of another run, hold, interval or place')
  for (const [name, was] of truth.recordings) {
    const is = now.recordings.get(name)
    const isFewer = name.startsWith('unnamed') && !(Number(is) >= Number(was))
    if (is === undefined) lies.push(`says nothing of ${name}`)
    else if ((isWell(is) && is !== was) || isFewer) lies.push(`says ${is} of ${name}`)
  }
  for (const name of now.recordings.keys()) if (!truth.recordings.has(name)) lies.push(`makes up ${name}`)
  for (const [key, is] of now.objects) {
    if (isWell(is) && truth.objects.get(key) !== is) lies.push(`says ${is} of ${key}`)
  }
  for (const key of truth.objects.keys()) if (!now.objects.has(key)) lies.push(`says nothing of ${key}`)
  return lies
}
