import type { Arrivals } from '../../bundle/arrivals.js'
import { arrivalsChart, spanOf } from '../charts.js'
import { type Html, html } from '../html.js'

/** When the objects arrived. */
export function arrivalsSection(seen: Arrivals): Html {
  const wide = arrivalsChart(seen, 640, 'arrivals-wide')
  const narrow = arrivalsChart(seen, 350, 'arrivals-narrow')
  const picture =
    wide === undefined
      ? html`<p>No object arrived.</p>`
      : html`<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div><figcaption>Objects by the time S3 received them; each column is ${spanOf(seen.widthMs)}.</figcaption></figure>`
  return html`<section aria-labelledby="arrivals"><h2 id="arrivals">Arrivals over time</h2>${picture}</section>`
}
