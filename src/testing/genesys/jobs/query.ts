import { badRequest } from '../http.js'
import type { SimulatedConversation, SimulatedRecording } from '../organization.js'

/** A span in milliseconds since the epoch, start inclusive, end exclusive. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** What a job selects. */
export interface RecordingQuery {
  readonly interval: Span
  matches(conversation: SimulatedConversation): boolean
  readonly includeSensitive: boolean
  readonly includeScreen: boolean
  readonly includePolicyBased: boolean
  readonly includeSnippets: boolean
}

/** An instant as Genesys' models describe it: `yyyy-MM-ddTHH:mm:ss[.mmm]Z`, and in intervals also without the zone. */
const instant = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/

/** Milliseconds of an instant; NaN if it is none, such as the 30th of February. */
export function millisecondsOfInstant(text: string): number {
  const [, year, month, day] = instant.exec(text) ?? []
  if (year === undefined || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return Number.NaN
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : `${text}Z`
  return Date.parse(zoned)
}

/** `2023-10-18T00:00:00Z/2023-10-20T00:00:00Z`, as everywhere in Genesys' query language. */
export function parseInterval(value: unknown, field: string): Span {
  const [start, end, ...rest] = typeof value === 'string' ? value.split('/') : []
  const span = { startMs: millisecondsOfInstant(start ?? ''), endMs: millisecondsOfInstant(end ?? '') }
  if (rest.length > 0 || Number.isNaN(span.startMs) || Number.isNaN(span.endMs)) {
    throw badRequest(`${field} must be an ISO 8601 interval such as 2023-10-18T00:00:00.000Z/2023-10-20T00:00:00.000Z.`)
  }
  if (span.startMs >= span.endMs) throw badRequest(`${field} must end after it starts.`)
  return span
}

/**
 * Whether a conversation has any activity inside the interval: one that began earlier counts too
 * (genesys-facts, "Recording jobs").
 */
export function isActiveIn(conversation: SimulatedConversation, interval: Span): boolean {
  const endMs = conversation.ongoing ? Number.POSITIVE_INFINITY : Date.parse(conversation.endTime)
  return Date.parse(conversation.startTime) < interval.endMs && endMs >= interval.startMs
}

/** The words of analytics: a call is `voice` there. */
export const analyticsMediaType = {
  call: 'voice',
  chat: 'chat',
  email: 'email',
  message: 'message',
  screen: 'screenshare',
} as const

/** Result of running a query over the organisation. */
export interface Selection {
  readonly conversations: number
  readonly recordings: readonly {
    readonly conversation: SimulatedConversation
    readonly recording: SimulatedRecording
  }[]
  /** Asked for but not allowed to be exported by this client. */
  readonly skipped: number
}

/** What the simulator knows beside the conversations when it runs a query. */
export interface SelectionContext {
  /** How far the index reaches; what is newer is missed without a word (genesys-facts, "48 hours"). */
  readonly availableUntilMs: number
  readonly mayViewSensitive: boolean
  /** Whether the client sees the conversation's division. */
  sees(conversation: SimulatedConversation): boolean
  exists(conversation: SimulatedConversation, recording: SimulatedRecording): boolean
}

/** Runs a query. Recordings that it must not see are missing from the result without a word, as on the platform. */
export function select(
  query: RecordingQuery,
  conversations: readonly SimulatedConversation[],
  context: SelectionContext,
): Selection {
  const recordings: { conversation: SimulatedConversation; recording: SimulatedRecording }[] = []
  let found = 0
  let skipped = 0
  for (const conversation of conversations) {
    if (!isActiveIn(conversation, query.interval) || !query.matches(conversation) || !context.sees(conversation))
      continue
    const before = recordings.length
    for (const recording of conversation.recordings) {
      if (!isWanted(recording, query) || !context.exists(conversation, recording)) continue
      if (Date.parse(recording.endTime) > context.availableUntilMs) continue
      if (recording.sensitive && !context.mayViewSensitive) skipped += 1
      else recordings.push({ conversation, recording })
    }
    if (recordings.length > before) found += 1
  }
  return { conversations: found, recordings, skipped }
}

function isWanted(recording: SimulatedRecording, query: RecordingQuery): boolean {
  if (recording.sensitive && !query.includeSensitive) return false
  if (recording.media === 'screen' && !query.includeScreen) return false
  if (recording.origin === 'policy' && !query.includePolicyBased) return false
  return recording.origin !== 'snippet' || query.includeSnippets
}
