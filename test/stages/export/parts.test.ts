import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  MemoryJournal,
  type RunEvent,
  type RunReport,
} from '#src/index.js'
import { partsOf } from '#src/stages/export/parts.js'
import { aConversation, anOrganization, MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, type FakeConversation, keyOf } from '../../fakes/conversations.js'

const hourMs = 3_600_000
const instants = fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2023, 11, 31) })

describe('the parts of a request', () => {
  test('adjoin without a gap or an overlap, none longer than allowed, and wait only for what is not indexed', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 1, max: 100 * hourMs }),
        fc.integer({ min: -50 * hourMs, max: 150 * hourMs }),
        fc.option(fc.integer({ min: 3 * hourMs, max: 100 * hourMs }), { nil: Number.POSITIVE_INFINITY }),
        fc.boolean(),
        (start, lengthMs, indexedMs, maxJobIntervalMs, waitForIndex) => {
          const interval = { start: new Date(start).toISOString(), end: new Date(start + lengthMs).toISOString() }
          const availableUntil = new Date(start + indexedMs).toISOString()
          const request = { integrationId: 'i', interval, messageTypes: ['whatsapp'] }
          const parts = partsOf(request, { availableUntil }, { maxJobIntervalMs, waitForIndex })
          expect(parts[0]?.request.interval.start).toBe(interval.start)
          expect(parts.at(-1)?.request.interval.end).toBe(interval.end)
          for (const [at, { request: part, awaitIndex }] of parts.entries()) {
            const [from, to] = [Date.parse(part.interval.start), Date.parse(part.interval.end)]
            expect(from).toBeLessThan(to)
            expect(to - from).toBeLessThanOrEqual(maxJobIntervalMs)
            expect(part.messageTypes).toEqual(['whatsapp'])
            const next = parts[at + 1]
            if (next !== undefined) expect(part.interval.end).toBe(next.request.interval.start)
            expect(awaitIndex).toBe(waitForIndex && to > start + indexedMs)
          }
        },
      ),
    )
  })
})

describe('a request that names more conversations than a query should carry', () => {
  test('is split so that each is named once in each span, and no part names none', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 45 }),
        fc.integer({ min: 1, max: 3 }),
        (conversationIds, maxConversationIds, spans) => {
          const interval = { start: '2023-10-18T00:00:00.000Z', end: '2023-10-21T00:00:00.000Z' }
          const options = { maxConversationIds, maxJobIntervalMs: (72 / spans) * hourMs, waitForIndex: false }
          const parts = partsOf({ integrationId: 'i', interval, conversationIds }, {}, options)
          for (const { request } of parts) {
            expect(request.conversationIds?.length).toBeGreaterThan(0)
            expect(request.conversationIds?.length).toBeLessThanOrEqual(maxConversationIds)
          }
          const named = parts.flatMap(({ request }) => request.conversationIds ?? [])
          expect(named.toSorted()).toEqual(
            Array.from({ length: spans }, () => conversationIds)
              .flat()
              .toSorted(),
          )
        },
      ),
    )
  })

  test('is exported by several jobs and reported as one', async () => {
    const conversations = Array.from({ length: 5 }, () => aConversation())
    await using world = await anOrganization()
      .with(...conversations)
      .start()
    const conversationIds = world.genesys.organization.conversations.map(({ id }) => id)
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 't' }, maxConversationIds: 2 })
    const report = await exporter.run({ ...world.request, conversationIds })
    expect([report.outcome, report.counts.expected, report.jobs.length]).toEqual(['complete', 5, 3])
    expect(world.genesys.jobs.map(({ selected }) => selected.length)).toEqual([2, 2, 1])
  })

  test('carries 100 in a job where nothing else is said', async () => {
    await using world = await anOrganization().with(aConversation()).start()
    const [known = ''] = world.genesys.organization.conversations.map(({ id }) => id)
    const others = Array.from({ length: 100 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 't' } })
    const report = await exporter.run({ ...world.request, conversationIds: [known, ...others] })
    expect([report.counts.expected, report.jobs.length]).toEqual([1, 2])
  })
})

const start = '2023-10-18T12:00:00.000Z'
const end = '2023-10-20T12:00:00.000Z'

function world(now = '2023-10-22T12:00:00Z') {
  const clock = new SimulatedClock({ now })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ConversationPlatform(clock, storage)
  const events: RunEvent[] = []
  const run = (options: Partial<LegalHoldExporterOptions> = {}): Promise<RunReport> =>
    new LegalHoldExporter({ platform, storage, clock, hold: { tag: 't' }, ...options }).run(
      { integrationId: 'i', interval: { start, end } },
      { onEvent: (event) => events.push(event) },
    )
  return { clock, storage, platform, events, run }
}

function hourly(): FakeConversation[] {
  return Array.from({ length: 48 }, (_, hour) => ({
    id: `c${hour}`,
    start: new Date(Date.parse(start) + hour * hourMs + 60_000).toISOString(),
  }))
}

describe('an interval too long for one job', () => {
  test('is exported by several, two at a time, and reported as one', async () => {
    const { platform, run } = world()
    const journal = new MemoryJournal()
    // Active in the first part and the second: it counts once.
    const straddling = { id: 's', start: '2023-10-18T23:50:00Z', end: '2023-10-19T00:30:00Z' }
    platform.conversations.push(...hourly(), straddling)
    const report = await run({ maxJobInterval: 'PT12H', journal, landingQuietMs: 20_000 })
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 49, repaired: 49 },
      interval: { start, end },
      coverage: { proven: true, provenUntil: end },
      job: { id: 'job-1' },
    })
    expect(report.jobs.map(({ id, state, request }) => [id, state, request?.interval.start])).toEqual([
      ['job-1', 'FULFILLED', '2023-10-18T12:00:00.000Z'],
      ['job-2', 'FULFILLED', '2023-10-19T00:00:00.000Z'],
      ['job-3', 'FULFILLED', '2023-10-19T12:00:00.000Z'],
      ['job-4', 'FULFILLED', '2023-10-20T00:00:00.000Z'],
    ])
    expect(platform.mostAtOnce).toBe(2)
    const types: string[] = []
    for await (const { type } of journal.entries()) types.push(type)
    expect(types.filter((type) => type === 'job-intent')).toHaveLength(4)
    expect(types.filter((type) => type === 'job')).toHaveLength(8)
  })

  test('has what a later job writes once more validated once more', async () => {
    const { platform, storage, clock, run } = world()
    const straddling: FakeConversation = {
      id: 's',
      start: '2023-10-18T23:50:00Z',
      end: '2023-10-19T12:30:00Z',
      landsAfterMs: 9_000,
    }
    platform.conversations.push(...hourly(), straddling)
    platform.processingMs = 8_000
    const report = await run({ maxJobInterval: 'PT12H', landingQuietMs: 60_000 })
    expect(report.outcome).toBe('complete')
    const [newest, ...older] = storage.versions(keyOf(straddling))
    expect(newest?.state?.metadata).toEqual({ 'legal-hold-tag': 't' })
    // Delivered by three jobs, and repaired each time it lay there without the hold.
    expect(older.filter(({ state }) => state?.metadata['legal-hold-tag'] === undefined)).toHaveLength(3)
    expect(clock.now()).toBeGreaterThan(Date.parse('2023-10-22T12:00:00Z'))
  })

  test('fails as a whole where one of its jobs fails, after the others were left in peace', async () => {
    const { platform, run } = world()
    platform.conversations.push(...hourly())
    const getJob = platform.getJob.bind(platform)
    platform.getJob = async (id) => {
      const job = await getJob(id)
      return id === 'job-2' && job.state === 'FULFILLED'
        ? { ...job, state: 'FAILED', platformState: 'FAILED', errorMessage: 'role cannot be assumed' }
        : job
    }
    const failed = run({ maxJobInterval: 'PT12H' })
    await expect(failed).rejects.toMatchObject({ code: 'JOB_FAILED', message: expect.stringContaining('role') })
    expect(platform.jobs.length).toBeLessThanOrEqual(3)
  })
})

describe('an interval that is not indexed to its end', () => {
  test('is a blocker without a word', async () => {
    const { platform, run } = world('2023-10-20T12:00:00Z')
    platform.indexLagMs = 24 * hourMs
    await expect(run()).rejects.toMatchObject({
      code: 'PREFLIGHT_BLOCKED',
      findings: [expect.objectContaining({ code: 'interval-not-indexed', severity: 'blocker' })],
    })
  })

  test('is waited for: what is indexed is exported at once, the rest by a job of its own', async () => {
    const { platform, events, run } = world('2023-10-20T12:00:00Z')
    platform.indexLagMs = 24 * hourMs
    platform.conversations.push(...hourly())
    const report = await run({ onUnindexed: 'wait', landingQuietMs: 20_000 })
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 48, repaired: 48 },
      coverage: { proven: true, provenUntil: end },
      findings: [{ code: 'interval-not-indexed', severity: 'warning' }],
      accepted: [],
    })
    expect(report.jobs.map(({ request }) => request?.interval)).toEqual([
      { start, end: '2023-10-19T12:00:00.000Z' },
      { start: '2023-10-19T12:00:00.000Z', end },
    ])
    expect(Date.parse(report.jobs[1]?.createdAt ?? '')).toBeGreaterThanOrEqual(Date.parse('2023-10-21T12:00:00Z'))
    const waits = events.filter(({ type }) => type === 'index-waiting')
    expect(waits.length).toBeGreaterThan(2)
    expect(platform.calls.length).toBeLessThan(24 * 60)
    // The first half did not wait for the second.
    const firstRepair = events.find(({ type }) => type === 'remediation')
    expect(Date.parse(firstRepair?.at ?? '')).toBeLessThan(Date.parse('2023-10-20T13:00:00Z'))
  })

  test('is exported as far as it goes when the wait is over, and says until when that is proven', async () => {
    const { platform, run } = world('2023-10-20T12:00:00Z')
    platform.indexLagMs = 24 * hourMs
    platform.conversations.push(...hourly())
    const coverage = platform.coverage.bind(platform)
    platform.coverage = async () => {
      const { availableUntil = '' } = await coverage()
      return { availableUntil: availableUntil < '2023-10-19T20:00' ? availableUntil : '2023-10-19T20:00:00.000Z' }
    }
    const report = await run({ onUnindexed: 'wait', indexTimeoutMs: 30 * hourMs })
    expect(report).toMatchObject({
      outcome: 'incomplete',
      coverage: { proven: false, provenUntil: '2023-10-19T20:00:00.000Z' },
    })
    expect(report.counts.repaired).toBe(report.counts.expected)
  })

  test('stops waiting as soon as it is told to', async () => {
    const { platform, storage, clock } = world('2023-10-20T12:00:00Z')
    platform.indexLagMs = 24 * hourMs
    const controller = new AbortController()
    const exporter = new LegalHoldExporter({
      platform,
      storage,
      clock,
      hold: { tag: 't' },
      onUnindexed: 'wait',
    })
    const onEvent = ({ type }: RunEvent) => {
      if (type === 'index-waiting') controller.abort(new Error('enough'))
    }
    const run = exporter.run({ integrationId: 'i', interval: { start, end } }, { signal: controller.signal, onEvent })
    await expect(run).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
    const calls = platform.calls.length
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(platform.calls.length).toBe(calls)
    expect(clock.sleeping).toBe(0)
  })
})

describe('the options of the reconciliation', () => {
  test.each([
    [{ maxJobInterval: 'P1M' }, 'maxJobInterval'],
    [{ maxJobInterval: 'PT' }, 'maxJobInterval'],
    [{ maxJobInterval: '12 hours' }, 'maxJobInterval'],
    [{ maxJobInterval: 'PT0H' }, 'maxJobInterval'],
    [{ onUnindexed: 'ignore' }, 'onUnindexed'],
    [{ indexTimeoutMs: -1 }, 'indexTimeoutMs'],
    [{ reconciliation: 'everything' }, 'reconciliation'],
  ])('%j is refused', (options, path) => {
    const { platform, storage } = world()
    expect(() => new LegalHoldExporter({ platform, storage, hold: { tag: 't' }, ...(options as object) })).toThrow(path)
  })

  test('counts instead of recordings compares the totals only', async () => {
    const { platform, run } = world()
    platform.conversations.push(...hourly(), { id: 'lost', start: '2023-10-19T12:00:00Z', landsAfterMs: undefined })
    platform.expectedRecordings = () => {
      throw new Error('the list is not asked for')
    }
    expect(await run({ reconciliation: 'counts', landingQuietMs: 20_000 })).toMatchObject({
      outcome: 'incomplete',
      coverage: { depth: 'counts', proven: true },
      reconciliation: { depth: 'counts', source: 'job-totals', calls: 0 },
      counts: { expected: 49, repaired: 48, missing: 1 },
    })
  })
})
