/** Items that come one by one. */
export type Source<T> = AsyncIterable<T> | Iterable<T>

/**
 * A stream that anybody reads item by item, and this library in the pieces in which it comes: it costs an await for each piece
 * instead of several for each of a million items.
 */
export class InPieces<T> implements AsyncIterable<T> {
  readonly pieces: () => AsyncIterable<readonly T[]>

  constructor(pieces: () => AsyncIterable<readonly T[]>) {
    this.pieces = pieces
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for await (const piece of this.pieces()) for (const item of piece) yield item
  }
}

/** The pieces of a stream; each item alone where it has none. */
export function piecesOf<T>(source: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  return source instanceof InPieces ? source.pieces() : eachAlone(source)
}

async function* eachAlone<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[], void, void> {
  for await (const item of source) yield [item]
}

/** Whether it can be iterated, at once or as it comes. */
export function isStream<S extends object>(
  source: S,
): source is Extract<S, AsyncIterable<unknown> | Iterable<unknown>> {
  return Symbol.asyncIterator in source || Symbol.iterator in source
}
