import { compareKeys } from '../internal/key-order.js'
import type { ListShardKeysOptions, ShardStore } from './ports/shard-store.js'

/** A store in memory, for tests and for work that one process does alone. Its content ends with the process. */
export class MemoryShardStore implements ShardStore {
  /** By folder, since a listing of a few keys must not look at all others. */
  readonly #folders = new Map<string, Map<string, Uint8Array>>()
  #objects = 0
  #bytes = 0

  /** Objects that it holds. */
  get size(): number {
    return this.#objects
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#bytes
  }

  async create(key: string, content: Uint8Array): Promise<boolean> {
    const folder = folderOf(key)
    const objects = this.#folders.get(folder) ?? new Map<string, Uint8Array>()
    this.#folders.set(folder, objects)
    if (objects.has(key)) return false
    // A copy: the caller may use its buffer again.
    objects.set(key, Uint8Array.from(content))
    this.#objects += 1
    this.#bytes += content.length
    return true
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const content = this.#folders.get(folderOf(key))?.get(key)
    return content === undefined ? undefined : Uint8Array.from(content)
  }

  async *list(prefix: string, { after }: ListShardKeysOptions = {}): AsyncGenerator<string, void, void> {
    const keys: string[] = []
    for (const [folder, objects] of this.#folders) {
      if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) continue
      for (const key of objects.keys()) if (key.startsWith(prefix)) keys.push(key)
    }
    keys.sort(compareKeys)
    for (const key of keys) if (after === undefined || compareKeys(key, after) > 0) yield key
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}
