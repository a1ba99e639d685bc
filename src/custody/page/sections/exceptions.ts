import { counted, figure } from '../../../internal/text/counted.js'
import type { RecordingException } from '../../../model/report.js'
import { bundleFiles } from '../../bundle/contents.js'
import { type ExceptionGroup, exceptionGroups } from '../exception-groups.js'
import { type Html, html } from '../html.js'
import type { ReportPage } from '../report-page.js'
import { shortUtc, stateNames } from '../text.js'

// With the rest of the page well under 5 MB, whatever the keys are.
const mostTableBytes = 3_500_000

/** Every recording that is neither held nor repaired, by reason and conversation. */
export function exceptionsSection(page: ReportPage): Html {
  const { report, exceptions: list, exceptionCount, otherHolds } = page
  const heading = html`<h2 id="exceptions">Exceptions by conversation</h2>`
  if (exceptionCount === 0) {
    const why =
      report.counts.expected === 0 ? 'no recording was expected' : 'every expected recording is held or repaired'
    return html`<section aria-labelledby="exceptions">${heading}<p>None: ${why}.</p></section>`
  }
  const budget = { left: mostTableBytes, shown: 0 }
  const tables = exceptionGroups(list).map((group) => groupTable(group, budget))
  const all = html`<a href="${bundleFiles.exceptions}">${bundleFiles.exceptions}</a>`
  const extent =
    budget.shown < exceptionCount
      ? html`The first ${figure(budget.shown)} of ${counted(exceptionCount, 'exception')}; all of them are in ${all}.`
      : html`${counted(exceptionCount, 'exception')}, also in ${all}.`
  const objects = list.some(({ key }) => key !== undefined)
    ? html`<p class="paper">${all} names the objects.</p>`
    : html``
  return html`<section aria-labelledby="exceptions">${heading}<p>${extent} Times are when the conversation began, in UTC.</p>${objects}${conflicts(page, otherHolds)}<div class="tools" hidden><div><label for="search">Search state, id, key or reason</label><input id="search" type="search" autocomplete="off"></div><span id="shown" class="soft" role="status"></span></div>${tables}</section>`
}

/** Both matters by name, because the reader must know whom to ask. */
function conflicts({ report }: ReportPage, otherHolds: readonly string[]): Html {
  if (report.counts.conflicting === 0 || otherHolds.length === 0) return html``
  const { hold, counts } = report
  const own = hold.matter === undefined ? html`this hold` : html`the matter ${hold.matter}, hold`
  return html`<div class="finding warning"><h3>Two matters claim the same recordings</h3><p>${counted(counts.conflicting, 'recording')} of ${own} <code>${hold.tag}</code>, carry in its place: ${otherHolds.map((tag, at) => html`${at === 0 ? '' : ', '}<code>${tag}</code>`)}. Nothing of that was overwritten. Agree with the owner of that hold, then run again with both (<code>onConflict: 'merge'</code>).</p></div>`
}

/** Columns that only some tables need. */
interface Optional {
  readonly key: boolean
  readonly people: boolean
}

function groupTable(group: ExceptionGroup, budget: { left: number; shown: number }): Html {
  const { state, reason, exceptions, recordings, conversations } = group
  const optional = {
    key: exceptions.some(({ key }) => key !== undefined),
    people: exceptions.some(({ agents, customer }) => agents !== undefined || customer !== undefined),
  }
  const rows: Html[] = []
  for (const exception of exceptions) {
    const row = rowOf(exception, optional, reason === undefined)
    budget.left -= Buffer.byteLength(row.text)
    if (budget.left < 0) break
    rows.push(row)
    budget.shown += exception.count ?? 1
  }
  if (rows.length === 0) return html``
  const name = stateNames[state] ?? state
  const of = conversations === 0 ? '' : ` of ${counted(conversations, 'conversation')}`
  const title = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}: ${reason ?? 'various reasons'}`
  const heads = [
    ['when', 'Began'],
    ['medium', 'Medium'],
    ['direction', 'Direction'],
    ['id', 'Queue'],
    ['id', 'Conversation'],
    ['id', 'Recording'],
    ...(reason === undefined ? [['reason', 'Reason']] : []),
    ...(optional.people ? [['people', 'People']] : []),
    ...(optional.key ? [['key', 'Object']] : []),
  ]
  return html`<div class="group"><h3 class="reason">${title}</h3><p class="soft">${counted(recordings, 'recording')}${of}</p><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="exceptions"><thead><tr>${heads.map(([kind, head]) => html`<th scope="col" class="${kind}">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></div>`
}

const unknown = html`<span class="soft">unknown</span>`

function rowOf(exception: RecordingException, optional: Optional, withReason: boolean): Html {
  const {
    conversationStart,
    mediaType,
    direction,
    queueId,
    queueName,
    conversationId,
    recordingId,
    count = 1,
  } = exception
  const queue =
    queueName === undefined
      ? html`<td class="id">${queueId ?? unknown}</td>`
      : html`<td class="queue" title="${queueId ?? ''}">${queueName}</td>`
  const name = recordingId ?? `${figure(count)} without a name`
  return html`<tr><td class="when" data-sort="${conversationStart ?? ''}">${conversationStart === undefined ? unknown : shortUtc(conversationStart)}</td><td class="medium">${mediaType ?? unknown}</td><td class="direction">${direction ?? unknown}</td>${queue}<td class="id">${conversationId ?? unknown}</td><td class="id">${name}</td>${withReason ? html`<td class="reason">${exception.reason}</td>` : ''}${optional.people ? html`<td class="people">${peopleOf(exception)}</td>` : ''}${optional.key ? html`<td class="key">${exception.key}</td>` : ''}</tr>`
}

function peopleOf({ agents = [], customer }: RecordingException): string {
  return [
    ...(agents.length === 0 ? [] : [`handled by ${agents.join(', ')}`]),
    ...(customer === undefined ? [] : [`customer ${customer}`]),
  ].join('; ')
}
