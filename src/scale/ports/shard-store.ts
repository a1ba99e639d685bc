import type { CallOptions } from '../../ports/runtime.js'

/**
 * Stores plans, lists of shards, journals of workers and seals: small objects, each written once and never
 * changed. Reads after writes must be strongly consistent. `read` and `list` show at once what `create` has
 * written.
 */
export interface ShardStore {
  /**
   * Writes an object only if none exists (`If-None-Match: *`). Resolves once it is durable.
   *
   * @returns whether it was created; `false` if one was there already, whatever its content. After a lost
   *   answer, a repetition may return `false` for the caller's own object. A caller that needs to know must read
   *   it.
   */
  create(key: string, content: Uint8Array, options?: CallOptions): Promise<boolean>
  /** The content; `undefined` if there is no such object. */
  read(key: string, options?: CallOptions): Promise<Uint8Array | undefined>
  /** The keys under a prefix, in the order of their UTF-8 bytes, those after `after` only. */
  list(prefix: string, options?: ListShardKeysOptions): AsyncIterable<string>
}

/** Options of {@link ShardStore.list}. */
export interface ListShardKeysOptions extends CallOptions {
  /** The last known key. Keys up to it are left out. @defaultValue no key is left out */
  readonly after?: string | undefined
}
