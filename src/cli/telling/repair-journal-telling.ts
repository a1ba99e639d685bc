import { utc } from '../../custody/page/text.js'
import { counted, figure } from '../../internal/text/counted.js'
import { durationText } from '../../progress/text.js'
import { exitCodes } from '../exit-codes.js'
import { pairs, type Terminal } from '../terminal.js'
import type { RepairJournalStatus } from './repair-journal-status.js'

const names = { release: 'a release', remediation: 'repairs outside of a run' } as const

/** Says what the journal is, and where the release or the repairs stand. */
export function tellRepairs(found: RepairJournalStatus, terminal: Terminal): void {
  const { kind, state, writer, hold, releases, lastMoved, counts, changes, source } = found
  const list = Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${figure(count)} ${name}`)
  terminal.out(`journal of ${names[kind]}: ${state}`)
  terminal.out(
    pairs([
      ['matter', hold.matter],
      ['hold', hold.tag],
      ['reason', found.reason],
      ['kind', found.dryRun === true ? 'plan only, nothing is changed' : undefined],
      ['Object Lock', found.allowUnlock === undefined ? undefined : found.allowUnlock ? 'is lifted too' : 'stays'],
      [
        'begun',
        `${utc(found.startedAt)}${(releases ?? 1) > 1 ? `, the last of ${figure(releases ?? 1)} releases` : ''}`,
      ],
      ['last moved', `${utc(lastMoved.at)}, ${durationText(lastMoved.agoMs)} ago (${lastMoved.record})`],
      ['written by', writer && `process ${writer.pid} on ${writer.host}`],
      [
        'changes',
        `${figure(changes.made)} made, ${figure(changes.failed)} failed, ${figure(changes.unknown)} without a known end`,
      ],
      ['objects', counts && (list.join(', ') || 'none')],
      ['at the source', source && `${counted(source.requested, 'conversation')} let go, ${figure(source.kept)} kept`],
    ]),
  )
  if (state === 'interrupted') {
    const command = kind === 'release' ? 'release' : 'remediate'
    terminal.out(`The same ${command} command, with this journal, does the rest.`)
  }
}

/** As of the command itself: what was refused or failed is a bad result, and what is not over shows nothing yet. */
export function exitCodeOfRepairs({ state, counts, changes }: RepairJournalStatus): number {
  if (state !== 'finished') return exitCodes.nothingShown
  const bad = counts === undefined ? changes.failed : (counts.refused ?? 0) + (counts.failed ?? 0)
  return bad > 0 ? exitCodes.badResult : exitCodes.success
}
