import { performance } from 'node:perf_hooks'

/** Half of the time between two looks at what is due. */
const toleranceMs = 0.5

interface Waiting {
  readonly at: number
  readonly answer: () => void
}

/**
 * Lets answers wait. On average they wait as long as they are to: a timer of Node for each would be late by more than a
 * millisecond, which five round trips add up.
 */
export class Delay {
  readonly #ms: number
  /** In the order in which they are due. */
  #waiting: Waiting[] = []
  #isLooking = false

  constructor(ms: number) {
    this.#ms = ms
  }

  add(answer: () => void): void {
    this.#waiting.push({ at: performance.now() + this.#ms, answer })
    if (this.#isLooking) return
    this.#isLooking = true
    setTimeout(this.#look, 1)
  }

  readonly #look = (): void => {
    const now = performance.now() + toleranceMs
    const at = this.#waiting.findIndex((one) => one.at > now)
    const due = this.#waiting.splice(0, at < 0 ? this.#waiting.length : at)
    this.#isLooking = this.#waiting.length > 0
    if (this.#isLooking) setTimeout(this.#look, 1)
    for (const { answer } of due) answer()
  }
}
