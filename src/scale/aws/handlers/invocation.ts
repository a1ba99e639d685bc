import { systemClock } from '../../../internal/clock.js'
import { OptionCheck } from '../../../internal/option-check.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { Clock } from '../../../ports/runtime.js'
import type { ShardRef } from '../../ports/shard-engine.js'
import type { ShardEnd, ShardWorker } from '../../ports/shard-worker.js'

/** Parts of a handler. */
export interface HandlerParts {
  /** Does one shard. `shardWorker(parts)` of `./scale` makes one. */
  readonly worker: ShardWorker
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/** The part of Lambda's context that is used. */
export interface LambdaContextLike {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis?(): number
}

/** How one shard ended, and what to report about it. */
export interface HandledShard {
  readonly outcome: ShardEnd['outcome']
  /** One line without secrets: codes, digests, the words of an error. */
  readonly said: string
  readonly end?: ShardEnd | undefined
}

/**
 * Refuses parts that cannot do a shard: the answer to each invocation would be that another one may do it.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function checkHandlerParts(parts: HandlerParts, name: string): void {
  // From JavaScript there may be none.
  const { worker, clock } = (parts ?? {}) as Partial<HandlerParts>
  const mistakes = new OptionCheck(`The parts of ${name}`)
  const { check } = mistakes
  check(typeof worker === 'function', 'worker', 'must be a ShardWorker: shardWorker({ store, storage })')
  check(clock === undefined || typeof clock.now === 'function', 'clock', 'must be a Clock')
  mistakes.throwIfAny()
}

/** When the invocation is ended from outside. */
export function deadlineOf(
  { clock = systemClock }: HandlerParts,
  context: LambdaContextLike | undefined,
): number | undefined {
  const remainingMs = context?.getRemainingTimeInMillis?.()
  return remainingMs === undefined ? undefined : clock.now() + remainingMs
}

/**
 * Does one shard. What the worker throws is a fault that may pass: the shard is unfinished, and another invocation resumes it.
 * Only a worker that refuses says that no invocation will do.
 */
export async function doShard(
  { worker }: HandlerParts,
  ref: ShardRef,
  deadlineMs: number | undefined,
): Promise<HandledShard> {
  try {
    const end = await worker(ref, deadlineMs === undefined ? {} : { deadlineMs })
    if (end.outcome === 'sealed') return { outcome: 'sealed', said: `sealed ${end.sealSha256}`, end }
    return { outcome: end.outcome, said: line(`${end.code}: ${end.reason}`), end }
  } catch (error) {
    const said = LegalHoldError.isInstance(error) ? `${error.code}: ${error.message}` : 'INTERNAL: the worker failed.'
    return { outcome: 'unfinished', said: line(said) }
  }
}

/** Reports show no more than that, and one line of it. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 1000)
}
