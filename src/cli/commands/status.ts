import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FileJournal } from '../../custody/journal/file-journal.js'
import { lockOwner } from '../../custody/journal/lock.js'
import { utc } from '../../custody/page/text.js'
import { counted, figure, times } from '../../internal/text/counted.js'
import { readCheckpoint } from '../../journal/checkpoint.js'
import { durationText } from '../../progress/text.js'
import { ArgumentError, type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { resolveMatter } from '../config/resolve.js'
import { exitCodeOfRun, exitCodes } from '../exit-codes.js'
import { placesOf } from '../files/places.js'
import { type JournalStatus, StatusTally } from '../telling/journal-status.js'
import { type RepairJournalStatus, RepairJournalTally } from '../telling/repair-journal-status.js'
import { exitCodeOfRepairs, tellRepairs } from '../telling/repair-journal-telling.js'
import { pairs, shown, type Terminal } from '../terminal.js'

const mostMissing = 20

export const status: CommandSpec = {
  name: 'status',
  takes: '[DIR]',
  group: 'Export',
  summary: 'how far a run is, what is missing, when it last moved',
  about: `Reads the journal of a run, also while another process writes it: where the run is, what is missing, when it last moved. It contacts neither Genesys Cloud nor S3, and changes nothing.

DIR is the journal. Left out, it is the one of --config, or the folder journal. The journal of a release or of \`remediate\` is read as well: whether it has ended, and what it changed.`,
  flags: [{ name: 'config', value: 'FILE', kind: 'text', about: 'matter.yaml, whose journal is read' }],
  examples: ['status --config matter.yaml', 'status legal-hold/doe-v-acme/journal'],
  run: statusCommand,
}

/** `status [DIR]`: reads a journal, also one that is being written, and changes nothing. */
async function statusCommand(given: Given, terminal: Terminal): Promise<number> {
  const fallback =
    given.text('config') === undefined ? 'journal' : placesOf(await resolveMatter(given, terminal)).journal
  const [dir = ''] = needed(given.positionals.length === 0 ? [fallback] : given.positionals, ['DIR'])
  const found = await readStatus(dir, terminal)
  if (given.flag('json')) terminal.out(JSON.stringify(found, null, 2))
  else if ('changes' in found) tellRepairs(found, terminal)
  else tell(found, terminal)
  if ('changes' in found) return exitCodeOfRepairs(found)
  return found.outcome === undefined ? exitCodes.nothingShown : exitCodeOfRun({ outcome: found.outcome })
}

async function readStatus(dir: string, { signal }: Terminal): Promise<JournalStatus | RepairJournalStatus> {
  const journal = new FileJournal(dir)
  const isThere = await stat(journal.path).then(
    () => true,
    () => false,
  )
  if (!isThere) throw new ArgumentError(`${dir} holds no journal: there is no ${journal.path}.`)
  const owner = await lockOwner(join(dir, 'journal.lock'))
  const writer = owner && { pid: owner.pid, host: owner.host, since: owner.takenAt }
  const repairs = await readRepairs(journal, signal)
  if (repairs !== undefined) return repairs.status(dir, writer, Date.now())
  const checkpoint = await readCheckpoint(journal, { signal })
  if (checkpoint === undefined) throw new ArgumentError(`The journal in ${dir} holds no record yet.`)
  const tally = new StatusTally(checkpoint)
  for await (const record of journal.entries({ signal })) tally.add(record)
  return tally.status(dir, checkpoint, writer, Date.now())
}

/** The journal of releases, or of repairs outside of a run; `undefined` for that of a run. */
async function readRepairs(journal: FileJournal, signal: AbortSignal): Promise<RepairJournalTally | undefined> {
  let tally: RepairJournalTally | undefined
  for await (const record of journal.entries({ signal })) {
    tally ??= RepairJournalTally.of(record.runId)
    if (tally === undefined) return undefined
    tally.add(record)
  }
  return tally
}

function tell(found: JournalStatus, terminal: Terminal): void {
  const { state, writer, outcome, stage, hold, interval, lastMoved, jobs, objects, listed, stopped, unproven } = found
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
      ['bucket', found.bucket],
      [
        'run',
        `${found.runId}${found.dryRun ? ' (dry run)' : ''}${found.resumed === 0 ? '' : `, resumed ${times(found.resumed)}`}`,
      ],
      ['last moved', `${utc(lastMoved.at)}, ${durationText(lastMoved.agoMs)} ago (${lastMoved.record})`],
      ['written by', writer && `process ${writer.pid} on ${writer.host}`],
      ['stopped by', stopped && `${stopped.code}: ${inOneLine(stopped.message)}`],
      ['jobs', jobs.map(({ id = 'not known yet', state: of }) => `${id} ${of}`).join(', ') || 'none yet'],
      ['listed', listed === undefined ? 'no list read to its end yet' : counted(listed, 'recording')],
      ['objects', list(objects) || 'none yet'],
      [
        'recordings',
        found.counts && `${counted(found.counts.expected, 'recording')} expected: ${list(found.counts) || 'none'}`,
      ],
      ['not proven', unproven],
    ]),
  )
  for (const { state: of, reason, recordingId, conversationId } of found.missing.slice(0, mostMissing)) {
    terminal.out(
      `  ${of} ${shown(recordingId ?? 'a recording without a name')} of ${shown(conversationId ?? '?')}: ${shown(reason)}`,
    )
  }
  const more = found.missing.length - mostMissing
  if (more > 0) terminal.out(`  … and ${figure(more)} more (--json lists them)`)
  if (state === 'interrupted') terminal.out('The same export command, with this journal, resumes it.')
}

function inOneLine(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}
