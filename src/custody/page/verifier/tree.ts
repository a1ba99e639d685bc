import { climb, siblings } from '../../crypto/tree-shape.js'
import { hex, sha256 } from './sha256.js'

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** Bytes of a digest. */
export const digestBytes = 32

/** Hash of a leaf: SHA-256 over 0x00 and its bytes (RFC 6962, 2.1). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(leafPrefix, leaf)
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(nodePrefix, left, right)
}

/** The hash of a Merkle tree that grows by a leaf at a time, as the library's own `MerkleTree` for Node. */
export class Tree {
  readonly #subtrees: Uint8Array[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  append(leaf: Uint8Array): void {
    let subtree = leaf
    // Each trailing 1 of the size is a complete subtree of that height, which the new one completes.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      subtree = nodeHash(this.#subtrees.pop() ?? subtree, subtree)
    }
    this.#subtrees.push(subtree)
    this.#size += 1
  }

  root(): Uint8Array {
    const last = this.#subtrees.at(-1)
    if (last === undefined) return sha256()
    return this.#subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
  }
}

/** The audit path of a leaf (RFC 6962, 2.1.1), out of the hashes of all leaves. */
export function auditPath(leaves: Uint8Array, index: number): readonly Uint8Array[] {
  const size = Math.floor(leaves.length / digestBytes)
  return siblings(index, 0, size).map(([from, to]) => {
    const tree = new Tree()
    for (let at = from; at < to; at += 1) tree.append(leaves.subarray(at * digestBytes, (at + 1) * digestBytes))
    return tree.root()
  })
}

/** The root, in hex, that a leaf and its audit path lead to; `undefined` where the path has a wrong length. */
export function rootFrom(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): string | undefined {
  if (path.some(({ length }) => length !== digestBytes)) return undefined
  const root = climb(leaf, { index, size }, path, nodeHash)
  return root === undefined ? undefined : hex(root)
}
