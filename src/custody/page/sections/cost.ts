import { figure } from '../../../internal/text/counted.js'
import { costOf } from '../cost.js'
import { type Html, html } from '../html.js'
import type { ReportPage } from '../report-page.js'

/** What the requests cost, for the person who pays for them. */
export function costSection({ report, records }: ReportPage): Html {
  const lines = costOf(report, records)
  const money = (dollars: number) =>
    dollars > 0 && dollars < 0.0001 ? 'under $0.0001' : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`
  const total = lines.reduce((sum, { dollars }) => sum + dollars, 0)
  return html`<section aria-labelledby="cost" class="annex"><h2 id="cost">Annex: cost of the requests</h2><table><thead><tr><th scope="col">S3 requests</th><th scope="col" class="number">Number</th><th scope="col" class="number">At list price</th></tr></thead><tbody>${lines.map(
    ({ what, requests, dollars }) =>
      html`<tr><td>${what}</td><td class="number">${figure(requests)}</td><td class="number">${money(dollars)}</td></tr>`,
  )}<tr><th scope="row">Together</th><td class="number">${figure(lines.reduce((sum, { requests }) => sum + requests, 0))}</td><td class="number">${money(total)}</td></tr></tbody></table><p class="soft">An estimate from the records at the list prices of S3 Standard in us-east-1. Repeated requests, transfer and the storage of new versions come on top.</p></section>`
}
