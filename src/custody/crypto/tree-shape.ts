/** Which leaf, of how many. */
export interface LeafPlace {
  /** From 0. */
  readonly index: number
  readonly size: number
}

/** The subtrees beside the way from a leaf to the root, the lowest first. */
export function siblings(index: number, from: number, to: number): [number, number][] {
  if (to - from <= 1) return []
  // The largest power of two below the size.
  let half = 1
  while (half * 2 < to - from) half *= 2
  const middle = from + half
  return index < middle
    ? [...siblings(index, from, middle), [middle, to]]
    : [...siblings(index, middle, to), [from, middle]]
}

/**
 * What a leaf and its audit path lead to (RFC 9162, 2.1.3.2), whatever a digest and the hash of two are; `undefined`
 * where the path has a wrong length.
 */
export function climb<T>(
  leaf: T,
  { index, size }: LeafPlace,
  path: readonly T[],
  node: (left: T, right: T) => T,
): T | undefined {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return undefined
  let [at, last] = [index, size - 1]
  let root = leaf
  for (const sibling of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      root = node(sibling, root)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else {
      root = node(root, sibling)
    }
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? root : undefined
}
