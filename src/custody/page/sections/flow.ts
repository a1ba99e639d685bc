import { figure } from '../../../internal/text/counted.js'
import type { RecordingCounts } from '../../../model/report.js'
import { flowChart } from '../charts.js'
import { type Html, html } from '../html.js'
import { stateNames } from '../text.js'

/** What became of the recordings, as a picture and as a table. */
export function flowSection(counts: RecordingCounts): Html {
  const rows = Object.entries(counts).filter(([, count]) => count > 0)
  return html`<section aria-labelledby="flow"><h2 id="flow">What became of the recordings</h2><figure><div class="wide">${flowChart(counts, 640, 'flow-wide')}</div><div class="narrow">${flowChart(counts, 350, 'flow-narrow')}</div></figure><details><summary>The same as a table</summary><table><thead><tr><th scope="col">State</th><th scope="col" class="number">Recordings</th></tr></thead><tbody>${rows.map(
    ([state, count]) => html`<tr><td>${stateNames[state] ?? state}</td><td class="number">${figure(count)}</td></tr>`,
  )}</tbody></table></details></section>`
}
