import { SeededRandom } from '../scenario/random.js'

/** The part of Lambda's context that a simulated function is given. */
export interface SimulatedFunctionContext {
  getRemainingTimeInMillis(): number
}

/** A Lambda function: a handler in this process, or one in a process of its own (`childFunction`). */
export type SimulatedFunction = (event: never, context: SimulatedFunctionContext) => Promise<unknown>

/** What happens to an invocation. */
export type TaskFaultAction =
  /** Invoked twice at once; the first answer counts. */
  | { readonly kind: 'duplicate' }
  /** Invoked, and once more after the answer, which alone counts. */
  | { readonly kind: 'again' }
  /** Invoked, and its time is over before it answers; it works on unheard. */
  | { readonly kind: 'timeout' }
  /** Not invoked: the function has no room. It is tried again, and counts as no failure. */
  | { readonly kind: 'throttle' }
  /** The process dies before the handler begins. */
  | { readonly kind: 'crash' }
  /** The handler does its work, and the process dies before it answers. */
  | { readonly kind: 'crash-after' }

/** One scripted fault of invocations. All that is given must fit. */
export interface TaskFault {
  /** Part or pattern of the key that an invocation is about. @defaultValue any key */
  readonly key?: string | RegExp | undefined
  readonly action: TaskFaultAction
  /** How many invocations it hits. @defaultValue 1, or any number with a `share` */
  readonly times?: number | undefined
  /** Fitting invocations that pass before it begins. @defaultValue 0 */
  readonly after?: number | undefined
  /** Share of the invocations that it hits, from 0 to 1. @defaultValue 1 */
  readonly share?: number | undefined
}

/** Script of faults of invocations; the first one that fits and is not used up applies. */
export class TaskFaultScript {
  readonly #random: SeededRandom
  readonly #faults: { readonly fault: TaskFault; seen: number; hits: number }[] = []

  constructor(seed: string) {
    this.#random = new SeededRandom(`${seed} faults`)
  }

  /** Adds a fault. Returns how often it was hit. */
  add(fault: TaskFault): { readonly hits: number } {
    const entry = { fault, seen: 0, hits: 0 }
    this.#faults.push(entry)
    return entry
  }

  clear(): void {
    this.#faults.length = 0
  }

  /** @internal What happens to the next invocation about a key. */
  next(key: string): TaskFaultAction | undefined {
    for (const entry of this.#faults) {
      const { key: wanted, times, after = 0, share = 1, action } = entry.fault
      const fits = wanted === undefined || (typeof wanted === 'string' ? key.includes(wanted) : wanted.test(key))
      if (!fits) continue
      entry.seen += 1
      if (entry.seen <= after) continue
      if (entry.hits >= (times ?? (entry.fault.share === undefined ? 1 : Number.POSITIVE_INFINITY))) continue
      if (share < 1 && this.#random.next() >= share) continue
      entry.hits += 1
      return action
    }
    return undefined
  }
}

/** How an invocation ended, as its caller sees it. */
export type Invoked =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** The name and the words of what it threw, as Lambda gives them. */
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string }
  | { readonly kind: 'throttled' }

/** Invokes functions under a script of faults, and remembers what works on unheard. */
export class Invoker {
  readonly faults: TaskFaultScript
  readonly #stragglers = new Set<Promise<unknown>>()
  readonly #timeoutMs: number
  #invocations = 0

  constructor(settings: { readonly seed: string; readonly timeoutMs: number }) {
    this.faults = new TaskFaultScript(settings.seed)
    this.#timeoutMs = settings.timeoutMs
  }

  /** How often a handler was begun. */
  get invocations(): number {
    return this.#invocations
  }

  /** Resolves when nothing works on unheard. */
  async idle(): Promise<void> {
    while (this.#stragglers.size > 0) await Promise.all(this.#stragglers)
  }

  async invoke(
    call: SimulatedFunction,
    event: object,
    about: { readonly key: string; now(): number },
  ): Promise<Invoked> {
    const action = this.faults.next(about.key)
    const deadlineMs = about.now() + this.#timeoutMs
    const run = () => this.#begin(call, event, () => Math.max(0, deadlineMs - about.now()))
    switch (action?.kind) {
      case 'throttle':
        return { kind: 'throttled' }
      case 'crash':
        return crashed
      case 'crash-after':
        await run()
        return crashed
      case 'timeout': {
        this.#forget(run())
        const seconds = (this.#timeoutMs / 1000).toFixed(2)
        return {
          kind: 'failed',
          errorType: 'Sandbox.Timedout',
          errorMessage: `Task timed out after ${seconds} seconds`,
        }
      }
      case 'duplicate': {
        const both = [run(), run()]
        const first = await Promise.race(both)
        for (const one of both) this.#forget(one)
        return first
      }
      case 'again': {
        const first = await run()
        this.#forget(run())
        return first
      }
      default:
        return run()
    }
  }

  async #begin(call: SimulatedFunction, event: object, remaining: () => number): Promise<Invoked> {
    this.#invocations += 1
    try {
      // What is sent is text: neither side can change what the other has.
      const sent = JSON.parse(JSON.stringify(event)) as never
      const value = await call(sent, { getRemainingTimeInMillis: remaining })
      return { kind: 'answered', value: value === undefined ? null : JSON.parse(JSON.stringify(value)) }
    } catch (error) {
      const { name = 'Error', message = String(error) } = error instanceof Error ? error : {}
      return { kind: 'failed', errorType: name, errorMessage: message }
    }
  }

  #forget(work: Promise<unknown>): void {
    const straggler: Promise<unknown> = work.finally(() => this.#stragglers.delete(straggler))
    this.#stragglers.add(straggler)
  }
}

const crashed: Invoked = {
  kind: 'failed',
  errorType: 'Runtime.ExitError',
  errorMessage: 'RequestId: 00000000-0000-0000-0000-000000000000 Error: Runtime exited with error: signal: killed',
}
