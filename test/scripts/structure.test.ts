import { expect, test } from 'vitest'
import { type SourceFile, treeOf } from '../../scripts/source-graph.js'

const file = (path: string, lines: number): SourceFile => ({
  path,
  folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
  lines,
  imports: [],
})

test('each folder stands under the one that it lies in, one without files of its own too', () => {
  const files = [
    file('index.ts', 9),
    file('custody/seal/seal.ts', 20),
    file('storage/s3-control/client.ts', 7),
    file('storage/s3/adapter.ts', 30),
    file('storage/s3/bucket.ts', 12),
    file('storage/s3/send/route.ts', 5),
  ]
  const told = treeOf(files).map((line) => line.replace(/(?<=\S) +/g, ' '))
  expect(told).toEqual([
    'src/ 1 file 9 lines',
    '  custody/ 0 files 0 lines',
    '    seal/ 1 file 20 lines',
    '  storage/ 0 files 0 lines',
    '    s3/ 2 files 42 lines',
    '      send/ 1 file 5 lines',
    '    s3-control/ 1 file 7 lines',
  ])
})
