import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, dateOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { listSource } from './listing.js'

/** The permission of GDPR requests. */
export const viewsGdprRequests = 'gdpr:request:view'

/** Pages of requests that are read: Genesys keeps them all. */
const mostPages = 20
/** Requests that have a finding of their own. */
const namedAtMost = 20

/** A request in one of these states erases nothing any more; any other might. */
const closed: ReadonlySet<string> = new Set(['COMPLETED', 'ERROR'])

/**
 * Open requests to erase a data subject. Whose recordings that concerns cannot be told from the request, so each of them may
 * be in scope. At most 20 requests.
 */
export async function gdprFindings(client: GenesysClient, options?: CallOptions): Promise<readonly Finding[]> {
  const listed = await listSource(
    client,
    {
      operation: 'list the GDPR requests',
      unknown: 'whether a GDPR request is erasing recordings in scope',
      permission: viewsGdprRequests,
      call: { method: 'GET', path: '/api/v2/gdpr/requests' },
    },
    mostPages,
    options,
  )
  if ('finding' in listed) return [listed.finding]
  const open = listed.entities.filter(isOpenDeletion)
  const named = open.slice(0, namedAtMost).map(toFinding)
  const more = open.length - named.length
  return [
    ...named,
    ...(more === 0 ? [] : [toFinding({ id: `${more} more`, status: 'open' })]),
    ...(listed.isCut ? [notAllRead] : []),
  ]
}

const notAllRead: Finding = {
  code: 'configuration-unreadable',
  severity: 'warning',
  subject: viewsGdprRequests,
  message: `The organisation has more GDPR requests than were read (${mostPages * 100}): whether one beyond them is erasing recordings in scope is not known.`,
  remedy: 'Have an administrator of the organisation look at the open GDPR requests.',
}

function isOpenDeletion(request: Answer): boolean {
  return textOf(request, 'requestType') === 'GDPR_DELETE' && !closed.has(textOf(request, 'status') ?? '')
}

/** The subject is personal data: the report names the request, by which it can be looked up. */
function toFinding(request: Answer): Finding {
  const id = textOf(request, 'id') ?? 'without an id'
  const createdAt = dateOf(request, 'createdDate')
  return {
    code: 'gdpr-deletion-active',
    severity: 'blocker',
    subject: id,
    message: `The GDPR request ${id}${createdAt === undefined ? '' : ` of ${createdAt}`} is erasing a data subject (${textOf(request, 'status') ?? 'no status'}), whose recordings may be in scope.`,
    remedy:
      'Have legal counsel decide which duty prevails, and wait until the request is closed; or accept the finding by its code.',
  }
}
