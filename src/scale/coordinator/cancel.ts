import { canonicalJson } from '../../internal/canonical-json.js'
import { readCheckpoint } from '../../journal/checkpoint.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { ObjectJournal } from '../journal/object-journal.js'
import { cancelKey, type RunKeys } from '../keys.js'
import { readPlan } from '../plan/plan.js'
import type { EngineJob, ShardEngine } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import { ends, tokenOf } from './job.js'

/** A run, and who does its shards. */
export interface CancelSubject {
  readonly store: ShardStore
  readonly keys: RunKeys
  readonly engine: ShardEngine
}

/** How a job was cancelled. */
export interface Cancelled {
  /** As it was when it was found. */
  readonly job: EngineJob
  /** It lives in another process, which was asked to end it and does so when it next looks. */
  readonly isAsked: boolean
}

/**
 * Cancels the engine's job of the last round of a run. One that has ended already is left as it is. A job that lives in another
 * process is cancelled by its coordinator: the wish lies in the store.
 *
 * @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` where the engine knows none, and what the engine throws
 */
export async function cancelRun({ store, keys, engine }: CancelSubject, options: CallOptions): Promise<Cancelled> {
  const checkpoint = await readCheckpoint(new ObjectJournal({ store, prefix: keys.journal }), options)
  const plan = await readPlan(store, keys, options)
  // A job whose answer was lost is on record without its id: its round counts as well.
  const round = Math.max(1, ...(checkpoint?.shardJobs ?? []).map((job) => job.round))
  const job = plan === undefined ? undefined : await engine.find(tokenOf(plan, round), options)
  if (job !== undefined) {
    await engine.cancel(job.id, options)
    return { job, isAsked: false }
  }
  const recorded = checkpoint?.shardJobs.findLast((one) => one.round === round)
  if (engine.done === undefined || recorded === undefined || checkpoint?.report !== undefined) throw noJob(keys, engine)
  const { id = recorded.token, state = 'active' } = recorded
  const there: EngineJob = { id, engine: engine.name, state: state as EngineJob['state'] }
  if (ends.has(state)) return { job: there, isAsked: false }
  await store.create(cancelKey(keys, round), Buffer.from(canonicalJson({ schemaVersion: 1, round })), options)
  return { job: there, isAsked: true }
}

/** Whether somebody has cancelled a round. */
export async function isCancelled(
  { store, keys }: Pick<CancelSubject, 'store' | 'keys'>,
  round: number,
  options: CallOptions,
): Promise<boolean> {
  return (await store.read(cancelKey(keys, round), options)) !== undefined
}

function noJob({ prefix }: RunKeys, { name }: ShardEngine): LegalHoldError {
  const runId = prefix.slice(0, -1).split('/').at(-1) ?? ''
  return new LegalHoldError(`The run ${runId} has no job with the engine ${name}: there is nothing to cancel.`, {
    code: 'ENGINE_JOB_NOT_FOUND',
    stage: 'export',
    details: { runId },
  })
}
