import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ShardStore } from '../../src/scale.ts'

/** Keeps on disk what a plan reads again, and of the lists of shards only their number. */
export class ForgetfulStore implements ShardStore {
  lists = 0
  bytes = 0
  readonly #dir = mkdtemp(join(tmpdir(), 'bench-scale-'))

  constructor() {
    process.once('beforeExit', async () => rm(await this.#dir, { recursive: true, force: true }))
  }

  async create(key: string, content: Uint8Array): Promise<boolean> {
    this.bytes += content.length
    if (key.includes('/shards/')) {
      this.lists += 1
      return true
    }
    await writeFile(await this.#path(key), content)
    return true
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    return readFile(await this.#path(key)).catch(() => undefined)
  }

  async *list(): AsyncGenerator<string> {}

  async #path(key: string): Promise<string> {
    return join(await this.#dir, key.replaceAll('/', '_'))
  }
}
