import type { ChainFound, ChainLink } from './chain-pass.js'

/**
 * Work on an object that is done but for one thing: what its copy came to lie on. Hundreds wait for the same list, so each
 * keeps what its end needs, and no suspended call.
 */
export interface Deferred<T> {
  readonly link: ChainLink
  /** @param found what a list of many keys shows of the copy; `undefined` if none shows it: the key is then listed by itself */
  conclude(found: ChainFound | undefined): Promise<T>
}

export function isDeferred<T extends object>(begun: T | Deferred<T>): begun is Deferred<T> {
  return 'conclude' in begun
}

/** What follows on some work: now, or once that is concluded. */
export function followed<T extends object, R>(
  begun: T | Deferred<T>,
  next: (ended: T) => R | Promise<R>,
): R | Promise<R> | Deferred<R> {
  if (!isDeferred(begun)) return next(begun)
  return { link: begun.link, conclude: (found) => begun.conclude(found).then(next) }
}

/** The end of some work, by a list of its own where it was deferred. */
export function concluded<T extends object>(begun: T | Deferred<T>): T | Promise<T> {
  return isDeferred(begun) ? begun.conclude(undefined) : begun
}
