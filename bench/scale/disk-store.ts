import { mkdirSync, rmSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ListShardKeysOptions, ShardStore } from '../../src/scale.ts'

/** What is not kept, so that a plan of any size fits on a disk. */
export interface Forgotten {
  /** Lists of shards are counted and dropped. */
  readonly lists: boolean
  /** Pieces of what is sorted are dropped once they are read: each is read once. */
  readonly spool: boolean
}

/** A store in a folder, which several processes may share. */
export class DiskStore implements ShardStore {
  lists = 0
  bytes = 0
  /** Told of each list of a shard. */
  onList: (lists: number) => void = () => {}
  readonly #dir: string
  readonly #forgotten: Forgotten
  readonly #folders = new Set<string>()

  constructor(dir: string, forgotten: Forgotten = { lists: false, spool: false }) {
    this.#dir = dir
    this.#forgotten = forgotten
  }

  async create(key: string, content: Uint8Array): Promise<boolean> {
    this.bytes += content.length
    if (key.includes('/shards/')) {
      this.lists += 1
      this.onList(this.lists)
      if (this.#forgotten.lists) return true
    }
    const path = join(this.#dir, key)
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true })
    // One for each run of rows and each journal: what is not kept here is asked of the disk again.
    if (this.#folders.size < 1_000) this.#folders.add(folder)
    try {
      await writeFile(path, content, { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const path = join(this.#dir, key)
    const content = await readFile(path).catch(() => undefined)
    if (this.#forgotten.spool && key.includes('/spool/')) await rm(path, { force: true })
    return content
  }

  /** Folders are listed whole, as all prefixes of a run are. */
  async *list(prefix: string, { after }: ListShardKeysOptions = {}): AsyncGenerator<string, void, void> {
    const names = await readdir(join(this.#dir, prefix)).catch(() => [])
    for (const name of names.sort()) {
      const key = `${prefix}${name}`
      if (after === undefined || key > after) yield key
    }
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
