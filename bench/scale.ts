/*
 * A run over shards in one process, and the planning of more recordings than fit into memory.
 *
 *   npm run bench:scale -- [--objects 1000000] [--plan 100000000]
 *
 * One object in twenty is to be repaired, one shard in twenty is called twice at once, one in a hundred fails the first time.
 * The bucket is in memory, so that what is measured is this library and not a network. Planning writes to a store that counts
 * and forgets all but what the plan reads again.
 */
import { type ExportRequest, LegalHoldExporter } from '../src/index.ts'
import { s3Prices } from '../src/model/prices.ts'
import { runKeys } from '../src/scale/keys.ts'
import { estimateOf } from '../src/scale/plan/estimate.ts'
import { makePlan, planSpools } from '../src/scale/plan/plan.ts'
import { PlanLedger } from '../src/scale/plan/plan-ledger.ts'
import { LocalEngine, MemoryShardStore, ScaledExporter, shardWorker } from '../src/scale.ts'
import { MemoryStorageAdapter } from '../src/testing/index.ts'
import { flags, refuse } from './flags.ts'
import { ForgetfulStore } from './scale/forgetful-store.ts'
import { generatedPlatform, recordingsOf, request, tag } from './scale/generated.ts'

const usage = `Usage: npm run bench:scale -- [flags]
  --objects N   objects of the run over shards (1000000; a tenth takes a minute or two)
  --plan N      recordings that are planned from a generator (100000000)`
const values = flags(
  { objects: { type: 'string', default: '1000000' }, plan: { type: 'string', default: '100000000' } },
  usage,
)
const [objects, planned] = [Number(values.objects), Number(values.plan)]
if (!Number.isInteger(objects) || objects < 0 || !Number.isInteger(planned) || planned < 0) {
  refuse('--objects and --plan take whole numbers', usage)
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6)

/** Watches what the process holds, while something runs. */
async function watched<T>(
  work: () => Promise<T>,
): Promise<{ result: T; seconds: number; heapMb: number; rssMb: number }> {
  const startedAt = performance.now()
  let heap = 0
  let rss = 0
  const look = () => {
    const now = process.memoryUsage()
    heap = Math.max(heap, now.heapUsed)
    rss = Math.max(rss, now.rss)
  }
  const timer = setInterval(look, 250)
  try {
    const result = await work()
    look()
    return { result, seconds: (performance.now() - startedAt) / 1_000, heapMb: megabytes(heap), rssMb: megabytes(rss) }
  } finally {
    clearInterval(timer)
  }
}

async function runOverShards(): Promise<void> {
  const recordings = Math.floor(objects / 2)
  const storage = new MemoryStorageAdapter()
  let due = 0
  let at = 0
  for (const { key, isHeld } of recordingsOf(recordings)) {
    const isDue = at % 20 === 0
    if (isDue || !isHeld) due += 2
    at += 1
    const metadata: Record<string, string> = isDue ? {} : { 'legal-hold-tag': tag }
    storage.put(key, { body: 'x', metadata })
    storage.put(`${key}_metadata.json`, { body: '{}', metadata })
  }
  const store = new MemoryShardStore()
  const worker = shardWorker({ store, storage })
  const failed = new Set<number>()
  const engine = new LocalEngine({
    concurrency: 4,
    worker: async (ref, invocation) => {
      const { shard } = ref
      if (shard % 100 === 99 && !failed.has(shard)) {
        failed.add(shard)
        return { outcome: 'unfinished', ref, code: 'TIMEOUT', reason: 'a function that timed out' }
      }
      if (shard % 20 !== 10) return worker(ref, invocation)
      const [one, other] = await Promise.all([worker(ref, invocation), worker(ref, invocation)])
      return one.outcome === 'sealed' ? one : other
    },
  })
  const exporter = new LegalHoldExporter({ platform: generatedPlatform(recordings), storage, hold: { tag } })
  const scaled = new ScaledExporter({ exporter, store, engine })
  const { result: report, ...cost } = await watched(() =>
    scaled.run(request, { runId: 'bench', objectsPerShard: 1_000 }),
  )
  const { outcome, counts, scale, remediations } = report
  console.log(`run over ${scale?.shards} shards in ${scale?.rounds} rounds, ${objects} objects: ${outcome}`)
  console.log(`  ${counts.held} held, ${counts.repaired} repaired; ${remediations.repaired} of ${due} objects repaired`)
  console.log(
    `  ${cost.seconds.toFixed(1)} s, ${(objects / cost.seconds).toFixed(0)} objects/s; heap up to ${cost.heapMb} MB with the bucket, store ${megabytes(store.bytes)} MB`,
  )
  if (outcome !== 'complete' || remediations.repaired !== due) process.exitCode = 1
}

async function plan(): Promise<void> {
  const keys = runKeys('runs/', 'plan')
  const store = new ForgetfulStore()
  const spools = planSpools(store, keys)
  const ledger = new PlanLedger(true, spools, false)
  const heaps: number[] = []
  const { result, ...cost } = await watched(async () => {
    let read = 0
    const quarter = Math.max(1, Math.floor(planned / 4))
    for (const { recording } of recordingsOf(planned)) {
      ledger.expect(recording)
      const waiting = ledger.room()
      if (waiting !== undefined) await waiting
      read += 1
      if (read % quarter === 0) heaps.push(megabytes(process.memoryUsage().heapUsed))
    }
    const subject = {
      store,
      keys,
      spool: spools.rows,
      ids: spools.ids,
      ledger,
      facts: factsOf(),
      accounts: [],
      createdAt: new Date().toISOString(),
    }
    return makePlan(subject, { objectsPerShard: 1_000 })
  })
  const estimate = estimateOf({
    recordings: result.recordings,
    shards: result.shards,
    objects: 2 * result.recordings,
    repairs: 2 * result.recordings,
    averageObjectBytes: 1 << 20,
    concurrency: 1_000,
    engine: 's3-batch',
    prices: s3Prices,
  })
  // By hand: a hold and a copy of each object, three HEADs, and a listing of each thousand.
  const closed = 2 * planned * (2 * 0.000005 + 3 * 0.0000004 + 0.000005 / 1_000)
  const { requests } = estimate.dollars
  console.log(
    `plan of ${planned} recordings: ${result.shards} shards, sums ${result.recordings === planned ? 'exact' : 'WRONG'}`,
  )
  console.log(
    `  ${cost.seconds.toFixed(1)} s, ${(planned / cost.seconds).toFixed(0)} recordings/s; heap by quarter ${heaps.join(', ')} MB, at most ${cost.heapMb} MB`,
  )
  console.log(
    `  requests ${requests} dollars, by hand ${closed.toFixed(2)}; in all ${estimate.dollars.total} dollars, ${estimate.hours} h at ${estimate.concurrency} shards at once`,
  )
  if (result.recordings !== planned) process.exitCode = 1
}

function factsOf() {
  return {
    runId: 'plan',
    dryRun: false,
    hashContent: 'none',
    request: request satisfies ExportRequest,
    hold: { tag },
    requirements: { metadata: { 'legal-hold-tag': tag } },
    bucket: 'b',
    remediation: { onConflict: 'refuse', protectOriginal: true, versions: 'current', allowOverwrite: false },
    accept: [],
    lookbackHours: 24,
    landing: { landingTimeoutMs: 0, landingQuietMs: 0, landingSettleMs: 0, restoreTimeoutMs: 0 },
    verifySidecars: false,
    platform: { name: 'generated', capabilities: generatedPlatform(0).capabilities, hasGenesysIds: false, lists: true },
    organization: { id: 'org' },
    profile: { id: 'i', kind: 'integration', findings: [] },
    coverage: {},
    job: { id: 'j', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} },
    fulfilledAtMs: 0,
  } as const
}

if (objects > 0) await runOverShards()
if (planned > 0) await plan()
