import { throwIfAborted } from '../internal/abort.js'
import type { CallOptions, ProtectionResult } from '../ports.js'
import { answerOf, listOf, textOf } from './answer.js'
import type { GenesysClient } from './genesys-client.js'

/** Conversations in one call (genesys-facts: deletion protection). */
const batchSize = 100
/** Conversations an organisation may protect (genesys-facts: deletion protection). */
export const deletionProtectionCap = 1_000

/**
 * Genesys' own legal hold: keeps recordings from being deleted at the source. `protect` is always sent, since the
 * same call without it is left to a default. The SDK answers with `failedUpdates` since version 259 and with nothing
 * before.
 */
export async function protectConversations(
  client: GenesysClient,
  conversationIds: readonly string[],
  options: CallOptions = {},
): Promise<ProtectionResult> {
  const ids = [...new Set(conversationIds)]
  const failed: { conversationId: string; reason?: string }[] = []
  for (let from = 0; from < ids.length; from += batchSize) {
    throwIfAborted(options.signal, 'protect')
    const batch = ids.slice(from, from + batchSize)
    const { body } = await client.request(
      {
        operation: `protect ${batch.length} conversations from deletion`,
        stage: 'protect',
        effect: 'repeatable',
        expect: 'anything',
        send: ({ recording }) =>
          recording.putRecordingsDeletionprotection({ protect: true, body: { conversationIds: batch } }),
      },
      options,
    )
    for (const update of listOf(body, 'failedUpdates') ?? []) {
      const conversationId = textOf(answerOf(update, 'conversation'), 'id') ?? textOf(update, 'conversationId')
      if (conversationId === undefined) continue
      const reason = client.redact(textOf(update, 'errorMessage', 'errorCode'))
      failed.push({ conversationId, ...(reason === undefined ? {} : { reason }) })
    }
  }
  return { protectedConversations: ids.length - failed.length, failed }
}
