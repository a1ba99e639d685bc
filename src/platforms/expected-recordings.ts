import { LegalHoldError } from '../errors.js'
import { SeenSet } from '../internal/seen.js'
import { mapWindow } from '../internal/streams.js'
import type { CallOptions, ExpectedRecording } from '../ports.js'
import type { ExportRequest } from '../request.js'
import { type FoundConversation, findConversations } from './analytics-conversations.js'
import { type Answer, dateOf, flagOf, isAnswer, listOf, textOf } from './answer.js'
import { conversationQuery } from './conversation-query.js'
import type { GenesysClient } from './genesys-client.js'
import { coversMedia, mediaTypeFrom } from './request-scope.js'

/** Conversations whose recordings are asked for side by side. */
const concurrency = 8

/**
 * Every recording that a request covers: the conversations of the interval, and the recordings of each. What the
 * platform leaves out of the job although the request covers it is marked with `skippedReason`; recordings of media
 * that the request does not name are not expected at all, and neither are those the index does not know yet.
 */
export async function* expectedRecordings(
  client: GenesysClient,
  request: ExportRequest,
  options: CallOptions = {},
): AsyncGenerator<ExpectedRecording, void, void> {
  const recordings = mapWindow(findConversations(client, conversationQuery(request), options), concurrency, (found) =>
    recordingsOf(client, found, request, options),
  )
  const seen = new SeenSet()
  for await (const batch of recordings) {
    for (const recording of batch) if (seen.add(recording.recordingId)) yield recording
  }
}

async function recordingsOf(
  client: GenesysClient,
  { conversation, availableUntil }: FoundConversation,
  request: ExportRequest,
  options: CallOptions,
): Promise<ExpectedRecording[]> {
  const conversationId = textOf(conversation, 'conversationId', 'id')
  if (conversationId === undefined) return []
  const recordings = await readMetadata(client, conversationId, options)
  const sessions = sessionsOf(conversation)
  return recordings.flatMap((metadata) => {
    const recordingId = textOf(metadata, 'id', 'recordingId')
    if (recordingId === undefined) return []
    if (!isCovered(metadata, sessions, request) || isBeyond(metadata, availableUntil)) return []
    return [
      {
        recordingId,
        conversationId: textOf(metadata, 'conversationId') ?? conversationId,
        mediaType: mediaOf(metadata),
        exportedAt: dateOf(metadata, 'exportedDate'),
        deleteAt: dateOf(metadata, 'deleteDate'),
        skippedReason: skippedReason(metadata, request),
      },
    ]
  })
}

async function readMetadata(client: GenesysClient, conversationId: string, options: CallOptions): Promise<Answer[]> {
  try {
    const { list } = await client.request(
      {
        operation: `list the recordings of the conversation ${conversationId}`,
        stage: 'reconcile',
        expect: 'list',
        send: ({ recording }) => recording.getConversationRecordingmetadata(conversationId),
      },
      options,
    )
    return list.filter(isAnswer)
  } catch (error) {
    // A conversation that was never recorded.
    if (LegalHoldError.isInstance(error) && error.code === 'PLATFORM_NOT_FOUND') return []
    throw error
  }
}

interface Session {
  readonly id: string | undefined
  readonly messageType: string | undefined
}

function sessionsOf(conversation: Answer): Session[] {
  return (listOf(conversation, 'participants') ?? []).flatMap((participant) =>
    (listOf(participant, 'sessions') ?? []).map((session) => ({
      id: textOf(session, 'sessionId', 'id'),
      messageType: textOf(session, 'messageType'),
    })),
  )
}

function mediaOf(metadata: Answer) {
  // The subtype tells a screen recording where the medium only says what kind of conversation it is of.
  return textOf(metadata, 'mediaSubtype')?.toLowerCase() === 'screen'
    ? 'screen'
    : mediaTypeFrom(textOf(metadata, 'media', 'mediaType'))
}

/** A recording of an unknown medium or message type counts as covered: rather one too many to look for. */
function isCovered(metadata: Answer, sessions: readonly Session[], request: ExportRequest): boolean {
  const media = mediaOf(metadata)
  if (media !== undefined && !coversMedia(request, media)) return false
  const wanted = (request.messageTypes ?? []).map((type) => type.toLowerCase())
  if (media !== 'message' || wanted.length === 0) return true
  const sessionId = textOf(metadata, 'sessionId')
  const own = sessions.find(({ id }) => id !== undefined && id === sessionId)?.messageType
  const types = (own === undefined ? sessions.map(({ messageType }) => messageType) : [own]).filter(
    (type) => type !== undefined,
  )
  return types.length === 0 || types.some((type) => wanted.includes(type.toLowerCase()))
}

function isBeyond(metadata: Answer, availableUntil: string | undefined): boolean {
  const endedAt = dateOf(metadata, 'endTime')
  return endedAt !== undefined && availableUntil !== undefined && endedAt > availableUntil
}

function skippedReason(metadata: Answer, request: ExportRequest): string | undefined {
  // A recording that is gone cannot be exported any more, and the reader of the report has to know.
  if (textOf(metadata, 'fileState') === 'DELETED') return 'deleted'
  const sensitive = flagOf(metadata, 'sensitiveData', 'containsSensitiveData', 'hasSensitiveData', 'sensitive')
  return request.includeSensitive === false && sensitive === true ? 'sensitive' : undefined
}
