import { appendFileSync } from 'node:fs'

/** At which of its writes a process ends, and what it leaves behind. */
export interface Mortality {
  /** Which write of this process is its last; 0: it may live. */
  readonly killAt: number
  /** `before`: nothing of it was sent; `after`: it was carried out, and the process never heard of it. */
  readonly moment: 'before' | 'after'
  /** File to which each write adds a byte. */
  readonly counted: string
}

/** Counts writes of a process, and kills it at one of them. */
export class Writes {
  readonly #mortality: Mortality
  #count = 0

  constructor(mortality: Mortality) {
    this.#mortality = mortality
  }

  /** The same, but that some of its methods are writes. */
  of<T extends object>(target: T, names: readonly (keyof T)[]): T {
    const writes: ReadonlySet<PropertyKey> = new Set(names)
    return new Proxy(target, {
      get: (inner, name) => {
        const value: unknown = Reflect.get(inner, name, inner)
        if (typeof value !== 'function') return value
        const method = value.bind(inner)
        return writes.has(name) ? (...given: readonly unknown[]) => this.#write(() => method(...given)) : method
      },
    })
  }

  async #write<T>(work: () => Promise<T>): Promise<T> {
    const { killAt, moment, counted } = this.#mortality
    this.#count += 1
    appendFileSync(counted, '.')
    const isLast = this.#count === killAt
    if (isLast && moment === 'before') die()
    const done = await work()
    return isLast ? die() : done
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('SIGKILL did not kill')
}
