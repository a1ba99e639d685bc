import type { RunReport } from '../../model/report.js'
import type { RecordCounts } from '../bundle/record-counts.js'

/** A kind of request, how many were made and what they cost. */
export interface CostLine {
  readonly what: string
  readonly requests: number
  readonly dollars: number
}

// S3 Standard in us-east-1, dollars per request (s3-facts, HEAD and listing).
const readPrice = 0.000_000_4
const writePrice = 0.000_005
const objectsPerPage = 1_000

/**
 * The cost of the run's requests at list price, as the records show them. It counts a page of a listing for each
 * 1,000 objects, a HEAD for each verdict, two for each repair, and each change. Retries and repeated listings come
 * on top.
 */
export function costOf(report: RunReport, records: RecordCounts): readonly CostLine[] {
  const pages = Math.ceil(report.objects.listed / objectsPerPage)
  const repairs = report.remediations.repaired + report.remediations.failed
  const reads = (records.byType.verdict ?? 0) + 2 * repairs
  const changes = Object.values(records.actions).reduce((sum, count) => sum + count, 0)
  return [
    { what: 'Listing the bucket (LIST)', requests: pages, dollars: pages * writePrice },
    { what: 'Reading headers (HEAD)', requests: reads, dollars: reads * readPrice },
    { what: 'Repairs (COPY, PUT)', requests: changes, dollars: changes * writePrice },
  ]
}
