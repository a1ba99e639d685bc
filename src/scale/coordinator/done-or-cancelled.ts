import type { CallOptions, Logger } from '../../ports/runtime.js'
import type { ShardEngine } from '../ports/shard-engine.js'

/** A job that runs in this process, and who may end it from another. */
export interface OwnJob extends CallOptions {
  readonly engine: ShardEngine
  readonly id: string
  /** Between two looks, in milliseconds. */
  readonly everyMs: number
  /** Whether somebody has asked for its end. */
  readonly isWished: () => Promise<boolean>
  readonly logger?: Logger | undefined
}

/**
 * Waits for the end of a job of this process, and ends it once somebody asks for that. The looks are by the machine's time: they
 * must not wait for work that is under way.
 */
export async function doneOrCancelled({ engine, id, everyMs, isWished, logger, signal }: OwnJob): Promise<void> {
  let isLooking = false
  const look = async () => {
    if (isLooking) return
    isLooking = true
    try {
      if (await isWished()) await engine.cancel(id)
    } catch (error) {
      // The next look asks again.
      logger?.debug(`whether the job ${id} is cancelled could not be read`, error)
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void look(), Math.min(everyMs, 2_147_483_647)).unref()
  try {
    await engine.done?.(id, { signal })
  } finally {
    clearInterval(timer)
  }
}
