// Whether a tag may be released: npm run check:release -- v1.2.3
import { readFileSync } from 'node:fs'
import { toolVersion } from '../src/internal/package/version.ts'

const [tag = ''] = process.argv.slice(2)
const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const { version } = JSON.parse(read('package.json')) as { version: string }
const wrongTag =
  tag === ''
    ? `no tag was given: npm run check:release -- v${version}`
    : `the tag is ${JSON.stringify(tag)}, package.json says ${version}: tag v${version}, or change the version first`
const problems = [
  ...(tag === `v${version}` ? [] : [wrongTag]),
  ...(toolVersion === version
    ? []
    : [`src/internal/package/version.ts says ${toolVersion}, package.json ${version}: write ${version} there as well`]),
  ...(read('CHANGELOG.md').includes(`\n## [${version}] - `)
    ? []
    : [
        `CHANGELOG.md has no section for ${version}: turn its heading "## [Unreleased]" into "## [${version}] - YYYY-MM-DD", the day of the release`,
      ]),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
