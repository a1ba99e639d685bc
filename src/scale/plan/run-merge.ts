import { compareRows, type PlacedRow } from './row.js'

/** A sorted run of rows, as it is merged: it stands at one of them. */
export interface SortedRun {
  /** The row at which it stands; absent at its end. */
  readonly row: PlacedRow | undefined
  /** The line that the row was read from; absent if it was never written. */
  readonly line: string | undefined
  /** Moves to the next row. @returns `false` if `load` must do it */
  step(): boolean
  load(): Promise<void>
}

/** The rows of a run that lies in pieces. */
export class StoredRun implements SortedRun {
  row: PlacedRow | undefined
  line: string | undefined
  readonly #pieces: AsyncIterator<string>
  #piece = ''
  #at = 0

  constructor(pieces: AsyncIterator<string>) {
    this.#pieces = pieces
  }

  step(): boolean {
    const end = this.#piece.indexOf('\n', this.#at)
    if (end < 0) return false
    // One row at a time: the rows of a piece take several times the memory of its text.
    this.line = this.#piece.slice(this.#at, end)
    this.row = JSON.parse(this.line) as PlacedRow
    this.#at = end + 1
    return true
  }

  async load(): Promise<void> {
    while (!this.step()) {
      const next = await this.#pieces.next()
      this.#piece = next.done === true ? '' : next.value
      this.#at = 0
      if (next.done !== true) continue
      this.row = undefined
      this.line = undefined
      return
    }
  }
}

/** The rows of a run that is in memory. */
export class HeldRun implements SortedRun {
  row: PlacedRow | undefined
  readonly line = undefined
  readonly #rows: readonly PlacedRow[]
  #at = 0

  constructor(rows: readonly PlacedRow[]) {
    this.#rows = rows
  }

  step(): boolean {
    this.row = this.#rows[this.#at]
    this.#at += 1
    return true
  }

  async load(): Promise<void> {
    this.step()
  }
}

/** Merges sorted runs by a heap, whose top stands at the least row. */
export class RunMerge {
  readonly #heap: SortedRun[]

  private constructor(heap: SortedRun[]) {
    this.#heap = heap
    for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at -= 1) sink(heap, at)
  }

  static async of(runs: readonly SortedRun[]): Promise<RunMerge> {
    for (const run of runs) await run.load()
    return new RunMerge(runs.filter(({ row }) => row !== undefined))
  }

  /** The run that stands at the least row; absent at the end. */
  get top(): SortedRun | undefined {
    return this.#heap[0]
  }

  /** Moves on to the next row. @returns what is to be awaited first, if a piece must be read */
  advance(): Promise<void> | undefined {
    const top = this.#heap[0]
    if (top === undefined) return undefined
    if (!top.step()) return top.load().then(() => this.#settle())
    this.#settle()
    return undefined
  }

  #settle(): void {
    const heap = this.#heap
    if (heap[0]?.row === undefined) {
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) heap[0] = last
    }
    sink(heap, 0)
  }
}

function sink(heap: SortedRun[], from: number): void {
  for (let at = from; ; ) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2]) if (isBefore(heap[child], heap[least])) least = child
    if (least === at) return
    const [one, other] = [heap[at], heap[least]]
    if (one === undefined || other === undefined) return
    heap[at] = other
    heap[least] = one
    at = least
  }
}

function isBefore(one: SortedRun | undefined, other: SortedRun | undefined): boolean {
  if (one?.row === undefined || other?.row === undefined) return false
  return compareRows(one.row, other.row) < 0
}
