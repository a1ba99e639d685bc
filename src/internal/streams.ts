import pLimit from 'p-limit'
import { Channel } from './channel.js'

export type Source<T> = AsyncIterable<T> | Iterable<T>

/**
 * Applies `work` to every item with at most `window` under way; results come in the order in which they finish.
 * In-flight work is drained before the iteration ends, fails or is left early.
 */
export async function* mapWindow<T, R>(
  source: Source<T>,
  window: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const limit = pLimit(window)
  const channel = new Channel<R>(window)
  let underWay = 0
  // The feed and the consumer that leaves may wait at the same time.
  let waiting: (() => void)[] = []
  const progress = () => new Promise<void>((resolve) => waiting.push(resolve))
  const run = async (item: T) => {
    try {
      await channel.push(await work(item))
    } catch (error) {
      channel.fail(error)
    } finally {
      underWay -= 1
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    }
  }
  const feed = async () => {
    for await (const item of source) {
      while (underWay >= window && !channel.closed) await progress()
      if (channel.closed) return
      underWay += 1
      void limit(run, item)
    }
    while (underWay > 0) await progress()
    channel.end()
  }
  feed().catch((error: unknown) => channel.fail(error))
  try {
    yield* channel
  } finally {
    // Only what is under way is waited for: a source that is itself waiting (for objects to land) is not.
    while (underWay > 0) await progress()
  }
}

/** Reads several sources side by side, at most `concurrency` at once, and yields what they give as it comes. */
export async function* merge<T>(
  sources: Iterable<() => AsyncIterable<T>>,
  concurrency: number,
  capacity = 1000,
): AsyncGenerator<T, void, void> {
  const limit = pLimit(concurrency)
  const channel = new Channel<T>(capacity)
  const read = async (open: () => AsyncIterable<T>) => {
    if (channel.closed) return
    for await (const item of open()) {
      if (!(await channel.push(item))) return
    }
  }
  const readers = [...sources].map((open) => limit(read, open).catch((error: unknown) => channel.fail(error)))
  void Promise.all(readers).then(() => channel.end())
  try {
    yield* channel
  } finally {
    await Promise.all(readers)
  }
}

/** The items of a stream in an array; only for what is known to be small. */
export async function collect<T>(source: Source<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
