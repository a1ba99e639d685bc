/** Rows of one chunk: small enough that growing never copies what is there. */
const chunkBits = 14
const chunkRows = 1 << chunkBits
const chunkMask = chunkRows - 1

type NumberArray = Uint8Array | Uint16Array | Int32Array | Uint32Array

/**
 * A growing column of numbers. Rows that were never written are 0. It grows by a chunk at a time, so that its size
 * follows its rows and does not double.
 */
export class Column {
  readonly #chunks: NumberArray[] = []
  readonly #make: (rows: number) => NumberArray

  private constructor(make: (rows: number) => NumberArray) {
    this.#make = make
  }

  static bytes(): Column {
    return new Column((rows) => new Uint8Array(rows))
  }

  static shorts(): Column {
    return new Column((rows) => new Uint16Array(rows))
  }

  static integers(): Column {
    return new Column((rows) => new Int32Array(rows))
  }

  static words(): Column {
    return new Column((rows) => new Uint32Array(rows))
  }

  get(row: number): number {
    return this.#chunks[row >>> chunkBits]?.[row & chunkMask] ?? 0
  }

  set(row: number, value: number): void {
    const at = row >>> chunkBits
    while (this.#chunks.length <= at) this.#chunks.push(this.#make(chunkRows))
    const chunk = this.#chunks[at]
    if (chunk !== undefined) chunk[row & chunkMask] = value
  }
}
