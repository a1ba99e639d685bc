import { cancelRun } from '../../scale/coordinator/cancel.js'
import type { EngineJob, ShardEngine } from '../../scale/ports/shard-engine.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { scaleFlags, settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { tellNotes } from '../telling/log.js'
import { shown, type Terminal } from '../terminal.js'
import { openEngine } from './engine.js'
import { keysOf, openStore, runIdOf } from './store.js'

export const scaleCancel: CommandSpec = {
  name: 'scale cancel',
  takes: 'RUN-ID',
  group: 'Export over shards',
  summary: "cancel the engine's job of a run; what is sealed stays",
  about: `Cancels the engine's job of a run over shards. What is sealed stays, and \`scale run\` does the rest. A job that has ended is left as it is.

A run of the engine local works in the process of its \`scale run\`, on any machine: the wish is written to the evidence bucket. That process sees it within pollMs (15 s) and ends with JOB_CANCELLED.`,
  flags: [...scaleFlags, ...settingFlags],
  examples: ['scale cancel RUN-ID --config matter.yaml'],
  run: cancelCommand,
}

async function cancelCommand(given: Given, terminal: Terminal): Promise<number> {
  const [typed] = needed(given.positionals, ['RUN-ID'])
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const runId = runIdOf(typed, resolved)
  const opened = await openStore(resolved)
  const { store } = opened
  try {
    const { engine, close } = await openEngine(resolved, opened)
    try {
      const { signal } = terminal
      const { job, isAsked } = await cancelRun({ store, keys: keysOf(opened, runId), engine }, { signal })
      const { id } = job
      const state = isAsked ? 'cancelling' : await stateNow(engine, job, signal)
      if (given.flag('json')) terminal.out(JSON.stringify({ runId, engine: engine.name, jobId: id, state }, null, 2))
      else terminal.out(`job ${shown(id)} of the run ${runId}: ${state}`)
      return exitCodes.success
    } finally {
      close()
    }
  } finally {
    store.close()
  }
}

/** What became of a job. One of another process is known from the journal alone. */
async function stateNow(engine: ShardEngine, job: EngineJob, signal: AbortSignal | undefined): Promise<string> {
  return engine.name === 'local' ? job.state : (await engine.get(job.id, { signal })).state
}
