import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  type CallOptions,
  type EvidenceSink,
  type ExportJob,
  LegalHoldError,
  LegalHoldExporter,
  MemoryJournal,
  type RunEvent,
  type RunReport,
} from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from '../fakes/platform.js'

const tag = 'discovery-batch-2023-10'
const request = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
}
const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'

/** Keeps its job, and has one recording that was never delivered. */
class KeepingPlatform extends FakePlatform {
  readonly jobs: ExportJob[] = []
  polls = 2
  isStarted = false

  constructor() {
    super()
    this.create = async () => {
      const created = job('PENDING', { id: `job-${this.jobs.length + 1}`, createdAt: '2023-10-20T12:00:00Z' })
      this.jobs.push(created)
      return created
    }
    this.find = async () => this.jobs.at(-1)
    for (const id of ['r1', 'r2', 'r3', 'never']) {
      this.expected.push({
        recordingId: id,
        conversationId: 'c1',
        conversationStart: '2023-10-20T09:30:00Z',
      })
    }
  }

  override async executeJob(started: ExportJob): Promise<ExportJob> {
    this.isStarted = true
    return { ...started, state: 'PROCESSING' }
  }

  override async getJob(): Promise<ExportJob> {
    if (!this.isStarted) return { ...(this.jobs.at(-1) as ExportJob), state: 'READY' }
    this.polls -= 1
    return { ...(this.jobs.at(-1) as ExportJob), state: this.polls > 0 ? 'PROCESSING' : 'FULFILLED' }
  }

  async *explainMissing() {
    yield { recordingId: 'never', kind: 'expected' as const }
  }
}

interface World {
  readonly platform: KeepingPlatform
  readonly storage: MemoryStorageAdapter
  readonly journal: MemoryJournal
  readonly evidence: EvidenceSink
  run(signal?: AbortSignal, onEvent?: (event: RunEvent) => void): Promise<RunReport>
}

/** On the machine's clock, so that what waits has a timer. */
function world(): World {
  const platform = new KeepingPlatform()
  const storage = new MemoryStorageAdapter({ clock: new SimulatedClock({ now: '2023-10-20T12:00:10Z' }) })
  for (const id of ['r1', 'r2', 'r3']) {
    storage.put(`${folder}/${id}.json`, { body: id, metadata: id === 'r2' ? { 'legal-hold-tag': tag } : {} })
    storage.put(`${folder}/${id}.json_metadata.json`, { body: '{}' })
  }
  const journal = new MemoryJournal()
  const evidence: EvidenceSink = {
    hashContent: 'none',
    open: async (kept) => kept as MemoryJournal,
    seal: async () => ({ dir: '/evidence', fingerprint: 'f', rootHash: 'r', treeSize: 1, statementSha256: 's' }),
  }
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    hold: { tag },
    concurrency: 2,
    polling: { minIntervalMs: 1, maxIntervalMs: 5 },
    landingQuietMs: 60,
    landingSettleMs: 1,
  })
  return {
    platform,
    storage,
    journal,
    evidence,
    run: (signal, onEvent) => exporter.run(request, { journal, evidence, signal, onEvent }),
  }
}

function lasting({ runId, resumed, startedAt, finishedAt, timings, ...rest }: RunReport) {
  return rest
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

/** Never answers, until the call is aborted. */
function hanging(options: CallOptions | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () =>
      reject(new LegalHoldError('aborted', { code: 'ABORTED', stage: 'validate', cause: options?.signal?.reason }))
    if (options?.signal?.aborted) onAbort()
    options?.signal?.addEventListener('abort', onAbort, { once: true })
  })
}

type Hang = (it: World, reached: () => void) => () => void

/** The method hangs, before or after it has done its work, and is as it was once the returned function is called. */
function method<T extends object>(pick: (it: World) => T, name: keyof T & string, after = false): Hang {
  return (it, reached) => {
    const target = pick(it)
    const kept = target[name] as (...args: unknown[]) => unknown
    const hangs = async (...args: unknown[]) => {
      if (after) await kept.apply(target, args)
      reached()
      return hanging(args.findLast((arg) => typeof arg === 'object' && arg !== null && 'signal' in arg) as CallOptions)
    }
    const streams = async function* (...args: unknown[]) {
      await hangs(...args)
      yield undefined
    }
    const isStream = /^list|Recordings$|^explain/.test(name)
    Object.assign(target, { [name]: isStream ? streams : hangs })
    return () => Object.assign(target, { [name]: kept })
  }
}

const platform = (it: World) => it.platform
const storage = (it: World) => it.storage

const stages: Record<string, Hang> = {
  'inspect, by the bucket': method(storage, 'inspectBucket'),
  'inspect, by the platform': method(platform, 'inspectRequest'),
  'create, when the job is there': method(platform, 'createJob', true),
  start: method(platform, 'executeJob', true),
  poll: method(platform, 'getJob'),
  'list of what is expected': method(platform, 'expectedRecordings'),
  'list of folders': method(storage, 'listFolders'),
  'list of objects': method(storage, 'list'),
  validate: method(storage, 'head'),
  'repair, before the copy': method(storage, 'replaceMetadata'),
  'repair, after the copy': method(storage, 'replaceMetadata', true),
  'reconcile, by what the platform says of the missing': method(platform, 'explainMissing'),
  'reconcile, by what failed': method(platform, 'failedRecordings'),
  seal: method((it) => it.evidence as EvidenceSink & object, 'seal'),
}

async function abortedIn(
  it: World,
  arrange: (abort: () => void, it: World) => ((event: RunEvent) => void) | undefined,
): Promise<void> {
  const controller = new AbortController()
  const before = timers()
  let [abortedAt, cpu] = [0, process.cpuUsage()]
  const abort = () => {
    if (abortedAt !== 0) return
    abortedAt = performance.now()
    cpu = process.cpuUsage()
    controller.abort(new Error('court adjourned'))
  }
  const onEvent = arrange(() => setImmediate(abort), it)
  const error = await it.run(controller.signal, onEvent).then(
    () => expect.fail('the run went on'),
    (thrown: unknown) => thrown,
  )
  // Local work, not the time that a busy machine gives to others.
  const { user, system } = process.cpuUsage(cpu)
  expect((user + system) / 1_000).toBeLessThan(100)
  expect(performance.now() - abortedAt).toBeLessThan(5_000)
  expect(error).toMatchObject({ code: 'ABORTED', cause: { message: 'court adjourned' } })
  expect(timers()).toBeLessThanOrEqual(before)
  // Whatever rejects now would be nobody's, and fail the test.
  await sleep(20)
}

// The time is the processor's, but a collection of garbage may fall into it.
describe('a run that is aborted', { retry: 2 }, () => {
  test.each(Object.entries(stages))('in %s ends at once, and goes on to the same report', async (_, hang) => {
    const expected = await world().run()
    const it = world()
    let restore = () => {}
    await abortedIn(it, (abort) => {
      restore = hang(it, abort)
      return undefined
    })
    restore()
    it.platform.polls = Math.min(it.platform.polls, 1)
    expect(lasting(await it.run())).toEqual(lasting(expected))
    expect(it.platform.jobs).toHaveLength(1)
    for (const id of ['r1', 'r2', 'r3']) {
      expect(it.storage.versions(`${folder}/${id}.json`)).toHaveLength(id === 'r2' ? 1 : 2)
    }
  })

  test.each([
    ['while it waits for the job', { polls: 1_000_000, event: 'job-progress' }],
    ['while it waits for the landing', { polls: 1, event: 'landing' }],
  ] as const)('%s leaves no timer', async (_, { polls, event }) => {
    const expected = await world().run()
    const it = world()
    it.platform.polls = polls
    let isSet = false
    await abortedIn(it, (abort) => (seen) => {
      if (seen.type !== event || isSet) return
      // A timer of the test's own, and only one, or it would be counted among those that are left.
      isSet = true
      setTimeout(abort, 10)
    })
    it.platform.polls = 1
    expect(lasting(await it.run())).toEqual(lasting(expected))
  })

  test('while it records what became of the recordings does not write them all first', async () => {
    const it = world()
    for (let at = 0; at < 5_000; at += 1) {
      it.platform.expected.push({ recordingId: `left-out-${at}`, conversationId: 'c1', skippedReason: 'sensitive' })
    }
    const append = it.journal.append.bind(it.journal)
    let written = 0
    await abortedIn(it, (abort) => {
      it.journal.append = (record: Parameters<typeof append>[0]) => {
        if (record.type === 'recording') {
          written += 1
          if (written === 10) abort()
        }
        return append(record)
      }
      return undefined
    })
    expect(written).toBeLessThan(2_000)
    it.journal.append = append
    const report = await it.run()
    expect(report).toMatchObject({ resumed: 1, counts: { expected: 5_004, skippedAtSource: 5_000 } })
  })

  test('while it seals tells its report, which the journal holds', async () => {
    const it = world()
    const controller = new AbortController()
    const seal = it.evidence.seal
    Object.assign(it.evidence, {
      seal: (_: unknown, options: CallOptions) => {
        setImmediate(() => controller.abort())
        return hanging(options)
      },
    })
    const error = await it.run(controller.signal).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ABORTED', details: { report: { counts: { expected: 4 } } } })
    Object.assign(it.evidence, { seal })
    const { details } = error as LegalHoldError
    expect(await it.run()).toEqual(details?.report)
  })
})
