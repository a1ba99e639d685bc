/*
 * Answers that may be there already. A promise for what is known costs as much as its reading, several times for each object.
 */

/**
 * Whether something is still to come. By what it can do: an async function gives Node's own promise, which is no instance of
 * what a program or its instrumentation may have put in the place of the global one.
 */
export function isPending<T>(value: T): value is Extract<T, PromiseLike<unknown>> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}

/** Like `Promise.all`, for values of which all may be there already: then there is nothing to wait for, and of one promise only that is waited for. */
export function allOf<T extends readonly unknown[]>(
  values: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> | { -readonly [K in keyof T]: Awaited<T[K]> } {
  type All = { -readonly [K in keyof T]: Awaited<T[K]> }
  const first = values.findIndex((value) => isPending(value))
  if (first < 0) return values as unknown as All
  if (values.findLastIndex((value) => isPending(value)) > first) return Promise.all(values)
  return (values[first] as Promise<unknown>).then((value) => values.toSpliced(first, 1, value) as unknown as All)
}
