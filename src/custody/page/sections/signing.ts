import { counted, figure } from '../../../internal/text/counted.js'
import { type Html, html } from '../html.js'
import type { ReportPage } from '../report-page.js'
import { utc } from '../text.js'
import { facts } from './facts.js'

const lines = ['Name', 'Function', 'Place and date', 'Signature'] as const
const signers = ['Ran the export', 'Received the evidence'] as const

/** A page that people sign: it names what it is about, so that it cannot be put under another report. */
export function signingSection({ report, custody }: ReportPage, word: string): Html {
  const { hold, counts, runId } = report
  const held = counts.held + counts.repaired
  return html`<section aria-labelledby="signing" class="signing"><h2 id="signing">To be signed</h2>${facts([
    ['Matter', hold.matter],
    ['Hold', html`<code>${hold.tag}</code>`],
    ['Outcome', `${word}: ${figure(held)} of ${counted(counts.expected, 'expected recording')} under the hold`],
    ['Run', html`<code>${runId}</code>`],
    ['Sealed', utc(custody.sealedAt)],
    ['Root of the tree', html`<span class="hash">${custody.log.rootHash}</span>`],
    ['Fingerprint of the key', html`<span class="hash">${custody.fingerprint}</span>`],
  ])}<div class="signers">${signers.map((role) => html`<div><h3>${role}</h3><dl class="lines">${lines.map((line) => html`<dt>${line}</dt><dd></dd>`)}</dl></div>`)}</div></section>`
}
