import { randomUUID } from 'node:crypto'
import { badRequest, enumParameter, integerParameter, type JsonObject, json, notFound, readObject } from '../http.js'
import { checkFields, wordOf } from '../jobs/fields.js'
import { parseInterval } from '../jobs/query.js'
import type { SimulatedAuditMessage } from '../organization-records.js'
import { readCursor, writeCursor } from './paging.js'
import type { Route, RouteContext } from './routes.js'

/** Services and what of theirs is audited: those that recordings belong to, and one that they do not. */
const services: Readonly<Record<string, readonly string[]>> = {
  Quality: [
    'Evaluation',
    'Recording',
    'ScreenRecording',
    'SnippetRecording',
    'BulkActions',
    'OrphanedRecording',
    'RecordingSettings',
  ],
  GDPR: ['GdprRequest'],
}

const auditActions = ['Create', 'Read', 'Update', 'Delete', 'Archive', 'Export', 'ApplyProtection', 'RevokeProtection']

interface AuditQuery {
  readonly id: string
  readonly body: JsonObject
  readonly startedAtMs: number
  readonly doneAtMs: number
  readonly messages: readonly SimulatedAuditMessage[]
}

const permission = { all: ['audits:audit:view'] }

/** Audit queries: asynchronous, with results by cursor (the SDK's `AuditApi`). */
export function auditRoutes(): readonly Route[] {
  // Results live for a while only, in reality too: they are not kept over a restart.
  const queries = new Map<string, AuditQuery>()
  const find = (context: RouteContext): AuditQuery => {
    const id = context.param('transactionId')
    const query = queries.get(id)
    if (query === undefined) throw notFound('the audit query', id)
    return query
  }
  return [
    {
      method: 'GET',
      path: '/api/v2/audits/query/servicemapping',
      operation: 'listAuditServices',
      permission,
      answer: () =>
        json(200, {
          services: Object.entries(services).map(([name, entities]) => ({
            name,
            entities: entities.map((entity) => ({ name: entity, actions: auditActions })),
          })),
        }),
    },
    {
      method: 'POST',
      path: '/api/v2/audits/query',
      operation: 'createAuditQuery',
      permission,
      answer: async (context) => {
        const query = await createQuery(context)
        queries.set(query.id, query)
        return json(202, toStatus(context, query))
      },
    },
    {
      method: 'GET',
      path: '/api/v2/audits/query/{transactionId}',
      operation: 'getAuditQuery',
      permission,
      answer: (context) => json(200, toStatus(context, find(context))),
    },
    {
      method: 'GET',
      path: '/api/v2/audits/query/{transactionId}/results',
      operation: 'getAuditQueryResults',
      permission,
      answer: (context) => json(200, results(context, find(context))),
    },
  ]
}

/** Notes an action of a client, as Genesys audits it. */
export function audit(
  { state, clock, client, correlationId }: RouteContext,
  message: Pick<SimulatedAuditMessage, 'entityType' | 'action' | 'entity' | 'context'>,
): void {
  state.audited.push({
    id: randomUUID(),
    serviceName: 'Quality',
    eventDate: new Date(clock.now()).toISOString(),
    client: { id: client.clientId },
    status: 'SUCCESS',
    level: 'USER',
    initiatingAction: { transactionId: correlationId },
    ...message,
  })
}

const filterProperties: ReadonlySet<string> = new Set([
  'UserId',
  'TrusteeOrganizationId',
  'ClientId',
  'Action',
  'EntityType',
  'EntityId',
])
const sortNames: ReadonlySet<string> = new Set(['Timestamp'])
const sortOrders: ReadonlySet<string> = new Set(['ascending', 'descending'])

async function createQuery({ state, clock, request }: RouteContext): Promise<AuditQuery> {
  const body = await readObject(request)
  checkFields(body, 'AuditQueryRequest', { interval: 'text', serviceName: 'text', filters: 'objects', sort: 'objects' })
  const { startMs, endMs } = parseInterval(body.interval, 'interval')
  const serviceName = wordOf(body, 'serviceName', new Set(Object.keys(services)))
  const filters = ((body.filters ?? []) as JsonObject[]).map((filter) => {
    checkFields(filter, 'AuditQueryFilter', { property: 'text', value: 'text' })
    const property = wordOf(filter, 'property', filterProperties)
    if (property === undefined || typeof filter.value !== 'string')
      throw badRequest('A filter needs property and value.')
    return { property, value: filter.value }
  })
  for (const sort of (body.sort ?? []) as JsonObject[]) {
    checkFields(sort, 'AuditQuerySort', { name: 'text', sortOrder: 'text' })
    wordOf(sort, 'name', sortNames)
    wordOf(sort, 'sortOrder', sortOrders)
  }
  const descending = ((body.sort ?? []) as JsonObject[])[0]?.sortOrder === 'descending'
  const messages = [...(state.organization.auditMessages ?? []), ...state.audited, ...exportsOf(state)]
    .filter(
      (message) =>
        Date.parse(message.eventDate) >= startMs &&
        Date.parse(message.eventDate) < endMs &&
        (serviceName === undefined || message.serviceName === serviceName) &&
        filters.every(({ property, value }) => propertyOf(message, property) === value),
    )
    .sort((a, b) => Date.parse(a.eventDate) - Date.parse(b.eventDate))
  if (descending) messages.reverse()
  const startedAtMs = clock.now()
  return { id: randomUUID(), body, startedAtMs, doneAtMs: startedAtMs + state.settings.timings.auditMs, messages }
}

const entityTypes = { screen: 'ScreenRecording', snippet: 'SnippetRecording' } as const

/** Each export of a recording is audited too. */
function exportsOf(state: RouteContext['state']): SimulatedAuditMessage[] {
  return [...state.exported].map(([id, atMs]) => {
    const found = state.find(id)
    const type = found?.recording.media === 'screen' ? 'screen' : found?.recording.origin
    return {
      // The same each time it is asked for.
      id: `${id.slice(0, 24)}${atMs.toString(16).padStart(12, '0').slice(-12)}`,
      serviceName: 'Quality',
      entityType: type === 'screen' || type === 'snippet' ? entityTypes[type] : 'Recording',
      action: 'Export',
      eventDate: new Date(atMs).toISOString(),
      entity: { id },
      status: 'SUCCESS',
      level: 'SYSTEM',
      ...(found === undefined ? {} : { context: { conversationId: found.conversation.id } }),
    }
  })
}

function propertyOf(message: SimulatedAuditMessage, property: string): string | undefined {
  if (property === 'UserId') return message.user?.id
  if (property === 'ClientId') return message.client?.id
  if (property === 'Action') return message.action
  if (property === 'EntityType') return message.entityType
  return property === 'EntityId' ? message.entity?.id : undefined
}

function toStatus({ clock }: RouteContext, { id, body, startedAtMs, doneAtMs }: AuditQuery): JsonObject {
  const now = clock.now()
  const half = startedAtMs + (doneAtMs - startedAtMs) / 2
  return {
    id,
    state: now >= doneAtMs ? 'Succeeded' : now >= half ? 'Running' : 'Queued',
    startDate: new Date(startedAtMs).toISOString(),
    interval: body.interval,
    ...(body.serviceName === undefined ? {} : { serviceName: body.serviceName }),
    filters: body.filters ?? [],
    sort: body.sort ?? [],
  }
}

function results({ query, clock }: RouteContext, { id, doneAtMs, messages }: AuditQuery): JsonObject {
  if (clock.now() < doneAtMs) throw badRequest('The query has no results yet.')
  enumParameter(query, 'expand', ['user'])
  const pageSize = integerParameter(query, 'pageSize', { default: 25, min: 1, max: 500 })
  const from = readCursor(query.get('cursor'))
  const until = from + pageSize
  return {
    id,
    pageSize,
    entities: messages.slice(from, until).map(({ entity, user, client, ...message }) => ({
      ...message,
      ...(entity === undefined ? {} : { entity: { ...entity, selfUri: `/api/v2/recordings/${entity.id}` } }),
      ...(user === undefined ? {} : { user: { ...user, selfUri: `/api/v2/users/${user.id}` } }),
      ...(client === undefined ? {} : { client: { ...client, selfUri: `/api/v2/oauth/clients/${client.id}` } }),
    })),
    ...(until < messages.length ? { cursor: writeCursor(until) } : {}),
  }
}
