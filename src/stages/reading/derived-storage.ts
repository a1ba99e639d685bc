import type { StorageAdapter } from '../../ports/storage.js'

/**
 * The same storage with some of its members replaced, and the others as they are at the time. Not a proxy of the adapter itself:
 * that may return nothing but its own functions where it is frozen.
 *
 * @param member what a member is instead; its functions are bound to the adapter, whose private fields nothing else has
 */
export function derivedStorage(
  storage: StorageAdapter,
  member: (name: keyof StorageAdapter, own: unknown) => unknown,
): StorageAdapter {
  return new Proxy({} as StorageAdapter, {
    get: (_, name) => {
      const own: unknown = Reflect.get(storage, name)
      return member(name as keyof StorageAdapter, typeof own === 'function' ? own.bind(storage) : own)
    },
    has: (_, name) => name in storage,
  })
}
