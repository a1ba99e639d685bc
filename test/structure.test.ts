import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)
  return [
    ...[...statements].map(([, type, from = '']) => ({ from, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, from = '']) => ({ from, typeOnly: false })),
  ]
}

function target(file: string, { from }: Import): string {
  return from.startsWith('.') ? relative(root, resolve(root, dirname(file), from.replace(/\.js$/, '.ts'))) : from
}

/** Everything that a file loads at run time, its own files and packages alike. */
function reach(entry: string): Set<string> {
  const seen = new Set([entry])
  for (const file of seen) {
    if (!file.endsWith('.ts')) continue
    for (const statement of importsOf(file)) if (!statement.typeOnly) seen.add(target(file, statement))
  }
  return seen
}

const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : '')

describe('dependencies point one way', () => {
  test('the scan sees the imports it is about', () => {
    expect(files.length).toBeGreaterThan(40)
    expect([...reach('s3.ts')]).toContain('@aws-sdk/client-s3')
    expect([...reach('genesys.ts')]).toContain('purecloud-platform-client-v2')
  })

  test('the core loads no SDK and no file system', () => {
    const loaded = [...reach('index.ts')]
    expect(loaded.filter((name) => !name.endsWith('.ts')).sort()).toEqual([
      'node:crypto',
      'node:events',
      'p-limit',
      'p-retry',
    ])
    const adapters = loaded.filter((name) => ['platforms', 'storage', 'testing'].includes(folderOf(name)))
    expect(adapters).toEqual([])
  })

  test.each([
    ['stages', ['platforms', 'storage', 'retention', 'custody', 'testing']],
    ['internal', ['stages', 'platforms', 'storage', 'retention', 'custody', 'testing']],
    ['platforms', ['stages', 'storage', 'retention', 'custody', 'testing']],
    ['storage', ['stages', 'platforms', 'retention', 'custody', 'testing']],
    ['retention', ['stages', 'custody', 'testing']],
    ['custody', ['platforms', 'storage', 'retention', 'testing']],
    ['telemetry', ['stages', 'platforms', 'storage', 'retention', 'custody', 'progress', 'testing']],
    ['progress', ['stages', 'platforms', 'storage', 'retention', 'custody', 'testing']],
  ])('%s imports nothing of %j', (folder, forbidden) => {
    const wrong = files
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) => importsOf(file).map((statement) => [file, target(file, statement)] as const))
      .filter(([, to]) => forbidden.includes(folderOf(to)))
    expect(wrong).toEqual([])
  })

  test('only the packages that are declared are imported', () => {
    const manifest = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8'))
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]))
    const used = files
      .flatMap(importsOf)
      .map(({ from }) => from)
      .filter((from) => !from.startsWith('.') && !builtin.has(from))
    for (const name of used) {
      expect(declared.some((known) => name === known || name.startsWith(`${known}/`))).toBe(true)
    }
  })

  test('no runner of tests is imported by what partners use in their tests', () => {
    const loaded = [...reach('testing/index.ts'), ...reach('testing/msw.ts')]
    expect(loaded.filter((name) => /^(vitest|jest|node:test)/.test(name))).toEqual([])
  })
})
