// Changes of records that somebody makes on purpose, who wants them to say more.
import type { JournalRecord } from '#src/index.js'
import { isWell } from './claims.js'
import { type Edited, withFittingReport } from './tampering.js'

type Json = Record<string, unknown>
type Edit = (data: Json, record: Json) => void

const counts: readonly unknown[] = [-1, 0, 1.5, '1', 2]
const kinds = ['recording', 'sidecar', 'attachment', 'transcript'] as const

/** Each with a report that fits: of every line that says less than somebody wants, and of the verdicts behind it. */
export function* forged(original: readonly JournalRecord[]): Generator<Edited> {
  const about = (type: string) => original.flatMap((record, index) => (record.type === type ? [index] : []))
  const lines = about('recording').filter((index) => !isWell(original[index]?.data.state))
  for (const index of lines) yield* forgedLine(original, index)
  for (const index of about('verdict')) {
    for (const line of lines) yield* borrowed(original, index, line)
    if (!isWell(original[index]?.data.outcome)) yield* whitewashed(original, index)
  }
}

/** What became of one recording, said otherwise. */
function* forgedLine(original: readonly JournalRecord[], index: number): Generator<Edited> {
  const well = original.find(({ type, data }) => type === 'recording' && isWell(data.state))
  const say =
    (more: Json): Edit =>
    (data) =>
      Object.assign(data, { reason: '', key: undefined, ...more })
  const edits: readonly (readonly [string, Edit])[] = [
    ['said to be held', say({ state: 'held' })],
    ['said to be repaired', say({ state: 'repaired' })],
    ['of a recording that is held', say({ ...well?.data })],
    ...counts.map((count) => [`counted ${count}`, (data: Json) => Object.assign(data, { count })] as const),
    ['of another run', (_, record) => Object.assign(record, { runId: 'another' })],
    ['of another hold', (data) => Object.assign(data, { hold: 'another' })],
    ['in no list', (data) => Object.assign(data, { listed: false })],
  ]
  yield fitted(original, `${index + 1} removed`, (records) => records.splice(index, 1))
  for (const [what, edit] of edits) {
    yield fitted(original, `${index + 1} ${what}`, (records) =>
      edit(records[index]?.data as Json, records[index] as unknown as Json),
    )
  }
}

/** The verdict on one object for a recording that is not under the hold. */
function* borrowed(original: readonly JournalRecord[], index: number, line: number): Generator<Edited> {
  const { place, outcome } = original[index]!.data as { place: Json; outcome: string }
  const { recordingId, conversationId } = original[line]!.data as Json
  if (recordingId === undefined) return
  for (const kind of kinds) {
    if (kind === place.kind && recordingId === place.recordingId) continue
    yield fitted(original, `${index + 1} (${outcome}) for ${recordingId} as its ${kind}`, (records) => {
      Object.assign(records[index]?.data as Json, { place: { kind, recordingId, conversationId } })
      const state = isWell(outcome) ? outcome : 'held'
      Object.assign(records[line]?.data as Json, { state, reason: '', key: undefined })
    })
  }
}

/** A verdict that says that the hold is there, or that is gone, and what rests on it. */
function* whitewashed(original: readonly JournalRecord[], index: number): Generator<Edited> {
  const { key } = original[index]!.data.object as Json
  const lift = (records: JournalRecord[], state: string) => {
    for (const { type, data } of records) {
      if (type === 'recording' && data.key === key) Object.assign(data, { state, reason: '', key: undefined })
    }
  }
  for (const outcome of ['held', 'repaired']) {
    yield fitted(original, `${index + 1} on ${key} says ${outcome}`, (records) => {
      const remediation = outcome === 'held' ? undefined : 'repaired'
      Object.assign(records[index]?.data as Json, { verdict: 'held', outcome, remediation, verification: 'passed' })
      lift(records, outcome)
    })
  }
  yield fitted(original, `${index + 1} on ${key} removed`, (records) => {
    lift(records, 'held')
    records.splice(index, 1)
  })
}

function fitted(original: readonly JournalRecord[], what: string, edit: (records: JournalRecord[]) => void): Edited {
  const records = structuredClone(original) as JournalRecord[]
  edit(records)
  const written = JSON.parse(JSON.stringify(withFittingReport(records))) as JournalRecord[]
  return { what, records: written.map((record, index) => ({ ...record, sequence: index + 1 })) }
}
