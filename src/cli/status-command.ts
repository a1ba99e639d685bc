import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FileJournal } from '../custody/journal/file-journal.js'
import { lockOwner } from '../custody/journal/lock.js'
import { utc } from '../custody/page/text.js'
import { counted, figure } from '../internal/text/counted.js'
import { readCheckpoint } from '../journal/checkpoint.js'
import { durationText } from '../progress/text.js'
import { ArgumentError, needed, readArguments } from './arguments.js'
import { exitCodeOfRun, exitCodes } from './exit-codes.js'
import { type JournalStatus, StatusTally } from './journal-status.js'
import { pairs, shown, type Terminal } from './terminal.js'

const mostMissing = 20

/** `status [DIR]`: reads a journal, also one that is being written, and changes nothing. */
export async function statusCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(args, { json: 'flag' })
  const [dir = ''] = needed(given.positionals.length === 0 ? ['journal'] : given.positionals, ['DIR'])
  const status = await readStatus(dir, terminal)
  if (given.flag('json')) terminal.out(JSON.stringify(status, null, 2))
  else tell(status, terminal)
  return status.outcome === undefined ? exitCodes.nothingShown : exitCodeOfRun({ outcome: status.outcome })
}

async function readStatus(dir: string, { signal }: Terminal): Promise<JournalStatus> {
  const journal = new FileJournal(dir)
  const isThere = await stat(journal.path).then(
    () => true,
    () => false,
  )
  if (!isThere) throw new ArgumentError(`${dir} holds no journal: there is no ${journal.path}.`)
  const owner = await lockOwner(join(dir, 'journal.lock'))
  const checkpoint = await readCheckpoint(journal, { signal })
  if (checkpoint === undefined) throw new ArgumentError(`The journal in ${dir} holds no record yet.`)
  const tally = new StatusTally(checkpoint)
  for await (const record of journal.entries({ signal })) tally.add(record)
  const writer = owner && { pid: owner.pid, host: owner.host, since: owner.takenAt }
  return tally.status(dir, checkpoint, writer, Date.now())
}

function tell(status: JournalStatus, terminal: Terminal): void {
  const { state, writer, outcome, stage, hold, interval, lastMoved, jobs, objects, listed, stopped, unproven } = status
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([name, count]) => name !== 'expected' && count > 0)
      .map(([name, count]) => `${figure(count)} ${name}`)
      .join(', ')
  terminal.out(state === 'finished' ? `finished: ${outcome}` : `${state}, in stage ${stage}`)
  terminal.out(
    pairs([
      ['matter', hold.matter],
      ['hold', hold.tag],
      ['interval', `${utc(interval.start)} to ${utc(interval.end)}`],
      ['bucket', status.bucket],
      ['run', `${status.runId}${status.dryRun ? ' (dry run)' : ''}, resumed ${counted(status.resumed, 'time')}`],
      ['last moved', `${utc(lastMoved.at)}, ${durationText(lastMoved.agoMs)} ago (${lastMoved.record})`],
      ['written by', writer && `process ${writer.pid} on ${writer.host}`],
      ['stopped by', stopped && `${stopped.code}: ${stopped.message}`],
      ['jobs', jobs.map(({ id = 'not known yet', state: of }) => `${id} ${of}`).join(', ') || 'none yet'],
      ['listed', listed === undefined ? 'no list read to its end yet' : counted(listed, 'recording')],
      ['objects', list(objects) || 'none yet'],
      [
        'recordings',
        status.counts && `${counted(status.counts.expected, 'recording')} expected: ${list(status.counts) || 'none'}`,
      ],
      ['not proven', unproven],
    ]),
  )
  for (const { state: of, reason, recordingId, conversationId } of status.missing.slice(0, mostMissing)) {
    terminal.out(
      `  ${of} ${shown(recordingId ?? 'a recording without a name')} of ${shown(conversationId ?? '?')}: ${shown(reason)}`,
    )
  }
  const more = status.missing.length - mostMissing
  if (more > 0) terminal.out(`  … and ${figure(more)} more (--json lists them)`)
  if (state === 'interrupted') terminal.out('The same export command, with this journal, resumes it.')
}
