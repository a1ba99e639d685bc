import { Column } from '../internal/column.js'
import { IdIndex } from '../internal/id-index.js'
import type { ExportRequest, MediaType } from '../request.js'
import { type Answer, dateOf, textOf } from './answer.js'
import { type Session, sessionsOf } from './recording-metadata.js'
import { coversMedia, mediaTypesOf } from './request-scope.js'

const bits = {
  /** Every recording it can have is covered by the request. */
  covered: 1,
  /** It ended before the index ended, so that all its recordings can be known. */
  closed: 2,
  /** Analytics says that nothing of it was recorded. */
  unrecorded: 4,
  /** A recording of it is known. */
  found: 8,
} as const

const media: readonly (MediaType | undefined)[] = [undefined, 'call', 'chat', 'email', 'message', 'screen']

/** The conversations of a request, 40 bytes each: half a million of them are listed before their recordings are asked for. */
export class ConversationTable {
  readonly #ids = new IdIndex()
  readonly #flags = Column.bytes()
  readonly #media = Column.bytes()
  /** Seconds since the epoch; 0 is not known. */
  readonly #starts = Column.words()
  readonly #ends = Column.words()
  /** Only of conversations that are partly covered, and only where message types tell which part. */
  readonly #sessions = new Map<number, readonly Session[]>()
  readonly #request: ExportRequest
  #latestEnd = 0
  #availableUntil: string | undefined

  constructor(request: ExportRequest) {
    this.#request = request
  }

  get size(): number {
    return this.#ids.size
  }

  /** The latest end of a conversation, in milliseconds; `undefined` where one has none yet. */
  get latestEnd(): number | undefined {
    return Number.isFinite(this.#latestEnd) ? this.#latestEnd : undefined
  }

  /** ISO 8601: how far the index reached. */
  get availableUntil(): string | undefined {
    return this.#availableUntil
  }

  add(conversation: Answer, availableUntil: string | undefined): void {
    const id = textOf(conversation, 'conversationId', 'id')
    if (id === undefined) return
    const row = this.#ids.add(id)
    const sessions = sessionsOf(conversation)
    const start = seconds(dateOf(conversation, 'conversationStart'), Math.floor)
    const end = seconds(dateOf(conversation, 'conversationEnd'), Math.ceil)
    this.#availableUntil = availableUntil
    this.#starts.set(row, start)
    this.#ends.set(row, end)
    this.#media.set(row, Math.max(0, media.indexOf(onlyMedium(sessions))))
    this.#latestEnd = Math.max(this.#latestEnd, end === 0 ? Number.POSITIVE_INFINITY : end * 1_000)
    const closed = end > 0 && (availableUntil === undefined || end * 1_000 <= Date.parse(availableUntil))
    const covered = coversAll(sessions, this.#request)
    if (!covered && this.#request.messageTypes !== undefined) this.#sessions.set(row, sessions)
    this.#flags.set(
      row,
      (covered ? bits.covered : 0) | (closed ? bits.closed : 0) | (isUnrecorded(sessions) ? bits.unrecorded : 0),
    )
  }

  /** The row of a conversation, -1 where it is none of these. */
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

  /** Milliseconds; `undefined` where it has not ended. */
  endAt(row: number): number | undefined {
    const end = this.#ends.get(row)
    return end === 0 ? undefined : end * 1_000
  }

  /** The one medium of all its sessions. */
  mediumAt(row: number): MediaType | undefined {
    return media[this.#media.get(row)]
  }

  /** Its sessions, where they are needed to tell its recordings apart. */
  sessionsAt(row: number): readonly Session[] {
    return this.#sessions.get(row) ?? []
  }

  /** Whether a recording of it belongs to the request, whatever its medium. */
  isDecided(row: number): boolean {
    const wanted = bits.covered | bits.closed
    return (this.#flags.get(row) & wanted) === wanted
  }

  isUnrecorded(row: number): boolean {
    return (this.#flags.get(row) & bits.unrecorded) !== 0
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

/** Whether each session is of a medium and a message type that the request names. */
function coversAll(sessions: readonly Session[], request: ExportRequest): boolean {
  const wanted = request.messageTypes?.map((type) => type.toLowerCase()) ?? []
  if (mediaTypesOf(request) === undefined && wanted.length === 0) return true
  return (
    sessions.length > 0 &&
    sessions.every(({ medium, messageType }) => {
      if (medium === undefined || !coversMedia(request, medium)) return false
      return medium !== 'message' || wanted.length === 0 || (messageType !== undefined && wanted.includes(messageType))
    })
  )
}

function isUnrecorded(sessions: readonly Session[]): boolean {
  return sessions.length > 0 && sessions.every(({ medium, recorded }) => medium === 'call' && recorded === false)
}
