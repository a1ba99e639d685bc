// Real runs of every kind, as the records they leave.
import {
  type ExportJob,
  type JournalRecord,
  LegalHoldError,
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  MemoryJournal,
  type RecordingPlatform,
} from '#src/index.js'
import { aConversation, anOrganization, aRecording, MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform } from '../../fakes/conversations.js'
import { FrailJournal, Life } from '../../fakes/mortal.js'
import { FakePlatform, job } from '../../fakes/platform.js'
import { request, tag } from '../bundle-world.js'

export interface TamperWorld {
  readonly name: string
  readonly records: readonly JournalRecord[]
}

const hour = 'org/year=2023/month=10/day=20/hour=09'
const startedAt = '2023-10-20T09:30:00Z'
const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const held = { 'legal-hold-tag': tag }
const foreign = { 'legal-hold-tag': 'other-matter' }
const bare = { project: 'x' }

function bucket() {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  const put = (conversation: string, name: string, metadata: Record<string, string>, body = name) =>
    storage.put(`${hour}/conversation_id=${conversation}/${name}`, { body, metadata })
  /** A recording with its sidecar. */
  const deliver = (conversation: string, number: number, metadata: Record<string, string>, of = metadata) => {
    put(conversation, `${id(number)}.opus`, metadata)
    put(conversation, `${id(number)}.opus_metadata.json`, of)
  }
  return { clock, storage, put, deliver }
}

async function recordsOf(journal: MemoryJournal | FrailJournal): Promise<JournalRecord[]> {
  const records: JournalRecord[] = []
  for await (const record of journal.entries()) records.push(record)
  return records
}

type Totals = ExportJob['totals']

/** Everything that can become of a recording, in one run. */
function mixed() {
  const world = bucket()
  const platform = new FakePlatform()
  platform.create = async () => job('PENDING', { createdAt: new Date(world.clock.now()).toISOString() })
  const expect = (number: number, conversationId: string, more: object = {}) =>
    platform.expected.push({ recordingId: id(number), conversationId, conversationStart: startedAt, ...more })
  const { put, deliver } = world
  for (const [number, conversation] of [
    [1, 'c1'],
    [2, 'c1'],
    [3, 'c2'],
    [4, 'c3'],
    [5, 'c4'],
    [6, 'c4'],
  ] as const) {
    expect(number, conversation)
  }
  expect(7, 'c5', { skippedReason: 'a policy deletes it' })
  expect(8, 'c5')
  expect(9, 'c6')
  expect(10, 'c7')
  platform.failed.push({ recordingId: id(9), reason: 'broken' } as never)
  deliver('c1', 1, held)
  deliver('c1', 2, bare)
  put('c1', 'chat/photo.png', bare)
  put('c1', 'c1-leg.transcript.json', held)
  deliver('c2', 3, foreign)
  deliver('c3', 4, held)
  put('c3', 'attachments/contract.pdf', foreign)
  // Its sidecar never came.
  put('c4', `${id(5)}.opus`, held)
  deliver('c4', 6, bare)
  deliver('c7', 10, held)
  const head = world.storage.head.bind(world.storage)
  let reads = 0
  world.storage.head = async (...args) => {
    const { key } = args[0]
    if (key.includes(id(10))) throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'validate' })
    reads += 1
    // Deleted under the eyes of the run, and rewritten.
    if (reads === 5) world.storage.delete(`${hour}/conversation_id=c4/${id(6)}.opus`)
    if (reads === 9) deliver('c1', 1, bare)
    return head(...args)
  }
  return { ...world, platform }
}

function whole() {
  const world = bucket()
  const platform = new FakePlatform()
  platform.create = async () => job('PENDING', { createdAt: new Date(world.clock.now()).toISOString() })
  for (let number = 1; number <= 6; number += 1) {
    const conversationId = `c${Math.ceil(number / 2)}`
    platform.expected.push({ recordingId: id(number), conversationId, conversationStart: startedAt })
    world.deliver(conversationId, number, number % 3 === 0 ? held : bare, number % 2 === 0 ? held : bare)
  }
  world.put('c1', 'c1-leg.transcript.json', bare)
  world.put('c2', 'photos/1.png', held)
  const totals: Totals = { recordings: 6, processed: 6, failed: 0, skipped: 0 }
  platform.states = [job('PROCESSING', { totals }), job('FULFILLED', { totals })]
  return { ...world, platform }
}

type World = ReturnType<typeof whole>

function exporterOf({ clock, storage, platform }: World, more: object = {}) {
  return new LegalHoldExporter({ platform, storage, clock, hold: { tag }, landingQuietMs: 20_000, ...more })
}

async function run(
  world: World,
  { dryRun = false, ...more }: Partial<LegalHoldExporterOptions> & { dryRun?: boolean } = {},
) {
  const journal = new MemoryJournal()
  await exporterOf(world, more).run(request, { journal, dryRun })
  return recordsOf(journal)
}

/** Killed at these steps of its processes, and resumed each time. */
async function interrupted(world: World, kills: readonly number[]) {
  const journal = new FrailJournal()
  for (const at of [...kills, Number.POSITIVE_INFINITY]) {
    const life = new Life(at)
    const exporter = exporterOf(world, {
      platform: life.around(world.platform as RecordingPlatform),
      storage: life.around(world.storage),
      journal: life.around(journal),
    })
    const end = await Promise.race([life.ended, exporter.run(request)])
    if (end === 'killed') journal.crash(2)
  }
  return recordsOf(journal)
}

async function severalJobs() {
  const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ConversationPlatform(clock, storage)
  for (let at = 0; at < 6; at += 1) {
    const start = new Date(Date.parse('2023-10-18T13:00:00Z') + at * 7 * 3_600_000).toISOString()
    // The last never lands.
    platform.conversations.push({ id: `c${at}`, start, ...(at === 5 ? { landsAfterMs: undefined } : {}) })
  }
  platform.conversations.push({ id: 's', start: '2023-10-19T11:50:00Z', end: '2023-10-19T12:30:00Z' })
  const journal = new MemoryJournal()
  const options = { maxJobInterval: 'PT24H', landingQuietMs: 20_000, landingTimeoutMs: 60_000 } as const
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, ...options })
  await exporter.run(request, { journal })
  return recordsOf(journal)
}

function counted() {
  const world = whole()
  const { platform } = world
  platform.capabilities = { ...platform.capabilities, listsExpectedRecordings: false }
  platform.expected.length = 0
  const totals: Totals = { recordings: 9, processed: 9, failed: 1, skipped: 1 }
  platform.states = [job('FULFILLED', { totals })]
  return world
}

/** Exported again with the profile forced, since nothing was tagged; after that it is. */
async function forced() {
  const world = whole()
  const { platform, storage } = world
  let jobs = 0
  let includes = false
  Object.assign(platform.capabilities, { stampsHoldMetadata: true })
  const totals: Totals = { recordings: 6, processed: 6, failed: 0, skipped: 0 }
  Object.assign(platform, {
    forcedRetries: 1,
    forceHoldMetadata: async () => {
      includes = true
      return { changed: true, restore: async () => undefined }
    },
    restoreHoldMetadata: async () => undefined,
    inspectProfile: async (of: string) => ({ id: of, kind: 'profile', includesHoldMetadata: includes, findings: [] }),
    getJob: async (of: string) => job('FULFILLED', { id: of, totals, createdAt: '2023-10-20T12:00:10.000Z' }),
  })
  platform.create = async () => {
    jobs += 1
    if (jobs === 2) world.deliver('c1', 1, held)
    return job('PENDING', { id: `job-${jobs}`, createdAt: new Date(world.clock.now()).toISOString(), totals })
  }
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock: world.clock,
    hold: { tag },
    landingQuietMs: 20_000,
  })
  await exporter.run({ ...request, profileId: 'p' }, { journal })
  return recordsOf(journal)
}

/** Over HTTP, with the adapters that users have. */
async function overHttp() {
  const world = await anOrganization()
    .with(
      aConversation('whatsapp').with(aRecording().withTranscript().withAttachment('a b.pdf')),
      aConversation('call').with(aRecording().failingAtSource()),
      aConversation('chat').with(aRecording().neverLanding()),
      aConversation('email').with(aRecording(), aRecording()),
    )
    .start()
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({
    ...world.ports,
    hold: { tag, matter: 'Doe v. Roe' },
    landingTimeoutMs: 60_000,
  })
  await exporter.run(world.request, { journal })
  await world.close()
  return recordsOf(journal)
}

/** Records of runs that were complete and of others. */
export async function tamperWorlds(): Promise<readonly TamperWorld[]> {
  const worlds: [string, Promise<JournalRecord[]>][] = [
    ['everything that can happen', run(mixed())],
    ['a complete run', run(whole())],
    ['a complete run that was interrupted twice', interrupted(whole(), [60, 45])],
    ['an incomplete run that was interrupted', interrupted(mixed() as World, [80])],
    ['several jobs, one recording of which never came', severalJobs()],
    ['a platform that counts and names nothing', run(counted())],
    ['an export that was repeated', forced()],
    ['a dry run', run(whole(), { dryRun: true })],
    ['requirements of every kind', run(mixed(), { requirements: { metadata: held, tags: { hold: tag } } })],
    ['runs over HTTP', overHttp()],
  ]
  return Promise.all(worlds.map(async ([name, records]) => ({ name, records: await records })))
}
