import pLimit from 'p-limit'
import { Lanes } from '../lanes.js'
import { Channel } from './channel.js'
import { InPieces, type Source } from './source.js'
import { Windowed } from './windowed.js'

export { InPieces, type Source }

/**
 * Applies `work` to every item with at most `window` under way; results come in the order in which they finish.
 * In-flight work is drained before the iteration ends, fails or is left early.
 *
 * @param window lanes, or how many of them
 */
export function mapWindow<T, R>(
  source: Source<T>,
  window: number | Lanes,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const lanes = typeof window === 'number' ? new Lanes({ most: window, first: window }) : window
  return new Windowed(source, lanes, work)
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
