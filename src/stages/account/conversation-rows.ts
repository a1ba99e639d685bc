import { hourMs } from '../../internal/durations.js'
import { Column } from '../../internal/tables/column.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import { Texts } from '../../internal/tables/texts.js'
import type { ConversationDetails } from '../../model/platform.js'
import type { Listings } from './present-files.js'

/** Stands for a start that is not known: nothing of 1970 is exported. */
const unknownStart = 0
/** The latest second that fits: of the year 2106. */
const lastSecond = 0xffff_ffff
const bits = { open: 1, repaired: 2 } as const
const directions: readonly string[] = ['', 'inbound', 'outbound']

/** The conversations of a job, as rows of numbers: some 45 bytes each. */
export class ConversationRows {
  readonly #ids = new IdIndex()
  readonly #flags = Column.bytes()
  /** Seconds since the epoch. */
  readonly #starts = Column.words()
  /** Queue and direction, as numbers of their texts. */
  readonly #queues = Column.shorts()
  readonly #directions = Column.bytes()
  readonly #queueIds = new Texts('')
  /** By the numbers of their ids. */
  readonly #queueNames = new Map<number, string>()
  /** Who took part, where the caller wants that named. */
  readonly #participants = new Map<number, Pick<ConversationDetails, 'agents' | 'customer'>>()
  /** Transcripts and attachments that the latest listing showed, that listing, and all that were ever found. */
  readonly #present = Column.words()
  readonly #listings = Column.words()
  readonly #known = Column.words()
  #open = 0

  get size(): number {
    return this.#ids.size
  }

  /** Conversations whose recordings are not known beforehand. */
  get open(): number {
    return this.#open
  }

  /** @param start ISO 8601, if it is known */
  add(id: string, start?: string): number {
    const row = this.#ids.add(id)
    if (start !== undefined && this.#starts.get(row) === unknownStart) {
      const seconds = Math.floor(Date.parse(start) / 1_000)
      if (seconds > 0 && seconds <= lastSecond) this.#starts.set(row, seconds)
    }
    return row
  }

  /** What a person recognises the conversation by. */
  describe(row: number, { direction, queueId, queueName, agents, customer }: ConversationDetails): void {
    const number = directions.indexOf(direction ?? '')
    if (number > 0) this.#directions.set(row, number)
    if (queueId !== undefined) {
      const queue = this.#queueIds.numberOf(queueId)
      this.#queues.set(row, queue)
      if (queueName !== undefined && this.#queueIds.textAt(queue) === queueId) this.#queueNames.set(queue, queueName)
    }
    if (agents !== undefined || customer !== undefined) this.#participants.set(row, { agents, customer })
  }

  /** The same, with when it began; without what is not known. */
  detailsAt(row: number): ConversationDetails & { readonly conversationStart?: string } {
    const start = this.#starts.get(row)
    const direction = directions[this.#directions.get(row)]
    const queueId = this.#queueIds.textAt(this.#queues.get(row))
    const queueName = this.#queueNames.get(this.#queues.get(row))
    const { agents, customer } = this.#participants.get(row) ?? {}
    return {
      ...(start === unknownStart ? {} : { conversationStart: new Date(start * 1_000).toISOString() }),
      ...(direction ? { direction } : {}),
      ...(queueId ? { queueId } : {}),
      ...(queueName === undefined ? {} : { queueName }),
      ...(agents === undefined ? {} : { agents }),
      ...(customer === undefined ? {} : { customer }),
    }
  }

  /** The row of a conversation, -1 if there is none. */
  find(id: string): number {
    return this.#ids.find(id)
  }

  idAt(row: number): string {
    return this.#ids.idAt(row)
  }

  markOpen(row: number): void {
    if (this.isOpen(row)) return
    this.#flags.set(row, this.#flags.get(row) | bits.open)
    this.#open += 1
  }

  isOpen(row: number): boolean {
    return (this.#flags.get(row) & bits.open) !== 0
  }

  markRepaired(row: number): void {
    this.#flags.set(row, this.#flags.get(row) | bits.repaired)
  }

  isRepaired(row: number): boolean {
    return (this.#flags.get(row) & bits.repaired) !== 0
  }

  /** A listing shows a transcript or an attachment. */
  showCompanion(row: number, listing: number): void {
    if (listing > this.#listings.get(row)) {
      this.#listings.set(row, listing)
      this.#present.set(row, 0)
    }
    this.#present.set(row, this.#present.get(row) + 1)
  }

  /** A transcript or an attachment was found for the first time, or what was taken for one is none. */
  knowCompanion(row: number, change: 1 | -1): void {
    this.#known.set(row, this.#known.get(row) + change)
  }

  /** Whether a transcript or an attachment was found once and is not in the latest listing. */
  lostCompanion(row: number, listings: Listings): boolean {
    const known = this.#known.get(row)
    if (known === 0) return false
    return !listings.isCurrent(this.#listings.get(row)) || this.#present.get(row) < known
  }

  /** Start of the hour in which a conversation began, in milliseconds; `undefined` if it is not known. */
  hourAt(row: number): number | undefined {
    const start = this.#starts.get(row)
    return start === unknownStart ? undefined : Math.floor((start * 1_000) / hourMs) * hourMs
  }
}
