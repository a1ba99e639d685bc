import { type ExportRequest, LegalHoldExporter, type LegalHoldExporterOptions } from '#src/index.js'
import type { MissingExplanation } from '#src/model/platform.js'
import type { RunReport } from '#src/model/report.js'
import { runKeys } from '#src/scale/keys.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import { readPlan, refsOf } from '#src/scale/plan/plan.js'
import type { EngineJob, ShardEngine, ShardJob, ShardRef, ShardResult } from '#src/scale/ports/shard-engine.js'
import type { ShardStore } from '#src/scale/ports/shard-store.js'
import type { ShardWorker } from '#src/scale/ports/shard-worker.js'
import { ScaledExporter, type ScaledRunOptions } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from '../fakes/platform.js'

/** What lies in the bucket of one recording, and what the platform says of it. */
export type Fate =
  | 'untagged'
  | 'held'
  | 'conflicting'
  | 'without-sidecar'
  | 'empty'
  | 'missing'
  | 'explained'
  | 'not-covered'
  | 'noted'
  | 'failed'
  | 'skipped'
  | 'deleted'
  | 'later'
  | 'later-delivered'
  | 'foreign'

export interface Planted {
  /** Hours after the beginning of the world's first day. */
  readonly hour: number
  readonly conversation: string
  readonly fates: readonly Fate[]
  readonly attachment: boolean
}

export const request: ExportRequest = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
}
export const tag = 'matter-1'
const firstHour = Date.parse('2023-10-17T00:00:00Z')

class ExplainingPlatform extends FakePlatform {
  readonly explanations = new Map<string, MissingExplanation>()

  async *explainMissing(missing: Iterable<{ readonly recordingId: string }>) {
    for (const { recordingId } of missing) {
      const found = this.explanations.get(recordingId)
      if (found !== undefined) yield found
    }
  }
}

export function folderOf(hour: number, conversation: string, padded = true): string {
  const at = new Date(firstHour + hour * 3_600_000)
  const two = (number: number) => (padded ? String(number).padStart(2, '0') : String(number))
  return `org/year=${at.getUTCFullYear()}/month=${two(at.getUTCMonth() + 1)}/day=${two(at.getUTCDate())}/hour=${two(at.getUTCHours())}/conversation_id=${conversation}`
}

/** A platform and a bucket, always the same for the same conversations. */
export function plant(planted: readonly Planted[], options: Partial<LegalHoldExporterOptions> = {}) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ExplainingPlatform()
  const created = new Date(clock.now()).toISOString()
  let counted = 0
  platform.create = async () => platform.states[0] ?? job('FULFILLED')
  clock.advance(60_000)
  for (const { hour, conversation, fates, attachment } of planted) {
    const conversationStart = new Date(firstHour + hour * 3_600_000 + 60_000).toISOString()
    const folder = folderOf(hour, conversation, hour % 2 === 0)
    for (const [at, fate] of fates.entries()) {
      const recordingId = `${conversation}-r${at}`
      const media = `${folder}/${recordingId}.opus`
      const isThere = [
        'untagged',
        'held',
        'conflicting',
        'without-sidecar',
        'empty',
        'deleted',
        'later-delivered',
        'foreign',
      ]
      if (fate !== 'foreign') {
        const later = fate === 'later' || fate === 'later-delivered' ? { isLaterThanInterval: true } : {}
        const skipped = fate === 'skipped' ? { skippedReason: 'sensitive' } : {}
        platform.expected.push({
          recordingId,
          conversationId: conversation,
          conversationStart,
          mediaType: 'call',
          region: 'eu-west-1',
          ...later,
          ...skipped,
        })
      }
      if (isThere.includes(fate)) {
        if (fate !== 'foreign') counted += 1
        const metadata = {
          ...(fate === 'held' && { 'legal-hold-tag': tag }),
          ...(fate === 'conflicting' && { 'legal-hold-tag': 'other' }),
        }
        storage.put(media, { body: fate === 'empty' ? '' : `sound of ${recordingId}`, metadata })
        if (fate !== 'without-sidecar')
          storage.put(`${media}_metadata.json`, { body: '{}', metadata: fate === 'held' ? metadata : {} })
        if (fate === 'deleted') {
          storage.delete(media)
          storage.delete(`${media}_metadata.json`)
        }
      }
      if (fate === 'failed') platform.failed.push({ recordingId, conversationId: conversation, reason: 'codec' })
      if (fate === 'missing' || fate === 'explained' || fate === 'noted' || fate === 'failed') counted += 1
      const kind = { explained: 'skipped', 'not-covered': 'not-covered', noted: 'expected' } as const
      if (fate in kind) {
        const reason = fate === 'noted' ? 'it is UPLOADING' : 'said by the platform'
        platform.explanations.set(recordingId, { recordingId, kind: kind[fate as keyof typeof kind], reason })
      }
    }
    if (attachment) storage.put(`${folder}/photo.jpg`, { body: 'photo' })
  }
  const failed = platform.failed.length
  platform.states = [
    job('FULFILLED', {
      createdAt: created,
      totals: { recordings: counted, processed: counted - failed, failed, skipped: 0 },
    }),
  ]
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock,
    hold: { tag, matter: 'm' },
    requirements: { metadata: { 'legal-hold-tag': tag }, legalHold: true },
    landingQuietMs: 20_000,
    ...options,
  })
  return { clock, storage, platform, exporter }
}

export interface ChaosOptions {
  /** How often each shard is called at once, by its number. */
  readonly times?: ((shard: number) => number) | undefined
  /** In which order: a number for each shard to sort by. */
  readonly order?: ((shard: number) => number) | undefined
}

/** An engine that calls a worker in any order, and as often as it is told. */
export class ChaosEngine implements ShardEngine {
  readonly name = 'chaos'
  readonly capabilities = { confirms: false, limitsConcurrency: false }
  readonly submitted: ShardJob[] = []
  readonly #worker: ShardWorker
  readonly #options: ChaosOptions
  readonly #jobs = new Map<string, { job: EngineJob; results: ShardResult[]; done: Promise<void> }>()

  constructor(worker: ShardWorker, options: ChaosOptions = {}) {
    this.#worker = worker
    this.#options = options
  }

  async submit(job: ShardJob): Promise<EngineJob> {
    const known = this.#jobs.get(job.token)
    if (known !== undefined) return known.job
    this.submitted.push(job)
    const entry = {
      job: { id: `job-${job.round}`, engine: this.name, state: 'active' } as EngineJob,
      results: [] as ShardResult[],
      done: Promise.resolve(),
    }
    this.#jobs.set(job.token, entry)
    entry.done = this.#run(job, entry.results).then(() => {
      entry.job = { ...entry.job, state: 'complete' }
    })
    return entry.job
  }

  async #run(job: ShardJob, results: ShardResult[]): Promise<void> {
    const { times = () => 1, order = (shard: number) => shard } = this.#options
    const refs: ShardRef[] = []
    for await (const ref of job.refs()) refs.push(ref)
    refs.sort((a, b) => order(a.shard) - order(b.shard))
    for (const ref of refs) {
      const ends = await Promise.all(Array.from({ length: times(ref.shard) }, () => this.#worker(ref)))
      const isSealed = ends.some(({ outcome }) => outcome === 'sealed')
      const reason = ends.map((end) => ('code' in end ? `${end.code}: ${end.reason}` : '')).join('; ')
      results.push(isSealed ? { key: ref.key, outcome: 'succeeded' } : { key: ref.key, outcome: 'failed', reason })
    }
  }

  async find(token: string) {
    return this.#jobs.get(token)?.job
  }

  async get(id: string) {
    const found = [...this.#jobs.values()].find(({ job }) => job.id === id)
    if (found === undefined) throw new Error(`no job ${id}`)
    return found.job
  }

  async done(id: string) {
    await [...this.#jobs.values()].find(({ job }) => job.id === id)?.done
  }

  async cancel() {}

  async *results(id: string) {
    yield* [...this.#jobs.values()].find(({ job }) => job.id === id)?.results ?? []
  }
}

export function scaledWorld(
  planted: readonly Planted[],
  chaos: ChaosOptions = {},
  options: Partial<LegalHoldExporterOptions> = {},
) {
  const world = plant(planted, options)
  const store = new MemoryShardStore()
  const { clock, storage, exporter } = world
  const worker = shardWorker({ store, storage, clock })
  const engine = new ChaosEngine(worker, chaos)
  const scaledWith = (used: ShardStore = store, by: ShardEngine = engine) =>
    new ScaledExporter({ exporter, store: used, engine: by })
  const run = (given: ScaledRunOptions = {}) => scaledWith().run(request, { runId: 'r', ...given })
  return { ...world, store, worker, engine, scaledWith, run }
}

/** A world whose run is planned, and its first shard. */
export async function plannedWorld(planted: readonly Planted[]) {
  const world = scaledWorld(planted)
  await world.scaledWith().plan(request, { runId: 'r' })
  const plan = await readPlan(world.store, runKeys('runs/', 'r'), {})
  if (plan === undefined) throw new Error('there is no plan')
  const refs: ShardRef[] = []
  for await (const ref of refsOf(world.store, plan)) refs.push(ref)
  return { ...world, ref: refs[0] as ShardRef }
}

/** What two reports must agree in: ids, times and the order of exceptions aside. */
export function comparable(report: RunReport): unknown {
  const { runId: _, startedAt: _s, finishedAt: _f, timings: _t, resumed: _r, scale: _c, ...rest } = report
  const exceptions = rest.exceptions.toSorted((a, b) => ((a.recordingId ?? '') < (b.recordingId ?? '') ? -1 : 1))
  return JSON.parse(JSON.stringify({ ...rest, exceptions }))
}

/** Every version of every object, times and version ids aside. */
export async function bucketOf(storage: MemoryStorageAdapter): Promise<unknown> {
  const keys = new Set<string>()
  for await (const { key } of storage.listVersions('')) keys.add(key)
  return [...keys].sort().map((key) => ({
    key,
    versions: storage.versions(key).map(({ deleteMarker, state }) => ({
      deleteMarker,
      metadata: state?.metadata,
      tags: state?.tags,
      legalHold: state?.legalHold,
      retention: state?.retention,
      sizeBytes: state?.sizeBytes,
    })),
  }))
}
