import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ShardStore } from '../ports/shard-store.js'
import { compareRows, type PlacedRow } from './row.js'
import { HeldRun, RunMerge, type SortedRun, StoredRun } from './run-merge.js'

/** How much is kept in memory while rows are sorted. */
export interface SpoolLimits {
  /** Rows that are sorted at once. @defaultValue 100000 */
  readonly rows?: number | undefined
  /** Bytes of a piece that is read at once while runs are merged. @defaultValue 131072 */
  readonly pieceBytes?: number | undefined
  /** Sorted runs that are merged into one, at least 2. Each has a piece in memory meanwhile. @defaultValue 32 */
  readonly runs?: number | undefined
}

const defaults = { rows: 100_000, pieceBytes: 1 << 17, runs: 32 }

/** A sorted run in the store. */
interface WrittenRun {
  readonly number: number
  readonly pieces: number
}

/**
 * Sorts any number of rows, given in any order, in memory of a fixed size. Rows that do not fit are written to the
 * store as sorted runs. As many runs as may be merged at once become one of the next level, so that how many are
 * read side by side at the end grows with the logarithm of the number of rows.
 */
export class Spool {
  readonly #store: ShardStore
  readonly #keyOf: (run: number, piece: number) => string
  readonly #limits: { readonly rows: number; readonly pieceBytes: number; readonly runs: number }
  #rows: PlacedRow[] = []
  /** Runs that are not yet merged into others, by level. */
  readonly #levels: WrittenRun[][] = []
  #runs = 0
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(store: ShardStore, keyOf: (run: number, piece: number) => string, limits: SpoolLimits = {}) {
    this.#store = store
    this.#keyOf = keyOf
    const { rows, pieceBytes, runs } = limits
    this.#limits = {
      rows: rows ?? defaults.rows,
      pieceBytes: pieceBytes ?? defaults.pieceBytes,
      runs: Math.max(2, runs ?? defaults.runs),
    }
  }

  add(row: PlacedRow): void {
    this.#rows.push(row)
  }

  /** Resolves when there is room for more; to be awaited after each row. */
  room(): Promise<void> | undefined {
    if (this.#rows.length < this.#limits.rows) return undefined
    // Lists that are read side by side fill one spool.
    this.#writing ??= this.#makeRoom().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** All rows in their order. It may be asked again once the rows have ended. */
  async *sorted(options: CallOptions = {}): AsyncGenerator<PlacedRow, void, void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    const rest = this.#rows.sort(compareRows)
    if (this.#runs === 0) {
      yield* rest
      return
    }
    const runs: SortedRun[] = this.#levels.flat().map((run) => new StoredRun(this.#read(run, options)))
    const merge = await RunMerge.of([...runs, new HeldRun(rest)])
    for (let top = merge.top; top?.row !== undefined; top = merge.top) {
      yield top.row
      const loading = merge.advance()
      if (loading !== undefined) await loading
    }
  }

  async #makeRoom(): Promise<void> {
    const rows = this.#rows.sort(compareRows)
    this.#rows = []
    try {
      await this.#keep(await this.#write(rows), 0)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async #write(rows: readonly PlacedRow[]): Promise<WrittenRun> {
    const writer = this.#newRun()
    for (const row of rows) {
      writer.add(JSON.stringify(row))
      if (writer.isFull) await writer.put()
    }
    return writer.end()
  }

  /** Keeps a run in its level. A level that is full becomes a run of the next one. */
  async #keep(run: WrittenRun, level: number): Promise<void> {
    const runs = this.#levels[level] ?? []
    this.#levels[level] = runs
    runs.push(run)
    if (runs.length < this.#limits.runs) return
    this.#levels[level] = []
    await this.#keep(await this.#mergedRun(runs), level + 1)
  }

  async #mergedRun(runs: readonly WrittenRun[]): Promise<WrittenRun> {
    const writer = this.#newRun()
    const merge = await RunMerge.of(runs.map((run) => new StoredRun(this.#read(run, {}))))
    for (let top = merge.top; top?.line !== undefined; top = merge.top) {
      writer.add(top.line)
      if (writer.isFull) await writer.put()
      const loading = merge.advance()
      if (loading !== undefined) await loading
    }
    return writer.end()
  }

  #newRun(): RunWriter {
    const run = this.#runs
    this.#runs += 1
    return new RunWriter(this.#store, run, (piece) => this.#keyOf(run, piece), this.#limits.pieceBytes)
  }

  async *#read({ number, pieces }: WrittenRun, options: CallOptions): AsyncGenerator<string, void, void> {
    for (let piece = 0; piece < pieces; piece += 1) {
      const key = this.#keyOf(number, piece)
      const content = await this.#store.read(key, options)
      if (content === undefined) {
        throw new LegalHoldError(`${key} is no longer in the store: run again to make a new plan.`, {
          code: 'STORAGE_RESPONSE_INVALID',
          stage: 'export',
        })
      }
      yield Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8')
    }
  }
}

/** Writes the lines of a run, piece by piece. */
class RunWriter {
  readonly #store: ShardStore
  readonly #number: number
  readonly #keyOf: (piece: number) => string
  readonly #pieceBytes: number
  #lines: string[] = []
  #length = 0
  #pieces = 0

  constructor(store: ShardStore, number: number, keyOf: (piece: number) => string, pieceBytes: number) {
    this.#store = store
    this.#number = number
    this.#keyOf = keyOf
    this.#pieceBytes = pieceBytes
  }

  get isFull(): boolean {
    return this.#length >= this.#pieceBytes
  }

  add(line: string): void {
    this.#lines.push(line)
    this.#length += line.length + 1
  }

  async put(): Promise<void> {
    const content = Buffer.from(`${this.#lines.join('\n')}\n`)
    this.#lines = []
    this.#length = 0
    await this.#store.create(this.#keyOf(this.#pieces), content)
    this.#pieces += 1
  }

  async end(): Promise<WrittenRun> {
    if (this.#length > 0) await this.put()
    return { number: this.#number, pieces: this.#pieces }
  }
}
