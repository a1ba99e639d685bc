import { expect, test } from 'vitest'
import type { StorageAdapter } from '#src/index.js'
import type { ListedObject } from '#src/model/object.js'
import { shardStorage } from '#src/scale/worker/shard-storage.js'
import { withDeletedKeys } from '#src/stages/discover/deleted.js'
import { listResuming } from '#src/stages/discover/listing.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'

class PagedStorage extends MemoryStorageAdapter {
  async *listPages(prefix: string): AsyncGenerator<readonly ListedObject[], void, void> {
    const page: ListedObject[] = []
    for await (const object of super.list(prefix)) page.push(object)
    yield page
  }
}

/** Whoever lists in a way of their own means the pages as well. */
class OwnList extends PagedStorage {
  override async *list(prefix: string): AsyncGenerator<ListedObject, void, void> {
    for await (const object of super.list(prefix)) if (object.key !== 'o/2') yield object
  }
}

const context = {
  clock: new SimulatedClock(),
  logger: undefined,
  retry: { retries: 0 },
  signal: undefined,
  emit: () => {},
}

function filled<S extends MemoryStorageAdapter>(storage: S): S {
  for (const key of ['o/1', 'o/2', 'o/3']) storage.put(key, { body: key })
  return storage
}

async function piecesOf(storage: StorageAdapter): Promise<readonly string[]> {
  const sharded = shardStorage(storage, { organizationId: 'org', slice: {}, mayChange: async () => {} })
  const pieces: string[] = []
  for await (const page of listResuming(sharded, 'o/', context)) pieces.push(page.map(({ key }) => key).join())
  return pieces
}

test('a shard lists in the pages of the adapter, whether its methods are a class’s or its own', async () => {
  const made = filled(new PagedStorage())
  const [list, listPages] = [made.list.bind(made), made.listPages.bind(made)]
  expect(await piecesOf(made)).toEqual(['o/1,o/2,o/3'])
  expect(await piecesOf(Object.freeze(Object.assign(Object.create(made), { list, listPages })))).toEqual([
    'o/1,o/2,o/3',
  ])
})

test('a shard lists one by one where somebody lists in a way of their own', async () => {
  expect(await piecesOf(filled(new MemoryStorageAdapter()))).toEqual(['o/1', 'o/2', 'o/3'])
  expect(await piecesOf(filled(new OwnList()))).toEqual(['o/1', 'o/3'])
  expect(await piecesOf(withDeletedKeys(filled(new PagedStorage())))).toEqual(['o/1', 'o/2', 'o/3'])
})
