import { describe, expect, test } from 'vitest'
import { type HeadOptions, type ListedObject, MemoryJournal, type ObjectRef } from '#src/index.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import { folder, oneRecording, request } from '../../fakes/one-recording.js'
import { job } from '../../fakes/platform.js'

const files = ['r1.opus', 'r1.opus_metadata.json'] as const
const mediaEmpty = 'not delivered: the file that came for it is empty (0 bytes)'
const unknown = /^its size is unknown/

interface Silence {
  /** HEAD never says the size, says it only when it is asked for, or always does. */
  readonly head: 'never' | 'when-asked' | 'always'
  readonly listing: boolean
}

/** The one recording, on a storage that leaves sizes out. */
function silent({ head, listing }: Silence, ...empty: string[]) {
  const world = oneRecording()
  const { storage } = world
  for (const name of files) storage.put(`${folder}/${name}`, { body: empty.includes(name) ? '' : name })
  const heads: (HeadOptions | undefined)[] = []
  const [list, read] = [storage.list.bind(storage), storage.head.bind(storage)]
  storage.list = async function* (prefix, options) {
    for await (const object of list(prefix, options)) yield listing ? object : withoutSize(object)
  }
  storage.head = async (ref: ObjectRef, options?: HeadOptions) => {
    heads.push(options)
    const answer = await read(ref, options)
    const isAsked = options?.size === true || options?.full === true
    const says = head === 'always' || (head === 'when-asked' && isAsked)
    return says || !answer.found ? answer : { ...answer, state: withoutSize(answer.state) }
  }
  return { ...world, heads }
}

function withoutSize<O extends ListedObject>({ sizeBytes: _, ...object }: O): Omit<O, 'sizeBytes'> {
  return object
}

async function recordsOf(journal: MemoryJournal): Promise<string> {
  const records: unknown[] = []
  for await (const record of journal.entries()) records.push(record)
  return JSON.stringify(records)
}

describe('an object whose HEAD leaves the size out', () => {
  test.each([
    ['has that of its listing', { head: 'when-asked', listing: true }],
    ['is asked in another way where the listing has none either', { head: 'when-asked', listing: false }],
    ['needs none of its listing where HEAD says it', { head: 'always', listing: false }],
  ] as const)('%s', async (_, silence) => {
    const { run } = silent(silence)
    const journal = new MemoryJournal()
    expect(await run({}, {}, { journal })).toMatchObject({ outcome: 'complete', counts: { repaired: 1 } })
    const records = await recordsOf(journal)
    expect(records).toContain(`"sizeBytes":${files[0].length}`)
    expect(records).not.toContain('"sizeBytes":0')
  })

  test('is not asked twice where the listing says its size', async () => {
    const { run, heads } = silent({ head: 'when-asked', listing: true })
    await run()
    expect(heads.filter((options) => options?.size === true)).toEqual([])
  })

  test.each([
    ['its listing', { head: 'when-asked', listing: true }],
    ['an answer to another question', { head: 'when-asked', listing: false }],
    ['HEAD alone, whatever is listed later', { head: 'always', listing: false }],
  ] as const)('is empty by %s, and no delivered recording', async (_, silence) => {
    const report = await silent(silence, 'r1.opus').run()
    expect(report).toMatchObject({
      outcome: 'incomplete',
      counts: { missing: 1 },
      exceptions: [{ reason: mediaEmpty }],
    })
  })

  test('is unreadable where nobody can tell whether it is empty, held or not', async () => {
    const { run, storage } = silent({ head: 'never', listing: false })
    for (const name of files) storage.put(`${folder}/${name}`, { body: name, metadata: { 'legal-hold-tag': 't' } })
    const report = await run()
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { unreadable: 1, held: 0, missing: 0 } })
    expect(report.exceptions[0]?.reason).toMatch(unknown)
  })

  test('takes no size of a listing that shows another object', async () => {
    const { run, storage, heads } = silent({ head: 'when-asked', listing: true })
    const list = storage.list.bind(storage)
    storage.list = async function* (prefix, options) {
      const isOfOneKey = options?.limit === 1
      const before = { etag: '"of the one before"', sizeBytes: 0 }
      for await (const object of list(prefix, options)) yield isOfOneKey ? object : { ...object, ...before }
    }
    await run()
    expect(heads.filter((options) => options?.size === true).length).toBeGreaterThan(0)
  })

  test('is unreadable where each listing shows another object', async () => {
    const { run, storage } = silent({ head: 'when-asked', listing: true })
    const list = storage.list.bind(storage)
    storage.list = async function* (prefix, options) {
      for await (const object of list(prefix, options)) yield { ...object, etag: '"of the one before"', sizeBytes: 0 }
    }
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { held: 0 } })
  })

  test.each([
    ['delivered', { head: 'when-asked', listing: false }, [], { delivered: 1, missing: 0, exceptions: [] }],
    ['missing where it is empty', { head: 'when-asked', listing: false }, ['r1.opus'], { delivered: 0, missing: 1 }],
    [
      'unreadable where it may be empty',
      { head: 'never', listing: false },
      [],
      { exceptions: [{ state: 'unreadable' }] },
    ],
  ] as const)('is %s to reconcile', async (_, silence, empty, expected) => {
    const { exporter } = silent(silence, ...empty)
    const done = job('FULFILLED', { request, createdAt: '2023-10-20T11:00:00Z' })
    expect(await exporter().reconcile(done)).toMatchObject(expected)
  })
})

test('a listing without sizes takes nothing back of what a HEAD has said', () => {
  const ledger = new RecordingLedger(true)
  ledger.expect({ recordingId: 'r', conversationId: 'c' })
  const place = { kind: 'recording', recordingId: 'r', conversationId: 'c' } as const
  const sidecar = { ...place, kind: 'sidecar' } as const
  const settled = () => ledger.settle({ missing: 0, failed: 0, skipped: 0 })
  const list = (sizeBytes: number | undefined) => {
    const listing = ledger.beginListing('hour/')
    ledger.show({ key: 'r.wav', sizeBytes }, place, listing, true)
    ledger.show({ key: 'r.wav_metadata.json', sizeBytes: 7 }, sidecar, listing, true)
    ledger.endListing(listing)
  }
  list(undefined)
  expect(settled()).toMatchObject({ counts: { held: 1 } })
  ledger.enter('r.wav', place, 'held', { sizeBytes: 0 })
  list(undefined)
  expect(settled()).toMatchObject({ counts: { missing: 1 }, exceptions: [{ reason: mediaEmpty }] })
  list(7)
  expect(settled()).toMatchObject({ counts: { held: 1 } })
})
