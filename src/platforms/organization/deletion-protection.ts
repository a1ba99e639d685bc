import { throwIfAborted } from '../../internal/abort.js'
import { counted } from '../../internal/text/counted.js'
import type { ProtectionFailure, ProtectionResult, UnprotectionResult } from '../../model/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { answerOf, listOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { isRefused } from '../expected/retention-query.js'

/** Conversations in one call (genesys-facts: deletion protection). */
const batchSize = 100
/** Conversations an organisation may protect (genesys-facts: deletion protection). */
export const deletionProtectionCap = 1_000

type Failure = Omit<ProtectionFailure, 'conversationId'>

/**
 * Genesys' own legal hold: keeps recordings from being deleted at the source. What the platform answers to the request
 * proves nothing (genesys-facts: deletion protection): it names failures since version 259 of its SDK, and none before. So it
 * is asked afterwards which of them are protected, and only those count.
 */
export async function protectConversations(
  client: GenesysClient,
  conversationIds: readonly string[],
  options: CallOptions = {},
): Promise<ProtectionResult> {
  const ids = [...new Set(conversationIds)]
  const failed: ProtectionFailure[] = []
  for (let from = 0; from < ids.length; from += batchSize) {
    throwIfAborted(options.signal, 'protect')
    const batch = ids.slice(from, from + batchSize)
    const failures = await putBatch(client, batch, true, options)
    const asked = await protectedOf(client, batch, options)
    for (const conversationId of batch) {
      if (asked.ids.has(conversationId.toLowerCase())) continue
      failed.push({ conversationId, ...(failures.get(conversationId) ?? asked.otherwise) })
    }
  }
  return { protectedConversations: ids.length - failed.length, failed }
}

/** Which of them the platform says are protected, for one request a hundred. */
export async function protectedAmong(
  client: GenesysClient,
  conversationIds: readonly string[],
  options: CallOptions = {},
): Promise<readonly string[]> {
  const found: string[] = []
  for (let from = 0; from < conversationIds.length; from += batchSize) {
    throwIfAborted(options.signal, 'protect')
    const batch = conversationIds.slice(from, from + batchSize)
    const ids = await askProtected(client, batch, options)
    found.push(...batch.filter((id) => ids.has(id.toLowerCase())))
  }
  return found
}

/** Lifts the protection, and asks afterwards whether it is lifted: what the platform answers to the request proves nothing. */
export async function unprotectConversations(
  client: GenesysClient,
  conversationIds: readonly string[],
  options: CallOptions = {},
): Promise<UnprotectionResult> {
  const ids = [...new Set(conversationIds)]
  const failed: ProtectionFailure[] = []
  for (let from = 0; from < ids.length; from += batchSize) {
    throwIfAborted(options.signal, 'protect')
    const batch = ids.slice(from, from + batchSize)
    const failures = await putBatch(client, batch, false, options)
    const still = new Set(await protectedAmong(client, batch, options))
    for (const conversationId of batch) {
      if (still.has(conversationId)) {
        failed.push({ conversationId, ...(failures.get(conversationId) ?? { code: 'still-protected' }) })
      }
    }
  }
  return { unprotectedConversations: ids.length - failed.length, failed }
}

/** @returns what the platform says of those that it could not change, where it says anything */
async function putBatch(
  client: GenesysClient,
  batch: readonly string[],
  protect: boolean,
  options: CallOptions,
): Promise<ReadonlyMap<string, Failure>> {
  const { body } = await client.request(
    {
      operation: `${protect ? 'protect' : 'lift the protection of'} ${counted(batch.length, 'conversation')} from deletion`,
      stage: 'protect',
      effect: 'repeatable',
      expect: 'anything',
      // `protect` is always sent, since the same call without it is left to a default.
      send: ({ recording }) => recording.putRecordingsDeletionprotection({ protect, body: { conversationIds: batch } }),
    },
    options,
  )
  const failures = new Map<string, Failure>()
  for (const update of listOf(body, 'failedUpdates') ?? []) {
    const conversationId = textOf(answerOf(update, 'conversation'), 'id') ?? textOf(update, 'conversationId')
    if (conversationId === undefined) continue
    const code = client.redact(textOf(update, 'errorCode'))
    const reason = client.redact(textOf(update, 'errorMessage', 'errorCode'))
    failures.set(conversationId, {
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    })
  }
  return failures
}

/** Which of them the platform says are protected, in lower case, and what that means of the others. */
async function protectedOf(
  client: GenesysClient,
  batch: readonly string[],
  options: CallOptions,
): Promise<{ readonly ids: ReadonlySet<string>; readonly otherwise: Failure }> {
  try {
    return { ids: await askProtected(client, batch, options), otherwise: notProtected }
  } catch (error) {
    if (!isRefused(error)) throw error
    const reason = `Whether it is protected was not answered: ${(error as Error).message}`
    return { ids: new Set(), otherwise: { code: 'not-verified', reason } }
  }
}

/** In lower case. */
async function askProtected(
  client: GenesysClient,
  batch: readonly string[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const { list } = await client.request(
    {
      operation: `ask which of ${counted(batch.length, 'conversation')} are protected from deletion`,
      stage: 'protect',
      expect: 'list',
      send: ({ recording }) => recording.postRecordingsDeletionprotection({ conversationIds: batch }),
    },
    options,
  )
  return new Set(list.flatMap((entry) => textOf(entry, 'id')?.toLowerCase() ?? []))
}

const notProtected: Failure = {
  code: 'not-protected',
  reason: 'The platform accepted the request, and does not name it among the protected ones.',
}
