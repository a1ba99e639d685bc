import { AssertionError } from 'node:assert'
import { realTimers } from '../internal/waits/real-timers.js'
import type { FaultOperation } from './fault-operations.js'

/** An operation of your own server. The simulators know only {@link FaultOperation}. */
export type ServerOperation = string & Record<never, never>

/** The requests a fault applies to. All given fields must match. */
export interface FaultMatch {
  /** HTTP method. */
  readonly method?: string
  /** Substring or pattern of the raw path with query. */
  readonly path?: string | RegExp
  /** The simulator's own name of the operation, e.g. `CopyObject`, `createRecordingJob`. */
  readonly operation?: FaultOperation | ServerOperation
}

/** What a fault does to a request. */
export type FaultAction =
  /** Answers at once, without doing the work. */
  | {
      readonly kind: 'respond'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** Does the work, then answers this instead: the ugly "503 after it did the work". */
  | {
      readonly kind: 'respond-after'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** Drops the connection before the work is done. */
  | { readonly kind: 'reset' }
  /** Does the work, then drops the connection. */
  | { readonly kind: 'reset-after' }
  /** Waits, then does the work as usual. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Does the work and never answers, until the client gives up. */
  | { readonly kind: 'hang' }
  /**
   * Does the work, sends half of the answer's body, then drops the connection. An answer without a body is dropped
   * completely.
   */
  | { readonly kind: 'truncate' }

/** One scripted fault. */
export interface Fault {
  readonly match?: FaultMatch
  readonly action: FaultAction
  /** How many matching requests it hits. @defaultValue 1 */
  readonly times?: number
  /** Matching requests that pass before it begins. @defaultValue 0 */
  readonly after?: number
}

export interface FaultedRequest {
  readonly method: string
  readonly target: string
  readonly operation: string
}

/** How a simulator is closed. */
export interface CloseOptions {
  /**
   * Fail if a fault that was added to its script never hit a request: a test that relies on it tested nothing. Without it
   * closing warns of such a fault (`UnfiredFault`), since some tests add faults that need not fire.
   *
   * @defaultValue false
   */
  readonly expectFired?: boolean | undefined
}

/** Script of faults. The first one that matches and is not used up applies. */
export class FaultScript {
  readonly #unplanned: FaultedRequest[] = []
  #isTold = false
  #isPlanned: ((request: FaultedRequest) => boolean) | undefined
  #refusal: ((text: string) => Response) | undefined
  readonly #faults: { readonly fault: Fault; seen: number; hits: number }[] = []

  /** Adds a fault. Returns a handle that counts its hits and can remove it. */
  add(fault: Fault): { readonly hits: number; remove(): void } {
    const entry = { fault, seen: 0, hits: 0 }
    this.#faults.push(entry)
    return {
      get hits() {
        return entry.hits
      },
      remove: () => {
        const at = this.#faults.indexOf(entry)
        if (at >= 0) this.#faults.splice(at, 1)
      },
    }
  }

  clear(): void {
    this.#faults.length = 0
  }

  /** Faults that have not hit anything yet. A test that relies on them tests nothing. */
  get unfired(): readonly Fault[] {
    return this.#faults.filter(({ hits }) => hits === 0).map(({ fault }) => fault)
  }

  /**
   * Fails if a fault that was added never hit a request. One that hit fewer requests than its `times` has fired.
   *
   * @throws AssertionError that names each
   */
  expectFired(): void {
    const { unfired } = this
    if (unfired.length > 0) throw new AssertionError({ message: unfiredText(unfired) })
  }

  /** @internal Ends the script with its simulator: an unfired fault is an error if that is asked for, or a warning, once. */
  end({ expectFired = false }: CloseOptions = {}): void {
    const { unfired } = this
    const isTold = this.#isTold
    this.#isTold = true
    if (expectFired) this.expectFired()
    else if (unfired.length > 0 && !isTold) process.emitWarning(unfiredText(unfired), 'UnfiredFault')
  }

  /** Requests that {@link FaultScript.restrictTo} refused. */
  get unplanned(): readonly FaultedRequest[] {
    return this.#unplanned
  }

  /**
   * From now on every request that is not planned is refused with 400 and remembered: strict mode.
   *
   * @param refusal makes the answer, in a form that clients of this server understand
   * @defaultValue the text as it is
   */
  restrictTo(isPlanned: (request: FaultedRequest) => boolean, refusal?: (text: string) => Response): void {
    this.#isPlanned = isPlanned
    this.#refusal = refusal
  }

  /** Whether strict mode refuses the request, which it then remembers. */
  refuse(request: FaultedRequest): boolean {
    if (this.#isPlanned?.(request) !== false) return false
    this.#unplanned.push(request)
    return true
  }

  /** @internal Whether {@link FaultScript.apply} may do anything but the work. */
  concerns(request: FaultedRequest): boolean {
    return this.#isPlanned?.(request) === false || this.#faults.some(({ fault }) => matches(fault.match, request))
  }

  /** Does `work` under the first fault that applies. A dropped connection is `Response.error()`. */
  async apply(request: FaultedRequest, work: () => Promise<Response>): Promise<Response> {
    if (this.refuse(request)) {
      const text = `${request.operation} was not planned: ${request.method} ${request.target}`
      return this.#refusal?.(text) ?? respond({ status: 400, body: text })
    }
    const action = this.#next(request)
    if (action === undefined) return work()
    switch (action.kind) {
      case 'respond':
        return respond(action)
      case 'respond-after':
        await work()
        return respond(action)
      case 'reset':
        return Response.error()
      case 'reset-after':
        await work()
        return Response.error()
      case 'delay':
        await new Promise((resolve) => realTimers.setTimeout(resolve, action.delayMs))
        return work()
      case 'hang':
        await work()
        return new Promise<never>(() => {})
      case 'truncate':
        return truncated(await work())
    }
  }

  #next(request: FaultedRequest): FaultAction | undefined {
    for (const entry of this.#faults) {
      if (!matches(entry.fault.match, request)) continue
      entry.seen += 1
      if (entry.seen <= (entry.fault.after ?? 0)) continue
      if (entry.hits >= (entry.fault.times ?? 1)) continue
      entry.hits += 1
      return entry.fault.action
    }
    return undefined
  }
}

function matches(match: FaultMatch | undefined, request: FaultedRequest): boolean {
  if (match === undefined) return true
  if (match.method !== undefined && match.method !== request.method) return false
  if (match.operation !== undefined && match.operation !== request.operation) return false
  if (typeof match.path === 'string') return request.target.includes(match.path)
  return match.path === undefined || match.path.test(request.target)
}

const cut = new WeakSet<Response>()

/** Whether an answer ends in the middle of its body, which says how long it should have been. */
export function isTruncated(response: Response): boolean {
  return cut.has(response)
}

async function truncated(answer: Response): Promise<Response> {
  const whole = new Uint8Array(await answer.arrayBuffer())
  if (whole.length === 0) return Response.error()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(whole.subarray(0, whole.length >> 1)),
    pull: (controller) => controller.error(new Error('The connection was dropped by a scripted fault.')),
  })
  const headers = new Headers(answer.headers)
  headers.set('content-length', String(whole.length))
  const response = new Response(body, { status: answer.status, headers })
  cut.add(response)
  return response
}

function respond(action: { status: number; headers?: Record<string, string>; body?: string }): Response {
  const bodyless = action.status === 204 || action.status === 304
  return new Response(bodyless ? null : (action.body ?? ''), {
    status: action.status,
    ...(action.headers === undefined ? {} : { headers: action.headers }),
  })
}

/** Faults that never fired, as an error or a warning says it. */
export function unfiredText(faults: readonly Fault[]): string {
  return `${faults.length} fault(s) that never fired:\n  ${faults.map(faultText).join('\n  ')}`
}

/** A fault as an error names it. */
function faultText({ match = {}, action, after = 0 }: Fault): string {
  const { operation, method, path } = match
  const whom = [operation, method, path === undefined ? undefined : String(path)].filter((one) => one !== undefined)
  const skipped = after === 0 ? '' : ` after ${after} others`
  return `${action.kind} for ${whom.length === 0 ? 'any request' : whom.join(' ')}${skipped}`
}
