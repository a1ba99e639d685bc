import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ExportJob,
  type ExportRequest,
  type HoldRequirements,
  LegalHoldError,
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  MemoryJournal,
  type RunEvent,
  type RunReport,
} from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FrailJournal, Life } from '../fakes/mortal.js'
import { FakePlatform, job } from '../fakes/platform.js'

const tag = 'discovery-batch-2023-10'
const request = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
  mediaTypes: 'digital' as const,
}
const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'

/** A platform that keeps its jobs, as a real one does over the death of its client. */
class KeepingPlatform extends FakePlatform {
  readonly jobs: ExportJob[] = []
  readonly #clock: SimulatedClock
  polls = 2
  /** A setting of the whole organisation. */
  includesHold = false
  forcedRetries = 0

  constructor(clock: SimulatedClock) {
    super()
    this.#clock = clock
    this.create = async () => {
      const created = job('PENDING', {
        id: `job-${this.jobs.length + 1}`,
        createdAt: new Date(this.#clock.now()).toISOString(),
      })
      this.jobs.push(created)
      return created
    }
    this.find = async () => this.jobs.findLast(({ state }) => state !== 'CANCELLED')
  }

  override async getJob(id = 'job-1'): Promise<ExportJob> {
    this.calls.push('getJob')
    const found = this.jobs.find((one) => one.id === id)
    if (found === undefined) throw new LegalHoldError('no such job', { code: 'JOB_NOT_FOUND', stage: 'export' })
    const at = this.jobs.indexOf(found)
    if (found.state !== 'CANCELLED') {
      this.polls -= 1
      this.jobs[at] = { ...found, state: this.polls > 0 ? 'PROCESSING' : 'FULFILLED' }
    }
    return this.jobs[at] as ExportJob
  }

  override async inspectProfile(id: string) {
    return { id, kind: 'integration' as const, includesHoldMetadata: this.includesHold, findings: [] }
  }

  async forceHoldMetadata() {
    const changed = !this.includesHold
    this.includesHold = true
    const restore = async () => {
      if (changed) this.includesHold = false
    }
    return { changed, restore }
  }

  async restoreHoldMetadata(_: string, includesHoldMetadata: boolean) {
    this.includesHold = includesHoldMetadata
  }

  override async cancelJob(id = 'job-1') {
    this.calls.push('cancelJob')
    const at = this.jobs.findIndex((one) => one.id === id)
    this.jobs[at] = { ...(this.jobs[at] as ExportJob), state: 'CANCELLED' }
  }
}

interface World {
  readonly clock: SimulatedClock
  readonly platform: KeepingPlatform
  readonly storage: MemoryStorageAdapter
  readonly journal: FrailJournal
  run(life?: Life, options?: Partial<LegalHoldExporterOptions>): Promise<RunReport | 'killed'>
}

interface Shape {
  readonly recordings: number
  readonly requirements?: HoldRequirements | undefined
  readonly conflict?: boolean | undefined
  readonly merge?: boolean | undefined
  readonly missing?: boolean | undefined
  readonly concurrency?: number | undefined
  /** Objects with a former version, and all versions to be held. */
  readonly versions?: boolean | undefined
  /** The platform stamps once its profile is forced, but for the last recording. */
  readonly forced?: boolean | undefined
}

function world({ recordings, requirements, conflict, merge, missing, concurrency, versions, forced }: Shape): World {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new KeepingPlatform(clock)
  const storage = new MemoryStorageAdapter({ clock })
  // Of another job, long before.
  storage.put(`${folder}/call.wav`, {})
  storage.put(`${folder}/call.wav_metadata.json`, {})
  clock.advance(600_000)
  for (let id = 1; id <= recordings; id += 1) {
    platform.expected.push({ recordingId: `r${id}`, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    const other = conflict && id === 1 ? { 'legal-hold-tag': 'other-matter' } : { project: 'x' }
    if (versions) storage.put(`${folder}/r${id}.json`, { body: 'former' })
    const held = id === 2 ? { 'legal-hold-tag': tag } : other
    storage.put(`${folder}/r${id}.json`, { body: `recording ${id}`, metadata: held, tags: { team: 'y' } })
    storage.put(`${folder}/r${id}.json_metadata.json`, { body: '{}' })
  }
  if (forced) {
    Object.assign(platform.capabilities, { stampsHoldMetadata: true })
    platform.forcedRetries = 1
    const create = platform.create
    platform.create = async () => {
      const created = await create()
      for (let id = 1; platform.includesHold && id <= recordings; id += 1) {
        const metadata: Record<string, string> = id === recordings ? {} : { 'legal-hold-tag': tag }
        storage.put(`${folder}/r${id}.json`, { body: `again ${id}`, metadata })
        storage.put(`${folder}/r${id}.json_metadata.json`, { body: '{}', metadata })
      }
      return created
    }
  }
  if (missing) platform.expected.push({ recordingId: 'never', conversationId: 'c1' })
  clock.advance(1_000)
  const journal = new FrailJournal()
  return {
    clock,
    platform,
    storage,
    journal,
    run: (life = new Life(), options = {}) =>
      Promise.race([
        life.ended,
        new LegalHoldExporter({
          platform: life.around(platform),
          storage: life.around(storage),
          journal: life.around(journal),
          clock,
          hold: { tag },
          requirements,
          concurrency: concurrency ?? 4,
          remediation: { onConflict: merge ? 'merge' : 'refuse', versions: versions ? 'all' : 'current' },
          ...options,
        }).run(forced ? { ...request, profileId: 'p' } : request),
      ]),
  }
}

/** Everything in the bucket that a stranger could see, but for the ids of the versions. */
function bucketOf({ storage }: World) {
  const names = Array.from({ length: 6 }, (_, at) => `r${at + 1}.json`)
  const keys = [...names, 'call.wav'].flatMap((name) => [`${folder}/${name}`, `${folder}/${name}_metadata.json`])
  return keys.map((key) => [
    key,
    storage.versions(key).map(({ deleteMarker, state }) => {
      if (state === undefined) return { deleteMarker }
      const { versionId, lastModified, ...rest } = state
      return rest
    }),
  ])
}

/** A report without what is of one run only. */
function lasting(report: RunReport | 'killed') {
  if (report === 'killed') throw new Error('the run was killed')
  const { runId, resumed, startedAt, finishedAt, timings, job: first, jobs, ...rest } = report
  return { ...rest, jobs: [first, ...jobs].map(({ createdAt, ...lastingJob }) => lastingJob) }
}

async function failure(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!LegalHoldError.isInstance(error)) throw error
  return error
}

/** What a run that nobody interrupts leaves. */
async function uninterrupted(shape: Shape, life = new Life()) {
  const whole = world(shape)
  const report = await whole.run(life)
  return { report: lasting(report), bucket: bucketOf(whole), jobs: whole.platform.jobs.length }
}

/**
 * Kills a run at each of the given steps in turn, each time going on with what the journal kept, lets it finish, and
 * compares what it leaves.
 */
async function interrupted(
  shape: Shape,
  kills: readonly number[],
  losing: number,
  expected: Awaited<ReturnType<typeof uninterrupted>>,
): Promise<void> {
  const it = world(shape)
  let deaths = 0
  for (const at of kills) {
    const life = new Life(at)
    if ((await it.run(life)) !== 'killed') continue
    deaths += 1
    it.journal.crash(losing)
  }
  const report = await it.run()
  expect(lasting(report)).toEqual(expected.report)
  expect(bucketOf(it)).toEqual(expected.bucket)
  expect(it.platform.jobs).toHaveLength(expected.jobs)
  expect(it.platform.includesHold).toBe(false)
  if (report !== 'killed') expect(report.resumed).toBeLessThanOrEqual(deaths)
}

describe('a run that is killed', () => {
  test('at any instant ends, once it goes on, as if it had not been: one job, nothing copied twice, the same report', async () => {
    const shape = { recordings: 3, conflict: true }
    const life = new Life()
    const expected = await uninterrupted(shape, life)
    expect(expected.jobs).toBe(1)
    expect(life.steps).toBeGreaterThan(100)
    for (let at = 1; at <= life.steps; at += 1) await interrupted(shape, [at], at % 3, expected)
  })

  test('before any two of its records are written ends the same', async () => {
    const shape = { recordings: 1, concurrency: 1 }
    const expected = await uninterrupted(shape)
    const whole = world(shape)
    await whole.run()
    const writes = whole.journal.records.length
    expect(writes).toBeGreaterThan(15)
    for (let first = 1; first <= writes; first += 1) {
      for (let second = 1; second <= writes; second += 1) {
        const it = world(shape)
        const append = it.journal.append.bind(it.journal)
        for (const at of [first, second]) {
          const life = new Life()
          let left = at
          it.journal.append = async (...args) => {
            left -= 1
            if (left === 0) life.kill()
            await life.step()
            return append(...args)
          }
          await it.run(life)
          it.journal.crash(0)
        }
        it.journal.append = append
        expect(lasting(await it.run()), `killed at ${first} and ${second}`).toEqual(expected.report)
        expect(bucketOf(it)).toEqual(expected.bucket)
        expect(it.platform.jobs).toHaveLength(1)
      }
    }
  })

  test('while a profile is forced puts it back once it goes on, and exports again no more often', async () => {
    const shape = { recordings: 2, forced: true }
    const life = new Life()
    const expected = await uninterrupted(shape, life)
    expect(expected).toMatchObject({ report: { remediations: { forcedRetries: 1 }, outcome: 'complete' }, jobs: 2 })
    for (let at = 1; at <= life.steps; at += 1) await interrupted(shape, [at], at % 3, expected)
  })

  test('goes on whatever is required, however often it is killed and however much of its journal was still buffered', async () => {
    const requirements = fc.constantFrom<HoldRequirements | undefined>(
      undefined,
      { tags: { hold: tag } },
      { legalHold: true },
      { metadata: { 'legal-hold-tag': tag }, legalHold: true, tags: { hold: tag } },
      { retainUntilDate: '2030-01-01T00:00:00Z', metadata: { 'legal-hold-tag': tag } },
    )
    const shape = fc.record({
      recordings: fc.integer({ min: 1, max: 4 }),
      requirements,
      conflict: fc.boolean(),
      merge: fc.boolean(),
      missing: fc.boolean(),
      concurrency: fc.constantFrom(1, 2, 8),
      versions: fc.boolean(),
      forced: fc.boolean(),
    })
    const kills = fc.array(fc.integer({ min: 1, max: 220 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(shape, kills, fc.nat(4), async (made, at, losing) => {
        await interrupted(made, at, losing, await uninterrupted(made))
      }),
      { numRuns: 60 },
    )
  })

  test('reads no object again that is on record', async () => {
    const it = world({ recordings: 6 })
    const life = new Life(1_000_000)
    const heads: string[] = []
    const head = it.storage.head.bind(it.storage)
    it.storage.head = (ref, options) => {
      heads.push(ref.key)
      return head(ref, options)
    }
    let verdicts = 0
    const append = it.journal.append.bind(it.journal)
    it.journal.append = async (record, options) => {
      if (record.type === 'verdict') verdicts += 1
      if (verdicts === 8) {
        verdicts = Number.NaN
        void new Life(1)
        throw new LegalHoldError('power cut', { code: 'JOURNAL_UNWRITABLE', stage: 'journal' })
      }
      return append(record, options)
    }
    expect(await failure(it.run(life) as Promise<unknown>)).toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
    it.journal.append = append
    const recorded = new Set(
      it.journal.records.flatMap(({ type, data }) =>
        type === 'verdict' ? [(data.object as { key: string }).key] : [],
      ),
    )
    expect(recorded.size).toBeGreaterThanOrEqual(7)
    heads.length = 0
    await it.run()
    expect(heads.filter((key) => recorded.has(key))).toEqual([])
    expect(new Set(heads).size).toBe(12 - recorded.size)
  })
})

describe('a journal', () => {
  test('that is finished gives its report again at once, without asking anybody', async () => {
    const it = world({ recordings: 2 })
    const first = await it.run()
    it.platform.organization = async () => {
      throw new Error('asked')
    }
    const events: RunEvent[] = []
    const { platform, storage, journal, clock } = it
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag } })
    const again = await exporter.run(request, { journal, onEvent: (event) => events.push(event) })
    expect(again).toEqual(first)
    expect(events.map(({ type }) => type)).toEqual(['run-resumed', 'run-finished'])
    expect(events[0]).toMatchObject({ finished: true, verdicts: 4, resumed: 0 })
  })

  test('keeps the run id and counts the resumes', async () => {
    const it = world({ recordings: 2 })
    for (const at of [30, 40]) {
      await it.run(new Life(at))
      it.journal.crash(0)
    }
    const report = await it.run()
    expect(report).toMatchObject({ resumed: 2, runId: it.journal.records[0]?.runId })
    expect(new Set(it.journal.records.map(({ runId }) => runId)).size).toBe(1)
  })

  test.each<[string, Partial<ExportRequest>, Partial<LegalHoldExporterOptions>]>([
    ['request', { mediaTypes: ['call'] }, {}],
    ['request', { interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T10:00:00Z' } }, {}],
    ['hold', {}, { hold: { tag: 'another' }, requirements: { metadata: { 'legal-hold-tag': tag } } }],
    ['requirements', {}, { requirements: { legalHold: true } }],
    ['storage', {}, { storage: new MemoryStorageAdapter({ bucket: 'elsewhere' }) }],
  ])('of another %s is refused before anything is asked', async (what, over, options) => {
    const it = world({ recordings: 1 })
    await it.run(new Life(60))
    const { platform, storage, journal, clock } = it
    const calls = platform.calls.length
    const exporter = new LegalHoldExporter({ platform, storage, clock, journal, hold: { tag }, ...options })
    const error = await failure(exporter.run({ ...request, ...over }))
    expect(error).toMatchObject({ code: 'CHECKPOINT_MISMATCH', stage: 'journal', details: { differences: [what] } })
    expect(platform.calls.length).toBe(calls)
  })

  test('of a request that says the same in other words is the same', async () => {
    const it = world({ recordings: 1 })
    await it.run(new Life(60))
    const { platform, storage, journal, clock } = it
    const exporter = new LegalHoldExporter({ platform, storage, clock, journal, hold: { tag } })
    const { start, end } = request.interval
    const same = {
      mediaTypes: 'digital' as const,
      interval: { end: end.replace('Z', '+00:00'), start },
      integrationId: 'i',
    }
    expect(await exporter.run(same)).toMatchObject({ outcome: 'complete', resumed: 1 })
  })

  test('is refused to a second run while the first goes on', async () => {
    const it = world({ recordings: 1 })
    const { platform, storage, journal, clock } = it
    const exporter = new LegalHoldExporter({ platform, storage, clock, journal, hold: { tag } })
    const first = exporter.run(request)
    expect(await failure(exporter.run(request))).toMatchObject({ code: 'JOURNAL_LOCKED' })
    expect(await first).toMatchObject({ outcome: 'complete' })
  })

  test('goes on after inspection found a blocker that was then accepted', async () => {
    const it = world({ recordings: 1 })
    it.platform.availableUntil = '2023-10-19T00:00:00Z'
    expect(await failure(it.run() as Promise<unknown>)).toMatchObject({ code: 'PREFLIGHT_BLOCKED' })
    expect(it.journal.records.at(-1)).toMatchObject({
      type: 'run-stopped',
      data: { error: { code: 'PREFLIGHT_BLOCKED' } },
    })
    const report = await it.run(undefined, { accept: ['interval-not-indexed'] })
    expect(report).toMatchObject({ resumed: 1, accepted: ['interval-not-indexed'] })
  })
})

describe('what a resumed run was told before', () => {
  test('it keeps in its report, though the platform says something else by now', async () => {
    const shape = { recordings: 2 }
    const accept = { accept: ['interval-not-indexed'] as const }
    const it = world(shape)
    it.platform.availableUntil = '2023-10-19T00:00:00Z'
    await it.run(new Life(60), accept)
    it.journal.crash(0)
    it.platform.availableUntil = '2100-01-01T00:00:00Z'
    // What was accepted needs not be accepted again.
    const report = await it.run()
    expect(report).toMatchObject({
      outcome: 'incomplete',
      accepted: ['interval-not-indexed'],
      coverage: { proven: false, availableUntil: '2023-10-19T00:00:00Z' },
    })
  })

  test('does not hide a danger to its repairs that is new', async () => {
    const it = world({ recordings: 3 })
    await it.run(new Life(70))
    it.journal.crash(0)
    const finding = {
      code: 'lifecycle-expires-noncurrent',
      severity: 'blocker',
      subject: 'rule',
      message: 'm',
      remedy: 'r',
    } as const
    const retention = { name: 'mine', evaluate: async () => [finding] }
    expect(await failure(it.run(undefined, { retention }) as Promise<unknown>)).toMatchObject({
      code: 'PREFLIGHT_BLOCKED',
      findings: [finding],
    })
    expect(await it.run(undefined, { retention, accept: [finding.code] })).toMatchObject({ outcome: 'complete' })
  })
})

describe('the job of a resumed run', () => {
  /** Killed when the intent is on record, before or after the platform has created the job. */
  async function killedWhileCreating(created: boolean): Promise<World> {
    const it = world({ recordings: 1 })
    const create = it.platform.create
    const life = new Life()
    it.platform.create = async () => {
      if (created) await create()
      life.kill()
      return new Promise(() => {})
    }
    expect(await it.run(life)).toBe('killed')
    expect(it.journal.records.at(-1)?.type).toBe('job-intent')
    it.platform.create = create
    it.platform.calls.length = 0
    return it
  }

  test('is adopted where the platform knows it', async () => {
    const it = await killedWhileCreating(true)
    expect(await it.run()).toMatchObject({ job: { id: 'job-1' }, outcome: 'complete' })
    expect(it.platform.calls.slice(0, 2)).toEqual(['findJob', 'getJob'])
    expect(it.platform.calls).not.toContain('createJob')
  })

  test('is asked for again only after the platform was asked for it, and does not know it', async () => {
    const it = await killedWhileCreating(false)
    expect(await it.run()).toMatchObject({ job: { id: 'job-1' }, outcome: 'complete' })
    expect(it.platform.calls[0]).toBe('findJob')
    expect(it.platform.calls.indexOf('createJob')).toBe(it.platform.calls.lastIndexOf('findJob') + 1)
  })

  test('is nothing to guess about where the platform cannot be asked', async () => {
    const it = await killedWhileCreating(true)
    it.platform.capabilities = { ...it.platform.capabilities, idempotency: 'none' }
    expect(await failure(it.run() as Promise<unknown>)).toMatchObject({
      code: 'JOB_OUTCOME_UNKNOWN',
      outcome: 'unknown',
    })
    expect(it.platform.calls).not.toContain('createJob')
  })

  test('is asked for again at once where the platform knows it by a key', async () => {
    const it = await killedWhileCreating(false)
    it.platform.capabilities = { ...it.platform.capabilities, idempotency: 'key' }
    expect(await it.run()).toMatchObject({ outcome: 'complete' })
    expect(it.platform.calls).not.toContain('findJob')
  })

  test('that failed is told once; running again then means another job', async () => {
    const it = world({ recordings: 1 })
    const read = it.platform.getJob.bind(it.platform)
    it.platform.getJob = async (id) => ({
      ...(await read(id)),
      state: 'FAILED',
      errorMessage: 'role cannot be assumed',
    })
    expect(await failure(it.run() as Promise<unknown>)).toMatchObject({ code: 'JOB_FAILED' })
    it.platform.getJob = read
    expect(await it.run()).toMatchObject({ job: { id: 'job-2' }, outcome: 'complete', resumed: 1 })
  })
})

describe('a run that is aborted', () => {
  async function abortedAt(type: RunEvent['type'], options: Partial<LegalHoldExporterOptions>): Promise<World> {
    const it = world({ recordings: 2 })
    it.platform.polls = 1_000
    const { platform, storage, journal, clock } = it
    const controller = new AbortController()
    const exporter = new LegalHoldExporter({ platform, storage, journal, clock, hold: { tag }, ...options })
    const onEvent = (event: RunEvent) => {
      if (event.type === type) controller.abort(new Error('court adjourned'))
    }
    const error = await failure(exporter.run(request, { signal: controller.signal, onEvent }))
    expect(error).toMatchObject({ code: 'ABORTED', cause: { message: 'court adjourned' } })
    expect(journal.records.at(-1)).toMatchObject({ type: 'run-stopped', data: { error: { code: 'ABORTED' } } })
    platform.polls = 1
    return it
  }

  test('leaves the job as it is, and goes on with it', async () => {
    const it = await abortedAt('job-progress', {})
    expect(it.platform.calls).not.toContain('cancelJob')
    expect(await it.run()).toMatchObject({ outcome: 'complete', resumed: 1, job: { id: 'job-1' } })
  })

  test('cancels the job where it was told to, and then goes on with another', async () => {
    const it = await abortedAt('job-progress', { cancelJobOnAbort: true })
    expect(it.platform.jobs).toMatchObject([{ id: 'job-1', state: 'CANCELLED' }])
    expect(await it.run()).toMatchObject({ outcome: 'complete', resumed: 1, job: { id: 'job-2' } })
  })

  test('cancels even the job of which it has not heard yet', async () => {
    const it = world({ recordings: 1 })
    const { platform, storage, journal, clock } = it
    const controller = new AbortController()
    const create = platform.create
    platform.create = async () => {
      await create()
      controller.abort()
      throw new LegalHoldError('aborted', { code: 'ABORTED', stage: 'export', outcome: 'unknown' })
    }
    const exporter = new LegalHoldExporter({ platform, storage, journal, clock, hold: { tag }, cancelJobOnAbort: true })
    expect(await failure(exporter.run(request, { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' })
    expect(platform.jobs).toMatchObject([{ state: 'CANCELLED' }])
  })

  test('leaves a job alone that is over', async () => {
    const it = world({ recordings: 2 })
    const { platform, storage, journal, clock } = it
    const controller = new AbortController()
    const exporter = new LegalHoldExporter({ platform, storage, journal, clock, hold: { tag }, cancelJobOnAbort: true })
    const onEvent = (event: RunEvent) => {
      if (event.type === 'remediation') controller.abort()
    }
    expect(await failure(exporter.run(request, { signal: controller.signal, onEvent }))).toMatchObject({
      code: 'ABORTED',
    })
    expect(platform.calls).not.toContain('cancelJob')
    expect(await it.run()).toMatchObject({ job: { id: 'job-1' }, outcome: 'complete' })
  })
})

describe('a dry run that is killed', () => {
  test('goes on with what it planned, on the job of the run before', async () => {
    const it = world({ recordings: 4 })
    await it.platform.createJob()
    const dry = (life: Life) => {
      const { platform, storage, clock } = it
      const journal = life.around(it.journal)
      const exporter = new LegalHoldExporter({
        platform,
        storage: life.around(storage),
        clock,
        hold: { tag },
        concurrency: 1,
      })
      return Promise.race([life.ended, exporter.run(request, { dryRun: true, journal })])
    }
    const heads: string[] = []
    const head = it.storage.head.bind(it.storage)
    it.storage.head = (ref, options) => {
      heads.push(ref.key)
      return head(ref, options)
    }
    expect(await dry(new Life(60))).toBe('killed')
    const planned = it.journal.records.filter(({ type }) => type === 'verdict').length
    expect(planned).toBeGreaterThan(1)
    heads.length = 0
    expect(await dry(new Life())).toMatchObject({
      resumed: 1,
      dryRun: true,
      remediations: { planned: 7 },
      job: { id: 'job-1' },
    })
    expect(new Set(heads).size).toBe(8 - planned)
    expect(it.platform.jobs).toHaveLength(1)
  })
})

describe('a memory journal', () => {
  test('resumes within the process', async () => {
    const { platform, storage, clock } = world({ recordings: 2 })
    const journal = new MemoryJournal()
    const controller = new AbortController()
    const exporter = new LegalHoldExporter({ platform, storage, clock, journal, hold: { tag } })
    const onEvent = (event: RunEvent) => {
      if (event.type === 'verdict') controller.abort(new Error('court adjourned'))
    }
    expect(await failure(exporter.run(request, { signal: controller.signal, onEvent }))).toMatchObject({
      code: 'ABORTED',
    })
    expect((await journal.head())?.type).toBe('run-stopped')
    expect(await exporter.run(request)).toMatchObject({ outcome: 'complete', resumed: 1 })
    expect(platform.jobs).toHaveLength(1)
  })
})
