import { LegalHoldError } from '../../model/errors.js'
import type { ConversationDetails, ExpectedRecording, MissingExplanation } from '../../model/platform.js'
import type { ExportRequest, MediaType } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, dateOf, flagOf, isAnswer, listOf, otherThan, textOf, unusableAnswer } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { coversMedia, mediaTypeFrom } from '../request/scope.js'
import { millisecondsOf, type RecordingTimes } from './recording-times.js'

const stage = 'reconcile'

/** A session of a conversation, as analytics knows it. */
export interface Session {
  readonly medium: MediaType | undefined
  /** Whether a recording was begun; analytics says it of calls only. */
  readonly recorded: boolean | undefined
}

/** The sessions of a conversation. */
export function sessionsOf(conversation: Answer): Session[] {
  return (listOf(conversation, 'participants') ?? []).flatMap((participant) =>
    (listOf(participant, 'sessions') ?? []).map((session) => ({
      medium: mediaTypeFrom(textOf(session, 'mediaType')),
      recorded: flagOf(session, 'recording'),
    })),
  )
}

/**
 * The recordings of one conversation, with all that the platform tells of them: one call. `undefined` if it knows
 * no such conversation: whether that means "never recorded" is not documented, so it is not taken for that.
 *
 * @throws `PLATFORM_RESPONSE_INVALID` for a list that holds anything but recordings: one that nobody can read must not
 *   pass for none
 */
export async function readMetadata(
  client: GenesysClient,
  conversationId: string,
  options: CallOptions,
): Promise<readonly Answer[] | undefined> {
  const operation = `list the recordings of the conversation ${conversationId}`
  try {
    const { list, correlationId } = await client.request(
      {
        operation,
        stage,
        expect: 'list',
        foreign: (list) => ofAnotherConversation(list, conversationId),
        send: ({ recording }) => recording.getConversationRecordingmetadata(conversationId),
      },
      options,
    )
    return list.map((entry) => {
      if (isAnswer(entry) && recordingIdOf(entry) !== undefined) return entry
      throw unusableAnswer(operation, 'an entry of the list has no id', stage, correlationId)
    })
  } catch (error) {
    if (LegalHoldError.isInstance(error) && error.code === 'PLATFORM_NOT_FOUND') return undefined
    throw error
  }
}

function ofAnotherConversation(list: unknown, conversationId: string): string | undefined {
  if (!Array.isArray(list)) return undefined
  const other = list
    .map((entry) => textOf(entry, 'conversationId'))
    .find((id) => id !== undefined && id.toLowerCase() !== conversationId.toLowerCase())
  return other === undefined ? undefined : `that of the conversation ${other}`
}

/** What is known of a conversation beside its recordings. */
export interface ConversationFacts {
  readonly conversationId: string
  /** ISO 8601. */
  readonly conversationStart?: string | undefined
  readonly conversation?: ConversationDetails | undefined
}

/** A recording of the metadata, with what they say of when it was made. */
export interface DatedRecording {
  readonly recording: ExpectedRecording
  readonly times: RecordingTimes
  /** The session that it is of. */
  readonly sessionId: string | undefined
}

/**
 * The recordings among the metadata that a job delivers; those that the platform leaves out are marked.
 *
 * A job selects conversations, by their segments, and delivers all recordings of each (genesys-facts: recording jobs),
 * so that the call inside a digital conversation comes too. Only screen recordings have a switch of their own.
 */
export function expectedFrom(
  list: readonly Answer[],
  { conversationId, conversationStart, conversation }: ConversationFacts,
  request: ExportRequest,
  screens: boolean,
): DatedRecording[] {
  return list.flatMap((metadata) => {
    const recordingId = recordingIdOf(metadata)
    const mediaType = mediaOf(metadata)
    if (recordingId === undefined || (mediaType === 'screen' && !screens)) return []
    const recording = {
      recordingId,
      conversationId: textOf(metadata, 'conversationId') ?? conversationId,
      conversationStart,
      mediaType,
      exportedAt: dateOf(metadata, 'exportedDate'),
      deleteAt: dateOf(metadata, 'deleteDate'),
      skippedReason: skippedReason(metadata, request),
      isArchived: archivedStates.has(fileStateOf(metadata)),
      region: textOf(metadata, 'region'),
      conversation,
    }
    const times = { startedAt: millisecondsOf(metadata, 'startTime'), endedAt: millisecondsOf(metadata, 'endTime') }
    return [{ recording, times, sessionId: textOf(metadata, 'sessionId') }]
  })
}

/** Why a recording did not come, by the metadata of its conversation. */
export function explanationFrom(
  list: readonly Answer[] | undefined,
  recordingId: string,
  request: ExportRequest,
): MissingExplanation {
  if (list === undefined) {
    return { recordingId, kind: 'skipped', reason: 'the platform knows its conversation no more, or does not show it' }
  }
  const metadata = list.find((one) => recordingIdOf(one) === recordingId)
  if (metadata === undefined) {
    return { recordingId, kind: 'skipped', reason: 'deleted at the source: the platform knows it no more' }
  }
  const medium = mediaOf(metadata)
  if (medium !== undefined && !coversMedia(request, medium)) return { recordingId, kind: 'not-covered', reason: medium }
  const reason = skippedReason(metadata, request)
  if (reason !== undefined) return { recordingId, kind: 'skipped', reason }
  const state = stateReasons[fileStateOf(metadata)]
  return { recordingId, kind: 'expected', ...(state === undefined ? {} : { reason: state }) }
}

/** What keeps a recording from being exported, by the state of its file (`RecordingMetadata.fileState`). */
const stateReasons: Readonly<Record<string, string>> = {
  ARCHIVED: 'archived at the source (ARCHIVED), and not restored yet',
  RESTORING: 'being restored from the archive at the source (RESTORING)',
  UPLOADING: 'not uploaded to Genesys Cloud yet (UPLOADING)',
  ERROR: 'in error at the source (ERROR)',
}
const archivedStates: ReadonlySet<string> = new Set(['ARCHIVED', 'RESTORING'])

function fileStateOf(metadata: Answer): string {
  return textOf(metadata, 'fileState')?.toUpperCase() ?? ''
}

/** Whether Genesys may say more of a recording that it has in error. */
export function isInError(list: readonly Answer[] | undefined, recordingId: string): boolean {
  return list?.some((one) => recordingIdOf(one) === recordingId && fileStateOf(one) === 'ERROR') === true
}

/** Why a recording is in error: one call. `undefined` if the platform does not say. */
export async function readErrorStatus(
  client: GenesysClient,
  conversationId: string,
  recordingId: string,
  options: CallOptions,
): Promise<string | undefined> {
  const { body } = await client.request(
    {
      operation: `read the recording ${recordingId}`,
      stage,
      foreign: otherThan(recordingId),
      send: ({ callApi }) =>
        callApi({
          method: 'GET',
          path: '/api/v2/conversations/{conversationId}/recordings/{recordingId}',
          pathParams: { conversationId, recordingId },
          // Nothing is to be converted for this.
          query: { formatId: 'NONE', emailFormatId: 'NONE' },
        }),
    },
    options,
  )
  return textOf(body, 'recordingErrorStatus')
}

function recordingIdOf(metadata: Answer): string | undefined {
  return textOf(metadata, 'id', 'recordingId')
}

function mediaOf(metadata: Answer): MediaType | undefined {
  // The subtype tells a screen recording where the medium only says what kind of conversation it is of.
  return textOf(metadata, 'mediaSubtype')?.toLowerCase() === 'screen'
    ? 'screen'
    : mediaTypeFrom(textOf(metadata, 'media', 'mediaType'))
}

function skippedReason(metadata: Answer, request: ExportRequest): string | undefined {
  // A recording that is gone cannot be exported any more, and the reader of the report must know.
  if (fileStateOf(metadata) === 'DELETED') return 'deleted at the source'
  const sensitive = flagOf(metadata, 'sensitiveData', 'containsSensitiveData', 'hasSensitiveData', 'sensitive')
  return request.includeSensitive === false && sensitive === true
    ? 'sensitive: the request leaves such recordings out'
    : undefined
}
