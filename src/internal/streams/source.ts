/** Items that come one by one. */
export type Source<T> = AsyncIterable<T> | Iterable<T>

/** A stream in pieces of many items: it costs an await for each piece instead of one for each item. */
export class Batches<T> {
  readonly source: AsyncIterable<readonly T[]>

  constructor(source: AsyncIterable<readonly T[]>) {
    this.source = source
  }
}

/** Whether it can be iterated, at once or as it comes. */
export function isStream<S extends object>(
  source: S,
): source is Extract<S, AsyncIterable<unknown> | Iterable<unknown>> {
  return Symbol.asyncIterator in source || Symbol.iterator in source
}
