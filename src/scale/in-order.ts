/**
 * Applies `work` to every item with at most `window` under way, and yields the results in the order of the items. What is under
 * way is waited for before the iteration ends, fails or is left early.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  window: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const under: Promise<R>[] = []
  try {
    for await (const item of items) {
      const begun = work(item)
      // It is heard when its turn comes.
      begun.catch(() => {})
      under.push(begun)
      if (under.length < window) continue
      const first = under.shift()
      if (first !== undefined) yield await first
    }
    for (let first = under.shift(); first !== undefined; first = under.shift()) yield await first
  } finally {
    await Promise.allSettled(under)
  }
}
