import { readCheckpoint } from '../../journal/checkpoint.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { ObjectJournal } from '../journal/object-journal.js'
import type { RunKeys } from '../keys.js'
import { readPlan } from '../plan/plan.js'
import type { EngineJob, ShardEngine } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import { tokenOf } from './rounds.js'

/** A run, and who does its shards. */
export interface CancelSubject {
  readonly store: ShardStore
  readonly keys: RunKeys
  readonly engine: ShardEngine
}

/**
 * Cancels the engine's job of the last round of a run. One that has ended already is left as it is.
 *
 * @returns the job, as it was when it was found
 * @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` where the engine knows none, and what the engine throws
 */
export async function cancelRun({ store, keys, engine }: CancelSubject, options: CallOptions): Promise<EngineJob> {
  const checkpoint = await readCheckpoint(new ObjectJournal({ store, prefix: keys.journal }), options)
  const plan = await readPlan(store, keys, options)
  // A job whose answer was lost is on record without its id: its round counts as well.
  const round = Math.max(1, ...(checkpoint?.shardJobs ?? []).map((job) => job.round))
  const job = plan === undefined ? undefined : await engine.find(tokenOf(plan, round), options)
  if (job === undefined) throw noJob(keys, engine)
  await engine.cancel(job.id, options)
  return job
}

function noJob({ prefix }: RunKeys, { name }: ShardEngine): LegalHoldError {
  const runId = prefix.slice(0, -1).split('/').at(-1) ?? ''
  const local = name === 'local' ? ' The jobs of this engine live in the process that runs them: end that process.' : ''
  return new LegalHoldError(
    `The run ${runId} has no job with the engine ${name}: there is nothing to cancel.${local}`,
    {
      code: 'ENGINE_JOB_NOT_FOUND',
      stage: 'export',
      details: { runId },
    },
  )
}
