import { counted, figure } from '../../../internal/text/counted.js'
import { inventoryText } from '../../../internal/text/inventory.js'
import type { RunReport } from '../../../model/report.js'
import { type Html, html } from '../html.js'
import { requirementSentences } from '../requirements.js'
import { auditText, divisionsText, protectionText } from '../source.js'
import { utc } from '../text.js'
import { facts } from './facts.js'

/** What must be held, where it comes from and where it lies. */
export function scopeSection(report: RunReport): Html {
  const { hold, requirements, platform, storage, interval, job, objects, coverage, protection, dryRun } = report
  const companions = `${counted(objects.recordings, 'recording')}, ${counted(objects.sidecars, 'sidecar')}, ${counted(objects.transcripts, 'transcript')}, ${counted(objects.attachments, 'attachment')}`
  return html`<section aria-labelledby="scope"><h2 id="scope">Hold and scope</h2>${facts([
    ['Matter', hold.matter],
    ['Hold', html`<code>${hold.tag}</code>`],
    ['Conversations between', `${utc(interval.start)} and ${utc(interval.end)}`],
    ['What the hold requires', html`${requirementSentences(requirements).map((sentence) => html`<p>${sentence}</p>`)}`],
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
    ['Inventory', inventoryText(report.inventory)],
    ['Divisions seen', divisionsText(coverage.scope)],
    ['Protected at the source', protectionText(protection)],
    ['Audit trail of Genesys Cloud', auditText(report.audit)],
    ['Mode', dryRun ? 'dry run: nothing was changed' : undefined],
  ])}</section>`
}
