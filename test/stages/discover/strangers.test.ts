import { S3 } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { isGenesysId, parseKey, sidecarSuffix } from '#src/model/layout/keys.js'
import { classifyObject, type LocatedObject, type Scope } from '#src/model/layout/places.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import { SeenObjects } from '#src/stages/discover/seen-objects.js'
import { aConversation, anOrganization, aRecording, expectHeld } from '#src/testing/index.js'
import { countsOnly, oneRecording } from '../../fakes/one-recording.js'
import { classifyFolder } from './classified-folder.js'

const uuid = (kind: number, number: number) => `${String(kind).padStart(8, 'a')}-0000-4000-8000-00000000000${number}`
const recordingId = (number: number) => uuid(1, number)
const conversationId = (number: number) => uuid(2, number)
const pair = (name: string) => [name, `${name}${sidecarSuffix}`]

/** What pipelines, converters and people leave beside the recording `id` of the conversation `of`; `other` lies elsewhere. */
function strangersOf(id: string, of: string, other: string): readonly string[] {
  return [
    `${of}.opus_call_metadata.json`,
    ...pair(`${of}.opus`),
    `${id}.wav_call_metadata.json`,
    `${id}_call_metadata.json`,
    `${id}_metadata.json`,
    ...pair(`${id}.wav_call`),
    `${id}.mp3`,
    `${id}.txt`,
    `${id}.wav.txt`,
    `${id} (1).wav`,
    ...pair(`${id} (1).opus`),
    `${id}.wav (1)`,
    ...pair(`${id}.opus (1)`),
    `${id.toUpperCase()}.wav`,
    ...pair(`${id.toUpperCase()}.opus`),
    `${other}.wav`,
    `${other}.mp3_metadata.json`,
    ...pair(`${id}.transcript.json`),
    ...pair(`${of}-x.transcript.json`),
    `${id}.wav_metadata.json_metadata.json`,
    `${id}.opus_metadata.json.bak`,
    `attachments/a/${id}.wav_metadata.json`,
    '_metadata.json',
    '.DS_Store',
    'Größe & Maß (1).pdf',
  ]
}

interface File {
  readonly name: string
  readonly conversation: number
  readonly isEmpty: boolean
}

type Shape = 'whole' | 'two renditions' | 'without its sidecar' | 'sidecar alone' | 'empty' | 'nothing'
type Mode = 'listed' | 'open' | 'counts'

/** What the platform wrote of a recording. */
function filesOf(shape: Shape, number: number): File[] {
  const id = recordingId(number)
  const file = (name: string, isEmpty = false): File => ({ name, conversation: number % 2, isEmpty })
  switch (shape) {
    case 'whole':
      return pair(`${id}.opus`).map((name) => file(name))
    case 'two renditions':
      return [...pair(`${id}.opus`), ...pair(`${id}.wav`)].map((name) => file(name))
    case 'without its sidecar':
      return [file(`${id}.opus`)]
    case 'sidecar alone':
      return [file(`${id}.opus${sidecarSuffix}`)]
    case 'empty':
      return [file(`${id}.opus`, true), file(`${id}.opus${sidecarSuffix}`)]
    case 'nothing':
      return []
  }
}

function located({ name, conversation, isEmpty }: File): LocatedObject {
  const key = `org/year=2023/month=10/day=20/hour=9/conversation_id=${conversationId(conversation)}/${name}`
  const parsed = parseKey(key)
  if (parsed === undefined) throw new Error(key)
  const object = { bucket: 'b', key, sizeBytes: isEmpty ? 0 : 1, etag: name, lastModified: '2023-10-20T12:00:00Z' }
  return { object, key: parsed }
}

function ledgerOf(mode: Mode, shapes: readonly Shape[]): RecordingLedger {
  const ledger = new RecordingLedger(mode !== 'counts', {
    isRecordingId: isGenesysId,
    writtenSince: () => Date.parse('2023-10-20T11:00:00Z'),
  })
  if (mode === 'open') for (const number of [0, 1]) ledger.open(conversationId(number))
  for (const number of shapes.keys()) {
    const one = { recordingId: recordingId(number), conversationId: conversationId(number % 2) }
    if (mode === 'listed') ledger.expect(one)
  }
  return ledger
}

/** Lists the folder once or more, each time with more files, as a run does. */
function account(ledger: RecordingLedger, listings: readonly (readonly File[])[]) {
  const seen = new SeenObjects()
  const keys = new Set<string>()
  for (const [at, files] of listings.entries()) {
    const isFinal = at === listings.length - 1
    const listing = ledger.beginListing('hour/')
    const all = files.map(located).sort((a, b) => Buffer.compare(Buffer.from(a.object.key), Buffer.from(b.object.key)))
    const found = [0, 1].flatMap((number) => {
      const objects = all.filter(({ key }) => key.conversationId === conversationId(number))
      return classifyFolder(objects, ledger)
    })
    for (const { object, place, isHalf } of found) {
      if (isHalf && !isFinal) continue
      const isNew = seen.add(object)
      if (place.kind !== 'unexpected') ledger.show(object, place, listing, isNew)
      if (!isNew) continue
      const now = ledger.placeNow(place)
      ledger.know(object.key, now, !keys.has(object.key))
      keys.add(object.key)
      if (place.kind !== 'unexpected') ledger.enter(object.key, now, 'held', { sizeBytes: object.sizeBytes })
    }
    ledger.endListing(listing)
  }
  const told = [...ledger.settled({ missing: 0, failed: 0, skipped: 0 }, { count: 1, reason: 'left out' })]
  return {
    expected: ledger.size,
    pending: ledger.pending,
    delivered: ledger.delivered,
    neverDelivered: ledger.neverDelivered,
    states: told.map(({ recordingId: id, state }) => `${id} ${state}`).sort(),
  }
}

describe('files of strangers in the folder of a conversation', () => {
  const shapes = fc.array(
    fc.constantFrom<Shape>('whole', 'two renditions', 'without its sidecar', 'sidecar alone', 'empty', 'nothing'),
    { minLength: 1, maxLength: 5 },
  )
  const choice = fc.record({ at: fc.nat(1_000), of: fc.nat(4), isEmpty: fc.boolean() })
  const made = fc.record({
    mode: fc.constantFrom<Mode>('listed', 'open', 'counts'),
    shapes,
    strangers: fc.array(choice, { maxLength: 12 }),
    versions: fc.nat(40),
    /** How much of all files the first listing shows. */
    seenFirst: fc.integer({ min: 0, max: 100 }),
  })

  test('change neither the number of recordings nor the state of one, whatever they are called and whenever they come', () => {
    fc.assert(
      fc.property(made, ({ mode, shapes: given, strangers, versions, seenFirst }) => {
        const own = given.flatMap((shape, number) => filesOf(shape, number))
        const foreign = strangers.map(({ at, of, isEmpty }) => {
          const number = of % given.length
          const other = recordingId((number + 1) % given.length)
          const elsewhere = other === recordingId(number) || ((number + 1) % given.length) % 2 === number % 2
          const names = strangersOf(
            recordingId(number),
            conversationId(number % 2),
            elsewhere ? uuid(9, number) : other,
          )
          return { name: names[at % names.length] ?? '', conversation: number % 2, isEmpty }
        })
        // More extensions than anybody counts on.
        for (let version = 0; version < versions; version += 1) {
          foreign.push({ name: `${recordingId(0)}.v${version}`, conversation: 0, isEmpty: version % 3 === 0 })
        }
        const taken = new Set(own.map((file) => located(file).object.key))
        const added = foreign.filter((file) => !taken.has(located(file).object.key))
        const distinct = [...new Map(added.map((file) => [located(file).object.key, file])).values()]
        const early = (files: readonly File[]) => files.filter((_, at) => (at * 37 + 11) % 100 < seenFirst)
        const without = account(ledgerOf(mode, given), [early(own), own])
        const all = [...distinct, ...own]
        const beside = account(ledgerOf(mode, given), [[...early(distinct), ...early(own)], all])
        expect(beside).toEqual(without)
      }),
      { numRuns: 500 },
    )
  })

  test('are told from recordings by a window over keys that begin with one another', () => {
    fc.assert(
      fc.property(made, ({ mode, shapes: given, strangers }) => {
        const files = given.flatMap((shape, number) => filesOf(shape, number)).filter((file) => file.conversation === 0)
        const names = strangersOf(recordingId(0), conversationId(0), recordingId(1))
        for (const { at } of strangers) {
          files.push({ name: names[at % names.length] ?? '', conversation: 0, isEmpty: false })
        }
        const objects = [...new Map(files.map((file) => [file.name, located(file)])).values()]
        const sorted = objects.sort((a, b) => Buffer.compare(Buffer.from(a.object.key), Buffer.from(b.object.key)))
        const scope = ledgerOf(mode, given)
        const whole = classifyFolder(sorted, scope).map(({ object, ...rest }) => [object.key, rest])
        const windowed = [...byWindow(sorted, scope)].map(({ object, ...rest }) => [object.key, rest])
        expect(Object.fromEntries(windowed)).toEqual(Object.fromEntries(whole))
      }),
    )
  })
})

/** Never keeps more than the keys that are beginnings of the present one. */
function* byWindow(sorted: readonly LocatedObject[], scope: Scope) {
  const open: { readonly located: LocatedObject; hasSidecar: boolean }[] = []
  const close = (one: (typeof open)[number]) => {
    const before = new Set(open.map(({ located: { key } }) => key.rest))
    const lies = (name: string) => (name.startsWith(one.located.key.rest) ? one.hasSidecar : before.has(name))
    return classifyObject(one.located, { lies }, scope)
  }
  for (const located_ of sorted) {
    const { rest } = located_.key
    for (let last = open.at(-1); last !== undefined && !rest.startsWith(last.located.key.rest); last = open.at(-1)) {
      open.pop()
      yield close(last)
    }
    const described = open.find(({ located: { key } }) => rest === `${key.rest}${sidecarSuffix}`)
    if (described !== undefined) described.hasSidecar = true
    open.push({ located: located_, hasSidecar: false })
  }
  for (let last = open.pop(); last !== undefined; last = open.pop()) yield close(last)
}

describe('a run over a folder in which strangers write', () => {
  const id = recordingId(1)
  const named = strangersOf(id, 'c1', uuid(3, 3))

  test.each(named.map((name) => [name]))('holds %s and is as complete as without it', async (name) => {
    for (const listed of [true, false]) {
      const { platform, deliver, run, holdOn } = oneRecording()
      platform.expected.splice(0, 1, {
        recordingId: id,
        conversationId: 'c1',
        conversationStart: '2023-10-20T09:30:00Z',
      })
      Object.assign(platform, { isRecordingId: isGenesysId })
      if (!listed) countsOnly(platform, 1)
      deliver(...pair(`${id}.wav`), name)
      expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 }, exceptions: [] })
      expect(holdOn(name)).toBe('t')
    }
  })

  test.each(named.map((name) => [name]))('says the same of a recording that never came beside %s', async (name) => {
    const { platform, deliver, run } = oneRecording()
    platform.expected.splice(0, 1, { recordingId: id, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    Object.assign(platform, {
      explainMissing: async function* () {
        yield { recordingId: id, kind: 'skipped', reason: 'deleted at the source' }
      },
    })
    deliver(name)
    expect(await run()).toMatchObject({
      outcome: 'incomplete',
      counts: { expected: 1, skippedAtSource: 1 },
      exceptions: [{ reason: 'deleted at the source' }],
    })
  })
})

test('a pipeline that writes beside an export, and the next export over it, invent and miss nothing', async () => {
  await using world = await anOrganization()
    .with(aConversation('call').with(aRecording().saying('RIFF1234')))
    .start()
  const run = () => new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } }).run(world.request)
  const lists = () => world.s3.requests.filter(({ operation }) => operation === 'ListObjectsV2').length
  expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1 } })
  const before = lists()
  const [media = ''] = world.bucket.keys().filter((key) => !key.endsWith(sidecarSuffix))
  const { rest, conversationId: of } = parseKey(media) ?? { rest: '', conversationId: '' }
  const id = rest.slice(0, 36)
  const names = [`${of}.opus_call_metadata.json`, `${rest}_call_metadata.json`, `${id}.mp3`, ...pair(`${id} (1).wav`)]
  const { bucket, region, endpoint, credentials } = world.s3Connection
  const pipeline = new S3({ region, endpoint, credentials, forcePathStyle: true })
  const strangers = names.map((name) => `${media.slice(0, -rest.length)}${name}`)
  for (const key of strangers) await pipeline.putObject({ Bucket: bucket, Key: key, Body: '{}' })
  pipeline.destroy()
  expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1 }, exceptions: [] })
  // No job will write these files again: nothing is waited for, which would be looked at every few seconds.
  expect(lists() - before).toBeLessThan(before + 10)
  for (const key of strangers) await expectHeld(world.bucket, key, { tag: 'matter-1' })
})
