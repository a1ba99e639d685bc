import type { Lanes } from '../internal/lanes.js'
import { type Attempt, type RetryOptions, retrying } from '../internal/retry.js'
import type { Stage } from '../model/errors.js'
import type { NewRunEvent } from '../model/events.js'
import type { Clock, Logger, ServiceAddress } from '../ports/runtime.js'

/** What every stage needs beside its own subject. */
export interface StageContext {
  readonly clock: Clock
  readonly logger: Logger | undefined
  readonly retry: RetryOptions | undefined
  readonly signal: AbortSignal | undefined
  /** On which all requests to the storage go, so that one that is refused slows down all. */
  readonly lanes?: Lanes | undefined
  /** Whom the requests to the storage go to. */
  readonly storageService?: ServiceAddress | undefined
  /** Never throws: an observer must not fail the run that it watches. */
  readonly emit: (event: NewRunEvent) => void
}

/** Stages whose requests go to the storage. */
const ofStorage: ReadonlySet<Stage> = new Set<Stage>(['discover', 'validate', 'remediate'])

/** Repeats one request as the caller's retry policy says, and tells about each repeat. */
export function persist<T>(context: StageContext, stage: Stage, subject: string, attempt: Attempt<T>): Promise<T> {
  const isOfStorage = ofStorage.has(stage)
  const { logger } = context
  return retrying(attempt, context.retry, {
    stage,
    subject,
    signal: context.signal,
    clock: context.clock,
    lanes: isOfStorage ? context.lanes : undefined,
    service: isOfStorage ? context.storageService : undefined,
    emit: context.emit,
    onRetry:
      logger &&
      ((error, _attemptNumber, delayMs) =>
        logger.debug(`${stage}: ${subject}: ${error.code}, trying again in ${delayMs} ms`)),
  })
}
