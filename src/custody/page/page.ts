import type { RunReport } from '../../model/report.js'
import { answerOf } from './answer.js'
import { contentPolicy } from './content-policy.js'
import { html, Html as SafeHtml } from './html.js'
import type { ReportPage } from './report-page.js'
import { reportScript } from './script.js'
import { arrivalsSection } from './sections/arrivals.js'
import { costSection } from './sections/cost.js'
import { custodySection } from './sections/custody.js'
import { exceptionsSection } from './sections/exceptions.js'
import { findingsSection } from './sections/findings.js'
import { flowSection } from './sections/flow.js'
import { glossarySection } from './sections/glossary.js'
import { peopleSection } from './sections/people.js'
import { scopeSection } from './sections/scope.js'
import { signingSection } from './sections/signing.js'
import { reportStyle } from './style.js'
import { utc } from './text.js'

const policy = contentPolicy({ style: reportStyle, script: reportScript })

/** The report as one self-contained page. */
export function reportPage(page: ReportPage): string {
  const { report, custody } = page
  const { name, mark, word } = badgeOf(report)
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new SafeHtml(policy)}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><title>Legal hold ${report.hold.tag}: ${word.toLowerCase()}</title><style>${new SafeHtml(reportStyle)}</style></head>
<body><header><p class="kicker"><span class="badge ${name}">${mark} ${word}</span>Legal hold report, ${utc(report.finishedAt)}</p><h1>${answerOf(report, page.otherHolds)}</h1></header>
<main>${scopeSection(report)}${peopleSection(report, custody)}${flowSection(report.counts)}${arrivalsSection(page.arrivals)}${exceptionsSection(page)}${findingsSection(report)}${custodySection(page)}${signingSection(page, word)}${glossarySection()}${costSection(page)}</main>
<footer><p>Made by ${custody.tool.name} ${custody.tool.version}. Run <code>${report.runId}</code>. All times are UTC.</p></footer>
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
