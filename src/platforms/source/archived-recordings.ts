import { counted } from '../../internal/text/counted.js'
import type { Finding } from '../../model/findings.js'
import type { ExportRequest } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { GenesysClient } from '../client/client.js'
import { retainedRecordings, ScanTooLong } from '../expected/retention-query.js'
import { isAnswerable, patience, unanswered } from './question.js'

/** Pages of 500 that are read: the query begins with nothing that is known, and cannot be narrowed to an interval. */
const mostPages = 20
const permission = 'recording:recording:view'
const unknown = 'how many recordings of the interval are archived'

const notAllRead: Finding = {
  code: 'configuration-unreadable',
  severity: 'info',
  subject: permission,
  message: `The organisation has more recordings than were read (${mostPages * 500}), none of which is archived and of the interval: ${unknown} is not known.`,
  remedy: 'Nothing: the run waits for archived recordings once it knows them (restoreTimeoutMs).',
}

/**
 * How many recordings of the interval are archived: they must be restored before they can be exported. The retention query
 * says when each was, or is to be, archived. At most 20 requests; beyond 10,000 recordings the number is a lower bound.
 *
 * @see https://help.mypurecloud.com/articles/interaction-storage/ "it can take several hours to retrieve archived recordings"
 */
export async function archivedFindings(
  client: GenesysClient,
  { interval }: ExportRequest,
  options: CallOptions = {},
): Promise<readonly Finding[]> {
  const now = client.clock.now()
  const start = Date.parse(interval.start)
  const end = Date.parse(interval.end)
  const limits = { maxPages: mostPages, onCall: () => {} }
  let count = 0
  let isCut = false
  try {
    for await (const { createdAt, archivedAt } of retainedRecordings(client, end, limits, {
      ...options,
      retry: patience,
    })) {
      if (archivedAt === undefined || archivedAt > now) continue
      if (createdAt === undefined || (createdAt >= start && createdAt < end)) count += 1
    }
  } catch (error) {
    if (error instanceof ScanTooLong) isCut = true
    else if (isAnswerable(error)) return [unanswered({ permission, unknown }, error)]
    else throw error
  }
  if (count === 0) return isCut ? [notAllRead] : []
  return [
    {
      code: 'recordings-archived',
      severity: 'info',
      subject: `${interval.start}/${interval.end}`,
      message: `${isCut ? 'At least ' : ''}${counted(count, 'recording')} of the interval ${count === 1 ? 'is' : 'are'} archived. Genesys Cloud restores before it exports, which it says can take several hours.`,
      remedy: 'Nothing, if restoreTimeoutMs is long enough (6 hours where it is not given); else raise it.',
    },
  ]
}
