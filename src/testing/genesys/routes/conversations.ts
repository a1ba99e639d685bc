import { randomUUID } from 'node:crypto'
import { dayMs } from '../../../internal/durations.js'
import type { MediaType } from '../../../model/request.js'
import { badRequest, integerParameter, type JsonObject, json, noContent, notFound, readObject } from '../http.js'
import { analyticsMediaType, compileFilters, isActiveIn, parseInterval } from '../jobs/query.js'
import type { SimulatedConversation, SimulatedRecording } from '../organization.js'
import { cursorPage, readCursor, writeCursor } from './paging.js'
import type { Route, RouteContext } from './routes.js'

interface ConversationJob {
  readonly id: string
  readonly submittedAtMs: number
  readonly doneAtMs: number
  readonly availableUntilMs: number
  readonly conversations: readonly SimulatedConversation[]
  cancelled: boolean
}

/** Conversation details jobs, the recordings of a conversation and the retention query. */
export function conversationRoutes(): readonly Route[] {
  // Results live for a while only, in reality too: they are not kept over a restart.
  const jobs = new Map<string, ConversationJob>()
  const path = '/api/v2/analytics/conversations/details/jobs'
  const permission = 'analytics:conversationDetail:view'
  return [
    {
      method: 'GET',
      path: `${path}/availability`,
      operation: 'getDataAvailability',
      permission,
      answer: (context) => json(200, { dataAvailabilityDate: availabilityDate(context) }),
    },
    {
      method: 'POST',
      path,
      operation: 'createConversationJob',
      permission,
      answer: async (context) => {
        const job = await createConversationJob(context)
        jobs.set(job.id, job)
        return json(202, { jobId: job.id })
      },
    },
    {
      method: 'GET',
      path: `${path}/{jobId}`,
      operation: 'getConversationJob',
      permission,
      answer: (context) => json(200, toStatus(context, findJob(jobs, context))),
    },
    {
      method: 'GET',
      path: `${path}/{jobId}/results`,
      operation: 'getConversationJobResults',
      permission,
      answer: (context) => json(200, results(context, findJob(jobs, context))),
    },
    {
      method: 'DELETE',
      path: `${path}/{jobId}`,
      operation: 'deleteConversationJob',
      permission,
      answer: (context) => {
        findJob(jobs, context).cancelled = true
        return noContent()
      },
    },
    {
      method: 'GET',
      path: '/api/v2/conversations/{conversationId}/recordingmetadata',
      operation: 'listRecordingMetadata',
      permission: 'recording:recording:view',
      answer: listRecordingMetadata,
    },
    {
      method: 'GET',
      path: '/api/v2/recordings/retention/query',
      operation: 'queryRetention',
      permission: 'recording:recording:view',
      answer: queryRetention,
    },
  ]
}

function availabilityDate({ state, clock }: RouteContext): string {
  return new Date(state.availableUntilMs(clock.now())).toISOString()
}

async function createConversationJob({ state, clock, request }: RouteContext): Promise<ConversationJob> {
  const body = await readObject(request)
  const interval = parseInterval(body.interval, 'interval')
  const matches = compileFilters(body)
  const availableUntilMs = state.availableUntilMs(clock.now())
  const conversations = state.organization.conversations
    .filter(
      (conversation) =>
        isActiveIn(conversation, interval) &&
        Date.parse(conversation.ongoing ? conversation.startTime : conversation.endTime) <= availableUntilMs &&
        matches(conversation),
    )
    .sort((a, b) => Date.parse(a.startTime) - Date.parse(b.startTime))
  if (body.order === 'desc') conversations.reverse()
  const submittedAtMs = clock.now()
  const doneAtMs = submittedAtMs + state.settings.timings.analyticsMs
  return { id: randomUUID(), submittedAtMs, doneAtMs, availableUntilMs, conversations, cancelled: false }
}

function findJob(jobs: ReadonlyMap<string, ConversationJob>, context: RouteContext): ConversationJob {
  const id = context.param('jobId')
  const job = jobs.get(id)
  if (job === undefined) throw notFound('the analytics job', id)
  return job
}

function toStatus({ clock }: RouteContext, job: ConversationJob): JsonObject {
  const done = job.doneAtMs <= clock.now()
  return {
    state: job.cancelled ? 'CANCELLED' : done ? 'FULFILLED' : 'PENDING',
    submissionDate: new Date(job.submittedAtMs).toISOString(),
    ...(done ? { completionDate: new Date(job.doneAtMs).toISOString() } : {}),
    expirationDate: new Date(job.submittedAtMs + dayMs).toISOString(),
  }
}

function results({ query, clock }: RouteContext, job: ConversationJob): JsonObject {
  if (job.cancelled || job.doneAtMs > clock.now()) throw badRequest('The job has no results yet.')
  const pageSize = integerParameter(query, 'pageSize', { default: 1_000, min: 1, max: 10_000 })
  const from = readCursor(query.get('cursor'))
  const until = from + pageSize
  return {
    conversations: job.conversations.slice(from, until).map(toAnalyticsConversation),
    dataAvailabilityDate: new Date(job.availableUntilMs).toISOString(),
    ...(until < job.conversations.length ? { cursor: writeCursor(until) } : {}),
  }
}

/**
 * A customer's session is as long as the conversation; each agent's is as long as what was recorded of it, or as the
 * conversation where nothing was.
 */
function toAnalyticsConversation(conversation: SimulatedConversation): JsonObject {
  const { id, startTime, endTime, ongoing = false, recordings } = conversation
  const whole = { segmentStart: startTime, ...(ongoing ? {} : { segmentEnd: endTime }) }
  const handled =
    recordings.length === 0
      ? [whole]
      : recordings.map((recording) => ({ segmentStart: recording.startTime, segmentEnd: recording.endTime }))
  const [first = id, ...others] = conversation.userIds
  // A screen recording is made beside a session of another medium.
  const communications = new Map(
    recordings.map(({ communicationId, media }) => [communicationId, media === 'screen' ? conversation.media : media]),
  )
  const sessions = [...communications].map(([sessionId, media]) =>
    sessionOf(
      conversation,
      sessionId,
      media,
      recordings
        .filter((recording) => recording.communicationId === sessionId)
        .map((recording) => ({ segmentStart: recording.startTime, segmentEnd: recording.endTime })),
    ),
  )
  const own = (sessionId: string, spans: readonly JsonObject[]) =>
    sessionOf(conversation, sessionId, conversation.media, spans)
  return {
    conversationId: id,
    conversationStart: startTime,
    ...(ongoing ? {} : { conversationEnd: endTime }),
    originatingDirection: conversation.direction,
    divisionIds: [],
    participants: [
      { participantId: id, purpose: 'customer', sessions: [own(id, [whole])] },
      {
        participantId: first,
        userId: first,
        purpose: 'agent',
        sessions: sessions.length === 0 ? [own(first, handled)] : sessions,
      },
      ...others.map((userId) => ({
        participantId: userId,
        userId,
        purpose: 'agent',
        sessions: [own(userId, handled)],
      })),
    ],
  }
}

function sessionOf(
  conversation: SimulatedConversation,
  sessionId: string,
  media: MediaType,
  spans: readonly JsonObject[],
): JsonObject {
  return {
    sessionId,
    mediaType: analyticsMediaType[media],
    ...(media !== 'message' || conversation.messageType === undefined ? {} : { messageType: conversation.messageType }),
    direction: conversation.direction,
    provider: conversation.provider,
    recording: conversation.recordings.length > 0,
    segments: spans.map((span) => ({ ...span, segmentType: 'interact', queueId: conversation.queueId })),
  }
}

/** The words of RecordingMetadata, in which a call is `audio`. */
const recordingMedia = { call: 'audio', chat: 'chat', email: 'email', message: 'message', screen: 'screen' } as const

function listRecordingMetadata(context: RouteContext): Response {
  const { state } = context
  const id = context.param('conversationId')
  const conversation = state.findConversation(id)
  if (conversation === undefined) throw notFound('the conversation', id)
  const recordings = conversation.recordings.filter((recording) =>
    state.exists(conversation, recording, context.clock.now()),
  )
  return json(
    200,
    recordings.map((recording) => ({
      id: recording.id,
      conversationId: conversation.id,
      // "For screen recordings. Null for other types" (genesys-facts, "Expected recordings").
      startTime: recording.media === 'screen' ? recording.startTime : null,
      endTime: recording.endTime,
      media: recordingMedia[recording.media],
      ...(recording.mediaSubtype === undefined ? {} : { mediaSubtype: recording.mediaSubtype }),
      annotations: [],
      fileState: 'AVAILABLE',
      ...dates(context, recording),
      sessionId: recording.communicationId,
      region: state.region,
      selfUri: `/api/v2/conversations/${conversation.id}/recordings/${recording.id}`,
    })),
  )
}

function queryRetention(context: RouteContext): Response {
  const { state, query, clock } = context
  if (!query.has('retentionThresholdDays')) throw badRequest('retentionThresholdDays is required.')
  const days = integerParameter(query, 'retentionThresholdDays', { default: 0, min: 0, max: 36_500 })
  const createdBeforeMs = clock.now() - days * dayMs
  const entities = state.organization.conversations.flatMap((conversation) =>
    conversation.recordings
      .filter(
        (recording) =>
          Date.parse(recording.endTime) <= createdBeforeMs && state.exists(conversation, recording, clock.now()),
      )
      .map((recording) => ({
        conversationId: conversation.id,
        recordingId: recording.id,
        creationTime: recording.startTime,
        ...dates(context, recording),
      })),
  )
  return json(200, cursorPage(context, entities, { defaultSize: 25, maxSize: 500 }))
}

/** When it is to be exported, was exported, and will be deleted. */
function dates({ state }: RouteContext, recording: SimulatedRecording): JsonObject {
  const exportDateMs = state.exportPlanned.get(recording.id)
  const exportedMs = state.exported.get(recording.id)
  const exportedDate = exportedMs === undefined ? recording.exportedDate : new Date(exportedMs).toISOString()
  return {
    ...(exportDateMs === undefined ? {} : { exportDate: new Date(exportDateMs).toISOString() }),
    ...(exportedDate === undefined ? {} : { exportedDate }),
    ...(recording.deleteDate === undefined ? {} : { deleteDate: recording.deleteDate }),
  }
}
