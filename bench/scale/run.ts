import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LegalHoldExporter } from '../../src/index.ts'
import { ScaledExporter } from '../../src/scale.ts'
import { MemoryStorageAdapter } from '../../src/testing/index.ts'
import { DiskStore } from './disk-store.ts'
import { generatedPlatform, request, tag } from './generated.ts'
import { OutsideEngine } from './outside-engine.ts'
import { isFlat, type Sample, sample, watched } from './watch.ts'

/** What a run over shards took, by its coordinator. */
export interface RunMeasurement {
  readonly objects: number
  readonly shards: number
  readonly rounds: number
  readonly outcome: string
  readonly held: number
  readonly repaired: number
  readonly repairedObjects: number
  readonly dueObjects: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakHeapBytes: number
  readonly peakRssBytes: number
  readonly isFlat: boolean
  readonly samples: readonly Sample[]
}

const looks = 20
const sampleMs = 5_000

/** Runs over shards of a thousand objects. Coordinator and workers are two processes, and the store lies on disk. */
export async function runOf(objects: number): Promise<RunMeasurement> {
  const recordings = Math.floor(objects / 2)
  const dir = mkdtempSync(join(tmpdir(), 'bench-run-'))
  const store = new DiskStore(dir)
  const engine = await OutsideEngine.start({ dir, recordings })
  const samples: Sample[] = []
  const startedAt = performance.now()
  const timer = setInterval(() => {
    // Long runs are looked at less often.
    if (samples.length >= looks && samples.length % 2 === 0) samples.splice(1, 1)
    samples.push(sample(`${Math.round((performance.now() - startedAt) / 1_000)} s`))
  }, sampleMs)
  try {
    // The bucket is the workers': the coordinator asks it what it is and reads no object.
    const exporter = new LegalHoldExporter({
      platform: generatedPlatform(recordings),
      storage: new MemoryStorageAdapter(),
      hold: { tag },
    })
    const scaled = new ScaledExporter({ exporter, store, engine })
    const { result: report, ...cost } = await watched(() => scaled.run(request, { runId: 'bench' }))
    samples.push(sample('end'))
    const { counts, remediations, scale, outcome } = report
    return {
      objects,
      shards: scale?.shards ?? 0,
      rounds: scale?.rounds ?? 0,
      outcome,
      held: counts.held,
      repaired: counts.repaired,
      repairedObjects: remediations.repaired,
      dueObjects: engine.due,
      ...cost,
      isFlat: isFlat(samples),
      samples,
    }
  } finally {
    clearInterval(timer)
    engine.stop()
    store.remove()
  }
}
