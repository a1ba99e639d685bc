import { badRequest, isObject, type JsonObject } from '../http.js'
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

/** `2023-10-18T00:00:00Z/2023-10-20T00:00:00Z`, as everywhere in Genesys' query language. */
export function parseInterval(value: unknown, field: string): Span {
  const [start, end, ...rest] = typeof value === 'string' ? value.split('/') : []
  const span = { startMs: Date.parse(start ?? ''), endMs: Date.parse(end ?? '') }
  if (rest.length > 0 || Number.isNaN(span.startMs) || Number.isNaN(span.endMs)) {
    throw badRequest(`${field} must be an ISO 8601 interval such as 2023-10-18T00:00:00.000Z/2023-10-20T00:00:00.000Z.`)
  }
  if (span.startMs >= span.endMs) throw badRequest(`${field} has to end after it starts.`)
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

type Predicate = (conversation: SimulatedConversation) => boolean

/** Compiles `conversationFilters` and `segmentFilters`; the filters of a list are joined by AND. */
export function compileFilters(query: JsonObject): Predicate {
  const filters = [...listOf(query, 'conversationFilters'), ...listOf(query, 'segmentFilters')].map(compileFilter)
  return (conversation) => filters.every((matches) => matches(conversation))
}

function listOf(object: JsonObject, field: string): readonly JsonObject[] {
  const value = object[field]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every(isObject)) throw badRequest(`${field} must be a list of objects.`)
  return value
}

function compileFilter(filter: JsonObject): Predicate {
  const parts = [...listOf(filter, 'predicates').map(compilePredicate), ...listOf(filter, 'clauses').map(compileFilter)]
  if (parts.length === 0) throw badRequest('A filter needs predicates or clauses.')
  if (filter.type === 'or') return (conversation) => parts.some((matches) => matches(conversation))
  if (filter.type === 'and') return (conversation) => parts.every((matches) => matches(conversation))
  throw badRequest(`A filter's type must be and or or, but is ${String(filter.type)}.`)
}

function compilePredicate(predicate: JsonObject): Predicate {
  const { dimension, value, operator = 'matches' } = predicate
  const read = typeof dimension === 'string' ? dimensions[dimension] : undefined
  if (read === undefined) throw badRequest(`The dimension ${String(dimension)} is not known here.`)
  if (operator === 'exists') return (conversation) => read(conversation).length > 0
  if (operator === 'notExists') return (conversation) => read(conversation).length === 0
  if (operator !== 'matches') throw badRequest(`The operator ${String(operator)} is not known.`)
  if (typeof value !== 'string') throw badRequest('A predicate needs a value.')
  return (conversation) => read(conversation).includes(value)
}

/** Only what an export can sensibly ask for; anything else is refused rather than ignored. */
const dimensions: Readonly<Record<string, (conversation: SimulatedConversation) => readonly string[]>> = {
  conversationId: ({ id }) => [id],
  mediaType: ({ media, recordings }) =>
    [media, ...recordings.map((one) => one.media)].map((one) => analyticsMediaType[one]),
  messageType: ({ messageType }) => (messageType === undefined ? [] : [messageType]),
  direction: ({ direction }) => [direction],
  originatingDirection: ({ direction }) => [direction],
  queueId: ({ queueId }) => [queueId],
  userId: ({ userIds }) => userIds,
  provider: ({ provider }) => [provider],
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
    if (!isActiveIn(conversation, query.interval) || !query.matches(conversation)) continue
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
