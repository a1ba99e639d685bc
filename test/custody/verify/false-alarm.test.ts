import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ExportJob, type ExportRequest, LegalHoldExporter, type RecordingPlatform } from '#src/index.js'
import { AccountCheck } from '#src/journal/check/account-check.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FrailJournal, Life } from '../../fakes/mortal.js'
import { FakePlatform, job } from '../../fakes/platform.js'
import { runsOr, seed } from '../../repair-model/seed.js'

const tag = 'matter'
const hour = 'org/year=2023/month=10/day=20/hour=09'
const request = {
  integrationId: 'i',
  profileId: 'p',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
}

/** One of them is named by an id, so that it is taken for a recording whatever lies beside it. */
const ids = ['r1', '11111111-2222-3333-4444-555555555555', 'r3']
const names = [
  ...ids.flatMap((id) => [`${id}.wav`, `${id}.wav_metadata.json`, `${id}.json`, `${id}.json_metadata.json`]),
  '22222222-2222-3333-4444-555555555555.wav_metadata.json',
  'call.wav',
  'call.wav_metadata.json',
  'transcript_1.json',
  'r1_transcript.json',
  'picture.png',
]

const write = fc.record({
  conversation: fc.constantFrom('c1', 'c2'),
  name: fc.constantFrom(...names),
  as: fc.constantFrom<Write['as'][]>('held', 'held', 'bare', 'bare', 'foreign', 'empty', 'gone'),
})
interface Write {
  readonly conversation: string
  readonly name: string
  readonly as: 'held' | 'bare' | 'foreign' | 'empty' | 'gone'
}

const shape = fc.record({
  listed: fc.boolean(),
  expected: fc.uniqueArray(
    fc.record({ recordingId: fc.constantFrom(...ids), conversationId: fc.constantFrom('c1', 'c2') }),
    { selector: ({ recordingId }) => recordingId, maxLength: 3 },
  ),
  before: fc.array(write, { maxLength: 5 }),
  complete: fc.constantFrom(true, true, false),
  stamped: fc.constantFrom<Write['as'][]>('held', 'bare'),
  counted: fc.option(fc.nat(5), { nil: undefined }),
  failed: fc.array(fc.constantFrom(...ids, 'r9'), { maxLength: 1 }),
  skipped: fc.option(fc.constantFrom(...ids), { nil: undefined }),
  during: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), write), { maxLength: 6 }),
  kills: fc.array(fc.integer({ min: 1, max: 250 }), { maxLength: 3 }),
  losing: fc.nat(4),
  dryRun: fc.boolean(),
  jobs: fc.constantFrom(1, 1, 2),
  // What the list is when it is read again.
  relisted: fc.constantFrom('same', 'same', 'shorter', 'longer', 'moved'),
  explained: fc.option(fc.constantFrom('skipped' as const, 'not-covered' as const), { nil: undefined }),
  versions: fc.constantFrom('all' as const, 'current' as const),
  merge: fc.boolean(),
  forced: fc.boolean(),
  requirements: fc.constantFrom(
    undefined,
    { tags: { hold: tag } },
    { metadata: { 'legal-hold-tag': tag }, legalHold: true },
    { retainUntilDate: '2030-01-01T00:00:00Z' },
  ),
})

function put(storage: MemoryStorageAdapter, { conversation, name, as }: Write, at = 0): void {
  const key = `${hour}/conversation_id=${conversation}/${name}`
  if (as === 'gone') {
    storage.delete(key)
    return
  }
  const metadata: Record<string, string> =
    as === 'held' ? { 'legal-hold-tag': tag } : as === 'foreign' ? { 'legal-hold-tag': 'other' } : { a: 'b' }
  storage.put(key, { body: as === 'empty' ? '' : `${name} ${at}`, metadata })
}

test('no record of a run contradicts another, whatever happens to the run and to its objects', async () => {
  await fc.assert(
    fc.asyncProperty(shape, async (made) => {
      const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
      const storage = new MemoryStorageAdapter({ clock })
      const platform = new FakePlatform()
      const jobs: ExportJob[] = []
      Object.assign(platform.capabilities, { listsExpectedRecordings: made.listed, stampsHoldMetadata: made.forced })
      let includes = false
      Object.assign(platform, {
        forcedRetries: made.forced ? 1 : 0,
        forceHoldMetadata: async () => {
          includes = true
          return { changed: true, restore: async () => undefined }
        },
        restoreHoldMetadata: async () => undefined,
        inspectProfile: async (id: string) => ({
          id,
          kind: 'integration',
          includesHoldMetadata: includes,
          findings: [],
        }),
        getJob: async (id: string) => ({ ...(jobs.find((one) => one.id === id) as ExportJob), state: 'FULFILLED' }),
      })
      const createJob = async (asked: ExportRequest) => {
        const { counted: recordings } = made
        const totals = recordings === undefined ? {} : { recordings, processed: recordings, failed: 0, skipped: 0 }
        const createdAt = new Date(clock.now()).toISOString()
        const created = job('PENDING', { id: `job-${jobs.length + 1}`, createdAt, totals, request: asked })
        jobs.push(created)
        return created
      }
      const findJob = async (asked: ExportRequest) =>
        jobs.findLast((one) => JSON.stringify(one.request) === JSON.stringify(asked))
      Object.assign(platform, { createJob, findJob })
      for (const one of made.expected) {
        const reason = one.recordingId === made.skipped ? { skippedReason: 'policy' } : {}
        platform.expected.push({ ...one, ...reason, conversationStart: '2023-10-20T09:30:00Z' })
      }
      const { explained } = made
      if (explained !== undefined) {
        Object.assign(platform, {
          async *explainMissing(missing: Iterable<{ readonly recordingId: string }>) {
            for (const { recordingId } of missing) yield { kind: explained, recordingId, reason: 'why' }
          },
        })
      }
      const relist = () => {
        const [first] = platform.expected
        if (made.relisted === 'shorter') platform.expected.shift()
        if (made.relisted === 'longer') platform.expected.push({ recordingId: 'r7', conversationId: 'c1' })
        if (made.relisted === 'moved' && first !== undefined) {
          platform.expected[0] = { ...first, conversationId: first.conversationId === 'c1' ? 'c2' : 'c1' }
        }
      }
      for (const recordingId of made.failed) platform.failed.push({ recordingId, reason: 'broken' } as never)
      for (const one of made.before) put(storage, one)
      if (made.complete) {
        for (const { recordingId, conversationId: conversation } of made.expected) {
          put(storage, { conversation, name: `${recordingId}.wav`, as: made.stamped })
          put(storage, { conversation, name: `${recordingId}.wav_metadata.json`, as: made.stamped })
        }
      }
      clock.advance(1_000)
      let heads = 0
      const head = storage.head.bind(storage)
      storage.head = async (...args) => {
        heads += 1
        for (const [at, one] of made.during) if (at === heads) put(storage, one, at)
        return head(...args)
      }
      const journal = new FrailJournal()
      const run = (life = new Life()) =>
        Promise.race([
          life.ended,
          new LegalHoldExporter({
            platform: life.around(platform as RecordingPlatform),
            storage: life.around(storage),
            journal: life.around(journal),
            clock,
            hold: { tag },
            requirements: made.requirements,
            concurrency: 3,
            landingQuietMs: 20_000,
            maxJobInterval: made.jobs === 1 ? undefined : 'PT24H',
            remediation: { onConflict: made.merge ? 'merge' : 'refuse', versions: made.versions },
          })
            .run(request, { dryRun: made.dryRun })
            .catch((error: unknown) => error),
        ])
      const checkAll = () => {
        const check = new AccountCheck()
        const found = journal.records.flatMap((record) => {
          const why = check.add(record)
          return why === undefined ? [] : [`${record.sequence} ${record.type} ${why}`]
        })
        expect(found).toEqual([])
      }
      for (const at of made.kills) {
        const end = await run(new Life(at))
        if (end === 'killed') {
          journal.crash(made.losing)
          relist()
        }
        checkAll()
      }
      expect(await run()).not.toBeInstanceOf(Error)
      checkAll()
    }),
    { numRuns: runsOr(60), seed },
  )
})

const conversation = (id: string) => `${hour}/conversation_id=${id}`
const shown = { metadata: {} }

/** A check of a run that requires nothing that would matter here. */
function checked() {
  const check = new AccountCheck()
  const say = (type: 'run-started' | 'job-intent' | 'intent' | 'verdict' | 'recording', data: object) =>
    check.add({ type, runId: 'run', data: data as never })
  say('run-started', {})
  const verdict = (
    name: string,
    place: { kind: string; conversationId: string; recordingId?: string },
    outcome: string,
  ) => {
    const object = { bucket: 'b', key: `${conversation(place.conversationId)}/${name}` }
    const isRepaired = outcome === 'repaired'
    if (isRepaired) say('intent', { object, place, step: { action: 'merge-tags' } })
    return say('verdict', {
      object,
      place,
      verdict: outcome === 'held' ? 'held' : 'untagged',
      outcome,
      actions: isRepaired ? ['merge-tags'] : [],
      remediation: isRepaired ? 'repaired' : undefined,
      verification: isRepaired ? 'passed' : 'not-needed',
      before: shown,
    })
  }
  return { say, verdict }
}

// Of a file that is not named by an id a run may know only later that it describes a recording.
test.each([
  ['c1', 'conflicting', 'held', 'held', undefined],
  ['c1', 'repaired', 'held', 'held', undefined],
  ['c2', 'repaired', 'held', 'repaired', undefined],
  ['c1', 'held', 'conflicting', 'held', 'says "held" of the recording "r1"'],
  ['c1', 'held', 'repaired', 'held', 'says "held" of the recording "r1"'],
  ['c1', 'repaired', 'held', 'repaired', 'nothing of it was repaired'],
  ['c2', 'conflicting', 'held', 'held', 'says "conflicting"'],
])(
  'a sidecar of that name in %s is %s, the recording in c2 %s, and said to be %s',
  (sidecarOf, sidecar, own, state, why) => {
    const { say, verdict } = checked()
    const place = { kind: 'sidecar', conversationId: sidecarOf, recordingId: 'r1' }
    expect(verdict('r1.opus_metadata.json', place, sidecar)).toBeUndefined()
    const recording = { conversationId: 'c2', recordingId: 'r1' }
    expect(verdict('r1.wav', { kind: 'recording', ...recording }, own)).toBeUndefined()
    expect(verdict('r1.wav_metadata.json', { kind: 'sidecar', ...recording }, 'held')).toBeUndefined()
    expect(say('recording', { ...recording, state }) ?? 'agreed').toContain(why ?? 'agreed')
  },
)

test('a file that was read before its sidecar made a recording of it has a verdict', () => {
  const { say, verdict } = checked()
  const recording = { recordingId: 'call', conversationId: 'c1' }
  verdict('call.wav', { kind: 'attachment', conversationId: 'c1' }, 'held')
  verdict('call.wav_metadata.json', { kind: 'sidecar', ...recording }, 'held')
  expect(say('recording', { ...recording, state: 'held' })).toBeUndefined()
  expect(say('recording', { ...recording, recordingId: 'other', state: 'held' })).toContain('no verdict on it')
})
