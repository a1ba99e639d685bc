import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
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
  // Numbers alone.
  model: ['internal/durations.ts'],
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
  notify: ['model', 'ports', 'internal'],
  telemetry: ['model', 'internal'],
  custody: ['journal', 'stages/context.ts', 'stages/reading', 'model', 'ports', 'internal'],
  cli: [
    'custody',
    'scale',
    'progress',
    'notify',
    'retention',
    'stages/repair/cost.ts',
    'journal',
    'storage',
    'platforms',
    'model',
    'ports',
    'internal',
    'options',
    'entries',
  ],
  testing: ['storage', 'platforms', 'journal', 'scale/ports', 'model', 'ports', 'internal'],
  scale: ['exporter.ts', 'run', 'stages', 'custody', 'journal', 'options', 'model', 'ports', 'internal'],
  'scale/aws': ['scale/ports', 'scale/worker', 'storage/s3', 'model', 'ports', 'internal'],
  'scale/ports': ['model', 'ports'],
}
const entries = files.filter(({ folder }) => folder === '').map(({ path }) => path)

/** In each of these a part imports what stands after it, never what stands before. */
const orders: Readonly<Record<string, readonly string[]>> = {
  'storage/s3': ['adapter.ts', 'inspect', 'repair', 'read', 'send', 'answer', 'wire', 'client', 'protocol'],
  custody: ['seal', 'verify', 'page', 'bundle', 'crypto', 'journal'],
}

/** Packages that the build has inside what only tests load, and one whose types come with jest. */
const onlyForTesting = ['expect', 'fast-xml-parser']

function parentsOf(folder: string): string[] {
  const parts = folder.split('/')
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}

const isIn = (path: string, part: string) => path === part || path.startsWith(`${part}/`)

function importsAcross(file: SourceFile): readonly string[] {
  return file.imports.map((one) => targetOf(file.path, one)).filter((target) => byPath.has(target))
}

/** Parts of a part that have a row of their own. */
const within = (part: string) => Object.keys(mayImport).filter((inner) => inner.startsWith(`${part}/`))

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

  test('the code of time stamps is loaded by its one seam, when it is first needed', () => {
    const folder = 'custody/crypto/timestamp'
    const edges = files
      .filter(({ path }) => !isIn(path, folder))
      .flatMap(({ path, imports }) => imports.map((one) => ({ path, ...one, target: targetOf(path, one) })))
      .filter(({ target, typeOnly }) => isIn(target, folder) && !typeOnly && target !== `${folder}/facts.ts`)
    expect(edges.filter(({ isLate }) => !isLate)).toEqual([])
    expect([...new Set(edges.map(({ path }) => path))]).toEqual(['custody/crypto/load-timestamp.ts'])
  })

  test.each(Object.entries(mayImport))('%s imports only of %j', (part, allowed) => {
    const wrong = files
      .filter(({ path }) => isIn(path, part) && !within(part).some((inner) => isIn(path, inner)))
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
    const isDeclared = (name: string) => declared.some((known) => name === known || name.startsWith(`${known}/`))
    expect([...new Set(used)].filter((name) => !isDeclared(name)).sort()).toEqual(onlyForTesting)
    const users = files.filter(({ imports }) => imports.some(({ from }) => onlyForTesting.includes(from)))
    expect(users.filter(({ path }) => !isIn(path, 'testing'))).toEqual([])
  })

  test('no runner of tests is imported by what partners use in their tests', () => {
    const loaded = [...reach('testing/index.ts'), ...reach('testing/msw.ts')]
    expect(loaded.filter((name) => /^(vitest|jest|node:test)/.test(name))).toEqual([])
  })
})

describe('what is the same everywhere is said once', () => {
  const textOf = (path: string) =>
    readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8').replace(/^ *(\/\*\*|\*|\/\/).*$/gm, '')
  const filesWith = (pattern: RegExp) => files.map(({ path }) => path).filter((path) => pattern.test(textOf(path)))

  test.each([
    [
      'the milliseconds of an hour and of a day',
      /\b(3_?600_?000|86_?400_?000|hourMs =|dayMs =)/,
      ['internal/durations.ts'],
    ],
    ['the reading of a line of a journal', /function parseRecord\b/, ['custody/journal/record.ts']],
    ['the reading of a list of expected recordings', /\.expectedRecordings\(/, ['stages/export/expected-list.ts']],
    ['the error of options that cannot be used', /cannot be used: \$\{list/, ['internal/option-check.ts']],
    [
      'JSON in a canonical form',
      /Object\.keys\(\w+\)\.sort\(\)|Object\.entries\(\w+\)\.sort\(/,
      ['internal/canonical-json.ts'],
    ],
  ])('%s', (_, pattern, expected) => {
    // Beside the script that is made of others.
    const testingOrPort = /^(testing\/conformance|ports)\/|^custody\/page\/verifier-script\.ts$/
    expect(filesWith(pattern).filter((path) => !testingOrPort.test(path))).toEqual(expected)
  })
})

describe('the tests mirror the sources', () => {
  const tests = fileURLToPath(new URL('./', import.meta.url))
  const paths = readdirSync(tests, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  const folderOf = (path: string) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')
  const testFolders = new Set(paths.filter((path) => path.endsWith('.ts')).map(folderOf))
  const sourceFolders = new Set(files.flatMap(({ folder }) => [folder, ...parentsOf(folder)]))
  /** What is tested of the whole, and what tests share. */
  const ofTheirOwn = [
    ...['bench', 'crash', 'docs', 'e2e', 'fakes', 'faults', 'growth', 'package', 'repair-model', 'scripts', 'tenants'],
    // Run under other runners of tests as well.
    'testing/suites',
    // Of the simulator and of the SDK that it is held against.
    'testing/contract',
  ]

  test('each folder of them is a folder of the sources, or one of a short list', () => {
    const strange = [...testFolders].filter((folder) => !sourceFolders.has(folder))
    expect(strange.sort()).toEqual([...ofTheirOwn].sort())
  })

  test('beside the folders there is nothing but what is about all of them', () => {
    const alone = paths.filter((path) => !path.includes('/') && path.endsWith('.ts'))
    expect(alone.sort()).toEqual(['exporter.test.ts', 'setup.ts', 'structure.test.ts'])
  })

  test('no folder of them is wider than 24 files', () => {
    const width = (folder: string) => paths.filter((path) => folderOf(path) === folder && path.endsWith('.ts')).length
    expect([...testFolders].filter((folder) => width(folder) > 24)).toEqual([])
  })

  test('those that documents name exist', () => {
    const root = new URL('../', import.meta.url)
    const documents = [
      'README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`),
    ]
    const named = documents
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        [...readFileSync(new URL(name, root), 'utf8').matchAll(/\btest\/[\w./-]*\.ts\b/g)].map(([path]) => path),
      )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })
})

describe('comments name what is there', () => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const below = (folder: string) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path.replaceAll('\\', '/')}`,
    )
  const ownFolders = ['src', 'test', 'bench', 'scripts', 'examples']
  const own = [...readdirSync(root), ...ownFolders.flatMap(below)].filter((path) => path.endsWith('.ts'))
  /** Files of packages, and one that stands for any. */
  const ofOthers = ['agent.ts', 'index.d.ts', 'src/file.ts']

  /** Files that the comments of a text name and that are none; each by its name or the end of its path. */
  function lost(text: string): readonly string[] {
    const comments = [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g)].map(([comment]) => comment)
    const named = comments.flatMap((comment) => comment.match(/(?<![\w*.@/-])[\w-][\w./-]*\.ts\b/g) ?? [])
    return named.filter((name) => !ofOthers.includes(name) && !own.some((path) => `/${path}`.endsWith(`/${name}`)))
  }

  test('no file that is none', () => {
    const made = 'src/custody/page/verifier-script.ts'
    const wrong = own
      .filter((path) => path !== made)
      .flatMap((path) => lost(readFileSync(`${root}${path}`, 'utf8')).map((name) => `${path}: ${name}`))
    expect(wrong).toEqual([])
  })

  test('such a file would be found, in a comment alone', () => {
    const [block, line, code] = [
      ['/', '** See `read/lost.ts` and `read/head.ts`. */'].join(''),
      '// As gone.ts does',
      "const a = 'b.ts'",
    ]
    expect(lost(`${block}\n${line}, *.slow.test.ts too\n${code}\n`)).toEqual(['read/lost.ts', 'gone.ts'])
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

  test('no function takes more than four parameters by their places', () => {
    const tooMany: string[] = []
    for (const { path } of files) {
      const text = readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8')
      const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
      const visit = (node: ts.Node): void => {
        // What an SDK takes is its own affair: only what has a body is a function of ours.
        const isOwn = ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
        if (isOwn && node.parameters.length > 4) {
          const name = ts.isConstructorDeclaration(node)
            ? 'constructor'
            : (node.name as ts.Identifier | undefined)?.text
          tooMany.push(`${path} ${name ?? 'a function without a name'}`)
        }
        ts.forEachChild(node, visit)
      }
      visit(source)
    }
    expect(tooMany).toEqual([])
  })

  test('no file is longer than 400 lines, and half of them have at most 130', () => {
    expect(files.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
    expect(structure.median).toBeLessThanOrEqual(130)
  })
})
