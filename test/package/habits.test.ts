import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const manifest = JSON.parse(read('package.json'))
const under = (folder: string) => readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`)
const workflows = under('.github/workflows')
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...under('docs').filter((path) => path.endsWith('.md'))]

describe('what people and workflows are told to run', () => {
  test.each([...pages, ...workflows, '.ci/run'])('%s names npm scripts that exist', (path) => {
    const told = [...read(path).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name)
    expect(told.filter((name) => !(name in manifest.scripts))).toEqual([])
  })

  test.each(pages)('%s links to files that exist', (path) => {
    const folder = path.includes('/') ? 'docs/' : ''
    const links = [...read(path).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, to = '']) => to)
    expect(links.filter((to) => !existsSync(`${root}${folder}${to}`))).toEqual([])
  })
})

describe('a release', () => {
  const release = read('.github/workflows/release.yml')

  test('is tested, checked and published with provenance, by the identity of the workflow and no token', () => {
    expect(release).toContain('id-token: write')
    expect(release).toContain('needs: test')
    expect(release).toContain('npm publish --provenance --access public')
    expect(release).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/)
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true })
  })

  test('is refused for a tag that is not the version, or has no section in the changelog', () => {
    const script = `${root}scripts/check-release.ts`
    const check = (tag: string) => {
      try {
        execFileSync(process.execPath, ['--import', 'tsx', script, tag], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
        return ''
      } catch (error) {
        return (error as { stderr: string }).stderr
      }
    }
    expect(check('v99.0.0')).toContain(
      `the tag is "v99.0.0", package.json says ${manifest.version}: tag v${manifest.version}`,
    )
    expect(check('')).toContain(`no tag was given: npm run check:release -- v${manifest.version}\n`)
    const isDated = read('CHANGELOG.md').includes(`\n## [${manifest.version}] - `)
    const undated = `CHANGELOG.md has no section for ${manifest.version}: turn its heading "## [Unreleased]" into "## [${manifest.version}] - YYYY-MM-DD", the day of the release\n`
    expect(check(`v${manifest.version}`)).toBe(isDated ? '' : undated)
  })
})
