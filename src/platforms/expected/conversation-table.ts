import { Column } from '../../internal/tables/column.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import type { ConversationDetails } from '../../model/platform.js'
import type { MediaType } from '../../model/request.js'
import { dateOf } from '../client/answer.js'
import type { FoundConversation } from './analytics-conversations.js'
import { ConversationDetailsTable } from './conversation-details.js'
import { type Session, sessionsOf } from './recording-metadata.js'
import { conversationTimes } from './recording-times.js'

const bits = {
  /** It ended before the index ended, so that all its recordings can be known. */
  closed: 1,
  /** Analytics says that a call of it was recorded. */
  recorded: 2,
  /** Analytics says that nothing of it was recorded. */
  unrecorded: 4,
  /** A recording of it is known. */
  found: 8,
  /** It had not ended when the interval did. */
  goesOn: 16,
  /** Somebody handled it when the interval ended. */
  cut: 32,
  /** It has no end, and nothing says whether what was handled inside the interval is over. */
  perhapsOpen: 64,
} as const

const none: ReadonlySet<string> = new Set()

const media: readonly (MediaType | undefined)[] = [undefined, 'call', 'chat', 'email', 'message', 'screen']

/** The conversations of a request, 43 bytes each: half a million of them are listed before their recordings are asked for. */
export class ConversationTable {
  readonly #ids = new IdIndex()
  readonly #flags = Column.bytes()
  readonly #media = Column.bytes()
  /** Seconds since the epoch; 0 is not known. */
  readonly #starts = Column.words()
  readonly #ends = Column.words()
  /** Sessions that began after the interval, by conversation: there are few. */
  readonly #laterSessions = new Map<number, ReadonlySet<string>>()
  readonly #intervalEnd: number
  readonly #details: ConversationDetailsTable
  #latestEnd = 0
  #ongoing = 0
  #withoutEnd = 0
  #availableUntil: string | undefined

  /** @param intervalEnd milliseconds */
  constructor(intervalEnd: number, includeParticipants = false) {
    this.#intervalEnd = intervalEnd
    this.#details = new ConversationDetailsTable(includeParticipants)
  }

  get size(): number {
    return this.#ids.size
  }

  /** The latest end of a conversation, in milliseconds; `undefined` if one has none yet. */
  get latestEnd(): number | undefined {
    return Number.isFinite(this.#latestEnd) ? this.#latestEnd : undefined
  }

  /** Conversations without an end, whose handling inside the interval is not known to be over. */
  get ongoing(): number {
    return this.#ongoing
  }

  /** Conversations without an end. */
  get withoutEnd(): number {
    return this.#withoutEnd
  }

  /** ISO 8601: how far the index reached. */
  get availableUntil(): string | undefined {
    return this.#availableUntil
  }

  add({ conversationId, conversation, availableUntil }: FoundConversation): void {
    const known = this.#ids.size
    const row = this.#ids.add(conversationId)
    const sessions = sessionsOf(conversation)
    this.#details.add(row, conversation)
    const start = seconds(dateOf(conversation, 'conversationStart'), Math.floor)
    const end = seconds(dateOf(conversation, 'conversationEnd'), Math.ceil)
    this.#availableUntil = availableUntil
    const indexedUntil = availableUntil === undefined ? undefined : Date.parse(availableUntil)
    const times = conversationTimes(conversation, this.#intervalEnd, indexedUntil)
    if (end === 0 && row === known) this.#withoutEnd += 1
    if (times.open !== 'no' && row === known) this.#ongoing += 1
    if (times.laterSessions.length > 0) this.#laterSessions.set(row, new Set(times.laterSessions))
    this.#starts.set(row, start)
    this.#ends.set(row, end)
    this.#media.set(row, Math.max(0, media.indexOf(onlyMedium(sessions))))
    this.#latestEnd = Math.max(this.#latestEnd, end === 0 ? Number.POSITIVE_INFINITY : end * 1_000)
    const closed = end > 0 && (indexedUntil === undefined || end * 1_000 <= indexedUntil)
    const recorded = sessions.some(({ medium, recorded: begun }) => medium === 'call' && begun === true)
    this.#flags.set(
      row,
      (closed ? bits.closed : 0) |
        (recorded ? bits.recorded : 0) |
        (isUnrecorded(sessions) ? bits.unrecorded : 0) |
        (times.goesOn ? bits.goesOn : 0) |
        (times.isCut ? bits.cut : 0) |
        (times.open === 'unknown' && row === known ? bits.perhapsOpen : 0),
    )
  }

  /** The row of a conversation, -1 if it is none of these. */
  find(id: string): number {
    return this.#ids.find(id)
  }

  idAt(row: number): string {
    return this.#ids.idAt(row)
  }

  /** ISO 8601. */
  startAt(row: number): string | undefined {
    const start = this.#starts.get(row)
    return start === 0 ? undefined : new Date(start * 1_000).toISOString()
  }

  /** The queues that the conversations were in first. */
  get queueIds(): readonly string[] {
    return this.#details.queueIds
  }

  /** @param names by the ids in lower case */
  nameQueues(names: ReadonlyMap<string, string>): void {
    this.#details.nameQueues(names)
  }

  /** What a person recognises it by. */
  detailsAt(row: number): ConversationDetails | undefined {
    return this.#details.at(row)
  }

  /** Milliseconds; `undefined` if it has not ended. */
  endAt(row: number): number | undefined {
    const end = this.#ends.get(row)
    return end === 0 ? undefined : end * 1_000
  }

  /** The one medium of all its sessions. */
  mediumAt(row: number): MediaType | undefined {
    return media[this.#media.get(row)]
  }

  /** Whether all its recordings can be known. */
  isClosed(row: number): boolean {
    return (this.#flags.get(row) & bits.closed) !== 0
  }

  /** Whether analytics says that a call of it was recorded. */
  isRecorded(row: number): boolean {
    return (this.#flags.get(row) & bits.recorded) !== 0
  }

  isUnrecorded(row: number): boolean {
    return (this.#flags.get(row) & bits.unrecorded) !== 0
  }

  /** Whether it had not ended when the interval did. */
  goesOn(row: number): boolean {
    return (this.#flags.get(row) & bits.goesOn) !== 0
  }

  /** Whether somebody handled it when the interval ended. */
  isCut(row: number): boolean {
    return (this.#flags.get(row) & bits.cut) !== 0
  }

  /** A recording of it began after the interval: a thread is handled by one after the other, so what was before is over. */
  markWentOn(row: number): void {
    if ((this.#flags.get(row) & bits.perhapsOpen) === 0) return
    this.#flags.set(row, this.#flags.get(row) & ~bits.perhapsOpen)
    this.#ongoing -= 1
  }

  /** Ids of its sessions that began after the interval. */
  laterSessions(row: number): ReadonlySet<string> {
    return this.#laterSessions.get(row) ?? none
  }

  markFound(row: number): void {
    this.#flags.set(row, this.#flags.get(row) | bits.found)
  }

  isFound(row: number): boolean {
    return (this.#flags.get(row) & bits.found) !== 0
  }
}

function seconds(date: string | undefined, round: (value: number) => number): number {
  return date === undefined ? 0 : Math.max(0, round(Date.parse(date) / 1_000))
}

function onlyMedium(sessions: readonly Session[]): MediaType | undefined {
  const all = new Set(sessions.map(({ medium }) => medium))
  return all.size === 1 ? [...all][0] : undefined
}

function isUnrecorded(sessions: readonly Session[]): boolean {
  return sessions.length > 0 && sessions.every(({ medium, recorded }) => medium === 'call' && recorded === false)
}
