import { hourMs } from '../../internal/durations.js'
import { Column } from '../../internal/tables/column.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import type { Listings } from './present-files.js'

/** Stands for an hour that is not known: nothing of 1970 is exported. */
const unknownHour = 0
const bits = { open: 1, repaired: 2 } as const

/** The conversations of a job, as rows of numbers: some 42 bytes each. */
export class ConversationRows {
  readonly #ids = new IdIndex()
  readonly #flags = Column.bytes()
  /** Hours since the epoch. */
  readonly #hours = Column.integers()
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

  /** @param start ISO 8601, where it is known */
  add(id: string, start?: string): number {
    const row = this.#ids.add(id)
    if (start !== undefined && this.#hours.get(row) === unknownHour) {
      const hour = Math.floor(Date.parse(start) / hourMs)
      if (Number.isInteger(hour)) this.#hours.set(row, hour)
    }
    return row
  }

  /** The row of a conversation, -1 where there is none. */
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

  /** Start of the hour in which a conversation began, in milliseconds; `undefined` where it is not known. */
  hourAt(row: number): number | undefined {
    const hour = this.#hours.get(row)
    return hour === unknownHour ? undefined : hour * hourMs
  }
}
