/** What a process held at a moment. */
export interface Sample {
  readonly at: string
  /** Live objects of the heap, right after a collection. */
  readonly heapBytes: number
  readonly rssBytes: number
}

/** What was seen while something ran. */
export interface Watched<T> {
  readonly result: T
  readonly seconds: number
  readonly cpuSeconds: number
  /** The largest of all looks, with what was not collected yet. */
  readonly peakHeapBytes: number
  readonly peakRssBytes: number
}

/** Live memory, measured after a collection: needs `node --expose-gc`. */
export function sample(at: string): Sample {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { at, heapBytes: heapUsed, rssBytes: rss }
}

/** Watches what the process holds, while something runs. */
export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  let peakHeapBytes = 0
  let peakRssBytes = 0
  const look = () => {
    const { heapUsed, rss } = process.memoryUsage()
    peakHeapBytes = Math.max(peakHeapBytes, heapUsed)
    peakRssBytes = Math.max(peakRssBytes, rss)
  }
  const timer = setInterval(look, 250)
  try {
    const result = await work()
    look()
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - startedAt) / 1_000
    return { result, seconds, cpuSeconds: (user + system) / 1e6, peakHeapBytes, peakRssBytes }
  } finally {
    clearInterval(timer)
  }
}

/** Whether live memory is no larger towards the end: the second half of the samples against the first, with 10 MB of play. */
export function isFlat(samples: readonly Sample[]): boolean {
  const half = Math.ceil(samples.length / 2)
  const most = (some: readonly Sample[]) => Math.max(0, ...some.map(({ heapBytes }) => heapBytes))
  return most(samples.slice(half)) <= most(samples.slice(0, half)) + 10e6
}

export const megabytes = (bytes: number) => Math.round(bytes / 1e6)
