import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuditPath as LibraryPath, leafHash as libraryLeaf, MerkleTree } from '#src/custody/crypto/merkle.js'
import { hex, Sha256, sha256 } from '#src/custody/page/verifier/sha256.js'
import { auditPath, leafHash, rootFrom, Tree } from '#src/custody/page/verifier/tree.js'

const nodeHash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('SHA-256 of the page', () => {
  test('is that of Node for every length over three blocks', () => {
    for (let length = 0; length <= 200; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + length) & 0xff)
      expect(hex(sha256(bytes))).toBe(nodeHash(bytes))
    }
  })

  test('is the same whatever the pieces are in which the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 8 }), (pieces) => {
        const hash = new Sha256()
        for (const piece of pieces) hash.update(piece)
        expect(hex(hash.digest())).toBe(nodeHash(Buffer.concat(pieces)))
      }),
    )
  })
})

describe('the tree of the page', () => {
  test('has the root and the audit paths of the library’s tree', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 70 }), fc.nat(), (lines, pick) => {
        const library = new MerkleTree()
        const tree = new Tree()
        const hashes = lines.map((line) => leafHash(line))
        for (const [at, line] of lines.entries()) {
          library.appendLeaf(line)
          tree.append(hashes[at]!)
          expect(hex(hashes[at]!)).toBe(libraryLeaf(line).toString('hex'))
        }
        expect(hex(tree.root())).toBe(library.root().toString('hex'))
        if (lines.length === 0) return
        const index = pick % lines.length
        const libraryPath = new LibraryPath(index, lines.length)
        for (const line of lines) libraryPath.append(libraryLeaf(line))
        const path = auditPath(Buffer.concat(hashes), index)
        expect(path.map(hex)).toEqual(libraryPath.path().map((one) => one.toString('hex')))
        expect(rootFrom(hashes[index]!, index, lines.length, path)).toBe(hex(tree.root()))
        // No other place, length or leaf leads there.
        if (lines.length > 1) expect(rootFrom(hashes[index]!, index, lines.length, path.slice(1))).toBeUndefined()
        expect(rootFrom(leafHash(Buffer.from('another')), index, lines.length, path)).not.toBe(hex(tree.root()))
      }),
    )
  })

  test('has no path of hashes that are too short', () => {
    expect(rootFrom(leafHash(Buffer.from('a')), 0, 2, [new Uint8Array(31)])).toBeUndefined()
  })
})
