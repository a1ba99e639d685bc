import { dateOf, listOf, textOf } from '../client/answer.js'

/** What is known of when a recording was made, in milliseconds. */
export interface RecordingTimes {
  /** `RecordingMetadata.startTime` is null for all but screen recordings (genesys-facts, expected recordings). */
  readonly startedAt?: number | undefined
  readonly endedAt?: number | undefined
  /** By the retention query. */
  readonly createdAt?: number | undefined
  /** Its session began after the interval. */
  readonly isOfLaterSession?: boolean | undefined
}

/** What the sessions of a conversation say of the end of the interval. */
export interface ConversationTimes {
  /** It had not ended when the interval did. */
  readonly goesOn: boolean
  /** Somebody handled it when the interval ended. */
  readonly isCut: boolean
  /** It has no end, and what was handled of it inside the interval continues, or is not known to be over. */
  readonly open: 'no' | 'yes' | 'unknown'
  /** Ids of the sessions that began after the interval. */
  readonly laterSessions: readonly string[]
}

/**
 * Whether a recording began after the interval; `undefined` if nothing proves either. Pure.
 *
 * A creation time after the interval counts under two conditions. It must not be the recording's end or later, and
 * nobody may have handled the conversation when the interval ended. Otherwise it may be the time at which the
 * recording of that handling was stored.
 */
export function isLater(
  { startedAt, endedAt, createdAt, isOfLaterSession }: RecordingTimes,
  { goesOn, isCut }: Pick<ConversationTimes, 'goesOn' | 'isCut'>,
  intervalEnd: number,
): boolean | undefined {
  if (startedAt !== undefined) return startedAt >= intervalEnd
  if (!goesOn || (endedAt !== undefined && endedAt <= intervalEnd)) return false
  if (isOfLaterSession) return true
  if (createdAt === undefined) return undefined
  if (createdAt < intervalEnd) return false
  const isOfItsBeginning = endedAt === undefined || createdAt < endedAt
  return isOfItsBeginning && !isCut ? true : undefined
}

interface Span {
  readonly start: number
  /** `undefined` while it is in progress. */
  readonly end: number | undefined
}

/**
 * Reads the sessions of a conversation. A customer's session lasts as long as the conversation, over all the days
 * of a thread, so it shows nothing. Recordings cover what the other participants handle.
 *
 * @param availableUntil how far the index reached, in milliseconds
 */
export function conversationTimes(
  conversation: unknown,
  intervalEnd: number,
  availableUntil = Number.POSITIVE_INFINITY,
): ConversationTimes {
  const endedAt = millisecondsOf(conversation, 'conversationEnd')
  const goesOn = endedAt === undefined || endedAt > intervalEnd
  if (!goesOn) return { goesOn, isCut: false, open: 'no', laterSessions: [] }
  const handled: Span[] = []
  const laterSessions: string[] = []
  for (const participant of listOf(conversation, 'participants') ?? []) {
    const isCustomer = customers.has(textOf(participant, 'purpose')?.toLowerCase() ?? '')
    for (const session of listOf(participant, 'sessions') ?? []) {
      const spans = spansOf(session)
      const id = textOf(session, 'sessionId')
      if (id !== undefined && spans.length > 0 && spans.every(({ start }) => start >= intervalEnd)) {
        laterSessions.push(id)
      }
      if (!isCustomer) handled.push(...spans)
    }
  }
  const within = handled.filter(({ start }) => start < intervalEnd)
  const isUnfinished = ({ end }: Span) => end === undefined || end > availableUntil
  return {
    goesOn,
    isCut: within.some(({ end }) => end === undefined || end > intervalEnd),
    open: endedAt !== undefined ? 'no' : within.some(isUnfinished) ? 'yes' : within.length === 0 ? 'unknown' : 'no',
    laterSessions,
  }
}

const customers: ReadonlySet<string> = new Set(['customer', 'external'])

function spansOf(session: unknown): Span[] {
  return (listOf(session, 'segments') ?? []).flatMap((segment) => {
    const start = millisecondsOf(segment, 'segmentStart')
    return start === undefined ? [] : [{ start, end: millisecondsOf(segment, 'segmentEnd') }]
  })
}

/** A time of an answer; `undefined` if there is none that can be read. */
export function millisecondsOf(answer: unknown, ...names: string[]): number | undefined {
  const date = dateOf(answer, ...names)
  return date === undefined ? undefined : Date.parse(date)
}
