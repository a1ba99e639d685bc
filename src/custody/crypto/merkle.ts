import { createHash, hash } from 'node:crypto'
import { climb, siblings } from './tree-shape.js'

const leafPrefix = 0x00
const nodePrefix = 0x01
/** Bytes of a leaf's hash and of a node's. */
export const digestBytes = 32

// One piece of memory for all short leaves: a hash object for each of a million would take longer than the hashes.
const leafScratch = Buffer.alloc(1 << 16, leafPrefix)

/** 32 bytes as a text of as many characters: a `Buffer` for each digest costs three times as much as its hash. */
export type Digest = string

function digestOf(bytes: Buffer): Digest {
  return hash('sha256', bytes, 'binary')
}

function leafDigest(leaf: Uint8Array): Digest {
  if (leaf.length >= leafScratch.length) {
    return createHash('sha256').update(Uint8Array.of(leafPrefix)).update(leaf).digest('binary')
  }
  leafScratch.set(leaf, 1)
  return digestOf(leafScratch.subarray(0, leaf.length + 1))
}

/** Hash of a leaf: SHA-256 over 0x00 and its bytes (RFC 6962, 2.1). */
export function leafHash(leaf: Uint8Array): Buffer {
  return Buffer.from(leafDigest(leaf), 'latin1')
}

/**
 * The hash of a Merkle tree that grows by a leaf at a time (RFC 6962, 2.1). It keeps the roots of the complete
 * subtrees only, one for each bit of its size: a million leaves are 20 hashes.
 */
export class MerkleTree {
  readonly #subtrees: Digest[] = []
  readonly #scratch = Buffer.alloc(1 + 2 * digestBytes, nodePrefix)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many hashes it keeps. */
  get weight(): number {
    return this.#subtrees.length
  }

  /** Adds a leaf by its hash. */
  append(leaf: Buffer): void {
    this.#append(leaf.toString('latin1'))
  }

  /** Hashes a leaf and adds it. Returns its hash. */
  appendLeaf(leaf: Uint8Array): Digest {
    const digest = leafDigest(leaf)
    this.#append(digest)
    return digest
  }

  #append(leaf: Digest): void {
    let subtree = leaf
    // Each trailing 1 of the size is a complete subtree of that height, which the new one completes.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      subtree = this.#node(this.#subtrees.pop() ?? subtree, subtree)
    }
    this.#subtrees.push(subtree)
    this.#size += 1
  }

  /** The root over all leaves so far; of none, the SHA-256 of nothing. */
  root(): Buffer {
    const last = this.#subtrees.at(-1)
    if (last === undefined) return createHash('sha256').digest()
    const root = this.#subtrees.slice(0, -1).reduceRight((right, left) => this.#node(left, right), last)
    return Buffer.from(root, 'latin1')
  }

  #node(left: Digest, right: Digest): Digest {
    this.#scratch.write(left, 1, 'latin1')
    this.#scratch.write(right, 1 + digestBytes, 'latin1')
    return digestOf(this.#scratch)
  }
}

/** Collects the audit path of one leaf (RFC 6962, 2.1.1) while all leaves go by once, in memory of O(log² n). */
export class AuditPath {
  readonly #parts: { readonly from: number; readonly to: number; readonly tree: MerkleTree }[]
  #at = 0

  /** @param index of the leaf, from 0 */
  constructor(index: number, size: number) {
    if (!(index >= 0 && index < size)) throw new RangeError(`A tree of ${size} has no leaf ${index}.`)
    this.#parts = siblings(index, 0, size).map(([from, to]) => ({ from, to, tree: new MerkleTree() }))
  }

  /** The next leaf of the tree, by its hash. */
  append(leaf: Buffer): void {
    for (const { from, to, tree } of this.#parts) if (this.#at >= from && this.#at < to) tree.append(leaf)
    this.#at += 1
  }

  /** The hashes from the leaf's sibling to the root's child. */
  path(): Buffer[] {
    return this.#parts.map(({ tree }) => tree.root())
  }
}

/** The root that a leaf and its audit path lead to; `undefined` where the path has a wrong length. */
export function rootFromPath(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  if (path.some(({ length }) => length !== digestBytes)) return undefined
  return climb(leaf, { index, size }, path, nodeHash)
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Uint8Array.of(nodePrefix)).update(left).update(right).digest()
}
