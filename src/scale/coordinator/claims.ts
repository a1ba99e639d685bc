import type { CallOptions, Clock } from '../../ports/runtime.js'
import { inOrder } from '../in-order.js'
import { claimOf, usualToleranceMs } from '../journal/fence.js'
import { parseShardKey } from '../keys.js'
import type { ShardRef } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'

/** Shards that are looked at. A round of more takes longer than a claim. */
const mostShards = 1_000
const shardsAtOnce = 16

/**
 * How long workers that let nothing go may still hold shards, in milliseconds: nobody takes over before that. A worker that was
 * killed holds its shard until its invocation would have ended.
 */
export async function heldForMs(
  store: ShardStore,
  refs: AsyncIterable<ShardRef>,
  { signal, clock }: CallOptions & { readonly clock: Clock },
): Promise<number> {
  let untilMs = 0
  const claim = async ({ key }: ShardRef) => claimOf(store, parseShardKey(key)?.journal ?? key, { signal })
  for await (const found of inOrder(first(refs), shardsAtOnce, claim)) untilMs = Math.max(untilMs, found)
  return untilMs === 0 ? 0 : Math.max(0, untilMs + usualToleranceMs - clock.now())
}

async function* first(refs: AsyncIterable<ShardRef>): AsyncGenerator<ShardRef, void, void> {
  let count = 0
  for await (const ref of refs) {
    yield ref
    count += 1
    if (count === mostShards) return
  }
}
