import type { RecordingException, RunReport } from '../../model/report.js'
import type { Arrivals } from '../bundle/arrivals.js'
import type { CustodyPredicate } from '../bundle/contents.js'
import type { RecordCounts } from '../bundle/record-counts.js'

/** What the page is made of. */
export interface ReportPage {
  readonly report: RunReport
  readonly records: RecordCounts
  readonly arrivals: Arrivals
  /** The first of the exceptions; the rest is in the CSV. */
  readonly exceptions: readonly RecordingException[]
  /** All of them, with those that stand for several. */
  readonly exceptionCount: number
  /** What stands on objects in conflict in place of this hold: as a rule the tags of other matters. */
  readonly otherHolds: readonly string[]
  readonly custody: PageCustody
}

/** What the page says of its own evidence. */
export interface PageCustody
  extends Pick<CustodyPredicate, 'tool' | 'sealedAt' | 'policyDigest' | 'log' | 'previous' | 'timestamp'> {
  readonly recordsSha256: string
  readonly fingerprint: string
}
