import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { deadLinks } from '../../scripts/packed-links.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }))
const paths: string[] = packed.files.map(({ path }: { path: string }) => path)
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** Every file that `exports`, `bin`, `main` and the like name. */
function named(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(named) : []
}

test('the package holds what its manifest names, its documents, and nothing else', () => {
  const { exports, bin, main, module, types } = manifest
  const needed = [...named([exports, bin, main, module, types]), 'README.md', 'LICENSE', 'CHANGELOG.md']
  expect(needed.length).toBeGreaterThan(20)
  expect(needed.filter((path) => !paths.includes(path))).toEqual([])
  const allowed =
    /^(dist\/[\w.-]+\.(c?js|d\.c?ts)|docs\/[\w.-]+\.md|examples\/[\w/-]+\.ts|schemas\/[\w.-]+\.json|(README|THIRD-PARTY-NOTICES|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|package\.json)$/
  expect(paths.filter((path) => !allowed.test(path))).toEqual([])
})

test('no code of it needs more than ASCII: one other character doubles the memory that the text of its file takes', () => {
  const code = paths.filter((path) => /^dist\/.*\.c?js$/.test(path))
  expect(code.length).toBeGreaterThan(20)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins there
  expect(code.filter((path) => /[^\x00-\x7f]/.test(readFileSync(`${root}${path}`, 'utf8')))).toEqual([])
})

test('every relative link of its Markdown leads to a file of it', () => {
  expect(deadLinks(paths, (path) => readFileSync(`${root}${path}`, 'utf8'))).toEqual([])
})

test('a link that leads out of the package is found', () => {
  const texts: Readonly<Record<string, string>> = {
    'README.md':
      '[a](docs/a.md#part) [b](src/b.ts) [c](https://example.com/c) [d](#part) `[e](f.ts)`\n```\n[g](h.ts)\n```\n',
    'docs/a.md': '[up](../README.md) [beside](gone.md)',
  }
  expect(deadLinks(Object.keys(texts), (path) => texts[path] ?? '')).toEqual([
    'README.md: src/b.ts',
    'docs/a.md: gone.md',
  ])
})

test('no file of it names a folder of the machine that built it, a test or a map', () => {
  const texts = paths.map((path) => [path, readFileSync(`${root}${path}`, 'utf8')] as const)
  const telling = [root, homedir() === '/' ? root : `${homedir()}/`, 'sourceMappingURL', 'node_modules/vitest']
  const found = texts.flatMap(([path, text]) =>
    telling.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`),
  )
  expect(found).toEqual([])
})

test('it stays small', () => {
  // 280 kB of it are the XML parser of the simulator, which as a dependency would be 2 MB more for everybody.
  // Runs over shards, and the engines, handlers and simulators of runs on AWS, are another 740 kB.
  expect(packed.unpackedSize).toBeLessThan(6_300_000)
})
