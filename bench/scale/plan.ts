import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LegalHoldExporter, type RecordingPlatform } from '../../src/index.ts'
import { ScaledExporter, type ScaleEstimate, type ShardEngine } from '../../src/scale.ts'
import { MemoryStorageAdapter } from '../../src/testing/index.ts'
import { DiskStore } from './disk-store.ts'
import { generatedPlatform, request, tag } from './generated.ts'
import { isFlat, type Sample, sample, watched } from './watch.ts'

/** What planning from a generator took. */
export interface PlanMeasurement {
  readonly recordings: number
  readonly shards: number
  /** Whether the plan and the lists of its shards have each recording once. */
  readonly isExact: boolean
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakHeapBytes: number
  readonly peakRssBytes: number
  readonly isFlat: boolean
  readonly samples: readonly Sample[]
  readonly estimateDollars: number
  readonly closedFormDollars: number
  readonly storeBytes: number
  readonly hours: number
}

/** Rows that a spool holds before it writes them: a look right behind that sees no row that waits. */
const spoolRows = 100_000
const looks = 10
const concurrency = 1_000

/** Plans so many recordings of a platform that makes them up, as `ScaledExporter.plan` does for S3 Batch Operations. */
export async function planOf(recordings: number): Promise<PlanMeasurement> {
  const store = new DiskStore(mkdtempSync(join(tmpdir(), 'bench-plan-')), { lists: true, spool: true })
  try {
    const samples: Sample[] = []
    const platform = lookedAt(recordings, (read) => samples.push(sample(`${read} read`)))
    const everyLists = Math.max(1, Math.floor(recordings / 500 / looks))
    store.onList = (lists) => {
      if (lists % everyLists === 0) samples.push(sample(`${lists} lists`))
    }
    const storage = new MemoryStorageAdapter()
    const exporter = new LegalHoldExporter({ platform, storage, hold: { tag } })
    const scaled = new ScaledExporter({ exporter, store, engine: idleEngine })
    const { result: plan, ...cost } = await watched(() => scaled.plan(request, { runId: 'plan', concurrency }))
    return {
      recordings,
      shards: plan.shards,
      isExact: plan.recordings === recordings && store.lists === plan.shards,
      ...cost,
      isFlat: isFlat(samples),
      samples,
      estimateDollars: totalOf(plan.estimate),
      closedFormDollars: closedForm(recordings),
      storeBytes: store.bytes,
      hours: plan.estimate.hours,
    }
  } finally {
    store.remove()
  }
}

/** The generated platform, and a look at the memory ten times while its list is read. */
function lookedAt(recordings: number, look: (read: number) => void): RecordingPlatform {
  const platform = generatedPlatform(recordings)
  const every = Math.max(1, Math.floor(recordings / spoolRows / looks)) * spoolRows
  return {
    ...platform,
    expectedRecordings: async function* (job, asked, options) {
      let read = 0
      for await (const recording of platform.expectedRecordings(job, asked, options)) {
        if (read % every === 0) look(read)
        read += 1
        yield recording
      }
    },
  }
}

const totalOf = ({ dollars }: ScaleEstimate) => dollars.total

/**
 * By hand, from the price lists of us-east-1, for two objects a recording and a thousand objects a shard. An object: a hold and a
 * copy, three HEADs, its share of a listing and of one of the versions, 25 ms of a function of 1 GB, and five data events. A
 * shard: five listings, 12 writes and 16 reads of evidence, 3 s of a function, a task, and 28 data events.
 */
function closedForm(recordings: number): number {
  const objects = 2 * recordings
  const shards = objects / 1_000
  const second = 0.0000166667
  const ofObject = 2 * 0.000005 + 3 * 0.0000004 + 2 * 0.000000005 + 0.025 * second + 5 * 0.000001
  const ofShard =
    5 * 0.000005 + 12 * 0.000005 + 16 * 0.0000004 + 3 * second + 0.0000002 + 0.000001 + (12 + 16) * 0.000001
  return objects * ofObject + shards * ofShard + 0.25
}

const refused = async (): Promise<never> => {
  throw new Error('A plan submits nothing.')
}

/** A plan asks no engine for anything but its name. */
const idleEngine: ShardEngine = {
  name: 's3-batch',
  capabilities: { confirms: true, limitsConcurrency: false },
  submit: refused,
  find: refused,
  get: refused,
  cancel: refused,
  // biome-ignore lint/correctness/useYield: there is no job to tell of
  results: async function* () {
    await refused()
  },
}
