import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { circlesOf, readSources, type SourceFile, structureOf, targetOf } from '../scripts/source-graph.js'

const root = fileURLToPath(new URL('../src/', import.meta.url))
const files = readSources(root)
const byPath = new Map(files.map((file) => [file.path, file]))

/** Everything that a file loads at run time, its own files and packages alike. */
function reach(entry: string): Set<string> {
  const seen = new Set([entry])
  for (const path of seen) {
    for (const statement of byPath.get(path)?.imports ?? []) {
      if (!statement.typeOnly) seen.add(targetOf(path, statement))
    }
  }
  return seen
}

/**
 * What each part may import beside itself. A name stands for the folder and all below it; the part with the longest name
 * that fits is the one a file belongs to.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ports: ['model'],
  internal: ['model', 'ports/runtime.ts'],
  options: ['model', 'ports', 'internal'],
  journal: ['model', 'ports', 'internal'],
  stages: ['journal', 'options', 'model', 'ports', 'internal'],
  run: ['stages', 'journal', 'options', 'model', 'ports', 'internal'],
  platforms: ['model', 'ports', 'internal'],
  storage: ['model', 'ports', 'internal'],
  retention: ['platforms', 'storage', 'model', 'ports', 'internal'],
  progress: ['model', 'internal'],
  telemetry: ['model', 'internal'],
  custody: ['journal', 'stages/context.ts', 'stages/reading', 'model', 'ports', 'internal'],
  cli: ['custody', 'progress', 'journal', 'storage', 'platforms', 'model', 'ports', 'internal', 'options', 'entries'],
  testing: ['storage', 'platforms', 'journal', 'model', 'ports', 'internal'],
}
const entries = files.filter(({ folder }) => folder === '').map(({ path }) => path)

/** In each of these a part imports what stands after it, never what stands before. */
const orders: Readonly<Record<string, readonly string[]>> = {
  'storage/s3': ['adapter.ts', 'inspect', 'repair', 'read', 'send', 'answer', 'wire', 'client', 'protocol'],
  custody: ['seal', 'verify', 'page', 'bundle', 'crypto', 'journal'],
}

const isIn = (path: string, part: string) => path === part || path.startsWith(`${part}/`)

function importsAcross(file: SourceFile): readonly string[] {
  return file.imports.map((one) => targetOf(file.path, one)).filter((target) => byPath.has(target))
}

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
    expect(loaded.filter((name) => /^(platforms|storage|testing)\//.test(name))).toEqual([])
  })

  test.each(Object.entries(mayImport))('%s imports only of %j', (part, allowed) => {
    const wrong = files
      .filter(({ path }) => isIn(path, part))
      .flatMap((file) => importsAcross(file).map((target) => `${file.path} -> ${target}`))
      .filter((edge) => {
        const target = edge.split(' -> ')[1] ?? ''
        if (allowed.includes('entries') && entries.includes(target)) return false
        return ![part, ...allowed].some((one) => isIn(target, one))
      })
    expect(wrong).toEqual([])
  })

  test('every folder is part of the plan', () => {
    const parts = new Set(files.map(({ folder }) => folder.split('/')[0] ?? ''))
    expect([...parts].filter((part) => part !== '' && !Object.hasOwn(mayImport, part))).toEqual([])
  })

  test.each(Object.entries(orders))('in %s the parts stand in the order %j', (folder, order) => {
    const placeOf = (path: string) => order.findIndex((part) => isIn(path, `${folder}/${part}`))
    const inside = files.filter(({ path }) => isIn(path, folder))
    expect(inside.filter(({ path }) => placeOf(path) < 0).map(({ path }) => path)).toEqual([])
    const wrong = inside.flatMap((file) =>
      importsAcross(file)
        .filter((target) => isIn(target, folder) && placeOf(target) < placeOf(file.path))
        .map((target) => `${file.path} -> ${target}`),
    )
    expect(wrong).toEqual([])
  })

  test('only the packages that are declared are imported', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]))
    const used = files
      .flatMap(({ imports }) => imports.map(({ from }) => from))
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

describe('the tree can be taken in', () => {
  const structure = structureOf(files)

  test('no files import each other in a circle, by types neither', () => {
    expect(structure.circles).toEqual([])
  })

  test('a circle would be found, by types too', () => {
    const file = (path: string, ...from: string[]): SourceFile => ({
      path,
      folder: '',
      lines: 1,
      imports: from.map((one) => ({ from: one, typeOnly: true })),
    })
    const circle = [file('a.ts', './b.js'), file('b.ts', './c.js'), file('c.ts', './a.js'), file('d.ts', './a.js')]
    expect(circlesOf(circle)).toEqual([['a.ts', 'b.ts', 'c.ts']])
  })

  test('no folder is wider than 16 files', () => {
    expect([...structure.folders].filter(([, count]) => count > 16)).toEqual([])
  })

  test('no file is longer than 400 lines, and half of them have at most 130', () => {
    expect(files.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
    expect(structure.median).toBeLessThanOrEqual(130)
  })
})
