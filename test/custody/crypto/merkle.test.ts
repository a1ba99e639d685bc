import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuditPath, leafHash, MerkleTree, rootFromPath } from '#src/custody/crypto/merkle.js'

// Published with the Certificate Transparency reference implementation (RFC 6962): leaves, roots of the first n, paths.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const paths: [index: number, size: number, path: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]

const hashes = leaves.map((leaf) => leafHash(Buffer.from(leaf, 'hex')))

function rootOf(list: readonly Buffer[]): Buffer {
  const tree = new MerkleTree()
  for (const leaf of list) tree.append(leaf)
  return tree.root()
}

function pathOf(list: readonly Buffer[], index: number): Buffer[] {
  const path = new AuditPath(index, list.length)
  for (const leaf of list) path.append(leaf)
  return path.path()
}

/** The definition of RFC 6962, 2.1, word for word. */
function definition(list: readonly Buffer[]): Buffer {
  if (list.length === 1) return list[0]!
  let half = 1
  while (half * 2 < list.length) half *= 2
  const [left, right] = [definition(list.slice(0, half)), definition(list.slice(half))]
  const tree = new MerkleTree()
  tree.append(left)
  tree.append(right)
  return tree.root()
}

describe('the Merkle tree', () => {
  test.each(roots.map((root, size) => [size, root]))('has the published root for %i leaves', (size, root) => {
    expect(rootOf(hashes.slice(0, Number(size))).toString('hex')).toBe(root)
  })

  test.each(paths)('gives the published path of leaf %i of %i', (index, size, path) => {
    const list = hashes.slice(0, size)
    expect(pathOf(list, index).map((hash) => hash.toString('hex'))).toEqual(path)
    expect(rootFromPath(hashes[index]!, index, size, pathOf(list, index))?.toString('hex')).toBe(roots[size])
  })

  test('agrees with the definition, and each path leads to the root, for any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, seed) => {
        const list = Array.from({ length: size }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))
        const index = seed % size
        const root = rootOf(list)
        expect(root).toEqual(definition(list))
        const path = pathOf(list, index)
        expect(rootFromPath(list[index]!, index, size, path)).toEqual(root)
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
      }),
      { numRuns: 200 },
    )
  })

  test('no path leads to the root from another leaf, place, size or sibling', () => {
    const list = Array.from({ length: 11 }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))
    const root = rootOf(list)
    for (let index = 0; index < list.length; index += 1) {
      const path = pathOf(list, index)
      const leaf = list[index]!
      expect(rootFromPath(list[(index + 1) % 11]!, index, 11, path)).not.toEqual(root)
      for (let other = 0; other < 11; other += 1) {
        if (other !== index) expect(rootFromPath(leaf, other, 11, path)).not.toEqual(root)
      }
      expect(rootFromPath(leaf, index, 11, path.slice(1))).not.toEqual(root)
      expect(rootFromPath(leaf, index, 11, [...path, leaf])).not.toEqual(root)
      expect(rootFromPath(leaf, index, 11, [...path].reverse())).not.toEqual(path.length > 1 ? root : undefined)
    }
    expect(rootFromPath(list[0]!, 11, 11, [])).toBeUndefined()
    expect(() => new AuditPath(11, 11)).toThrow(RangeError)
  })

  test('keeps a hash for each bit of its size and no more', () => {
    const tree = new MerkleTree()
    for (let at = 0; at < 1000; at += 1) tree.append(leafHash(Buffer.from(String(at))))
    expect(tree.size).toBe(1000)
    // 1000 is 1111101000 in binary.
    expect(tree.weight).toBe(6)
  })
})
