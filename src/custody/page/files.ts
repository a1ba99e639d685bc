import type { RunReport } from '../../model/report.js'
import type { CustodyPredicate } from '../bundle/contents.js'
import type { RecordDigest } from '../bundle/record-digest.js'
import { reportPage } from './page.js'

/** The report as report.json holds it. */
export function formatReport(report: RunReport): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/** The page of a bundle: the same bytes whenever it is made from the same records by the same version. */
export function reportPageOf(
  report: RunReport,
  records: { readonly digest: RecordDigest; readonly recordsSha256: string },
  predicate: CustodyPredicate,
  fingerprint: string,
): string {
  const { digest, recordsSha256 } = records
  return reportPage({
    report,
    records: predicate.counts.records,
    arrivals: digest.arrivals,
    exceptions: digest.exceptions,
    exceptionCount: digest.exceptionCount,
    otherHolds: digest.otherHolds,
    custody: { ...predicate, recordsSha256, fingerprint },
  })
}
