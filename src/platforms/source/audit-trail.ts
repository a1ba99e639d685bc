import { sleepOrAbort } from '../../internal/abort.js'
import { dayMs } from '../../internal/durations.js'
import { LegalHoldError } from '../../model/errors.js'
import type { AuditEntry, AuditSpan } from '../../model/platform.js'
import type { AuditTrailOptions } from '../../ports/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, dateOf, isAnswer, listOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { tellOfPoll } from '../client/poll.js'
import { isAnswerable, patience } from './question.js'

/** The permission of audits. */
export const viewsAudits = 'audits:audit:view'

/** What of recordings is audited (the SDK's `AuditTopicAuditLogMessage.entityType`). */
const entityTypes: ReadonlySet<string> = new Set(['Recording', 'ScreenRecording', 'SnippetRecording', 'BulkActions'])
/** The service that these belong to, where the service mapping does not say. */
const usualService = 'Quality'

const stage = 'report'
/** A query of more may be refused: how long an interval may be is not documented. */
const windowMs = 30 * dayMs
/** Audits are kept for a year at least (help p=278459). */
const mostWindows = 13
/** Pages of 500 of one trail. */
const mostPages = 200
const pageSize = 500
const firstPollMs = 1_000
const longestPollMs = 15_000
/** A query is given up after this long. */
const deadlineMs = 600_000

interface AuditQuery {
  readonly serviceName: string
  readonly entityType: string
  readonly interval: string
}

/**
 * What was done to recordings, the latest month first. For each month at most 4 queries, of three requests and a page for
 * each 500 entries; 13 months and 200 pages in all. What could not be read is told to `onDoubt`.
 */
export async function* auditTrail(
  client: GenesysClient,
  span: AuditSpan,
  options: AuditTrailOptions = {},
): AsyncGenerator<AuditEntry, void, void> {
  const { onDoubt = () => {} } = options
  let pagesLeft = mostPages
  try {
    const services = await servicesOf(client, options)
    const { windows, isCut } = windowsOf(span)
    if (isCut) onDoubt(`it was read back to ${windows.at(-1)?.split('/')[0]} only`)
    for (const interval of windows) {
      for (const [serviceName, entityType] of services) {
        const pages = entriesOf(client, { serviceName, entityType, interval }, options)
        for await (const page of pages) {
          pagesLeft -= 1
          for (const entry of page) yield entry
          if (pagesLeft > 0) continue
          onDoubt(`it has more than ${mostPages * pageSize} entries`)
          return
        }
      }
    }
  } catch (error) {
    if (!isAnswerable(error)) throw error
    const why =
      error.code === 'PLATFORM_FORBIDDEN' ? `the OAuth client lacks the permission ${viewsAudits}` : error.message
    onDoubt(why)
  }
}

/** The latest first. Pure. */
export function windowsOf({ since, until }: AuditSpan): {
  readonly windows: readonly string[]
  readonly isCut: boolean
} {
  const start = Date.parse(since)
  const windows: string[] = []
  let end = Date.parse(until)
  while (end > start && windows.length < mostWindows) {
    const from = Math.max(start, end - windowMs)
    windows.push(`${new Date(from).toISOString()}/${new Date(end).toISOString()}`)
    end = from
  }
  return { windows, isCut: end > start }
}

/** Services with the entity types of theirs that are asked for: "Use servicemapping for a list of valid values". */
async function servicesOf(
  client: GenesysClient,
  options: CallOptions,
): Promise<readonly (readonly [string, string])[]> {
  const { body } = await client.request(
    {
      operation: 'list the services that are audited',
      stage,
      retry: patience,
      send: ({ callApi }) => callApi({ method: 'GET', path: '/api/v2/audits/query/servicemapping' }),
    },
    options,
  )
  const mapped = (listOf(body, 'services') ?? []).flatMap((service) => {
    const name = textOf(service, 'name')
    if (name === undefined) return []
    return (listOf(service, 'entities') ?? []).flatMap((entity) => {
      const type = textOf(entity, 'name')
      return type !== undefined && entityTypes.has(type) ? [[name, type] as const] : []
    })
  })
  return mapped.length > 0 ? mapped : [...entityTypes].map((type) => [usualService, type] as const)
}

async function* entriesOf(
  client: GenesysClient,
  query: AuditQuery,
  options: CallOptions,
): AsyncGenerator<readonly AuditEntry[], void, void> {
  const id = await startQuery(client, query, options)
  let cursor: string | undefined
  const seen = new Set<string>()
  do {
    const { body } = await client.request(
      {
        operation: `read the results of the audit query ${id}`,
        stage,
        retry: patience,
        send: ({ callApi }) =>
          callApi({
            method: 'GET',
            path: '/api/v2/audits/query/{id}/results',
            pathParams: { id },
            query: { pageSize, expand: 'user', ...(cursor === undefined ? {} : { cursor }) },
          }),
      },
      options,
    )
    const entities = listOf(body, 'entities')
    // An answer of no known shape must not pass for a time in which nothing was done.
    if (entities === undefined) throw failed(`the results of the query ${id} are without a list`)
    yield entities.filter(isAnswer).flatMap((message) => entryFrom(client, message))
    cursor = textOf(body, 'cursor')
    if (cursor !== undefined && seen.has(cursor)) throw failed(`the results of the query ${id} begin again`)
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
}

async function startQuery(client: GenesysClient, query: AuditQuery, options: CallOptions): Promise<string> {
  const { serviceName, entityType, interval } = query
  const body = {
    interval,
    serviceName,
    filters: [{ property: 'EntityType', value: entityType }],
    sort: [{ name: 'Timestamp', sortOrder: 'ascending' }],
  }
  const { body: started } = await client.request(
    {
      operation: `query the audits of ${entityType}`,
      stage,
      // It makes nothing that lasts: a second one costs a query and no more.
      effect: 'repeatable',
      retry: patience,
      send: ({ callApi }) => callApi({ method: 'POST', path: '/api/v2/audits/query', body }),
    },
    options,
  )
  const id = textOf(started, 'id')
  if (id === undefined) throw failed('the answer names no query')
  await waitForQuery(client, id, textOf(started, 'state'), options)
  return id
}

async function waitForQuery(
  client: GenesysClient,
  id: string,
  first: string | undefined,
  options: CallOptions,
): Promise<void> {
  const { clock } = client
  const startedAt = clock.now()
  const giveUpAt = startedAt + deadlineMs
  let state = first
  for (let pollMs = firstPollMs; state?.toLowerCase() !== 'succeeded'; pollMs = Math.min(longestPollMs, pollMs * 2)) {
    if (state !== undefined && /^(failed|cancelled)$/i.test(state)) throw failed(`the query ${id} ended as ${state}`)
    if (clock.now() > giveUpAt) throw failed(`the query ${id} did not end within ${deadlineMs / 60_000} minutes`)
    // A query that has just begun is not asked about at once.
    if (state !== undefined) {
      const waiting = { clock, signal: options.signal }
      tellOfPoll({ stage, subject: `audit query ${id}`, state, startedAt, giveUpAt }, waiting)
      await sleepOrAbort(pollMs, waiting, stage)
    }
    const { body } = await client.request(
      {
        operation: `read the audit query ${id}`,
        stage,
        retry: patience,
        send: ({ callApi }) => callApi({ method: 'GET', path: '/api/v2/audits/query/{id}', pathParams: { id } }),
      },
      options,
    )
    state = textOf(body, 'state') ?? 'Running'
  }
}

function failed(problem: string): LegalHoldError {
  return new LegalHoldError(`Could not read the audit trail: ${problem}.`, { code: 'PLATFORM_REJECTED', stage })
}

/** Reads an `AuditLogMessage`; one without a time or an action says nothing. */
function entryFrom(client: GenesysClient, message: Answer): AuditEntry[] {
  const at = dateOf(message, 'eventDate')
  const action = textOf(message, 'action')
  if (at === undefined || action === undefined) return []
  const entity = answerOf(message, 'entity')
  const user = answerOf(message, 'user')
  const text = {
    id: textOf(message, 'id'),
    entityType: textOf(message, 'entityType'),
    entityId: textOf(entity, 'id'),
    conversationId: textOf(answerOf(message, 'context'), 'conversationId'),
    userId: textOf(user, 'id'),
    userName: textOf(user, 'name'),
    clientId: textOf(answerOf(message, 'client'), 'id'),
    level: textOf(message, 'level'),
    status: textOf(message, 'status'),
    transactionId: textOf(answerOf(message, 'initiatingAction'), 'transactionId'),
  }
  const known = Object.entries(text).filter(([, value]) => value !== undefined)
  return [{ at, action, ...Object.fromEntries(known.map(([name, value]) => [name, client.redact(value)])) }]
}
