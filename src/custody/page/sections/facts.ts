import { type Html, html } from '../html.js'

/** Names with their values; what has no value is left out. */
export function facts(list: readonly (readonly [string, Html | string | undefined])[]): Html {
  return html`<dl>${list
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}
