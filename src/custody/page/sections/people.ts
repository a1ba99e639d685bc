import { times } from '../../../internal/text/counted.js'
import type { RunReport } from '../../../model/report.js'
import { type Html, html } from '../html.js'
import type { PageCustody } from '../report-page.js'
import { utc } from '../text.js'
import { facts } from './facts.js'

const notStated = html`<span class="soft">not stated</span>`

/** Who asked for the export, who ran it, and with what. */
export function peopleSection(report: RunReport, { tool }: PageCustody): Html {
  const { hold, operator, command, platform, startedAt, finishedAt, resumed } = report
  const resumedText = resumed === 0 ? '' : `, resumed ${times(resumed)}`
  return html`<section aria-labelledby="people"><h2 id="people">Who asked, who ran it</h2>${facts([
    ['Requested by', hold.requestedBy ?? notStated],
    ['Reason', hold.reason],
    ['Run by', operator ?? notStated],
    ['Client of Genesys Cloud', platform.clientId === undefined ? notStated : html`<code>${platform.clientId}</code>`],
    ['Command', command === undefined ? notStated : html`<code>${command}</code>`],
    ['Program', `${tool.name} ${tool.version}`],
    ['Run', html`<code>${report.runId}</code>, ${utc(startedAt)} to ${utc(finishedAt)}${resumedText}`],
  ])}</section>`
}
