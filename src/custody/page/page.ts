import { createHash } from 'node:crypto'
import { counted, figure } from '../../internal/text/counted.js'
import type { RecordingException, RunReport } from '../../model/report.js'
import type { Arrivals } from '../bundle/arrivals.js'
import { bundleFiles, type CustodyPredicate } from '../bundle/contents.js'
import type { RecordCounts } from '../bundle/record-counts.js'
import { answerOf } from './answer.js'
import { arrivalsChart, flowChart, spanOf } from './charts.js'
import { costOf } from './cost.js'
import { type Html, html, Html as SafeHtml } from './html.js'
import { reportScript } from './script.js'
import { auditText, divisionsText, protectionText, whatItIs } from './source.js'
import { reportStyle } from './style.js'
import { stateNames, utc } from './text.js'

/** What the page is made of. */
export interface ReportPage {
  readonly report: RunReport
  readonly records: RecordCounts
  readonly arrivals: Arrivals
  /** The first of the exceptions; the rest is in the CSV. */
  readonly exceptions: readonly RecordingException[]
  /** All of them, with those that stand for several. */
  readonly exceptionCount: number
  readonly custody: PageCustody
}

/** What the page says of its own evidence. */
export interface PageCustody
  extends Pick<CustodyPredicate, 'tool' | 'sealedAt' | 'policyDigest' | 'log' | 'previous' | 'timestamp'> {
  readonly recordsSha256: string
  readonly fingerprint: string
}

// With the rest of the page well under 5 MB, whatever the keys are.
const mostTableBytes = 3_500_000

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing from elsewhere, and of what is here only this style and this script. */
const policy = `default-src 'none'; style-src ${hashOf(reportStyle)}; script-src ${hashOf(reportScript)}; base-uri 'none'; form-action 'none'`

/** The report as one self-contained page. */
export function reportPage(page: ReportPage): string {
  const { report } = page
  const { name, mark, word } = badgeOf(report)
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new SafeHtml(policy)}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><title>Legal hold ${report.hold.tag}: ${word.toLowerCase()}</title><style>${new SafeHtml(reportStyle)}</style></head>
<body><header><p class="kicker"><span class="badge ${name}">${mark} ${word}</span>Legal hold report, ${utc(report.finishedAt)}</p><h1>${answerOf(report)}</h1></header>
<main>${scope(report)}${flow(page)}${arrivals(page)}${exceptions(page)}${findings(report)}${custody(page)}${cost(page)}</main>
<footer><p>Made by ${page.custody.tool.name} ${page.custody.tool.version}. Run <code>${report.runId}</code>. All times are UTC.</p></footer>
<script>${new SafeHtml(reportScript)}</script></body></html>`.text
  }\n`
}

const badges = {
  complete: { mark: '✓', word: 'Complete' },
  incomplete: { mark: '✗', word: 'Incomplete' },
  'nothing-expected': { mark: '○', word: 'Nothing expected' },
} as const

/** A report of an earlier version may say `complete` of nothing, and its page may be rebuilt. */
function badgeOf({ outcome, counts }: RunReport) {
  const name = outcome === 'complete' && counts.expected === 0 ? 'nothing-expected' : outcome
  return { name, ...badges[name] }
}

function facts(list: readonly (readonly [string, Html | string | undefined])[]): Html {
  return html`<dl>${list
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

function scope(report: RunReport): Html {
  const { hold, requirements, platform, storage, interval, job, objects, coverage, protection, dryRun } = report
  const needs = [
    ...Object.entries(requirements.metadata ?? {}).map(([name, value]) => `metadata ${name} = ${value}`),
    ...Object.entries(requirements.tags ?? {}).map(([name, value]) => `tag ${name} = ${value}`),
    ...(requirements.legalHold ? ['Object Lock legal hold on'] : []),
    ...(requirements.retainUntilDate === undefined ? [] : [`retention until ${utc(requirements.retainUntilDate)}`]),
  ]
  const companions = `${counted(objects.recordings, 'recording')}, ${counted(objects.sidecars, 'sidecar')}, ${counted(objects.transcripts, 'transcript')}, ${counted(objects.attachments, 'attachment')}`
  return html`<section aria-labelledby="scope"><h2 id="scope">Hold and scope</h2>${facts([
    ['Matter', hold.matter],
    ['Hold', html`<code>${hold.tag}</code>`],
    ['Reason', hold.reason],
    ['Requested by', hold.requestedBy],
    ['Conversations between', `${utc(interval.start)} and ${utc(interval.end)}`],
    ['Each object has to show', needs.join('; ')],
    [
      'Source',
      `Genesys Cloud (${platform.name})${platform.region === undefined ? '' : ` in ${platform.region}`}, organisation ${platform.organizationName ?? ''} ${platform.organizationId}`,
    ],
    ['Bucket', `${storage.bucket}${storage.region === undefined ? '' : ` in ${storage.region}`}`],
    ['Export job', html`<code>${job.id}</code>, ${job.platformState}`],
    [
      'Objects',
      `${companions}${objects.unexpected > 0 ? `; ${figure(objects.unexpected)} of other exports left alone` : ''}`,
    ],
    [
      'Coverage',
      coverage.proven
        ? `proven until ${utc(coverage.provenUntil ?? interval.end)}, ${coverage.depth === 'recordings' ? 'recording by recording' : 'by the job’s totals'}`
        : `not proven: ${coverage.reason ?? 'unknown'}`,
    ],
    ['Divisions seen', divisionsText(coverage.scope)],
    ['Protected at the source', protectionText(protection)],
    ['Audit trail of Genesys Cloud', auditText(report.audit)],
    ['Mode', dryRun ? 'dry run: nothing was changed' : undefined],
  ])}</section>`
}

function flow({ report }: ReportPage): Html {
  const { counts } = report
  const rows = Object.entries(counts).filter(([, count]) => count > 0)
  return html`<section aria-labelledby="flow"><h2 id="flow">What became of the recordings</h2><figure><div class="wide">${flowChart(counts, 640, 'flow-wide')}</div><div class="narrow">${flowChart(counts, 350, 'flow-narrow')}</div></figure><details><summary>The same as a table</summary><table><thead><tr><th scope="col">State</th><th scope="col" class="number">Recordings</th></tr></thead><tbody>${rows.map(
    ([state, count]) => html`<tr><td>${stateNames[state] ?? state}</td><td class="number">${figure(count)}</td></tr>`,
  )}</tbody></table></details></section>`
}

function arrivals({ arrivals: seen }: ReportPage): Html {
  const wide = arrivalsChart(seen, 640, 'arrivals-wide')
  const narrow = arrivalsChart(seen, 350, 'arrivals-narrow')
  const picture =
    wide === undefined
      ? html`<p>No object arrived.</p>`
      : html`<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div><figcaption>Objects by the time S3 received them; each column is ${spanOf(seen.widthMs)}.</figcaption></figure>`
  return html`<section aria-labelledby="arrivals"><h2 id="arrivals">Arrivals over time</h2>${picture}</section>`
}

function exceptions({ report, exceptions: list, exceptionCount }: ReportPage): Html {
  const heading = html`<h2 id="exceptions">Exceptions</h2>`
  if (exceptionCount === 0) {
    const why =
      report.counts.expected === 0 ? 'no recording was expected' : 'every expected recording is held or repaired'
    return html`<section aria-labelledby="exceptions">${heading}<p>None: ${why}.</p></section>`
  }
  const rows: Html[] = []
  let bytes = 0
  let shown = 0
  for (const exception of list) {
    const { state, reason, recordingId, conversationId, key, count = 1 } = exception
    const name = recordingId ?? `${figure(count)} without a name`
    const row = html`<tr><td class="state">${stateNames[state] ?? state}</td><td>${name}</td><td>${conversationId}</td><td>${key}</td><td>${reason}</td><td>${whatItIs(exception)}</td></tr>`
    bytes += Buffer.byteLength(row.text)
    if (bytes > mostTableBytes) break
    rows.push(row)
    shown += count
  }
  const all = html`<a href="${bundleFiles.exceptions}">${bundleFiles.exceptions}</a>`
  const extent =
    shown < exceptionCount
      ? html`The first ${figure(shown)} of ${counted(exceptionCount, 'exception')}; all of them are in ${all}.`
      : html`${counted(exceptionCount, 'exception')}, also in ${all}.`
  return html`<section aria-labelledby="exceptions">${heading}<p>${extent}</p><div class="tools" hidden><div><label for="search">Search state, id, key or reason</label><input id="search" type="search" autocomplete="off"></div><span id="shown" class="soft" role="status"></span></div><div class="scroll" tabindex="0" role="region" aria-label="Table of exceptions"><table class="exceptions"><thead><tr><th scope="col">State</th><th scope="col">Recording</th><th scope="col">Conversation</th><th scope="col">Object</th><th scope="col">Reason</th><th scope="col">What it is</th></tr></thead><tbody>${rows}</tbody></table></div></section>`
}

function findings({ findings: list, accepted }: RunReport): Html {
  const codes = new Set<string>(accepted)
  const items = list.map(({ code, severity, message, subject, remedy }) => {
    const isAccepted = severity === 'blocker' && codes.has(code)
    const label = isAccepted ? 'accepted risk' : severity
    return html`<div class="finding ${isAccepted ? 'accepted' : severity}"><h3>${label}: ${code}</h3><p>${message}</p><p class="soft">About ${subject}. What to do: ${remedy}</p></div>`
  })
  const note =
    accepted.length === 0
      ? html``
      : html`<p>Accepted by whoever ordered the run, although inspection would have stopped it: ${[...codes].join(', ')}.</p>`
  return html`<section aria-labelledby="findings"><h2 id="findings">Findings and accepted risks</h2>${note}${items.length === 0 ? html`<p>Inspection found nothing.</p>` : items}</section>`
}

function custody({ custody: own, records }: ReportPage): Html {
  const hash = (value: string) => html`<span class="hash">${value}</span>`
  return html`<section aria-labelledby="custody"><h2 id="custody">Custody</h2><p>Each observation and each change of this run was written to a journal before and after it was made. The ${counted(records.total, 'record')} of that journal lie beside this page in ${bundleFiles.records}; their hashes are in ${bundleFiles.statement}, which is signed. Whoever changes, removes, swaps or adds a record, or a byte of this page, breaks the signature.</p>${facts(
    [
      ['Sealed', utc(own.sealedAt)],
      ['Records', html`${figure(own.log.treeSize)}, SHA-256 ${hash(own.recordsSha256)}`],
      ['Tree over the records', html`RFC 6962, root ${hash(own.log.rootHash)}`],
      ['Policy digest', hash(own.policyDigest)],
      ['Signed with', hash(own.fingerprint)],
      ['Time stamp', own.timestamp === 'rfc3161' ? `RFC 3161, in ${bundleFiles.timestamp}` : 'none'],
      [
        'Bundle before this one',
        own.previous === undefined
          ? 'none: the first of this matter, or not linked'
          : html`sealed ${utc(own.previous.sealedAt)}, SHA-256 of its statement ${hash(own.previous.payloadSha256 ?? own.previous.statementSha256)}`,
      ],
    ],
  )}<h3>How to verify</h3><p>Ask the party that made this report, by another way than the one the report came by, for the fingerprint of its key. Then, in the folder of this page:</p><pre><code>npx genesys-legal-hold-exporter verify . --fingerprint FINGERPRINT</code></pre><p>${bundleFiles.instructions} says how to do it with openssl, sha256sum and jq alone.</p></section>`
}

function cost({ report, records }: ReportPage): Html {
  const lines = costOf(report, records)
  const money = (dollars: number) =>
    dollars > 0 && dollars < 0.0001 ? 'under $0.0001' : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`
  const total = lines.reduce((sum, { dollars }) => sum + dollars, 0)
  return html`<section aria-labelledby="cost"><h2 id="cost">Cost</h2><table><thead><tr><th scope="col">S3 requests</th><th scope="col" class="number">Number</th><th scope="col" class="number">At list price</th></tr></thead><tbody>${lines.map(
    ({ what, requests, dollars }) =>
      html`<tr><td>${what}</td><td class="number">${figure(requests)}</td><td class="number">${money(dollars)}</td></tr>`,
  )}<tr><th scope="row">Together</th><td class="number">${figure(lines.reduce((sum, { requests }) => sum + requests, 0))}</td><td class="number">${money(total)}</td></tr></tbody></table><p class="soft">An estimate from the records at the list prices of S3 Standard in us-east-1. Repeated requests, transfer and the storage of new versions come on top.</p></section>`
}
