// Whether a tag may be released: npm run check:release -- v1.2.3
import { readFileSync } from 'node:fs'
import { toolVersion } from '../src/internal/package/version.ts'

const [tag = ''] = process.argv.slice(2)
const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const { version } = JSON.parse(read('package.json')) as { version: string }
const problems = [
  ...(tag === `v${version}` ? [] : [`the tag is ${JSON.stringify(tag)}, package.json says ${version}`]),
  ...(toolVersion === version ? [] : [`src/internal/package/version.ts says ${toolVersion}, package.json ${version}`]),
  ...(read('CHANGELOG.md').includes(`\n## [${version}] - `) ? [] : [`CHANGELOG.md has no section for ${version}`]),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
