import type { ProtectionResult, RecordingPlatform } from '../ports.js'
import { persist, type StageContext } from './context.js'

/** Genesys limits one call to 100 conversations (genesys-facts, deletion protection). */
const batchSize = 100

/** Switches deletion protection on for the conversations of a job; opt-in (`protectSource` of the platform). */
export async function protectConversations(
  platform: RecordingPlatform,
  conversationIds: Iterable<string>,
  context: StageContext,
): Promise<ProtectionResult | undefined> {
  const protect = platform.protect?.bind(platform)
  if (!platform.protectSource || protect === undefined) return undefined
  let protectedConversations = 0
  const failed: ProtectionResult['failed'][number][] = []
  const ids = [...conversationIds]
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = ids.slice(from, from + batchSize)
    const result = await persist(context, 'protect', `${batch.length} conversations`, () =>
      protect(batch, { signal: context.signal }),
    )
    protectedConversations += result.protectedConversations
    failed.push(...result.failed)
  }
  const result = { protectedConversations, failed }
  context.emit({ type: 'protected', result })
  return result
}
