import { randomUUID } from 'node:crypto'
import {
  badRequest,
  booleanParameter,
  enumParameter,
  type JsonObject,
  json,
  missingPermission,
  noContent,
  notFound,
  Refusal,
  readObject,
} from '../http.js'
import { checkFields, wordOf } from '../jobs/fields.js'
import { progressOf, type SimulatedJob } from '../jobs/jobs.js'
import { readRecordingQuery, readSchedule } from '../jobs/recording-job-query.js'
import { audit } from './audits.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

/** The documented surface (genesys-facts, "Recording jobs: rules"). */
export const recordingJobRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/v2/recording/jobs',
    operation: 'createRecordingJob',
    permission: 'recording:job:add',
    answer: createJob,
  },
  {
    method: 'GET',
    path: '/api/v2/recording/jobs',
    operation: 'listRecordingJobs',
    permission: 'recording:job:view',
    answer: listJobs,
  },
  {
    method: 'GET',
    path: '/api/v2/recording/jobs/{jobId}',
    operation: 'getRecordingJob',
    permission: 'recording:job:view',
    answer: (context) => json(200, toRecordingJob(context, findJob(context))),
  },
  {
    method: 'PUT',
    path: '/api/v2/recording/jobs/{jobId}',
    operation: 'executeRecordingJob',
    permission: {
      all: [
        'recording:job:edit',
        'recording:recording:editRetention',
        'recording:screenRecording:editRetention',
        'recording:snippetRecording:editRetention',
      ],
    },
    answer: executeJob,
  },
  {
    method: 'DELETE',
    path: '/api/v2/recording/jobs/{jobId}',
    operation: 'deleteRecordingJob',
    permission: 'recording:job:delete',
    answer: deleteJob,
  },
  {
    method: 'GET',
    path: '/api/v2/recording/jobs/{jobId}/failedrecordings',
    operation: 'listFailedRecordings',
    permission: 'recording:job:view',
    answer: (context) => json(200, failedRecordings(context, findJob(context))),
  },
]

const viewsSensitive = 'recording:recording:viewSensitiveData'
const actions: ReadonlySet<string> = new Set(['ARCHIVE', 'DELETE', 'EXPORT'])
const jobStates = ['FULFILLED', 'PENDING', 'READY', 'PROCESSING', 'CANCELLED', 'FAILED'] as const

async function createJob(context: RouteContext): Promise<Response> {
  const { state, clock, client } = context
  const body = await readObject(context.request)
  const query = readRecordingQuery(body, clock.now(), state.homeDivisionId)
  if (wordOf(body, 'action', actions) !== 'EXPORT')
    throw badRequest('The action must be EXPORT: this simulator deletes nothing.')
  const integration = state.organization.integrations.find(({ id }) => id === body.integrationId)
  if (typeof body.integrationId !== 'string') throw badRequest('integrationId is required for the action EXPORT.')
  if (integration === undefined) throw notFound('the integration', body.integrationId)
  if (integration.intendedState !== 'ENABLED' || integration.reportedState !== 'ACTIVE') {
    throw badRequest(`The integration ${integration.id} is not active.`)
  }
  const schedule = readSchedule(body)
  if (query.includeSensitive && state.settings.redaction && !context.may(viewsSensitive)) {
    // "If the requester does not have that permission and includeRecordingsWithSensitiveData is set to true, then their
    // request will be rejected." With what status is not documented.
    throw missingPermission([viewsSensitive], 'all')
  }
  refuseIfBusy(context)
  const selection = state.select(query, clock.now(), {
    mayViewSensitive: !state.settings.redaction || context.may(viewsSensitive),
    sees: (conversation) => context.sees(conversation, 'recording:job:add'),
  })
  const job: SimulatedJob = {
    id: randomUUID(),
    surface: 'recording-jobs',
    clientId: client.clientId,
    request: body,
    integrationId: integration.id,
    createdAtMs: clock.now(),
    readyAtMs: clock.now() + state.settings.timings.pendingMs,
    ...selection,
    schedule,
    state: 'PENDING',
    deliveries: [],
  }
  state.jobs.push(job)
  await state.save()
  context.engine.arm()
  return json(202, toRecordingJob(context, job))
}

/** Two jobs may be pending or processing; what refuses a third is unknown, so it can be chosen. */
function refuseIfBusy({ state }: RouteContext, except?: SimulatedJob): void {
  const { jobSlots, slotRefusalStatus } = state.settings
  const busy = state.jobs.filter(
    (job) =>
      job.surface === 'recording-jobs' && job !== except && (job.state === 'PENDING' || job.state === 'PROCESSING'),
  )
  if (busy.length < jobSlots) return
  const codes = { 429: 'too.many.requests', 400: 'bad.request', 409: 'conflict' } as const
  throw new Refusal(
    slotRefusalStatus,
    codes[slotRefusalStatus],
    `The organization has reached the maximum of ${jobSlots} concurrent recording jobs that are pending or processing.`,
    slotRefusalStatus === 429
      ? { limit: { key: 'recording.jobs.concurrent', namespace: 'recordings', value: jobSlots } }
      : {},
  )
}

async function executeJob(context: RouteContext): Promise<Response> {
  const job = findJob(context)
  const body = await readObject(context.request)
  checkFields(body, 'ExecuteRecordingJobsQuery', { state: 'text' })
  if (body.state !== 'PROCESSING') throw badRequest('The state can only be set to PROCESSING.')
  if (job.clientId !== context.client.clientId) {
    throw new Refusal(403, 'not.authorized', 'A job must be executed by the user that created it.')
  }
  if (job.state !== 'READY') throw badRequest(`Only a job in state READY can be executed; this one is ${job.state}.`)
  refuseIfBusy(context, job)
  context.engine.start(job)
  audit(context, { entityType: 'BulkActions', action: 'Export', entity: { id: job.id } })
  await context.state.save()
  return json(200, toRecordingJob(context, job))
}

async function deleteJob(context: RouteContext): Promise<Response> {
  await cancel(context, findJob(context))
  return noContent()
}

/** Cancels a job that has not ended; objects that have landed stay. */
export async function cancel(context: RouteContext, job: SimulatedJob): Promise<void> {
  if (job.state !== 'PENDING' && job.state !== 'READY' && job.state !== 'PROCESSING') {
    throw badRequest(`A job in state ${job.state} cannot be deleted.`)
  }
  job.state = 'CANCELLED'
  job.finishedAtMs = context.clock.now()
  await context.state.save()
}

function listJobs(context: RouteContext): Response {
  const { query, state, client } = context
  const wantedState = enumParameter(query, 'state', jobStates)
  // Every job of this simulator exports.
  const wantedType = enumParameter(query, 'jobType', ['ARCHIVE', 'DELETE', 'EXPORT']) ?? 'EXPORT'
  const onlyMine = booleanParameter(query, 'showOnlyMyJobs', false)
  const jobs = state.jobs.filter(
    (job) =>
      job.surface === 'recording-jobs' &&
      wantedType === 'EXPORT' &&
      (wantedState === undefined || job.state === wantedState) &&
      (!onlyMine || job.clientId === client.clientId),
  )
  const sortBy = enumParameter(query, 'sortBy', ['userId', 'dateCreated']) ?? 'userId'
  const sorted = sortJobs(jobs, sortBy).map((job) => toRecordingJob(context, job))
  return json(200, entityPage(context, sorted, { defaultSize: 25, maxSize: 100 }))
}

function sortJobs(jobs: readonly SimulatedJob[], sortBy: 'userId' | 'dateCreated'): SimulatedJob[] {
  return jobs.toSorted((a, b) =>
    sortBy === 'userId' ? a.clientId.localeCompare(b.clientId) : a.createdAtMs - b.createdAtMs,
  )
}

function findJob(context: RouteContext): SimulatedJob {
  const id = context.param('jobId')
  const job = context.state.jobs.find((other) => other.id === id && other.surface === 'recording-jobs')
  if (job === undefined) throw notFound('the recording job', id)
  return job
}

/** The page of a job's failed recordings: ids only (genesys-facts, "failedrecordings"). */
export function failedRecordings(context: RouteContext, job: SimulatedJob): JsonObject {
  const failed = job.deliveries
    .filter(({ state }) => state === 'failed')
    .map(({ conversationId, recordingId }) => ({
      conversation: { id: conversationId, selfUri: `/api/v2/conversations/${conversationId}` },
      recording: { id: recordingId, selfUri: `/api/v2/conversations/${conversationId}/recordings/${recordingId}` },
    }))
  return entityPage(context, failed, { defaultSize: 25, maxSize: 100 })
}

function toRecordingJob({ state, clock }: RouteContext, job: SimulatedJob): JsonObject {
  const selfUri = `/api/v2/recording/jobs/${job.id}`
  const { processed, failed, percent } = progressOf(job, clock.now())
  return {
    id: job.id,
    user: { id: job.clientId, selfUri: `/api/v2/users/${job.clientId}` },
    state: state.settings.reportedState ?? job.state,
    recordingJobsQuery: job.request,
    dateCreated: new Date(job.createdAtMs).toISOString(),
    // Nothing is known of what the query found before READY.
    ...(job.state === 'PENDING'
      ? {}
      : {
          totalConversations: job.totals.conversations,
          totalRecordings: job.totals.recordings,
          totalSkippedRecordings: job.totals.skipped,
          totalFailedRecordings: failed,
          totalProcessedRecordings: processed,
        }),
    percentProgress: percent,
    ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
    failedRecordings: `${selfUri}/failedrecordings`,
    selfUri,
  }
}
