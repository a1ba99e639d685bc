import type { CallOptions } from '../../ports/runtime.js'

/** What an engine can do beside running shards. */
export interface ShardEngineCapabilities {
  /** A submitted job waits until it is confirmed (S3 Batch Operations with `ConfirmationRequired`). */
  readonly confirms: boolean
  /** The engine itself limits how many shards run at once. Otherwise the function's reserved concurrency does. */
  readonly limitsConcurrency: boolean
  /** Shards at once if a job does not say. Absent if it has no such setting. */
  readonly concurrency?: number | undefined
}

/** The shard that a worker must do. The key alone identifies it, and an engine may pass only the key. */
export interface ShardRef {
  /** Number of the shard in its plan, from 0. */
  readonly shard: number
  /** Key of the shard's list in the store. It names run, number and digest of the list. */
  readonly key: string
}

/** The input of an engine: one round of shards. */
export interface ShardJob {
  /**
   * The same token for the same round of the same plan, so its engine job is created only once. At most 64
   * characters.
   */
  readonly token: string
  readonly runId: string
  /** SHA-256 of the plan, in hexadecimal digits. */
  readonly planSha256: string
  /** From 1. */
  readonly round: number
  /** How many shards it has. */
  readonly shards: number
  /** The shards, in their order; may be read more than once. */
  refs(): AsyncIterable<ShardRef>
  /** Largest number of shards at once, if the engine limits it. */
  readonly concurrency?: number | undefined
}

/** A job as the engine describes it. */
export interface EngineJob {
  /** The engine's own id, which a person finds in its console. */
  readonly id: string
  readonly engine: string
  /** `waiting` means for a confirmation, `paused` means for a person. The last three states are final. */
  readonly state: 'preparing' | 'waiting' | 'active' | 'paused' | 'complete' | 'failed' | 'cancelled'
  /** Shards, as the engine counts them. Absent if it does not say. */
  readonly counts?: { readonly total: number; readonly succeeded: number; readonly failed: number } | undefined
  /** Why it failed, is paused or was cancelled, in the engine's words. */
  readonly reason?: string | undefined
}

/** How the engine saw one shard end. A seal in the store decides, not this. */
export interface ShardResult {
  readonly key: string
  readonly outcome: 'succeeded' | 'failed'
  readonly reason?: string | undefined
}

/**
 * Runs shards: `S3BatchEngine`, `MapEngine`, `LocalEngine`. An engine may run a shard never, twice, late, in any order and at
 * the same time: workers guard themselves.
 */
export interface ShardEngine {
  /** `local`, `s3-batch`, `map`, or one of the caller. */
  readonly name: string
  readonly capabilities: ShardEngineCapabilities
  /**
   * Looks whether the engine can be reached and what it runs is there, without starting anything.
   *
   * @returns what was seen, for people
   * @throws LegalHoldError what the service says
   */
  check?(options?: CallOptions): Promise<string>
  /** Creates the engine's job, at most once per token. A repetition finds the first job. */
  submit(job: ShardJob, options?: CallOptions): Promise<EngineJob>
  /** The job of a token, `undefined` if there is none. This resolves an unknown outcome of `submit`. */
  find(token: string, options?: CallOptions): Promise<EngineJob | undefined>
  /** @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` */
  get(id: string, options?: CallOptions): Promise<EngineJob>
  /** Lets a `waiting` job begin. Required if `capabilities.confirms`. */
  confirm?(id: string, options?: CallOptions): Promise<void>
  /** Ends a job. A job that has already ended is left as it is. */
  cancel(id: string, options?: CallOptions): Promise<void>
  /** Resolves when the job has ended, if it runs in this process. Without this method the job is polled. */
  done?(id: string, options?: CallOptions): Promise<void>
  /**
   * How each shard ended, as far as the engine reports that, in any order. Shards that it leaves out are unknown.
   *
   * @throws LegalHoldError `ENGINE_REPORT_UNREADABLE` if an expected report cannot be read
   */
  results(id: string, options?: CallOptions): AsyncIterable<ShardResult>
}
