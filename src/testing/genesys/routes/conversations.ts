import { randomUUID } from 'node:crypto'
import { dayMs } from '../../../internal/durations.js'
import type { MediaType } from '../../../model/request.js'
import { badRequest, integerParameter, type JsonObject, json, noContent, notFound, readObject } from '../http.js'
import { compileConversationQuery, divisionsOf } from '../jobs/conversation-query.js'
import { analyticsMediaType, isActiveIn } from '../jobs/query.js'
import type { SimulatedConversation } from '../organization.js'
import { readCursor, writeCursor } from './paging.js'
import type { Route, RouteContext } from './routes.js'

interface ConversationJob {
  readonly id: string
  readonly submittedAtMs: number
  readonly doneAtMs: number
  readonly availableUntilMs: number
  readonly conversations: readonly SimulatedConversation[]
  cancelled: boolean
}

const viewsAll = 'analytics:conversationDetail:view'

/** Conversation details jobs. */
export function conversationRoutes(): readonly Route[] {
  // Results live for a while only, in reality too: they are not kept over a restart.
  const jobs = new Map<string, ConversationJob>()
  const path = '/api/v2/analytics/conversations/details/jobs'
  const permission = [viewsAll, 'analytics:agentConversationDetail:view']
  return [
    {
      method: 'GET',
      path: `${path}/availability`,
      operation: 'getDataAvailability',
      permission: viewsAll,
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
  ]
}

function availabilityDate({ state, clock }: RouteContext): string {
  return new Date(state.availableUntilMs(clock.now())).toISOString()
}

async function createConversationJob(context: RouteContext): Promise<ConversationJob> {
  const { state, clock, request } = context
  const { homeDivisionId } = state
  const query = compileConversationQuery(await readObject(request), { field: 'interval', homeDivisionId })
  const availableUntilMs = state.availableUntilMs(clock.now())
  const conversations = state.organization.conversations
    .filter(
      (conversation) =>
        isActiveIn(conversation, query.interval) &&
        Date.parse(conversation.ongoing ? conversation.startTime : conversation.endTime) <= availableUntilMs &&
        query.matches(conversation) &&
        // Conversations of other divisions are left out without a word. An agent's view shows those of the agent, and a
        // client is none.
        context.sees(conversation, viewsAll),
    )
    .sort((a, b) => Date.parse(a.startTime) - Date.parse(b.startTime))
  if (query.order === 'desc') conversations.reverse()
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
  const now = clock.now()
  const done = job.doneAtMs <= now
  const isQueued = now < job.submittedAtMs + (job.doneAtMs - job.submittedAtMs) / 2
  return {
    state: job.cancelled ? 'CANCELLED' : done ? 'FULFILLED' : isQueued ? 'QUEUED' : 'PENDING',
    submissionDate: new Date(job.submittedAtMs).toISOString(),
    ...(done ? { completionDate: new Date(job.doneAtMs).toISOString() } : {}),
    expirationDate: new Date(job.submittedAtMs + dayMs).toISOString(),
  }
}

function results({ query, clock, state }: RouteContext, job: ConversationJob): JsonObject {
  if (job.cancelled || job.doneAtMs > clock.now()) throw badRequest('The job has no results yet.')
  const pageSize = integerParameter(query, 'pageSize', { default: 1_000, min: 1, max: 10_000 })
  const from = readCursor(query.get('cursor'))
  const until = from + pageSize
  return {
    conversations: job.conversations
      .slice(from, until)
      .map((one) => toAnalyticsConversation(one, state.homeDivisionId)),
    dataAvailabilityDate: new Date(job.availableUntilMs).toISOString(),
    ...(until < job.conversations.length ? { cursor: writeCursor(until) } : {}),
  }
}

/**
 * A customer's session is as long as the conversation; each agent's is as long as what was recorded of it, or as the
 * conversation where nothing was.
 */
function toAnalyticsConversation(conversation: SimulatedConversation, homeDivisionId: string): JsonObject {
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
    divisionIds: divisionsOf(conversation, homeDivisionId),
    ...(conversation.externalTag === undefined ? {} : { externalTag: conversation.externalTag }),
    participants: [
      {
        participantId: id,
        ...(conversation.customerName === undefined ? {} : { participantName: conversation.customerName }),
        purpose: 'customer',
        sessions: [own(id, [whole])],
      },
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
