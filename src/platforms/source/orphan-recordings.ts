import { verb } from '../../internal/text/counted.js'
import type { Finding } from '../../model/findings.js'
import type { ExportRequest } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, dateOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { coversMedia, mediaTypeFrom } from '../request/scope.js'
import { listSource } from './listing.js'

/** The permission of orphan recordings. */
export const viewsOrphans = 'recording:orphan:view'

/** Pages that are read: 2,000 recordings. An organisation has few, if any. */
const mostPages = 20
/** Ids in the message. */
const namedAtMost = 100

/**
 * Recordings of the interval that belong to no conversation: no job exports them, and no list names them (genesys-facts,
 * expected recordings). At most 20 requests.
 */
export async function orphanFindings(
  client: GenesysClient,
  request: ExportRequest,
  options?: CallOptions,
): Promise<readonly Finding[]> {
  const listed = await listSource(
    client,
    {
      operation: 'list the orphan recordings',
      unknown: 'whether there are recordings of the interval that belong to no conversation',
      permission: viewsOrphans,
      call: { method: 'GET', path: '/api/v2/orphanrecordings' },
    },
    mostPages,
    options,
  )
  if ('finding' in listed) return [listed.finding]
  const ids = listed.entities
    .filter((orphan) => mayBeInScope(orphan, request))
    .map((orphan) => textOf(orphan, 'id') ?? '?')
  if (ids.length === 0 && !listed.isCut) return []
  const named = ids.slice(0, namedAtMost)
  const more = ids.length - named.length
  const count = `${listed.isCut ? 'at least ' : ''}${ids.length}`
  return [
    {
      code: 'orphan-recordings',
      severity: 'warning',
      subject: `${request.interval.start}/${request.interval.end}`,
      message: `${count} ${verb(ids.length, 'recording of the interval belongs', 'recordings of the interval belong')} to no conversation, so that no job exports and no list names ${verb(ids.length, 'it', 'them')}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      remedy:
        'Look at them in Genesys Cloud (Recording Management, Orphaned recordings), attach those of the matter to their conversations, or preserve them by hand.',
    },
  ]
}

function mayBeInScope(orphan: Answer, request: ExportRequest): boolean {
  if (textOf(orphan, 'fileState') === 'DELETED') return false
  const medium = mediaTypeFrom(textOf(orphan, 'mediaType'))
  if (medium !== undefined && !coversMedia(request, medium)) return false
  const createdAt = Date.parse(dateOf(orphan, 'createdTime') ?? '')
  // One without a date might be of any.
  if (Number.isNaN(createdAt)) return true
  return createdAt >= Date.parse(request.interval.start) && createdAt < Date.parse(request.interval.end)
}
