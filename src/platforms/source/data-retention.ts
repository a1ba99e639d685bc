import { dayMs } from '../../internal/durations.js'
import { counted } from '../../internal/text/counted.js'
import type { Finding } from '../../model/findings.js'
import type { SourceContext } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import { numberOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { ask } from './question.js'

/** What is deleted within this time may be gone before it is exported; as for media retention policies. */
const soonMs = 30 * dayMs

/** The permission of the organisation's data retention. */
export const viewsDataRetention = 'analytics:dataRetention:view'

/**
 * The organisation's maximum interaction data retention deletes recordings that no policy speaks of (genesys-facts, expected
 * recordings). One request.
 *
 * @see https://help.mypurecloud.com/articles/set-the-maximum-interaction-data-retention-time/
 */
export async function dataRetentionFindings(
  client: GenesysClient,
  request: ExportRequest,
  context: SourceContext,
  options?: CallOptions,
): Promise<readonly Finding[]> {
  const answer = await ask(
    client,
    {
      operation: "read the organisation's data retention",
      unknown: 'whether the organisation deletes all interactions after some days',
      permission: viewsDataRetention,
      call: { method: 'GET', path: '/api/v2/analytics/dataretention/settings' },
    },
    options,
  )
  if (answer.finding !== undefined) return [answer.finding]
  const days = numberOf(answer.body, 'retentionDays')
  return days === undefined || days <= 0 ? [] : retentionFinding(days, request, context, client.clock.now())
}

/** Where the term ends before the hold does. Pure. */
export function retentionFinding(
  days: number,
  { interval }: ExportRequest,
  { heldUntil }: SourceContext,
  now: number,
): Finding[] {
  // The oldest conversation in scope goes first. What had begun before the interval goes even earlier.
  const deletedAt = Date.parse(interval.start) + days * dayMs
  if (heldUntil !== undefined && deletedAt >= Date.parse(heldUntil)) return []
  const isSoon = deletedAt < now + soonMs
  const on = new Date(deletedAt).toISOString().slice(0, 10)
  return [
    {
      code: 'org-retention-deletes',
      severity: isSoon ? 'blocker' : 'warning',
      subject: 'maximum interaction data retention',
      message: `The organisation deletes every interaction and its recordings after ${counted(days, 'day')}, whatever its policies say: the oldest of the interval ${deletedAt <= now ? 'have been deleted since' : 'on'} ${on}.`,
      remedy: isSoon
        ? 'Have Genesys Cloud keep interactions longer (Organization Settings, Security & Compliance) before the export, or accept the finding by its code: what is gone cannot be exported.'
        : 'Nothing for the export; after that date only what lies on S3 is left.',
    },
  ]
}
