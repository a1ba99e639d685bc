import { beforeAll, describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import { readCheckpoint } from '#src/journal/checkpoint.js'
import { hasForm } from '#src/journal/form/data-form.js'
import { replayVerdict } from '#src/run/replay.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { folder, request, tag } from '../custody/bundle-world.js'
import { FakePlatform } from '../fakes/platform.js'

type Json = Record<string, unknown>

let records: readonly JournalRecord[]
beforeAll(async () => {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const [platform, storage, journal] = [new FakePlatform(), new MemoryStorageAdapter({ clock }), new MemoryJournal()]
  clock.advance(10_000)
  for (const recordingId of ['r1', 'r2']) {
    platform.expected.push({ recordingId, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    storage.put(`${folder}/${recordingId}.json`, { body: recordingId, metadata: { project: 'x' } })
    storage.put(`${folder}/${recordingId}.json_metadata.json`, { body: '{}' })
  }
  await new LegalHoldExporter({ platform, storage, clock, journal, hold: { tag } }).run(request)
  records = await collect(journal.entries())
})

/** The journal up to a record, with a member of that record's data changed. */
async function changed(at: number, name: string, value: unknown): Promise<MemoryJournal> {
  const journal = new MemoryJournal()
  for (const { sequence, ...record } of records.slice(0, at + 1)) {
    if (sequence <= at) await journal.append(record)
    else await journal.append({ ...record, data: { ...record.data, [name]: value } })
  }
  return journal
}

const refusal = async (journal: MemoryJournal) => readCheckpoint(journal).catch((error: unknown) => error)

/** Values of every type; a member is of one of them at most. */
const others: readonly unknown[] = ['x', 7, true, null, [], {}]

describe('what comes out of a journal', () => {
  test('has the form of its type where this library wrote it', () => {
    expect(new Set(records.map(({ type }) => type)).size).toBeGreaterThan(9)
    expect(records.filter((record) => !hasForm(record))).toEqual([])
  })

  test('is read by whoever resumes: the checkpoint holds what was recorded', async () => {
    const journal = new MemoryJournal()
    for (const { sequence, ...record } of records) await journal.append(record)
    const of = (type: string) => records.find((record) => record.type === type)?.data as Json
    expect(await readCheckpoint(journal)).toMatchObject({
      identity: { request: of('run-started').request, hold: { tag } },
      inspection: of('inspection'),
      report: of('report'),
    })
  })

  test('is refused with its line where a member that must be there is missing, or is of another type', async () => {
    const taken: string[] = []
    let refused = 0
    for (const [at, { type, data }] of records.entries()) {
      for (const [name, given] of Object.entries(data)) {
        for (const value of [undefined, ...others]) {
          if (value !== undefined && kindOf(value) === kindOf(given)) continue
          const record = { ...records[at], data: { ...data, [name]: value } } as JournalRecord
          if (hasForm(record)) {
            // Nothing is known of what may be left out, and `null` is nothing.
            if (value !== undefined && value !== null) taken.push(`${type}.${name} = ${JSON.stringify(value)}`)
            continue
          }
          refused += 1
          // Each is refused by the same check; the journal of each fifth is read.
          if (refused % 5 !== 0) continue
          expect(await refusal(await changed(at, name, value)), `${type}.${name}`).toMatchObject({
            code: 'JOURNAL_CORRUPT',
            details: { line: at + 1 },
          })
        }
      }
    }
    expect(taken).toEqual([])
    expect(refused).toBeGreaterThan(500)
  })

  test('is not a verdict to be replayed until it was checked', () => {
    // @ts-expect-error a record's data are whatever somebody made of the file
    const replay = (record: JournalRecord) => replayVerdict(record.data, {} as never)
    expect(replay).toBeTypeOf('function')
  })

  test('keeps what a later version adds', async () => {
    const at = records.findIndex(({ type }) => type === 'verdict')
    expect(await refusal(await changed(at, 'addedLater', 1))).toMatchObject({ verdicts: 1 })
  })
})

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
