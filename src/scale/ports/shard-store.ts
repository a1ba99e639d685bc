import type { CallOptions } from '../../ports/runtime.js'

/**
 * Where plans, lists of shards, journals of workers and seals lie: small objects, each written once and never changed.
 * Strong reads after writes are required: what `create` has written, `read` and `list` show at once.
 */
export interface ShardStore {
  /**
   * Writes an object only where there is none (`If-None-Match: *`). Resolves once it is durable.
   *
   * @returns whether it was created; `false` where one was there already, whatever its content. After an answer that was
   * lost, a repetition may say `false` of one's own object: who needs to know reads it.
   */
  create(key: string, content: Uint8Array, options?: CallOptions): Promise<boolean>
  /** The content; `undefined` where there is no such object. */
  read(key: string, options?: CallOptions): Promise<Uint8Array | undefined>
  /** The keys under a prefix, in the order of their UTF-8 bytes, those after `after` only. */
  list(prefix: string, options?: ListShardKeysOptions): AsyncIterable<string>
}

/** Options of {@link ShardStore.list}. */
export interface ListShardKeysOptions extends CallOptions {
  /** The last key that is known; keys up to it are left out. @defaultValue none is left out */
  readonly after?: string | undefined
}
