import { counted, figure } from '../../../internal/text/counted.js'
import { bundleFiles } from '../../bundle/contents.js'
import { type Html, html } from '../html.js'
import type { ReportPage } from '../report-page.js'
import { utc } from '../text.js'
import { facts } from './facts.js'

/** What the evidence is, and how it is verified. */
export function custodySection({ custody: own, records }: ReportPage): Html {
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
