import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

/** What one client asked for. */
export interface Counts {
  /** Requests of each operation, by its name in the S3 API reference. */
  readonly requests: Readonly<Record<string, number>>
  /** Longest chain of requests for one object that did not overlap: of half of all objects no more, and of any. */
  readonly roundTrips: { readonly median: number; readonly most: number }
  readonly connections: number
  /** Requests under way at once. */
  readonly most: number
  /** Share of the time, from the first request to the last, in which the server had nothing to do. */
  readonly idleShare: number
}

const snapshotEvery = 256

/** Writes down what a client asks for. */
export class Requests {
  readonly #counts = new Map<string, number>()
  readonly #sockets = new Set<Socket>()
  /** Of each object: the length of its longest chain so far, and when the last request of that chain ended. */
  readonly #chains: Uint16Array
  readonly #ends: Float64Array
  #underWay = 0
  #most = 0
  #total = 0
  #from: ReturnType<typeof performance.eventLoopUtilization> | undefined
  #busyShare = 0

  constructor(objects: number) {
    this.#chains = new Uint16Array(objects)
    this.#ends = new Float64Array(objects)
  }

  begin(operation: string, socket: Socket): void {
    this.#from ??= performance.eventLoopUtilization()
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1)
    this.#sockets.add(socket)
    this.#underWay += 1
    this.#most = Math.max(this.#most, this.#underWay)
    this.#total += 1
    if (this.#total % snapshotEvery === 0) this.#busyShare = performance.eventLoopUtilization(this.#from).utilization
  }

  /**
   * Called in the order in which requests end. The longest chain of intervals that do not overlap is then the one that takes
   * each interval that begins after the end of the last one taken.
   */
  end(at: number | undefined, begunAt: number, endedAt: number): void {
    this.#underWay -= 1
    if (at === undefined || begunAt < (this.#ends[at] ?? 0)) return
    this.#chains[at] = (this.#chains[at] ?? 0) + 1
    this.#ends[at] = endedAt
  }

  counts(): Counts {
    const chains = this.#chains.slice().sort()
    return {
      requests: Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      roundTrips: { median: chains[chains.length >> 1] ?? 0, most: chains.at(-1) ?? 0 },
      connections: this.#sockets.size,
      most: this.#most,
      idleShare: 1 - this.#busyShare,
    }
  }
}
