import { describe, expect, test } from 'vitest'
import {
  type Finding,
  LegalHoldError,
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  MemoryJournal,
  type RunEvent,
} from '#src/index.js'
import { MemoryStorageAdapter, type MemoryStorageOptions, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from './fakes/platform.js'

const tag = 'discovery-batch-2023-10'
const request = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
  mediaTypes: 'digital' as const,
}
const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'

interface World {
  readonly platform: FakePlatform
  readonly storage: MemoryStorageAdapter
  readonly clock: SimulatedClock
  exporter(options?: Partial<LegalHoldExporterOptions>): LegalHoldExporter
}

/** One conversation with recordings r1 to rN, all delivered with their sidecars, none of them tagged. */
function world(recordings = 2, memory: MemoryStorageOptions = {}): World {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  const storage = new MemoryStorageAdapter({ ...memory, clock })
  clock.advance(10_000)
  for (let id = 1; id <= recordings; id += 1) {
    platform.expected.push({ recordingId: `r${id}`, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    storage.put(`${folder}/r${id}.json`, { body: `recording ${id}`, metadata: { project: 'x' }, tags: { team: 'y' } })
    storage.put(`${folder}/r${id}.json_metadata.json`, { body: '{}' })
  }
  const exporter = (options: Partial<LegalHoldExporterOptions> = {}) =>
    new LegalHoldExporter({ platform, storage, clock, hold: { tag }, ...options })
  return { platform, storage, clock, exporter }
}

async function failure(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!LegalHoldError.isInstance(error)) throw error
  return error
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('a run', () => {
  test('repairs what arrived without the hold and says complete only then', async () => {
    const { storage, exporter } = world()
    storage.put(`${folder}/c1-x.transcript.json`, {})
    storage.put(`${folder}/attachments/a1/Größe & Maß +1.pdf`, {})
    const report = await exporter().run(request)
    expect(report.outcome).toBe('complete')
    expect(report.counts).toMatchObject({ expected: 2, repaired: 2, held: 0 })
    expect(report.objects).toEqual({
      listed: 6,
      recordings: 2,
      sidecars: 2,
      transcripts: 1,
      attachments: 1,
      unexpected: 0,
    })
    expect(report.remediations).toMatchObject({ repaired: 6, failed: 0, steps: { 'replace-metadata': 6 } })
    const [newest, original] = storage.versions(`${folder}/r1.json`)
    expect(newest?.state?.metadata).toEqual({ project: 'x', 'legal-hold-tag': tag })
    expect(newest?.state?.tags).toEqual({ team: 'y' })
    expect(original?.state?.metadata).toEqual({ project: 'x' })
    // The delivered original is demoted by the copy, and so put under a hold before it.
    expect(original?.state?.legalHold).toBe('ON')
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  test('says held, and touches nothing, where everything carries the hold on arrival', async () => {
    const { storage, exporter } = world(0)
    const { platform, clock } = world(0)
    clock.advance(0)
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
    storage.put(`${folder}/r1.wav`, { metadata: { 'legal-hold-tag': `other,${tag}` } })
    storage.put(`${folder}/r1.wav_metadata.json`, { metadata: { 'legal-hold-tag': tag } })
    const report = await exporter({ platform }).run(request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 1, held: 1 } })
    expect(storage.versions(`${folder}/r1.wav`)).toHaveLength(1)
  })

  test('leaves recordings of other jobs and other organisations alone', async () => {
    const { storage, platform, clock, exporter } = world()
    const others = [
      `${folder}/call.wav`,
      `${folder}/call.wav_metadata.json`,
      'org/year=2023/month=10/day=20/hour=09/conversation_id=c2/r9.wav',
      'other/year=2023/month=10/day=20/hour=09/conversation_id=c1/r1.wav',
      'org/year=2023/month=10/day=10/hour=09/conversation_id=c1/r1.wav',
    ]
    for (const key of others) storage.put(key, {})
    clock.advance(600_000)
    platform.create = async () => job('PENDING', { createdAt: new Date(clock.now()).toISOString() })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'complete', objects: { unexpected: 3 } })
    expect(report.objects.unexpectedReasons).toEqual({
      'its recording is in no list of the job, and it is older than the job': 2,
      'its conversation is in no list of the job': 1,
    })
    for (const key of others) expect(storage.versions(key)[0]?.state?.metadata).toEqual({})
  })

  test('holds whatever is delivered for a conversation of its own while the job runs, listed or not', async () => {
    const { storage, platform, exporter } = world()
    const call = `${folder}/call.wav`
    for (const key of [call, `${call}_metadata.json`]) storage.put(key, {})
    const report = await exporter().run(request)
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: 2, repaired: 2 },
      objects: { unexpected: 0, attachments: 2 },
    })
    expect(storage.versions(call)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': tag })
    // A list that is known to lack one proves nothing where the job counts more than it, too.
    platform.states = [job('FULFILLED', { totals: { recordings: 3, processed: 3 } })]
    expect(await exporter().run(request)).toMatchObject({
      outcome: 'incomplete',
      coverage: { proven: false, reason: 'the job counts 3 recordings, the platform lists only 2' },
    })
  })

  test('is incomplete where a recording, or only its sidecar, was never delivered', async () => {
    const { storage, platform, exporter } = world()
    platform.expected.push({ recordingId: 'r3', conversationId: 'c1' }, { recordingId: 'r4', conversationId: 'c1' })
    storage.put(`${folder}/r4.json`, {})
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { expected: 4, repaired: 2, missing: 2 } })
    expect(report.exceptions.map(({ recordingId, reason }) => [recordingId, reason])).toEqual([
      ['r3', 'never delivered'],
      ['r4', expect.stringContaining('sidecar')],
    ])
  })

  test('waits for what lands after the job was fulfilled', async () => {
    const { storage, platform, clock, exporter } = world()
    platform.expected.push({ recordingId: 'r3', conversationId: 'c3', conversationStart: '2023-10-20T10:00:00Z' })
    const late = 'org/year=2023/month=10/day=20/hour=10/conversation_id=c3/r3.json'
    void clock.sleep(60_000).then(() => {
      storage.put(late, {})
      void clock.sleep(20_000).then(() => storage.put(`${late}_metadata.json`, {}))
    })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 3, repaired: 3 } })
    expect(Date.parse(report.finishedAt) - Date.parse('2023-10-20T12:01:20Z')).toBeLessThan(40_000)
  })

  test('looks again at what was written anew in a settled hour while another was awaited', async () => {
    const { storage, platform, clock, exporter } = world(1)
    platform.expected.push({ recordingId: 'r3', conversationId: 'c3', conversationStart: '2023-10-20T10:00:00Z' })
    const late = 'org/year=2023/month=10/day=20/hour=10/conversation_id=c3/r3.json'
    void clock.sleep(40_000).then(() => storage.put(`${folder}/r1.json`, { body: 'delivered once more' }))
    void clock.sleep(90_000).then(() => {
      for (const key of [late, `${late}_metadata.json`]) storage.put(key, {})
    })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 2, repaired: 2 } })
    expect(storage.versions(`${folder}/r1.json`)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': tag })
  })

  test('validates again what the job writes anew, and does not trust what lay there before', async () => {
    const { storage, platform, clock, exporter } = world(0)
    const key = `${folder}/r1.json`
    for (const name of [key, `${key}_metadata.json`]) storage.put(name, { metadata: { 'legal-hold-tag': tag } })
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-10-20T09:00:00Z' })
    platform.create = async () => job('PENDING', { createdAt: new Date(clock.now() + 10_000).toISOString() })
    clock.advance(0)
    void clock.sleep(30_000).then(() => storage.put(key, { body: 'written anew' }))
    const report = await exporter({ landingQuietMs: 60_000 }).run(request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { repaired: 1 } })
    expect(storage.versions(key)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': tag })
  })

  test("never overwrites another matter's tag, and merges only when told to", async () => {
    const { storage, exporter } = world()
    const key = `${folder}/r1.json`
    storage.put(key, { metadata: { 'legal-hold-tag': 'other-matter' } })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { conflicting: 1, repaired: 1 } })
    expect(storage.versions(key)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': 'other-matter' })
    const merged = await exporter({ remediation: { onConflict: 'merge' } }).run(request)
    expect(merged).toMatchObject({ outcome: 'complete' })
    expect(storage.versions(key)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': `other-matter,${tag}` })
  })

  test('plans and changes nothing when it is dry', async () => {
    const { storage, exporter } = world()
    const report = await exporter().run(request, { dryRun: true })
    expect(report).toMatchObject({
      dryRun: true,
      outcome: 'incomplete',
      counts: { unrepaired: 2 },
      remediations: {
        planned: 4,
        repaired: 0,
        steps: { 'protect-original': 4, 'replace-metadata': 4 },
        cost: { bytesCopied: 26, extraBytesStored: 26, byStorageClass: { STANDARD: { objects: 4 } } },
      },
    })
    expect(storage.versions(`${folder}/r1.json`)).toHaveLength(1)
    expect(storage.versions(`${folder}/r1.json`)[0]?.state?.legalHold).toBe('OFF')
  })

  test('takes up the job that was run before, when it is dry, instead of exporting over what is held', async () => {
    const { storage, platform, exporter } = world()
    const done = await exporter().run(request)
    const job = done.job
    platform.find = async () => ({ ...job, createdAt: '2023-10-20T12:00:00Z' })
    const creates = () => platform.calls.filter((call) => call === 'createJob').length
    expect(creates()).toBe(1)
    const report = await exporter().run(request, { dryRun: true })
    expect(creates()).toBe(1)
    expect(report).toMatchObject({ outcome: 'complete', counts: { held: 2 }, remediations: { planned: 0 } })
    expect(storage.versions(`${folder}/r1.json`)).toHaveLength(2)
  })

  test('is incomplete where the platform’s index does not cover the interval, even though that was accepted', async () => {
    const { platform, exporter } = world()
    platform.availableUntil = '2023-10-19T00:00:00Z'
    const blocked = await failure(exporter().run(request))
    expect(blocked).toMatchObject({ code: 'PREFLIGHT_BLOCKED', findings: [{ code: 'interval-not-indexed' }] })
    expect(platform.calls).not.toContain('createJob')
    const report = await exporter({ accept: ['interval-not-indexed'] }).run(request)
    expect(report).toMatchObject({
      outcome: 'incomplete',
      accepted: ['interval-not-indexed'],
      counts: { repaired: 2 },
      coverage: { proven: false, provenUntil: '2023-10-19T00:00:00Z' },
    })
  })

  test('is incomplete where the job counts more recordings than the platform lists', async () => {
    const { platform, exporter } = world()
    platform.states = [job('FULFILLED', { totals: { recordings: 3 } })]
    expect(await exporter().run(request)).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })
  })

  test.each([
    ['fails what it does not name', { recordings: 2, failed: 1 }],
    ['skips what is in no list', { recordings: 2, skipped: 3 }],
  ])('is incomplete where the job %s', async (_, totals) => {
    const { platform, exporter } = world()
    platform.states = [job('FULFILLED', { totals })]
    expect(await exporter().run(request)).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })
  })

  test('is incomplete where nothing is listed and nothing is counted', async () => {
    const { exporter } = world(0)
    expect(await exporter().run(request)).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })
  })

  test('is incomplete where one recording is listed for two conversations', async () => {
    const { platform, exporter } = world()
    platform.expected.push({ recordingId: 'r1', conversationId: 'c2' })
    expect(await exporter().run(request)).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })
  })

  test('does not spin while it waits for what an older export left', async () => {
    const { storage, platform, clock, exporter } = world(0)
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    platform.failed.push({ recordingId: 'r1', reason: 'codec' })
    platform.create = async () => job('PENDING', { createdAt: new Date(clock.now() + 60_000).toISOString() })
    for (const name of ['r1.json', 'r1.json_metadata.json']) storage.put(`${folder}/${name}`, {})
    const sleep = clock.sleep.bind(clock)
    let sleeps = 0
    clock.sleep = (ms, signal) => {
      sleeps += 1
      return sleep(ms, signal)
    }
    await exporter().run(request)
    expect(sleeps).toBeLessThan(200)
  })

  test('goes by the totals of the job where the platform lists nothing', async () => {
    const { platform, exporter } = world()
    platform.capabilities = { ...platform.capabilities, listsExpectedRecordings: false }
    platform.states = [job('FULFILLED', { totals: { recordings: 4, failed: 1 } })]
    const report = await exporter({ landingQuietMs: 5_000 }).run(request)
    expect(report).toMatchObject({
      outcome: 'incomplete',
      coverage: { depth: 'counts' },
      counts: { expected: 4, repaired: 2, missing: 1, failedAtSource: 1 },
    })
  })

  test('turns what cannot be read into a state, and goes on', async () => {
    const { exporter } = world(3, {
      intercept: ({ operation, key }) => {
        if (operation !== 'head' || !key?.endsWith('r2.json')) return
        throw new LegalHoldError('HEAD was refused', { code: 'STORAGE_FORBIDDEN', stage: 'validate' })
      },
    })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'incomplete', counts: { unreadable: 1, repaired: 2 } })
    expect(report.exceptions[0]).toMatchObject({
      recordingId: 'r2',
      reason: expect.stringContaining('STORAGE_FORBIDDEN'),
    })
  })

  test('stops where the credentials are refused, after what is under way is done', async () => {
    let heads = 0
    const { exporter } = world(200, {
      intercept: ({ operation }, when) => {
        if (operation !== 'head' || when !== 'before') return
        heads += 1
        if (heads === 20) {
          throw new LegalHoldError('expired', { code: 'STORAGE_UNAUTHORIZED', stage: 'validate' })
        }
      },
    })
    expect(await failure(exporter({ concurrency: 4 }).run(request))).toMatchObject({ code: 'STORAGE_UNAUTHORIZED' })
    const after = heads
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(heads).toBe(after)
    expect(heads).toBeLessThan(60)
  })

  test('repeats what is worth repeating', async () => {
    let refusals = 0
    const { exporter } = world(2, {
      intercept: ({ operation }, when) => {
        if (operation === 'inspectBucket' || when !== 'before' || refusals >= 12) return
        refusals += 1
        if (refusals % 2 === 0) return
        throw new LegalHoldError('slow down', { code: 'STORAGE_THROTTLED', stage: 'validate', retryable: true })
      },
    })
    const events: RunEvent[] = []
    const report = await exporter().run(request, { onEvent: (event) => events.push(event) })
    expect(report.outcome).toBe('complete')
    expect(events.filter(({ type }) => type === 'retry').length).toBeGreaterThan(3)
  })

  test('finds a repair whose answer was lost, and makes no second copy', async () => {
    const lost = new Set<string>()
    const { storage, exporter } = world(2, {
      intercept: ({ operation, key = '' }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'after' || lost.has(key)) return
        lost.add(key)
        throw new LegalHoldError('reset', {
          code: 'NETWORK_ERROR',
          stage: 'remediate',
          retryable: true,
          outcome: 'unknown',
        })
      },
    })
    const report = await exporter().run(request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { repaired: 2 } })
    expect(lost.size).toBe(4)
    expect(storage.versions(`${folder}/r1.json`)).toHaveLength(2)
  })

  test('decides again where somebody changed the object in between', async () => {
    const changed = new Set<string>()
    const made = world(1, {
      intercept: ({ operation, key = '' }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'before' || changed.has(key)) return
        changed.add(key)
        made.storage.put(key, { body: 'somebody else’s', metadata: { author: 'somebody' } })
      },
    })
    const report = await made.exporter().run(request)
    expect(report).toMatchObject({ outcome: 'complete' })
    const [newest] = made.storage.versions(`${folder}/r1.json`)
    expect(newest?.state?.metadata).toEqual({ author: 'somebody', 'legal-hold-tag': tag })
    expect(Buffer.from(made.storage.body(`${folder}/r1.json`) ?? []).toString()).toBe('somebody else’s')
  })

  test('asks for everything that is required, in place before by copy', async () => {
    const { storage, exporter } = world(1)
    const requirements = {
      metadata: { 'Legal-Hold-Tag': tag },
      tags: { hold: tag },
      legalHold: true,
      retainUntilDate: '2030-01-01T00:00:00Z',
    }
    const report = await exporter({ requirements }).run(request)
    expect(report.outcome).toBe('complete')
    expect(storage.versions(`${folder}/r1.json`)[0]?.state).toMatchObject({
      metadata: { project: 'x', 'legal-hold-tag': tag },
      tags: { team: 'y', hold: tag },
      legalHold: 'ON',
      retention: { mode: 'GOVERNANCE' },
    })
  })

  test('is not failed by an observer that throws', async () => {
    const { exporter } = world()
    const onEvent = () => {
      throw new Error('observer')
    }
    expect(await exporter().run(request, { onEvent })).toMatchObject({ outcome: 'complete' })
  })

  test('is not failed by a logger that throws', async () => {
    const fail = () => {
      throw new Error('logger')
    }
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    const onEvent = () => {
      throw new Error('observer')
    }
    const { exporter } = world()
    expect(await exporter({ logger }).run(request, { onEvent })).toMatchObject({ outcome: 'complete' })
  })

  test('reports the failure of the job, not its echo', async () => {
    const { platform, exporter } = world()
    platform.states = [job('PROCESSING'), job('FAILED', { errorMessage: 'role cannot be assumed' })]
    expect(await failure(exporter().run(request))).toMatchObject({
      code: 'JOB_FAILED',
      message: expect.stringContaining('role cannot be assumed'),
    })
  })

  test('writes the intent before and the outcome after each change into the journal', async () => {
    const { exporter } = world(1)
    const journal = new MemoryJournal()
    await exporter({ journal }).run(request)
    const records = await collect(journal.entries())
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, at) => at + 1))
    const types = records.map(({ type }) => type)
    expect(types.indexOf('job-intent')).toBeLessThan(types.indexOf('job'))
    const ofOne = records.filter(({ data }) => JSON.stringify(data).includes('r1.json"'))
    const mine = ofOne.map(({ type }) => type).filter((type) => type === 'intent' || type === 'outcome')
    expect(mine).toEqual(['intent', 'outcome', 'intent', 'outcome'])
    expect(ofOne.find(({ type }) => type === 'intent')?.data).toMatchObject({
      object: { versionId: 'v1' },
      step: { action: 'protect-original', versionId: 'v1' },
      before: { metadata: { project: 'x' }, tags: { team: 'y' } },
    })
    expect(types.at(-1)).toBe('report')
  })

  test('does nothing that it could not write into the journal', async () => {
    const { storage, exporter } = world(1)
    const journal = new MemoryJournal()
    const append = journal.append.bind(journal)
    journal.append = async (record) => {
      if (record.type === 'intent') throw new Error('disk full')
      return append(record)
    }
    expect(await failure(exporter({ journal }).run(request))).toMatchObject({ stage: 'journal' })
    expect(storage.versions(`${folder}/r1.json`)).toHaveLength(1)
  })

  test.each(['inspectBucket', 'listFolders', 'list', 'head', 'replaceMetadata'] as const)(
    'ends with ABORTED when it is aborted during %s, and begins nothing after it',
    async (operation) => {
      const controller = new AbortController()
      const calls: string[] = []
      const { exporter } = world(50, {
        intercept: (call, when) => {
          if (when === 'before') calls.push(call.operation)
          if (call.operation === operation) controller.abort(new Error('court adjourned'))
        },
      })
      const error = await failure(exporter({ concurrency: 3 }).run(request, { signal: controller.signal }))
      expect(error).toMatchObject({ code: 'ABORTED', cause: { message: 'court adjourned' } })
      const after = calls.length
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(calls.length).toBe(after)
    },
  )

  test('shows the findings of storage and retention, each once', async () => {
    const finding: Finding = {
      code: 'lifecycle-expires-objects',
      severity: 'blocker',
      subject: 'rule',
      message: 'm',
      remedy: 'r',
    }
    const retention = { name: 'mine', evaluate: async () => [finding, finding] }
    const { exporter } = world()
    const error = await failure(exporter({ retention }).run(request))
    expect(error.findings).toEqual([finding])
    expect(await exporter({ retention, accept: [finding.code] }).run(request)).toMatchObject({
      findings: [finding],
      accepted: [finding.code],
    })
  })

  test('holds data to its residency and explains the mix-up of Ireland and London', async () => {
    const { exporter } = world(1, { region: 'eu-west-2' })
    const error = await failure(exporter({ residency: { regions: ['eu-west-1'] } }).run(request))
    expect(error.findings).toMatchObject([
      { code: 'region-mismatch', message: expect.stringMatching(/Ireland.*London/) },
    ])
  })
})

describe('the stages', () => {
  test('validate and remediate take a whole bucket, keys, or verdicts', async () => {
    const { storage, exporter } = world(3)
    storage.put('loose.txt', {})
    const verdicts = await collect(exporter().validate())
    expect(verdicts).toHaveLength(7)
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['untagged']))
    const [one] = await collect(exporter().validate([`${folder}/r1.json`]))
    expect(one).toMatchObject({ object: { key: `${folder}/r1.json` }, place: { conversationId: 'c1' } })
    const plans = await collect(exporter().remediate(exporter().validate(), { dryRun: true }))
    expect(plans.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => 'planned'))
    const repairs = await collect(exporter().remediate([`${folder}/r1.json`]))
    expect(repairs).toMatchObject([
      { outcome: 'repaired', steps: [{ action: 'protect-original', versionId: 'v1' }, { action: 'replace-metadata' }] },
    ])
    expect(await collect(exporter().remediate(exporter().validate({ prefix: folder })))).toHaveLength(5)
    const held = (await collect(exporter().validate())).filter(({ verdict }) => verdict === 'held')
    expect(held).toHaveLength(6)
  })

  test('validate tells a deleted object from one that is not held', async () => {
    const { storage, exporter } = world(1)
    storage.delete(`${folder}/r1.json`)
    expect(await collect(exporter().validate([`${folder}/r1.json`]))).toMatchObject([
      { verdict: 'absent', reason: expect.stringContaining('recoverable') },
    ])
  })

  test('createJob, waitForJob and reconcile pass plain data to each other', async () => {
    const { platform, exporter } = world()
    platform.expected.push({ recordingId: 'r3', conversationId: 'c1' })
    platform.failed.push({ recordingId: 'r3', reason: 'codec' })
    const created = await exporter().createJob(request)
    const seen: string[] = []
    const done = await exporter().waitForJob(created, { onProgress: ({ state }) => seen.push(state) })
    expect(seen.at(-1)).toBe('FULFILLED')
    const stored = JSON.parse(JSON.stringify(done))
    expect(await exporter().reconcile(stored)).toMatchObject({
      expected: 3,
      delivered: 2,
      failedAtSource: 1,
      missing: 0,
      exceptions: [{ recordingId: 'r3', reason: 'codec' }],
    })
  })

  test('inspectProfile says when the profile delivers elsewhere', async () => {
    const { platform, exporter } = world()
    platform.inspectProfile = async (id: string) => ({ id, kind: 'integration', bucket: 'elsewhere', findings: [] })
    expect((await exporter().inspectProfile('i')).findings).toMatchObject([{ code: 'bucket-mismatch' }])
  })
})

describe('bad input', () => {
  test.each([['a key'], [null], [7], [{}]])('%j is nothing that could be validated or repaired', async (source) => {
    const { exporter } = world()
    await expect(async () => collect(exporter().validate(source as never))).rejects.toThrow(/prefix/)
    await expect(async () => collect(exporter().remediate(source as never))).rejects.toThrow(/prefix/)
  })

  test('repairs are never made on a whole bucket unasked', async () => {
    const { exporter } = world()
    await expect(async () => collect(exporter().remediate(undefined as never))).rejects.toThrow(/prefix/)
  })

  test('an option of a call that nobody reads is refused with all other mistakes, before anything is asked for', async () => {
    const { platform, exporter } = world()
    const wrong = { dryrun: true, onEvent: 'tell', signal: new AbortController(), evidence: './dir', journal: './dir' }
    const error = await failure(exporter().run(request, wrong as never))
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', stage: 'options' })
    const mistakes = error.details?.mistakes as { path: string }[]
    expect(mistakes.map(({ path }) => path)).toEqual(['dryrun', 'signal', 'onEvent', 'evidence', 'journal'])
    const typo = { dryrun: true } as never
    const code = 'INVALID_OPTIONS'
    expect(await failure(collect(exporter().remediate({ prefix: '' }, typo)))).toMatchObject({ code })
    const release = { reason: 'over', dryrun: true } as never
    expect(await failure(collect(exporter().release({ prefix: '' }, release)))).toMatchObject({ code })
    expect(await failure(exporter().waitForJob(job('PENDING'), { deadline: 5 } as never))).toMatchObject({ code })
    expect(() => exporter().validate({ prefix: '' }, { signal: 3 } as never)).toThrow(/signal must be an AbortSignal/)
    expect(platform.calls).toEqual([])
  })

  test('a Date in place of a text is told as such', async () => {
    const interval = { start: new Date('2023-10-18'), end: '2023-10-20T00:00:00Z' } as never
    const error = await failure(
      world()
        .exporter()
        .run({ ...request, interval }),
    )
    expect(error.message).toContain(
      'interval.start must be ISO 8601 with a time zone, not a Date: give its toISOString()',
    )
  })

  test('waiting for no job, or for no time that is a number, is refused', async () => {
    const { exporter } = world()
    expect(await failure(exporter().waitForJob(undefined as never))).toMatchObject({ code: 'INVALID_REQUEST' })
    const wait = exporter().waitForJob(job('PENDING'), { deadlineMs: Number.NaN })
    expect(await failure(wait)).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test.each([
    ['reversed', { start: '2023-10-20T00:00:00Z', end: '2023-10-18T00:00:00Z' }, 'reversed'],
    ['in the future', { start: '2023-10-18T00:00:00Z', end: '2033-10-18T00:00:00Z' }, 'future'],
    ['not ISO 8601', { start: 'yesterday', end: '2023-10-18T00:00:00Z' }, 'ISO 8601'],
    ['without a zone', { start: '2023-10-17T00:00:00', end: '2023-10-18T00:00:00Z' }, 'time zone'],
  ])('an interval that is %s is refused', async (_, interval, word) => {
    const { platform, exporter } = world()
    const error = await failure(exporter().run({ ...request, interval }))
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(word) })
    expect(platform.calls).toEqual([])
  })

  test('a request says all its mistakes at once', async () => {
    const { exporter } = world()
    const wrong = { interval: { start: 'x', end: 'y' }, mediaTypes: ['fax'], conversationIds: [] } as never
    const error = await failure(exporter().createJob(wrong))
    const { mistakes } = error.details as { mistakes: { path: string }[] }
    expect(mistakes.map(({ path }) => path)).toEqual([
      'profileId',
      'interval.start',
      'interval.end',
      'mediaTypes',
      'conversationIds',
    ])
  })

  test('options say all their mistakes at once', () => {
    const wrong = {
      hold: { tag },
      concurrency: 0,
      accept: ['nonsense'],
      retry: { retries: -1 },
      requirements: { tags: { hold: 'a,b' } },
    }
    let error: unknown
    try {
      new LegalHoldExporter(wrong as never)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
    const { mistakes } = (error as LegalHoldError).details as { mistakes: { path: string }[] }
    expect(mistakes.map(({ path }) => path)).toEqual([
      'platform',
      'storage',
      'concurrency.objects',
      'accept',
      'retry.retries',
      'requirements.tags.hold',
    ])
  })

  test('a wrong tag and options of the wrong form are told with all the others, each with its path', () => {
    const wrong = {
      platform: 7,
      storage: null,
      retention: [null],
      hold: 5,
      remediation: 5,
      retry: [],
      polling: 'often',
      accept: 'versioning-off',
      concurrency: { objects: 0, folder: 2 },
      cancelJobOnAbort: 'yes',
      requirements: 'all',
    }
    const thrown = (options: unknown): LegalHoldError => {
      try {
        new LegalHoldExporter(options as never)
      } catch (error) {
        return error as LegalHoldError
      }
      throw new Error('nothing was thrown')
    }
    const pathsOf = (error: LegalHoldError) => {
      const { mistakes } = error.details as { mistakes: { path: string; problem: string }[] }
      for (const { path, problem } of mistakes) expect(error.message).toContain(`${path} ${problem}`)
      return mistakes.map(({ path }) => path)
    }
    const error = thrown(wrong)
    expect(error.code).toBe('INVALID_OPTIONS')
    expect(pathsOf(error).sort()).toEqual([
      'accept',
      'cancelJobOnAbort',
      'concurrency.folder',
      'concurrency.objects',
      'hold.tag',
      'platform',
      'polling',
      'remediation',
      'requirements',
      'retention[0]',
      'retry',
      'storage',
    ])
    for (const options of [undefined, null, {}]) {
      expect(pathsOf(thrown(options))).toEqual(['platform', 'storage', 'hold.tag'])
    }
    expect(pathsOf(thrown([]))).toEqual(['options', 'platform', 'storage', 'hold.tag'])
    expect(pathsOf(thrown('x'))).toEqual(['options', 'platform', 'storage', 'hold.tag'])
    // The tag alone keeps its own code.
    const { exporter } = world()
    expect(() => exporter({ hold: { tag: 'a b' } })).toThrow(expect.objectContaining({ code: 'INVALID_HOLD' }))
  })

  test.each<[string, object, RegExp]>([
    ['a repair option that is no object', { remediation: 5 }, /remediation must be an object/],
    ['no object for repairs', { remediation: null }, /remediation must be an object/],
    ['a misspelt retry', { retry: { retires: 3 } }, /retry.retires is not known/],
    ['a misspelt polling', { polling: { deadline: 3 } }, /polling.deadline is not known/],
    ['a text for a list of codes', { accept: 'versioning-off' }, /accept must be a list/],
    ['a misspelt requirement', { requirements: { metdata: { a: 'b' } } }, /metdata is not known/],
    ['a misspelt option', { requirement: {} }, /requirement is not known/],
    ['names that differ by case only', { requirements: { metadata: { 'A-b': 'x', 'a-B': 'y' } } }, /twice/],
    ['a number for a value', { requirements: { metadata: { hold: 7 } } }, /must be a text/],
    ['no object for requirements', { requirements: null }, /must be an object/],
    ['a text for a flag', { requirements: { legalHold: 'false' } }, /true or false/],
    ['a date that has passed', { requirements: { retainUntilDate: '2020-01-01T00:00:00Z' } }, /has passed/],
    ['30 February', { requirements: { retainUntilDate: '2030-02-30T00:00:00Z' } }, /ISO 8601/],
    ['no object for residency', { residency: null }, /residency.regions/],
    ['a clock that is none', { clock: {} }, /Clock/],
    ['a logger that is none', { logger: {} }, /logger/],
    ['a text for a number', { concurrency: '8' }, /concurrency/],
    ['NaN for a number', { polling: { unknownStatePolls: Number.NaN } }, /unknownStatePolls/],
  ])('%s is refused', (_, options, message) => {
    const { exporter } = world()
    expect(() => exporter(options as never)).toThrow(message)
  })

  test.each<[string, object, RegExp]>([
    ['a misspelt name, which would widen the scope', { conversationId: ['x'] }, /conversationId is not known/],
    ['a medium that is no list', { mediaTypes: 'message' }, /mediaTypes/],
    ['a text for a flag', { includeSensitive: 'no' }, /includeSensitive/],
    ['30 February', { interval: { start: '2023-02-30T00:00:00Z', end: '2023-03-05T00:00:00Z' } }, /interval.start/],
  ])('a request with %s is refused', async (_, part, message) => {
    const error = await failure(
      world()
        .exporter()
        .run({ ...request, ...part } as never),
    )
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) })
  })

  test('requirements that require nothing are refused, since everything would count as held', () => {
    const { exporter } = world()
    expect(() => exporter({ requirements: {} })).toThrow(/require nothing/)
  })
})

describe('inspect', () => {
  test('returns what a run would look at, blockers and all, and creates nothing', async () => {
    const { platform, exporter } = world()
    platform.availableUntil = '2023-10-19T00:00:00Z'
    const inspection = await exporter({ accept: ['interval-not-indexed'] }).inspect(request)
    expect(inspection).toMatchObject({ organization: { id: 'org' }, bucket: { versioning: 'Enabled' } })
    expect(inspection.findings).toMatchObject([{ code: 'interval-not-indexed', severity: 'blocker' }])
    expect(platform.calls).toEqual([])
  })
})
