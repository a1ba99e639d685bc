import { LegalHoldError } from '../errors.js'
import type { ListedObject, StorageAdapter } from '../ports.js'
import { persist, type StageContext } from './context.js'

/** Lists a prefix; a page that fails is asked for again from the last key on. */
export async function* listResuming(
  storage: StorageAdapter,
  prefix: string,
  context: StageContext,
): AsyncGenerator<ListedObject, void, void> {
  let startAfter: string | undefined
  let iterator: AsyncIterator<ListedObject> | undefined
  const open = () => storage.list(prefix, { signal: context.signal, startAfter })[Symbol.asyncIterator]()
  const next = async () => {
    iterator ??= open()
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
        if (!LegalHoldError.isInstance(error) || !error.retryable) throw error
        return persist(context, 'discover', prefix, next)
      })
      if (step.done) return
      startAfter = step.value.key
      yield step.value
    }
  } finally {
    await iterator?.return?.()
  }
}
