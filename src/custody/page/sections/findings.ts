import { unansweredFindings } from '../../../model/findings.js'
import type { RunReport } from '../../../model/report.js'
import { type Html, html } from '../html.js'

/** What inspection found, and what was accepted of it. */
export function findingsSection({ findings: list, accepted }: RunReport): Html {
  const codes = new Set<string>(accepted)
  const items = list.map(({ code, severity, message, subject, remedy }) => {
    const isAccepted = (severity === 'blocker' || unansweredFindings.has(code)) && codes.has(code)
    const label = isAccepted ? 'accepted risk' : severity
    return html`<div class="finding ${isAccepted ? 'accepted' : severity}"><h3>${label}: ${code}</h3><p>${message}</p><p class="soft">About ${subject}. What to do: ${remedy}</p></div>`
  })
  const note =
    accepted.length === 0
      ? html``
      : html`<p>Accepted by the person who ordered the run, although inspection would have stopped it: ${[...codes].join(', ')}.</p>`
  return html`<section aria-labelledby="findings"><h2 id="findings">Findings and accepted risks</h2>${note}${items.length === 0 ? html`<p>Inspection found nothing.</p>` : items}</section>`
}
