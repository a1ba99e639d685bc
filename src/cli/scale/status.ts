import { counted, figure } from '../../internal/text/counted.js'
import { type ScaleStatus, statusOf } from '../../scale/coordinator/status.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { scaleFlags, settingFlags } from '../config/settings.js'
import { exitCodeOfRun, exitCodes } from '../exit-codes.js'
import { tellNotes } from '../telling/log.js'
import { pairs, type Terminal } from '../terminal.js'
import { keysOf, openStore, runIdGiven, runIdOf } from './store.js'

export const scaleStatus: CommandSpec = {
  name: 'scale status',
  takes: '[RUN-ID]',
  group: 'Export over shards',
  summary: 'how far a run over shards is, read from the evidence bucket',
  about: `Reads from the evidence bucket how far a run over shards is, on any machine, whether it is being worked on or not. It asks neither Genesys Cloud nor the engine, and changes nothing.

RUN-ID left out is the run of --config.`,
  flags: [...scaleFlags, ...settingFlags],
  examples: ['scale status --config matter.yaml', 'scale status RUN-ID --config matter.yaml --json'],
  run: statusCommand,
}

async function statusCommand(given: Given, terminal: Terminal): Promise<number> {
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const runId = runIdOf(runIdGiven(given), resolved)
  const opened = await openStore(resolved)
  const { store, bucket, prefix } = opened
  try {
    const found = await statusOf(store, keysOf(opened, runId), { signal: terminal.signal })
    if (found.state === 'unknown') throw new ArgumentError(`There is no run ${runId} in s3://${bucket}/${prefix}.`)
    if (given.flag('json')) terminal.out(JSON.stringify(found, null, 2))
    else tell(found, terminal)
    return found.outcome === undefined ? exitCodes.nothingShown : exitCodeOfRun({ outcome: found.outcome })
  } finally {
    store.close()
  }
}

function tell(found: ScaleStatus, terminal: Terminal): void {
  const { runId, state, outcome, shards, sealed, recordings, jobs, planSha256 } = found
  terminal.out(state === 'finished' ? `finished: ${outcome}` : state)
  terminal.out(
    pairs([
      ['run', runId],
      ['recordings', recordings === undefined ? undefined : figure(recordings)],
      ['sealed', shards === undefined ? 'no plan yet' : `${figure(sealed)} of ${counted(shards, 'shard')}`],
      ...jobs.map(({ round, id, state: of, reason }): [string, string] => [
        `round ${round}`,
        `${id}: ${of}${reason === undefined ? '' : ` (${reason})`}`,
      ]),
      ['plan', planSha256 === undefined ? undefined : `sha256:${planSha256}`],
    ]),
  )
  if (state !== 'finished') terminal.out('`scale run` with the flags that began it resumes it.')
}
