import { LegalHoldError } from '../../../model/errors.js'
import {
  checkHandlerParts,
  deadlineOf,
  doShard,
  type HandledShard,
  type HandlerParts,
  type LambdaContextLike,
} from './invocation.js'
import { shardRefOf } from './shard-ref.js'

/** One item of a Distributed Map: a row of the list that `MapEngine` writes. */
export interface MapItem {
  /** Key of a shard's list, URL-encoded. */
  readonly key: string
}

/** The input of a child execution: a batch of `ItemBatcher`, or one item. */
export type MapEvent = { readonly Items: readonly MapItem[] } | MapItem

/** The output of a child execution in which every shard is sealed. */
export interface MapResponse {
  readonly results: readonly { readonly key: string; readonly outcome: 'sealed'; readonly sealSha256: string }[]
}

/**
 * Why a child execution fails. A state machine decides about retries by the name: it retries `ShardUnfinished`,
 * but not `ShardRefused`.
 */
export class ShardError extends Error {
  override readonly name: 'ShardUnfinished' | 'ShardRefused'

  constructor(name: 'ShardUnfinished' | 'ShardRefused', message: string) {
    super(message)
    this.name = name
  }
}

/**
 * A Lambda handler that runs the shards that a Distributed Map of Step Functions hands it. It returns once every
 * shard of the batch is sealed, whatever their verdicts. Otherwise it throws `ShardUnfinished` or `ShardRefused`.
 * A batch that is invoked again skips sealed shards.
 *
 * @example
 * ```ts
 * export const handler = mapHandler({ worker })
 * ```
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function mapHandler(
  parts: HandlerParts,
): (event: MapEvent, context?: LambdaContextLike) => Promise<MapResponse> {
  checkHandlerParts(parts, 'mapHandler')
  return async (event, context) => {
    const items = itemsOf(event)
    const deadlineMs = deadlineOf(parts, context)
    const handled: { readonly key: string; readonly shard: HandledShard }[] = []
    for (const { key } of items) handled.push({ key, shard: await doItem(parts, key, deadlineMs) })
    const failed = (outcome: HandledShard['outcome']) => handled.find(({ shard }) => shard.outcome === outcome)
    // What another attempt can finish is attempted first; it meets the refusal again.
    const unfinished = failed('unfinished')
    if (unfinished !== undefined) throw new ShardError('ShardUnfinished', `${unfinished.key}: ${unfinished.shard.said}`)
    const refused = failed('refused')
    if (refused !== undefined) throw new ShardError('ShardRefused', `${refused.key}: ${refused.shard.said}`)
    return {
      results: handled.flatMap(({ key, shard: { end } }) =>
        end?.outcome === 'sealed' ? [{ key, outcome: 'sealed' as const, sealSha256: end.sealSha256 }] : [],
      ),
    }
  }
}

async function doItem(parts: HandlerParts, key: string, deadlineMs: number | undefined): Promise<HandledShard> {
  const ref = shardRefOf(key)
  if (ref !== undefined) return doShard(parts, ref, deadlineMs)
  return { outcome: 'refused', said: 'INVALID_REQUEST: the key is not that of the list of a shard.' }
}

function itemsOf(event: MapEvent): readonly MapItem[] {
  const given = (event ?? {}) as { readonly Items?: unknown; readonly key?: unknown }
  const items = given.Items ?? [given]
  const isItems = Array.isArray(items) && items.length > 0 && items.every((item) => typeof item?.key === 'string')
  if (isItems) return items as readonly MapItem[]
  throw new LegalHoldError(
    'This is not an item of a Distributed Map over the list of shards. Is the function invoked by something else?',
    { code: 'INVALID_REQUEST', stage: 'scale' },
  )
}
