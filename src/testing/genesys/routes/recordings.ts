import { dayMs } from '../../../internal/durations.js'
import { badRequest, enumParameter, integerParameter, type JsonObject, json, notFound } from '../http.js'
import type { SimulatedConversation, SimulatedRecording } from '../organization.js'
import { pageUri, readCursor, writeCursor } from './paging.js'
import type { Route, RouteContext } from './routes.js'

const viewsRecordings = 'recording:recording:view'
const viewsScreens = 'recording:screenRecording:view'
const viewsSnippets = 'recording:snippetRecording:view'

/** The recordings of a conversation, one recording, and the retention query. */
export const recordingRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v2/conversations/{conversationId}/recordingmetadata',
    operation: 'listRecordingMetadata',
    permission: [viewsRecordings, 'recording:recordingSegment:view', viewsSnippets, viewsScreens],
    answer: listRecordingMetadata,
  },
  {
    method: 'GET',
    path: '/api/v2/conversations/{conversationId}/recordings/{recordingId}',
    operation: 'getRecording',
    permission: [viewsRecordings, 'recording:recordingSegment:view', viewsSnippets, viewsScreens],
    answer: getRecording,
  },
  {
    method: 'GET',
    path: '/api/v2/recordings/retention/query',
    operation: 'queryRetention',
    permission: viewsRecordings,
    answer: queryRetention,
  },
]

/** The words of RecordingMetadata, in which a call is `audio`. */
const recordingMedia = { call: 'audio', chat: 'chat', email: 'email', message: 'message', screen: 'screen' } as const

/**
 * Which view covers a recording. `recordingSegment:view` covers the segments of a recording that an agent took part in,
 * and no whole one.
 */
function viewOf({ media, origin }: SimulatedRecording): string {
  if (media === 'screen') return viewsScreens
  return origin === 'snippet' ? viewsSnippets : viewsRecordings
}

/** The recordings that the client sees: what it may not view, or lies in another division, is left out without a word. */
function visibleIn(context: RouteContext, conversation: SimulatedConversation): readonly SimulatedRecording[] {
  return conversation.recordings.filter(
    (recording) =>
      context.sees(conversation, viewOf(recording)) &&
      context.state.exists(conversation, recording, context.clock.now()),
  )
}

function findConversation(context: RouteContext): SimulatedConversation {
  const id = context.param('conversationId')
  const conversation = context.state.findConversation(id)
  if (conversation === undefined) throw notFound('the conversation', id)
  return conversation
}

function listRecordingMetadata(context: RouteContext): Response {
  const conversation = findConversation(context)
  const recordings = visibleIn(context, conversation)
  return json(
    200,
    recordings.map((recording) => toMetadata(context, conversation, recording)),
  )
}

function getRecording(context: RouteContext): Response {
  const conversation = findConversation(context)
  enumParameter(context.query, 'formatId', ['WAV', 'WEBM', 'WAV_ULAW', 'OGG_VORBIS', 'OGG_OPUS', 'MP3', 'NONE'])
  enumParameter(context.query, 'emailFormatId', ['EML', 'NONE'])
  const id = context.param('recordingId')
  const recording = visibleIn(context, conversation).find((one) => one.id === id)
  if (recording === undefined) throw notFound('the recording', id)
  const { recordingErrorStatus } = recording
  // The Recording model has no region.
  const { region: _, ...metadata } = toMetadata(context, conversation, recording)
  return json(200, {
    ...metadata,
    ...(recordingErrorStatus === undefined ? {} : { recordingErrorStatus }),
  })
}

function toMetadata(
  context: RouteContext,
  conversation: SimulatedConversation,
  recording: SimulatedRecording,
): JsonObject {
  const { id, media, origin, fileState = 'AVAILABLE', archiveDate } = recording
  const ownSubtype = media === 'screen' ? 'Screen' : origin === 'snippet' ? 'Snippet' : undefined
  const mediaSubtype = recording.mediaSubtype ?? ownSubtype
  return {
    id,
    conversationId: conversation.id,
    // "For screen recordings. Null for other types" (genesys-facts, "Expected recordings").
    startTime: media === 'screen' ? recording.startTime : null,
    endTime: recording.endTime,
    media: recordingMedia[media],
    ...(mediaSubtype === undefined ? {} : { mediaSubtype }),
    annotations: [],
    fileState,
    ...(archiveDate === undefined ? {} : { archiveDate, archiveMedium: 'CLOUDARCHIVE' }),
    ...dates(context, recording),
    // Both are deprecated and always the same.
    maxAllowedRestorationsForOrg: 10_000,
    remainingRestorationsAllowedForOrg: 10_000,
    sessionId: recording.communicationId,
    region: recording.region ?? context.state.region,
    selfUri: `/api/v2/conversations/${conversation.id}/recordings/${id}`,
  }
}

function queryRetention(context: RouteContext): Response {
  const { query, url, clock } = context
  if (!query.has('retentionThresholdDays')) throw badRequest('retentionThresholdDays is required.')
  const days = integerParameter(query, 'retentionThresholdDays', { default: 0, min: 0, max: 36_500 })
  const pageSize = integerParameter(query, 'pageSize', { default: 25, min: 1, max: 500 })
  const from = readCursor(query.get('cursor'))
  const page: JsonObject[] = []
  let position = 0
  let isLast = true
  // No further than the page: an organisation may have a million recordings.
  for (const { conversation, recording } of retainedFor(context, clock.now() - days * dayMs)) {
    position += 1
    if (position <= from) continue
    if (page.length === pageSize) {
      isLast = false
      break
    }
    page.push({
      conversationId: conversation.id,
      recordingId: recording.id,
      creationTime: recording.startTime,
      ...(recording.archiveDate === undefined
        ? {}
        : { archiveDate: recording.archiveDate, archiveMedium: 'CLOUDARCHIVE' }),
      ...dates(context, recording),
    })
  }
  const next = pageUri(url, { pageSize: String(pageSize), cursor: writeCursor(from + pageSize) })
  const selfUri = pageUri(url, {})
  // RecordingRetentionCursorEntityListing has no page size.
  return json(200, { entities: page, ...(isLast ? {} : { nextUri: next }), selfUri })
}

function* retainedFor(context: RouteContext, createdBeforeMs: number) {
  const { state, clock } = context
  const nowMs = clock.now()
  for (const conversation of state.organization.conversations) {
    if (!context.sees(conversation, viewsRecordings)) continue
    for (const recording of conversation.recordings) {
      if (Date.parse(recording.endTime) > createdBeforeMs || !state.exists(conversation, recording, nowMs)) continue
      yield { conversation, recording }
    }
  }
}

/** When it will be exported, was exported, and will be deleted. */
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
