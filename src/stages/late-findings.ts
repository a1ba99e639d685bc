import type { Finding } from '../findings.js'
import type { ExportRequest } from '../request.js'
import type { RecordingLedger } from './ledger.js'
import type { UnnamedRecordings } from './settlement.js'

/**
 * What only the end of a run shows. That nothing was expected is no fault of the run, and every check of nothing passes:
 * it has to be said, or a mistyped filter looks like a hold that is complete. Pure.
 */
export function lateFindings(
  request: ExportRequest,
  ledger: Pick<RecordingLedger, 'size'>,
  { missing, failed, skipped }: UnnamedRecordings,
): readonly Finding[] {
  if (ledger.size + missing + failed + skipped > 0) return []
  const { interval, profileId, integrationId } = request
  return [
    {
      code: 'nothing-expected',
      severity: 'warning',
      message: `No recording matched the request between ${interval.start} and ${interval.end}, so nothing was put under the hold.`,
      subject: profileId ?? integrationId ?? 'the request',
      remedy: `Check the interval, and ${narrowing(request)}, before you rely on this report: beyond that nothing matched, it proves nothing.`,
    },
  ]
}

/** What of a request leaves recordings out. */
function narrowing({ mediaTypes, messageTypes, conversationIds }: ExportRequest): string {
  const given = Object.entries({ mediaTypes, messageTypes, conversationIds }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  )
  const rights = 'that the OAuth client may see the recordings (divisions)'
  return given.length === 0 ? rights : `${given.join(', ')}, and ${rights}`
}
