import { Session } from 'node:inspector/promises'

/**
 * Counts how often each block of this project's code is run, as V8 counts it for coverage: the same number each time,
 * however busy the machine is. What built-in functions do within one call is not in it.
 */
export class StepCounter {
  readonly #session = new Session()

  async open(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Steps that some work took, with the processor time of it in milliseconds. */
  async of(work: () => unknown): Promise<{ readonly steps: number; readonly cpuMs: number }> {
    await this.#session.post('Profiler.takePreciseCoverage')
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    let steps = 0
    for (const { url, functions } of result) {
      if (!url.includes('/src/')) continue
      for (const { ranges } of functions) for (const { count } of ranges) steps += count
    }
    return { steps, cpuMs: (user + system) / 1_000 }
  }

  close(): void {
    this.#session.disconnect()
  }
}
