import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ShardStore } from '../ports/shard-store.js'
import { compareRows, type PlacedRow } from './row.js'

/** How much is kept in memory while rows are sorted. */
export interface SpoolLimits {
  /** Rows that are sorted at once. @defaultValue 100000 */
  readonly rows?: number | undefined
  /** Bytes of a piece that is read at once while runs are merged. @defaultValue 131072 */
  readonly pieceBytes?: number | undefined
}

const defaults = { rows: 100_000, pieceBytes: 1 << 17 }

/**
 * Sorts any number of rows, given in any order, in memory of a fixed size. Rows that do not fit are written to the
 * store as sorted runs, which are merged while they are read.
 */
export class Spool {
  readonly #store: ShardStore
  readonly #keyOf: (run: number, piece: number) => string
  readonly #limits: { readonly rows: number; readonly pieceBytes: number }
  #rows: PlacedRow[] = []
  /** Pieces of each run that was written. */
  readonly #runs: number[] = []
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(store: ShardStore, keyOf: (run: number, piece: number) => string, limits: SpoolLimits = {}) {
    this.#store = store
    this.#keyOf = keyOf
    this.#limits = { rows: limits.rows ?? defaults.rows, pieceBytes: limits.pieceBytes ?? defaults.pieceBytes }
  }

  add(row: PlacedRow): void {
    this.#rows.push(row)
  }

  /** Resolves when there is room for more; to be awaited after each row. */
  room(): Promise<void> | undefined {
    if (this.#rows.length < this.#limits.rows) return undefined
    // Lists that are read side by side fill one spool.
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** All rows in their order. It may be asked again once the rows have ended. */
  async *sorted(options: CallOptions = {}): AsyncGenerator<PlacedRow, void, void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    const rest = this.#rows.sort(compareRows)
    if (this.#runs.length === 0) {
      yield* rest
      return
    }
    const cursors: Cursor[] = []
    for (const [run, pieces] of this.#runs.entries()) cursors.push(new Cursor(this.#read(run, pieces, options)))
    cursors.push(new Cursor(inOnePiece(rest)))
    yield* merged(cursors)
  }

  async #write(): Promise<void> {
    const rows = this.#rows.sort(compareRows)
    this.#rows = []
    const run = this.#runs.length
    this.#runs.push(0)
    try {
      let text = ''
      for (const row of rows) {
        text += `${JSON.stringify(row)}\n`
        if (text.length >= this.#limits.pieceBytes) {
          await this.#put(run, text)
          text = ''
        }
      }
      if (text !== '') await this.#put(run, text)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async #put(run: number, text: string): Promise<void> {
    const piece = this.#runs[run] ?? 0
    await this.#store.create(this.#keyOf(run, piece), Buffer.from(text))
    this.#runs[run] = piece + 1
  }

  async *#read(run: number, pieces: number, options: CallOptions): AsyncGenerator<readonly PlacedRow[], void, void> {
    for (let piece = 0; piece < pieces; piece += 1) {
      const key = this.#keyOf(run, piece)
      const content = await this.#store.read(key, options)
      if (content === undefined) {
        throw new LegalHoldError(`${key} is no longer in the store: run again to make a new plan.`, {
          code: 'STORAGE_RESPONSE_INVALID',
          stage: 'export',
        })
      }
      const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').split('\n')
      yield lines.slice(0, -1).map((line) => JSON.parse(line) as PlacedRow)
    }
  }
}

async function* inOnePiece(rows: readonly PlacedRow[]): AsyncGenerator<readonly PlacedRow[], void, void> {
  yield rows
}

/** The next row of a run. */
class Cursor {
  row: PlacedRow | undefined
  readonly #pieces: AsyncIterator<readonly PlacedRow[]>
  #piece: readonly PlacedRow[] = []
  #at = 0

  constructor(pieces: AsyncGenerator<readonly PlacedRow[], void, void>) {
    this.#pieces = pieces
  }

  /** Moves on within the piece. @returns `false` if the next piece must be read first */
  step(): boolean {
    this.row = this.#piece[this.#at]
    this.#at += 1
    return this.row !== undefined
  }

  /** Moves on to the next piece. */
  async load(): Promise<void> {
    while (!this.step()) {
      const next = await this.#pieces.next()
      if (next.done === true) return
      this.#piece = next.value
      this.#at = 0
    }
  }
}

/** Merges runs by a heap: the least row is on top. */
async function* merged(all: readonly Cursor[]): AsyncGenerator<PlacedRow, void, void> {
  for (const cursor of all) await cursor.load()
  const heap = all.filter(({ row }) => row !== undefined)
  for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at -= 1) sink(heap, at)
  for (;;) {
    const [top] = heap
    if (top?.row === undefined) return
    yield top.row
    if (!top.step()) await top.load()
    if (top.row === undefined) {
      const last = heap.pop()
      if (last !== undefined && last !== top) heap[0] = last
    }
    sink(heap, 0)
  }
}

function sink(heap: Cursor[], from: number): void {
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

function isBefore(one: Cursor | undefined, other: Cursor | undefined): boolean {
  if (one?.row === undefined || other?.row === undefined) return false
  return compareRows(one.row, other.row) < 0
}
