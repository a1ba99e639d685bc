import { Column } from '../../internal/tables/column.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import { Texts } from '../../internal/tables/texts.js'
import {
  type bits,
  isFreshlyDelivered,
  isNeverDelivered,
  isPending,
  isSkipped,
  isUnlisted,
  isWithdrawn,
} from './recording-flags.js'

/** How many recordings are in which state, kept with every change. */
export interface FlagCounts {
  readonly withdrawn: number
  readonly skipped: number
  readonly unlisted: number
  readonly delivered: number
  readonly pending: number
  readonly neverDelivered: number
}

/** Recordings as rows of numbers: the id, the conversation, what is known of it, and why it did not come. */
export class RecordingTable {
  readonly #ids = new IdIndex()
  readonly #flags = Column.shorts()
  /** The conversation of a recording, as its row. */
  readonly #ownerOf = Column.words()
  /** Why a recording failed or was skipped. */
  readonly #reasonOf = Column.shorts()
  readonly #reasons = new Texts('a reason that is not kept: there were too many different ones')
  /** Recordings that no list counts: they landed, the platform named them as failed, or they are later than the interval. */
  readonly #offList = Column.bytes()
  readonly #counts = { withdrawn: 0, skipped: 0, unlisted: 0, delivered: 0, pending: 0, neverDelivered: 0 }

  get size(): number {
    return this.#ids.size
  }

  get counts(): FlagCounts {
    return this.#counts
  }

  /** The row of a recording, which is new if the size grew. */
  add(id: string): number {
    const before = this.#ids.size
    const row = this.#ids.add(id)
    if (this.#ids.size > before) {
      this.#counts.pending += 1
      this.#counts.neverDelivered += 1
    }
    return row
  }

  /** The row of a recording, -1 if it was never added. */
  find(id: string): number {
    return this.#ids.find(id)
  }

  idAt(row: number): string {
    return this.#ids.idAt(row)
  }

  ownerAt(row: number): number {
    return this.#ownerOf.get(row)
  }

  setOwner(row: number, owner: number): void {
    this.#ownerOf.set(row, owner)
  }

  isOffList(row: number): boolean {
    return this.#offList.get(row) !== 0
  }

  setOffList(row: number, isOffList: boolean): void {
    if (this.isOffList(row) !== isOffList) this.#offList.set(row, isOffList ? 1 : 0)
  }

  flagsAt(row: number): number {
    return this.#flags.get(row)
  }

  /** Whether any of these flags is set. */
  has(row: number, flags: number): boolean {
    return (this.#flags.get(row) & flags) !== 0
  }

  /** Sets and removes flags. The counts follow. */
  change(row: number, add: number, remove = 0): void {
    const before = this.#flags.get(row)
    const after = (before & ~remove) | add
    if (before === after) return
    this.#flags.set(row, after)
    const change = (is: (flags: number) => boolean) => Number(is(after)) - Number(is(before))
    this.#counts.pending += change(isPending)
    this.#counts.neverDelivered += change(isNeverDelivered)
    this.#counts.skipped += change(isSkipped)
    this.#counts.withdrawn += change(isWithdrawn)
    this.#counts.delivered += change(isFreshlyDelivered)
    this.#counts.unlisted += change(isUnlisted)
  }

  /** The platform, or its list, says that a recording failed or is left out, and why. */
  settle(row: number, flag: typeof bits.failed | typeof bits.skipped, reason: string): void {
    this.change(row, flag)
    this.#reasonOf.set(row, this.#reasons.numberOf(reason))
  }

  /** The platform says what keeps a recording, which is expected anyway. */
  note(row: number, reason: string): void {
    this.#reasonOf.set(row, this.#reasons.numberOf(reason))
  }

  reasonAt(row: number): string {
    return this.#reasons.textAt(this.#reasonOf.get(row))
  }

  /** Counts what no count is kept of: a look at every row. */
  count(is: (flags: number) => boolean): number {
    let count = 0
    for (let row = 0; row < this.size; row += 1) if (is(this.#flags.get(row))) count += 1
    return count
  }
}
