import pLimit from 'p-limit'
import { Channel } from './channel.js'
import { done, Feed, none } from './feed.js'
import { Lanes } from './lanes.js'
import { Results } from './results.js'
import { Batches, type Source } from './source.js'

export { Batches, type Source }

/**
 * Applies `work` to every item with at most `window` under way; results come in the order in which they finish.
 * In-flight work is drained before the iteration ends, fails or is left early.
 *
 * p-limit bounds the lanes, each of which takes one item after the other: a call of p-limit for each item costs seven
 * promises, one for each lane costs nothing that can be measured.
 *
 * @param window lanes, or how many of them
 */
export async function* mapWindow<T, R>(
  source: Source<T> | Batches<T>,
  window: number | Lanes,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const lanes = typeof window === 'number' ? new Lanes({ most: window, first: window }) : window
  const limit = pLimit(lanes.size)
  const feed = new Feed(source)
  const results = new Results<R>(lanes.most)
  let running = 0
  let underWay = 0
  let onIdle: (() => void) | undefined

  const lane = async () => {
    running += 1
    try {
      while (!results.closed && running <= lanes.size) {
        const next = feed.poll()
        const item = next === none ? await feed.next() : next
        if (item === done || results.closed) break
        underWay += 1
        try {
          results.push(await work(item))
        } catch (error) {
          results.fail(error)
        } finally {
          underWay -= 1
        }
        if (results.isFull) await results.room()
      }
    } catch (error) {
      results.fail(error)
    } finally {
      running -= 1
      if (underWay === 0) onIdle?.()
      if (running === 0 && feed.isDone) results.end()
    }
  }
  const start = () => {
    limit.concurrency = lanes.size
    for (let missing = lanes.size - limit.activeCount - limit.pendingCount; missing > 0; missing -= 1) void limit(lane)
  }
  const unsubscribe = lanes.onResize(start)
  try {
    start()
    yield* results
  } finally {
    unsubscribe()
    results.close()
    limit.clearQueue()
    // Only what is under way is waited for: a source that is itself waiting (for objects to land) is not.
    feed.stop()
    while (underWay > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve
      })
    }
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
