import { isWorthRepeating } from '../../internal/retry.js'
import type { ListedObject } from '../../model/object.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'

/** Lists a prefix in pages, from its beginning or after a key; a page that fails is asked for again from the last key on. */
export async function* listResuming(
  storage: StorageAdapter,
  prefix: string,
  context: StageContext,
  after?: string,
): AsyncGenerator<readonly ListedObject[], void, void> {
  let startAfter = after
  let iterator: AsyncIterator<readonly ListedObject[]> | undefined
  const next = async () => {
    iterator ??= open(storage, prefix, { signal: context.signal, startAfter })
    try {
      return await iterator.next()
    } catch (error) {
      iterator = undefined
      throw error
    }
  }
  try {
    for (;;) {
      const step = await next().catch((error: unknown) => {
        if (!isWorthRepeating(error)) throw error
        return persist(context, 'discover', prefix, next)
      })
      if (step.done) return
      startAfter = step.value.at(-1)?.key ?? startAfter
      yield step.value
    }
  } finally {
    await iterator?.return?.()
  }
}

function open(
  storage: StorageAdapter,
  prefix: string,
  options: NonNullable<Parameters<StorageAdapter['list']>[1]>,
): AsyncIterator<readonly ListedObject[]> {
  const pages = listsInPages(storage) ? storage.listPages?.(prefix, options) : undefined
  return (pages ?? onePerPage(storage.list(prefix, options)))[Symbol.asyncIterator]()
}

/** Whoever puts a `list` of their own over that of an adapter means the pages as well. */
export function listsInPages(storage: StorageAdapter): boolean {
  if (storage.listPages === undefined) return false
  let owner: unknown = storage
  while (owner instanceof Object && !Object.hasOwn(owner, 'listPages')) owner = Object.getPrototypeOf(owner)
  return owner instanceof Object && (owner as StorageAdapter).list === storage.list
}

/** What is listed object by object is passed on at once: nobody knows when the next one comes. */
async function* onePerPage(objects: AsyncIterable<ListedObject>): AsyncGenerator<readonly ListedObject[], void, void> {
  for await (const object of objects) yield [object]
}
