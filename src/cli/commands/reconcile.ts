import { LegalHoldExporter } from '../../exporter.js'
import { counted, figure } from '../../internal/text/counted.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { byKeysOfFile, connect, inFile } from '../config/connect.js'
import { resolveMatter } from '../config/resolve.js'
import { settingFlags } from '../config/settings.js'
import { exitCodes } from '../exit-codes.js'
import { loggerOf, tellNotes } from '../telling/log.js'
import { shown, type Terminal } from '../terminal.js'

export const reconcile: CommandSpec = {
  name: 'reconcile',
  takes: 'JOB',
  group: 'Repair and release',
  summary: 'compare what a job covers with what lies in the bucket',
  about: `Compares the recordings that an export job covers with the objects in the bucket, without reading their headers. JOB is its id. The request of --config or of the flags must be the one that the job was created for. \`status\` prints the ids of the jobs of a run.`,
  flags: settingFlags,
  examples: ['reconcile JOB --config matter.yaml'],
  run: reconcileCommand,
}

const mostShown = 50

async function reconcileCommand(given: Given, terminal: Terminal): Promise<number> {
  const [id = ''] = needed(given.positionals, ['JOB'])
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const { options, request, close } = await connect(resolved, 'request', loggerOf(given, resolved, terminal))
  const { signal } = terminal
  try {
    const exporter = byKeysOfFile(resolved, '', () => new LegalHoldExporter(options))
    const job = await options.platform.getJob(id, { signal })
    const done = await exporter.reconcile({ ...job, request }, { signal }).catch((error: unknown) => {
      throw inFile(resolved, '', error)
    })
    if (given.flag('json')) terminal.out(JSON.stringify(done, null, 2))
    else {
      for (const { state, reason, recordingId, conversationId } of done.exceptions.slice(0, mostShown)) {
        terminal.out(`${state} ${shown(recordingId ?? '?')} of ${shown(conversationId ?? '?')}: ${shown(reason)}`)
      }
      const more = done.exceptions.length - mostShown
      if (more > 0) terminal.out(`… and ${figure(more)} more (--json lists them)`)
      const { delivered, missing, failedAtSource, skippedAtSource, unexpected } = done
      terminal.out(
        `${counted(done.expected, 'recording')} expected: ${figure(delivered)} delivered, ${figure(missing)} missing, ` +
          `${figure(failedAtSource)} failed at the source, ${figure(skippedAtSource)} skipped there; ` +
          `${counted(unexpected, 'other object')} in the same hours`,
      )
    }
    if (done.expected === 0) return exitCodes.nothingShown
    return done.missing + done.failedAtSource + done.skippedAtSource === 0 ? exitCodes.success : exitCodes.badResult
  } finally {
    close()
  }
}
