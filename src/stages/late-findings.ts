import type { Finding } from '../findings.js'
import type { ExportRequest } from '../request.js'
import type { RecordingLedger } from './ledger.js'
import type { UnnamedRecordings } from './settlement.js'

/** Ids that a message names; the request has them all. */
const namedAtMost = 5

/**
 * What only the end of a run shows. That nothing was expected is no fault of the run, and every check of nothing passes:
 * it has to be said, or a mistyped filter looks like a hold that is complete. The same holds for a single conversation
 * that the request names. Pure.
 */
export function lateFindings(
  request: ExportRequest,
  ledger: Pick<RecordingLedger, 'size' | 'knows'>,
  { missing, failed, skipped }: UnnamedRecordings,
): readonly Finding[] {
  const { interval, profileId, integrationId, conversationIds = [] } = request
  const about = {
    code: 'nothing-expected',
    severity: 'warning',
    subject: profileId ?? integrationId ?? 'the request',
  } as const
  if (ledger.size + missing + failed + skipped === 0) {
    return [
      {
        ...about,
        message: `No recording matched the request between ${interval.start} and ${interval.end}, so nothing was put under the hold.`,
        remedy: `Check the interval, and ${narrowing(request)}, before you rely on this report: beyond that nothing matched, it proves nothing.`,
      },
    ]
  }
  const unknown = conversationIds.filter((id) => !ledger.knows(id) && !ledger.knows(id.toLowerCase()))
  if (unknown.length === 0) return []
  const named = unknown.slice(0, namedAtMost).join(', ')
  const more = unknown.length > namedAtMost ? ` and ${unknown.length - namedAtMost} more` : ''
  return [
    {
      ...about,
      message: `No recording matched ${unknown.length} of the ${conversationIds.length} conversations that the request names: ${named}${more}.`,
      remedy: `Check these ids, the interval, and ${narrowing({ ...request, conversationIds: undefined })}: nothing of them was put under the hold.`,
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
