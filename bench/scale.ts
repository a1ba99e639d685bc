/*
 * A run over shards, and the planning of more recordings than fit into memory.
 *
 *   npm run bench:scale -- [--objects 1000000] [--plan 100000000] [--json]
 *
 * One object in twenty is to be repaired, one shard in twenty is called twice at once, one in a hundred fails the first time. The
 * bucket is in the memory of the workers' process, so that what is measured is this library and not a network, and the
 * coordinator is measured alone. Memory is that of live objects, right after a collection.
 */
import { flags, refuse } from './flags.ts'
import { type PlanMeasurement, planOf } from './scale/plan.ts'
import { type RunMeasurement, runOf } from './scale/run.ts'
import { megabytes, type Sample } from './scale/watch.ts'

const usage = `Usage: npm run bench:scale -- [flags]
  --objects N   objects of a run over shards (1000000, if nothing is said; a tenth takes a minute or two)
  --plan N      recordings that are planned from a generator (100000000, if nothing is said); with one of these
                the other is left out
  --json        { run: { objects, shards, outcome, seconds, cpuSeconds, peakHeapBytes, peakRssBytes, isFlat, … },
                plan: { recordings, shards, isExact, isFlat, estimateDollars, closedFormDollars, … } }`
const values = flags({ objects: { type: 'string' }, plan: { type: 'string' }, json: { type: 'boolean' } }, usage)
const isBoth = values.objects === undefined && values.plan === undefined
const objects = Number(values.objects ?? (isBoth ? 1_000_000 : 0))
const planned = Number(values.plan ?? (isBoth ? 100_000_000 : 0))
if (!Number.isInteger(objects) || objects < 0 || !Number.isInteger(planned) || planned < 0) {
  refuse('--objects and --plan take whole numbers', usage)
}

/** Whether two amounts differ by 1 % at most. */
const agree = (one: number, other: number) => Math.abs(one - other) <= other / 100
const rate = (count: number, seconds: number) => (count / seconds).toFixed(0)
const live = (samples: readonly Sample[]) => samples.map(({ heapBytes }) => megabytes(heapBytes)).join(', ')

function tellRun(run: RunMeasurement): void {
  console.log(`run over ${run.shards} shards in ${run.rounds} rounds, ${run.objects} objects: ${run.outcome}`)
  console.log(
    `  ${run.held} held, ${run.repaired} repaired; ${run.repairedObjects} of ${run.dueObjects} objects repaired`,
  )
  console.log(`  ${run.seconds.toFixed(1)} s, ${rate(run.objects, run.seconds)} objects/s`)
  tellMemory('coordinator', run)
}

function tellPlan(plan: PlanMeasurement): void {
  console.log(`plan of ${plan.recordings} recordings: ${plan.shards} shards, sums ${plan.isExact ? 'exact' : 'WRONG'}`)
  console.log(
    `  ${plan.seconds.toFixed(1)} s, ${plan.cpuSeconds.toFixed(0)} s of CPU, ${rate(plan.recordings, plan.seconds)} recordings/s`,
  )
  tellMemory('memory', plan)
  console.log(
    `  ${plan.estimateDollars} dollars estimated, ${plan.closedFormDollars.toFixed(2)} by hand; ${plan.hours} h at 1000 shards at once`,
  )
}

type Memory = Pick<PlanMeasurement, 'peakHeapBytes' | 'peakRssBytes' | 'isFlat' | 'samples'>

function tellMemory(whose: string, { peakHeapBytes, peakRssBytes, isFlat, samples }: Memory): void {
  console.log(
    `  ${whose} ${isFlat ? 'flat' : 'GROWS'}: live heap ${live(samples)} MB; at most ${megabytes(peakHeapBytes)} MB before a collection, ${megabytes(peakRssBytes)} MB resident`,
  )
}

const run = objects > 0 ? await runOf(objects) : undefined
if (run !== undefined && !values.json) tellRun(run)
const plan = planned > 0 ? await planOf(planned) : undefined
if (plan !== undefined && !values.json) tellPlan(plan)
if (values.json) console.log(JSON.stringify({ ...(run && { run }), ...(plan && { plan }) }, null, 2))
if (run !== undefined && (run.outcome !== 'complete' || run.repairedObjects !== run.dueObjects || !run.isFlat)) {
  process.exitCode = 1
}
if (plan !== undefined && !(plan.isExact && plan.isFlat && agree(plan.estimateDollars, plan.closedFormDollars))) {
  process.exitCode = 1
}
