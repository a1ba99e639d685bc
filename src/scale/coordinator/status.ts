import { readCheckpoint } from '../../journal/checkpoint.js'
import type { RunReport, ScaleJob } from '../../model/report.js'
import type { CallOptions } from '../../ports/runtime.js'
import { ObjectJournal } from '../journal/object-journal.js'
import type { RunKeys } from '../keys.js'
import { readPlan } from '../plan/plan.js'
import type { ShardStore } from '../ports/shard-store.js'

/** How far a run is. */
export interface ScaleStatus {
  readonly runId: string
  /** `unknown`: the store has no such run. */
  readonly state: 'unknown' | 'preparing' | 'planned' | 'running' | 'sealed' | 'finished'
  /** Absent before there is a plan. */
  readonly shards?: number | undefined
  readonly recordings?: number | undefined
  readonly planSha256?: string | undefined
  /** Shards that are sealed. */
  readonly sealed: number
  /** The engine's jobs as the coordinator last recorded them. */
  readonly jobs: readonly ScaleJob[]
  /** Of a run that is finished. */
  readonly outcome?: RunReport['outcome'] | undefined
}

/** Reads from the store how far a run is. */
export async function statusOf(store: ShardStore, keys: RunKeys, options: CallOptions): Promise<ScaleStatus> {
  const runId = keys.prefix.slice(0, -1).split('/').at(-1) ?? ''
  const checkpoint = await readCheckpoint(new ObjectJournal({ store, prefix: keys.journal }), options)
  const plan = await readPlan(store, keys, options)
  let sealed = 0
  for await (const _ of store.list(keys.seals, options)) sealed += 1
  const jobs = new Map<number, ScaleJob>()
  for (const { round, id, state = 'unknown', shards, reason } of checkpoint?.shardJobs ?? []) {
    if (id !== undefined) jobs.set(round, { round, id, state, shards, ...(reason === undefined ? {} : { reason }) })
  }
  const outcome = checkpoint?.report?.outcome
  const about = { runId, sealed, jobs: [...jobs.values()] }
  if (checkpoint === undefined) return { ...about, state: 'unknown' }
  if (plan === undefined) return { ...about, state: 'preparing' }
  const { shards, recordings, planSha256 } = plan
  const planned = { ...about, shards, recordings, planSha256 }
  if (outcome !== undefined) return { ...planned, state: 'finished', outcome }
  if (sealed >= shards) return { ...planned, state: 'sealed' }
  return { ...planned, state: jobs.size === 0 && sealed === 0 ? 'planned' : 'running' }
}
