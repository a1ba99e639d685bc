import { shareTurns } from '../../internal/turns.js'
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
  const get = (name: PropertyKey): unknown => {
    const own: unknown = Reflect.get(storage, name)
    return member(name as keyof StorageAdapter, typeof own === 'function' ? own.bind(storage) : own)
  }
  const derived = new Proxy({} as StorageAdapter, {
    get: (_, name) => get(name),
    has: (_, name) => name in storage,
    // All are its own: whoever looks where a member comes from must not find the adapter's class.
    getOwnPropertyDescriptor: (_, name) =>
      name in storage ? { value: get(name), configurable: true, enumerable: true } : undefined,
  })
  shareTurns(derived, storage)
  return derived
}
