import type { CallOptions } from '../../ports/runtime.js'
import type { ShardRef } from './shard-engine.js'

/** How an invocation of a worker ended. */
export type ShardEnd =
  /** The shard is sealed, by this invocation or by an earlier one, whatever its verdicts. */
  | { readonly outcome: 'sealed'; readonly ref: ShardRef; readonly sealSha256: string; readonly isNew: boolean }
  /** The deadline came, or another worker owns the shard. Another invocation resumes it. */
  | { readonly outcome: 'unfinished'; readonly ref: ShardRef; readonly code: string; readonly reason: string }
  /** The shard is not in the plan, or its list differs from the plan. No further invocation will help. */
  | { readonly outcome: 'refused'; readonly ref: ShardRef; readonly code: string; readonly reason: string }

/** Options of one invocation. */
export interface ShardInvocation extends CallOptions {
  /** Milliseconds since the epoch at which the invocation is ended from outside. It stops in time before that. */
  readonly deadlineMs?: number | undefined
}

/** Does one shard. `shardWorker(parts)` makes such a function, and handlers of engines call it. */
export type ShardWorker = (ref: ShardRef, invocation?: ShardInvocation) => Promise<ShardEnd>
