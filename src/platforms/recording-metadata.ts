import { LegalHoldError } from '../errors.js'
import type { CallOptions, ExpectedRecording, MissingExplanation } from '../ports.js'
import type { ExportRequest, MediaType } from '../request.js'
import { type Answer, dateOf, flagOf, isAnswer, listOf, textOf } from './answer.js'
import type { GenesysClient } from './genesys-client.js'
import { coversMedia, mediaTypeFrom } from './request-scope.js'

/** A session of a conversation, as analytics knows it. */
export interface Session {
  readonly id: string | undefined
  readonly medium: MediaType | undefined
  readonly messageType: string | undefined
  /** Whether a recording was begun; analytics says it of calls only. */
  readonly recorded: boolean | undefined
}

/** The sessions of a conversation. */
export function sessionsOf(conversation: Answer): Session[] {
  return (listOf(conversation, 'participants') ?? []).flatMap((participant) =>
    (listOf(participant, 'sessions') ?? []).map((session) => ({
      id: textOf(session, 'sessionId', 'id'),
      medium: mediaTypeFrom(textOf(session, 'mediaType')),
      messageType: textOf(session, 'messageType')?.toLowerCase(),
      recorded: flagOf(session, 'recording'),
    })),
  )
}

/** The recordings of one conversation, with all that the platform tells of them: one call. */
export async function readMetadata(
  client: GenesysClient,
  conversationId: string,
  options: CallOptions,
): Promise<Answer[]> {
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

/** What is known of a conversation beside its recordings. */
export interface ConversationFacts {
  readonly conversationId: string
  /** ISO 8601. */
  readonly conversationStart?: string | undefined
  readonly sessions: readonly Session[]
  /** ISO 8601: how far the index reached when the conversation was listed. */
  readonly availableUntil?: string | undefined
}

/** The recordings among the metadata that a request covers; those that the platform leaves out are marked. */
export function expectedFrom(
  list: readonly Answer[],
  { conversationId, conversationStart, sessions, availableUntil }: ConversationFacts,
  request: ExportRequest,
): ExpectedRecording[] {
  return list.flatMap((metadata) => {
    const recordingId = textOf(metadata, 'id', 'recordingId')
    if (recordingId === undefined) return []
    if (!isCovered(metadata, sessions, request) || isBeyond(metadata, availableUntil)) return []
    return [
      {
        recordingId,
        conversationId: textOf(metadata, 'conversationId') ?? conversationId,
        conversationStart,
        mediaType: mediaOf(metadata),
        exportedAt: dateOf(metadata, 'exportedDate'),
        deleteAt: dateOf(metadata, 'deleteDate'),
        skippedReason: skippedReason(metadata, request),
      },
    ]
  })
}

/** Why a recording did not come, by the metadata of its conversation. */
export function explanationFrom(
  list: readonly Answer[],
  recordingId: string,
  request: ExportRequest,
): MissingExplanation {
  const metadata = list.find((one) => textOf(one, 'id', 'recordingId') === recordingId)
  if (metadata === undefined) {
    return { recordingId, kind: 'skipped', reason: 'deleted at the source: the platform knows it no more' }
  }
  const medium = mediaOf(metadata)
  if (medium !== undefined && !coversMedia(request, medium)) return { recordingId, kind: 'not-covered' }
  const reason = skippedReason(metadata, request)
  return reason === undefined ? { recordingId, kind: 'expected' } : { recordingId, kind: 'skipped', reason }
}

function mediaOf(metadata: Answer): MediaType | undefined {
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
  return types.length === 0 || types.some((type) => wanted.includes(type))
}

function isBeyond(metadata: Answer, availableUntil: string | undefined): boolean {
  const endedAt = dateOf(metadata, 'endTime')
  return endedAt !== undefined && availableUntil !== undefined && endedAt > availableUntil
}

function skippedReason(metadata: Answer, request: ExportRequest): string | undefined {
  // A recording that is gone cannot be exported any more, and the reader of the report has to know.
  if (textOf(metadata, 'fileState')?.toUpperCase() === 'DELETED') return 'deleted at the source'
  const sensitive = flagOf(metadata, 'sensitiveData', 'containsSensitiveData', 'hasSensitiveData', 'sensitive')
  return request.includeSensitive === false && sensitive === true
    ? 'sensitive: the request leaves such recordings out'
    : undefined
}
