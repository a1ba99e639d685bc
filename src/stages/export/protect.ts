import { counted } from '../../internal/text/counted.js'
import type { ProtectionFailure } from '../../model/platform.js'
import type { ProtectionReport } from '../../model/report.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'

/** Genesys limits one call to 100 conversations (genesys-facts, deletion protection). */
const batchSize = 100
/** Conversations that a report names. */
const failuresNamed = 1_000

/** Switches deletion protection on for the conversations of a job; opt-in (`protectSource` of the platform). */
export async function protectConversations(
  platform: RecordingPlatform,
  conversationIds: Iterable<string>,
  context: StageContext,
): Promise<ProtectionReport | undefined> {
  const protect = platform.protect?.bind(platform)
  if (!platform.protectSource || protect === undefined) return undefined
  let protectedConversations = 0
  const failed: ProtectionFailure[] = []
  const ids = [...conversationIds]
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = ids.slice(from, from + batchSize)
    const result = await persist(context, 'protect', counted(batch.length, 'conversation'), () =>
      protect(batch, { signal: context.signal }),
    )
    protectedConversations += result.protectedConversations
    failed.push(...result.failed)
  }
  context.emit({ type: 'protected', result: { protectedConversations, failed } })
  return { requested: ids.length, protectedConversations, failed: failed.slice(0, failuresNamed) }
}

/** What the parts of a run say together; `undefined` where nothing was to be protected. Pure. */
export function protectionOf(parts: readonly (ProtectionReport | undefined)[]): ProtectionReport | undefined {
  const reports = parts.filter((part) => part !== undefined)
  if (reports.length === 0) return undefined
  const sum = (of: (report: ProtectionReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  return {
    requested: sum(({ requested }) => requested),
    protectedConversations: sum((report) => report.protectedConversations),
    failed: reports.flatMap((report) => report.failed).slice(0, failuresNamed),
  }
}
