/*
 * Prints the plan of the house: `npm run structure`. `test/structure.test.ts` holds the limits.
 */
import { fileURLToPath } from 'node:url'
import { readSources, structureOf, treeOf } from './source-graph.js'

const files = readSources(fileURLToPath(new URL('../src/', import.meta.url)))
const { median, largest, circles, widest } = structureOf(files)

// Who has seen enough closes the pipe: `npm run structure | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.stdout.write(`${treeOf(files).join('\n')}

files     ${files.length}
median    ${median} lines
largest   ${largest.lines} lines, src/${largest.path}
circles   ${circles.length}${circles.map((circle) => `\n          ${circle.join(' ')}`).join('')}
widest    ${widest.files} files, src/${widest.folder}
`)
