import type { RecordingException, RecordingState } from '../../model/report.js'
import { shortcomings } from './answer.js'

/** Exceptions that are in one state for one reason. */
export interface ExceptionGroup {
  readonly state: RecordingState
  /** Absent if the group gathers what is left: each row then says its own. */
  readonly reason?: string | undefined
  /** By the beginning of their conversations; those of one conversation stand together. */
  readonly exceptions: readonly RecordingException[]
  /** Recordings, with those that have no name. */
  readonly recordings: number
  /** Conversations that are named. */
  readonly conversations: number
}

/** More reasons of one state than a person compares. */
const mostReasons = 8

/** Groups exceptions by state and reason, the largest first within a state. Pure. */
export function exceptionGroups(exceptions: readonly RecordingException[]): readonly ExceptionGroup[] {
  return shortcomings.flatMap(([state]) => {
    const byReason = new Map<string, RecordingException[]>()
    for (const exception of exceptions) {
      if (exception.state !== state) continue
      const same = byReason.get(exception.reason)
      if (same === undefined) byReason.set(exception.reason, [exception])
      else same.push(exception)
    }
    const groups = [...byReason].sort(([, a], [, b]) => sumOf(b) - sumOf(a))
    if (groups.length <= mostReasons) return groups.map(([reason, list]) => groupOf(state, list, reason))
    const rest = groups.slice(mostReasons - 1).flatMap(([, list]) => list)
    return [
      ...groups.slice(0, mostReasons - 1).map(([reason, list]) => groupOf(state, list, reason)),
      groupOf(state, rest, undefined),
    ]
  })
}

function groupOf(
  state: RecordingState,
  list: readonly RecordingException[],
  reason: string | undefined,
): ExceptionGroup {
  const conversations = new Set(list.flatMap(({ conversationId }) => conversationId ?? []))
  return {
    state,
    reason,
    exceptions: list
      .map((exception, at) => ({ exception, at, order: orderOf(exception) }))
      .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.at - b.at))
      .map(({ exception }) => exception),
    recordings: sumOf(list),
    conversations: conversations.size,
  }
}

/** What begins first comes first; what nobody dates comes last. */
function orderOf({ conversationStart, conversationId = '' }: RecordingException): string {
  const time = Date.parse(conversationStart ?? '')
  return `${Number.isNaN(time) ? '~' : new Date(time).toISOString()} ${conversationId}`
}

function sumOf(list: readonly RecordingException[]): number {
  return list.reduce((sum, { count = 1 }) => sum + count, 0)
}
