import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AccountCheck } from '#src/account-check.js'
import { type ExportJob, LegalHoldExporter, type RecordingPlatform } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FrailJournal, Life } from '../fakes/mortal.js'
import { FakePlatform, job } from '../fakes/platform.js'
import { runsOr, seed } from '../model/seed.js'

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
      platform.create = async () => {
        const { counted: recordings } = made
        const totals = recordings === undefined ? {} : { recordings, processed: recordings, failed: 0, skipped: 0 }
        const createdAt = new Date(clock.now()).toISOString()
        const created = job('PENDING', { id: `job-${jobs.length + 1}`, createdAt, totals })
        jobs.push(created)
        return created
      }
      platform.find = async () => jobs.at(-1)
      for (const one of made.expected) {
        const reason = one.recordingId === made.skipped ? { skippedReason: 'policy' } : {}
        platform.expected.push({ ...one, ...reason, conversationStart: '2023-10-20T09:30:00Z' })
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
        if (end === 'killed') journal.crash(made.losing)
        checkAll()
      }
      expect(await run()).not.toBeInstanceOf(Error)
      checkAll()
    }),
    { numRuns: runsOr(60), seed },
  )
})

// A resumed run meets the sidecar again before it knows the recording of that name: then it counts for its conversation.
test.each([
  ['conflicting', 'held', 'held', undefined],
  ['repaired', 'held', 'held', undefined],
  ['repaired', 'held', 'repaired', undefined],
  ['held', 'conflicting', 'held', 'says "held" of the recording "r1"'],
  ['held', 'repaired', 'held', 'says "held" of the recording "r1"'],
])(
  'a sidecar of that name in another conversation is %s, the recording %s, and said to be %s',
  (sidecar, own, state, why) => {
    const check = new AccountCheck()
    const add = (type: 'run-started' | 'verdict' | 'recording', data: object) =>
      check.add({ type, runId: 'run', data: data as never })
    const verdict = (kind: string, conversationId: string, outcome: string) => ({
      object: { bucket: 'b', key: `${conversationId}/${kind}` },
      place: { kind, conversationId, recordingId: 'r1' },
      verdict: outcome === 'held' ? 'held' : 'untagged',
      outcome,
      remediation: outcome === 'repaired' ? 'repaired' : undefined,
      verification: outcome === 'repaired' ? 'passed' : 'not-needed',
      before: { metadata: {} },
    })
    add('run-started', {})
    expect(add('verdict', verdict('sidecar', 'c1', sidecar))).toBeUndefined()
    expect(add('verdict', verdict('recording', 'c2', own))).toBeUndefined()
    expect(add('recording', { recordingId: 'r1', conversationId: 'c2', state }) ?? 'agreed').toContain(why ?? 'agreed')
  },
)

test('a file that was read before its sidecar made a recording of it has a verdict', () => {
  const check = new AccountCheck()
  const key = `${hour}/conversation_id=c1/call.wav`
  const say = (type: 'run-started' | 'verdict' | 'recording', data: object) =>
    check.add({ type, runId: 'run', data: data as never })
  const recording = { recordingId: 'call', conversationId: 'c1', state: 'held' }
  say('run-started', {})
  const held = { verdict: 'held', outcome: 'held', before: { metadata: {} } }
  say('verdict', { ...held, object: { bucket: 'b', key }, place: { kind: 'attachment', conversationId: 'c1' } })
  expect(say('recording', recording)).toBeUndefined()
  expect(say('recording', { ...recording, recordingId: 'other' })).toContain('no verdict on it is on record')
})
