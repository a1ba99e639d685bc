import { randomUUID } from 'node:crypto'
import { badRequest, isObject, type JsonObject, json, noContent, notFound, readObject } from '../http.js'
import { divisionsOf } from '../jobs/conversation-query.js'
import { progressOf, type SimulatedJob } from '../jobs/jobs.js'
import { analyticsMediaType, parseInterval, type RecordingQuery, type Span } from '../jobs/query.js'
import type { SimulatedConversation } from '../organization.js'
import { entityPage } from './paging.js'
import { cancel, failedRecordings } from './recording-jobs.js'
import type { Route, RouteContext } from './routes.js'

/**
 * The surface of the brief, of which Genesys publishes nothing. Details that the facts leave open (unknown), such
 * as the words for the states before `completed`, are chosen here (genesys-facts, "Two platform surfaces").
 */
export const bulkExportRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/v2/recordings/bulkexports',
    operation: 'createBulkExport',
    permission: 'recording:job:add',
    answer: createExport,
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/bulkexports',
    operation: 'listBulkExports',
    permission: 'recording:job:view',
    answer: listExports,
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/bulkexports/{exportId}',
    operation: 'getBulkExport',
    permission: 'recording:job:view',
    answer: (context) => json(200, toBulkExport(context, findExport(context))),
  },
  {
    method: 'DELETE',
    path: '/api/v2/recordings/bulkexports/{exportId}',
    operation: 'deleteBulkExport',
    permission: 'recording:job:delete',
    answer: async (context) => {
      await cancel(context, findExport(context))
      return noContent()
    },
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/bulkexports/{exportId}/failedrecordings',
    operation: 'listBulkExportFailedRecordings',
    permission: 'recording:job:view',
    answer: (context) => json(200, failedRecordings(context, findExport(context))),
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/exportprofiles',
    operation: 'listExportProfiles',
    answer: (context) =>
      json(200, entityPage(context, context.state.organization.exportProfiles, { defaultSize: 25, maxSize: 100 })),
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/exportprofiles/{profileId}',
    operation: 'getExportProfile',
    answer: (context) => json(200, findProfile(context, context.param('profileId'))),
  },
  {
    method: 'PATCH',
    path: '/api/v2/recordings/exportprofiles/{profileId}',
    operation: 'updateExportProfile',
    answer: updateProfile,
  },
  {
    method: 'PUT',
    path: '/api/v2/recordings/exportprofiles/{profileId}',
    operation: 'updateExportProfile',
    answer: updateProfile,
  },
]

async function createExport(context: RouteContext): Promise<Response> {
  const { state, clock, client } = context
  const body = await readObject(context.request)
  const { organization } = state
  if (typeof body.exportProfileId === 'string') findProfile(context, body.exportProfileId)
  const profile = organization.exportProfiles.find(({ id }) => id === body.exportProfileId)
  const integrationId = body.integrationId ?? profile?.integrationId
  if (typeof integrationId !== 'string') throw badRequest('integrationId is required.')
  if (!organization.integrations.some(({ id }) => id === integrationId))
    throw notFound('the integration', integrationId)
  const selection = state.select(readFilters(body.filters, state.homeDivisionId), clock.now(), {
    mayViewSensitive: context.may('recording:recording:viewSensitiveData'),
    sees: (conversation) => context.sees(conversation, 'recording:job:add'),
  })
  const job: SimulatedJob = {
    id: randomUUID(),
    surface: 'bulk-exports',
    clientId: client.clientId,
    request: body,
    integrationId,
    // Without one, the integration's own profile applies.
    exportProfileId: (profile ?? organization.exportProfiles.find((other) => other.integrationId === integrationId))
      ?.id,
    createdAtMs: clock.now(),
    readyAtMs: clock.now() + state.settings.timings.pendingMs,
    ...selection,
    legalHoldTag: readHoldTag(body.metadata),
    format: typeof body.format === 'string' ? body.format : undefined,
    state: 'PENDING',
    deliveries: [],
  }
  state.jobs.push(job)
  await state.save()
  context.engine.arm()
  return json(200, toBulkExport(context, job))
}

function readHoldTag(metadata: unknown): string | undefined {
  if (metadata === undefined) return undefined
  if (!isObject(metadata)) throw badRequest('metadata must be an object.')
  const { legal_hold_tag: tag } = metadata
  if (tag !== undefined && typeof tag !== 'string') throw badRequest('metadata.legal_hold_tag must be a string.')
  return tag
}

const digital = ['chat', 'email', 'message']

function readFilters(filters: unknown, homeDivisionId: string): RecordingQuery {
  if (!isObject(filters)) throw badRequest('filters is required.')
  const media = listOf(filters, 'mediaType').concat(listOf(filters, 'mediaTypes'))
  const mediaTypes = new Set(
    media.flatMap((name) => (name === 'digital' ? digital : [name === 'voice' ? 'call' : name])),
  )
  for (const name of mediaTypes) {
    if (!(name in analyticsMediaType)) throw badRequest(`filters.mediaType ${name} is not known.`)
  }
  const messageTypes = listOf(filters, 'messageType').concat(listOf(filters, 'messageTypes'))
  const conversationIds = new Set(listOf(filters, 'conversationIds'))
  const divisionIds = listOf(filters, 'divisionIds')
  const sensitive = filters.includeRecordingsWithSensitiveData ?? filters.includeSensitive ?? false
  return {
    interval: readInterval(filters.interval),
    matches: (conversation: SimulatedConversation) =>
      (mediaTypes.size === 0 || mediaTypes.has(conversation.media)) &&
      (messageTypes.length === 0 ||
        conversation.media !== 'message' ||
        messageTypes.includes(conversation.messageType ?? '')) &&
      (conversationIds.size === 0 || conversationIds.has(conversation.id)) &&
      (divisionIds.length === 0 || divisionsOf(conversation, homeDivisionId).some((id) => divisionIds.includes(id))),
    includeSensitive: sensitive === true,
    includeScreen: true,
    includePolicyBased: true,
    includeSnippets: true,
  }
}

function readInterval(interval: unknown): Span {
  if (!isObject(interval)) return parseInterval(interval, 'filters.interval')
  return parseInterval(`${String(interval.start)}/${String(interval.end)}`, 'filters.interval')
}

function listOf(filters: JsonObject, field: string): readonly string[] {
  const value = filters[field]
  if (value === undefined || value === null) return []
  const list = Array.isArray(value) ? value : [value]
  if (!list.every((item) => typeof item === 'string')) throw badRequest(`filters.${field} must hold strings.`)
  return list
}

function listExports(context: RouteContext): Response {
  const exports = context.state.jobs
    .filter(({ surface }) => surface === 'bulk-exports')
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .map((job) => toBulkExport(context, job))
  return json(200, entityPage(context, exports, { defaultSize: 25, maxSize: 100 }))
}

function findExport(context: RouteContext): SimulatedJob {
  const id = context.param('exportId')
  const job = context.state.jobs.find((other) => other.id === id && other.surface === 'bulk-exports')
  if (job === undefined) throw notFound('the bulk export', id)
  return job
}

function findProfile({ state }: RouteContext, id: string) {
  const profile = state.organization.exportProfiles.find((other) => other.id === id)
  if (profile === undefined) throw notFound('the export profile', id)
  return profile
}

async function updateProfile(context: RouteContext): Promise<Response> {
  const profile = findProfile(context, context.param('profileId'))
  const body = await readObject(context.request)
  const { include_legal_hold_metadata: flag = profile.include_legal_hold_metadata } = body
  const { retention_policy: policy = profile.retention_policy, name = profile.name } = body
  if (typeof flag !== 'boolean') throw badRequest('include_legal_hold_metadata must be true or false.')
  if (typeof policy !== 'string' || typeof name !== 'string') throw badRequest('retention_policy and name are strings.')
  const updated = { ...profile, name, include_legal_hold_metadata: flag, retention_policy: policy }
  const { exportProfiles } = context.state.organization
  exportProfiles[exportProfiles.indexOf(profile)] = updated
  await context.state.save()
  return json(200, updated)
}

const statusWords = {
  PENDING: 'pending',
  READY: 'pending',
  PROCESSING: 'in_progress',
  FULFILLED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
} as const

function toBulkExport({ state, clock }: RouteContext, job: SimulatedJob): JsonObject {
  const { processed, failed, percent } = progressOf(job, clock.now())
  return {
    ...job.request,
    id: job.id,
    integrationId: job.integrationId,
    ...(job.exportProfileId === undefined ? {} : { exportProfileId: job.exportProfileId }),
    status: state.settings.reportedState ?? statusWords[job.state],
    createdBy: { id: job.clientId },
    dateCreated: new Date(job.createdAtMs).toISOString(),
    ...(job.finishedAtMs === undefined ? {} : { dateCompleted: new Date(job.finishedAtMs).toISOString() }),
    totalConversations: job.totals.conversations,
    totalRecordings: job.totals.recordings,
    skippedRecordings: job.totals.skipped,
    processedRecordings: processed,
    failedRecordings: failed,
    percentProgress: percent,
    ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
    selfUri: `/api/v2/recordings/bulkexports/${job.id}`,
  }
}
