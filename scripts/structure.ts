/*
 * Prints the plan of the house: `npm run structure`. `test/structure.test.ts` holds the limits.
 */
import { fileURLToPath } from 'node:url'
import { readSources, structureOf } from './source-graph.js'

const files = readSources(fileURLToPath(new URL('../src/', import.meta.url)))
const { folders, median, largest, circles, widest } = structureOf(files)

for (const folder of [...folders.keys()].sort()) {
  const depth = folder === '' ? 0 : folder.split('/').length
  const own = files.filter((file) => file.folder === folder)
  const lines = own.reduce((sum, file) => sum + file.lines, 0)
  const name = folder === '' ? 'src' : folder.split('/').at(-1)
  console.log(
    `${'  '.repeat(depth)}${name}/`.padEnd(34),
    `${own.length}`.padStart(4),
    'files',
    `${lines}`.padStart(6),
    'lines',
  )
}
console.log(`
files     ${files.length}
median    ${median} lines
largest   ${largest.lines} lines, src/${largest.path}
circles   ${circles.length}${circles.map((circle) => `\n          ${circle.join(' ')}`).join('')}
widest    ${widest.files} files, src/${widest.folder}`)
