import { LegalHoldError } from '../../../model/errors.js'
import type { ShardEnd } from '../../ports/shard-worker.js'
import { checkHandlerParts, deadlineOf, doShard, type HandlerParts, type LambdaContextLike } from './invocation.js'
import { shardRefOf } from './shard-ref.js'

/** One task of an invocation by S3 Batch Operations. */
export interface S3BatchTask {
  readonly taskId: string
  /** URL-encoded. */
  readonly s3Key: string
  readonly s3VersionId?: string | null | undefined
  /** Schema 1.0. */
  readonly s3BucketArn?: string | undefined
  /** Schema 2.0. */
  readonly s3Bucket?: string | undefined
}

/** An invocation by S3 Batch Operations, of schema 1.0 or 2.0. */
export interface S3BatchEvent {
  readonly invocationSchemaVersion: string
  readonly invocationId: string
  readonly job: { readonly id: string; readonly userArguments?: Readonly<Record<string, string>> | null | undefined }
  readonly tasks: readonly S3BatchTask[]
}

/** How a task ended, in the words of S3 Batch Operations. */
export type S3BatchResultCode = 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure'

/** The answer to an invocation. */
export interface S3BatchResponse {
  readonly invocationSchemaVersion: string
  readonly treatMissingKeysAs: S3BatchResultCode
  readonly invocationId: string
  readonly results: readonly {
    readonly taskId: string
    readonly resultCode: S3BatchResultCode
    readonly resultString: string
  }[]
}

/** Parts of {@link s3BatchHandler}. */
export interface S3BatchHandlerParts extends HandlerParts {
  /** Bucket of the shard store. A task for another bucket is refused. @defaultValue any bucket */
  readonly bucket?: string | undefined
}

/**
 * S3 Batch Operations ends a job when more than half of at least 1,000 tasks have failed. So a shard is a success whenever it is
 * sealed, whatever its verdicts are.
 */
const codes: Readonly<Record<ShardEnd['outcome'], S3BatchResultCode>> = {
  sealed: 'Succeeded',
  unfinished: 'TemporaryFailure',
  refused: 'PermanentFailure',
}

/**
 * A Lambda handler that runs the shards that S3 Batch Operations hands it. It answers:
 *
 * - `Succeeded` for a shard that is sealed, whatever its verdicts
 * - `TemporaryFailure` at the deadline, if another worker owns the shard, and for faults that may pass
 * - `PermanentFailure` only for a task that is not a shard of the plan
 *
 * @example
 * ```ts
 * export const handler = s3BatchHandler({ worker })
 * ```
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function s3BatchHandler(
  parts: S3BatchHandlerParts,
): (event: S3BatchEvent, context?: LambdaContextLike) => Promise<S3BatchResponse> {
  checkHandlerParts(parts, 's3BatchHandler')
  return async (event, context) => {
    requireEvent(event)
    const deadlineMs = deadlineOf(parts, context)
    const results: S3BatchResponse['results'][number][] = []
    // One after the other: they share the deadline, and there has never been more than one.
    for (const task of event.tasks) {
      const { outcome, said } = await doTask(parts, task, deadlineMs)
      results.push({ taskId: task.taskId, resultCode: codes[outcome], resultString: said })
    }
    return {
      invocationSchemaVersion: event.invocationSchemaVersion,
      treatMissingKeysAs: 'TemporaryFailure',
      invocationId: event.invocationId,
      results,
    }
  }
}

async function doTask(parts: S3BatchHandlerParts, task: S3BatchTask, deadlineMs: number | undefined) {
  const ref = shardRefOf(task.s3Key)
  if (ref === undefined) {
    return { outcome: 'refused', said: 'INVALID_REQUEST: the key is not that of the list of a shard.' } as const
  }
  const bucket = task.s3Bucket ?? task.s3BucketArn?.split(':').at(-1)
  if (parts.bucket !== undefined && bucket !== parts.bucket) {
    return {
      outcome: 'refused',
      said: 'INVALID_REQUEST: the task is about another bucket than the shard store.',
    } as const
  }
  return doShard(parts, ref, deadlineMs)
}

function requireEvent(event: S3BatchEvent): void {
  const { invocationSchemaVersion: version, invocationId, tasks } = (event ?? {}) as Partial<S3BatchEvent>
  const isKnown = version === '1.0' || version === '2.0'
  if (isKnown && typeof invocationId === 'string' && Array.isArray(tasks)) return
  throw new LegalHoldError(
    'This is not an invocation by S3 Batch Operations of schema 1.0 or 2.0. Is the function invoked by something else?',
    { code: 'INVALID_REQUEST', stage: 'scale' },
  )
}
