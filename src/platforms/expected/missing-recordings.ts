import { mapWindow } from '../../internal/streams/streams.js'
import { counted, verb } from '../../internal/text/counted.js'
import type { MissingExplanation } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { ExplainMissingOptions } from '../../ports/platform.js'
import type { GenesysClient } from '../client/client.js'
import { defaultMaxMetadataCalls, type ExpectedRecordingsLimits } from './expected-recordings.js'
import { explanationFrom, isInError, readErrorStatus, readMetadata } from './recording-metadata.js'
import { isRefused } from './retention-query.js'

/** Conversations whose recordings are asked for side by side. */
const concurrency = 8
/** Conversations that are asked for what is missing of them: a minute's worth, since the report waits for it. */
const mostExplained = 300

/** Recordings in error, for which Genesys is asked the reason. */
const mostErrorsRead = 50

/**
 * Looks closer at recordings that did not come: one call a conversation, for at most 300 or `maxMetadataCalls` of
 * them. Says nothing of the others.
 */
export async function* explainMissing(
  client: GenesysClient,
  missing: Iterable<{ readonly recordingId: string; readonly conversationId: string }>,
  request: ExportRequest,
  options: ExplainMissingOptions & ExpectedRecordingsLimits = {},
): AsyncGenerator<MissingExplanation, void, void> {
  const { maxMetadataCalls = defaultMaxMetadataCalls } = options
  const conversations = new Map<string, string[]>()
  let beyond = 0
  for (const { recordingId, conversationId } of missing) {
    const known = conversations.get(conversationId)
    if (known !== undefined) known.push(recordingId)
    else if (conversations.size < Math.min(mostExplained, maxMetadataCalls))
      conversations.set(conversationId, [recordingId])
    else beyond += 1
  }
  let refused = 0
  let errorsLeft = mostErrorsRead
  const answers = mapWindow(conversations, concurrency, async ([conversationId, recordingIds]) => {
    const list = await readMetadata(client, conversationId, options).catch((error: unknown) => {
      // What cannot be explained is missing anyway, and no reason to lose the report.
      if (!isRefused(error)) throw error
      refused += recordingIds.length
      return 'refused' as const
    })
    if (list === 'refused') return []
    return Promise.all(
      recordingIds.map(async (recordingId): Promise<MissingExplanation> => {
        const explanation = explanationFrom(list, recordingId, request)
        if (errorsLeft <= 0 || !isInError(list, recordingId)) return explanation
        errorsLeft -= 1
        const status = await readErrorStatus(client, conversationId, recordingId, options).catch((error: unknown) => {
          if (!isRefused(error)) throw error
          return undefined
        })
        return status === undefined ? explanation : { ...explanation, reason: `${explanation.reason}: ${status}` }
      }),
    )
  })
  for await (const explanations of answers) yield* explanations
  const reasons = [
    ...(beyond === 0
      ? []
      : [`why ${counted(beyond, 'more recording')} ${verb(beyond, 'is', 'are')} missing was not asked`]),
    ...(refused === 0
      ? []
      : [`why ${counted(refused, 'recording')} ${verb(refused, 'is', 'are')} missing was not answered`]),
  ]
  options.onListing?.({
    source: 'recording-metadata',
    calls: { 'recording-metadata': conversations.size + mostErrorsRead - errorsLeft },
    conversations: conversations.size,
    undecided: 0,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
  })
}
