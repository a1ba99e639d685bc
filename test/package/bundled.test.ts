import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundledPackages, noticesOf, packagesIn } from '../../scripts/bundled-packages.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dist = join(root, 'dist')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const bundled = bundledPackages(dist)
const production = ['index', 'genesys', 's3', 'node', 'opentelemetry', 'scale', 'scale-aws', 'cli']
const testing = ['testing', 'testing-msw', 'testing-vitest', 'testing-jest']

/** The command is run, and never required. */
const filesOf = (name: string) => (name === 'cli' ? ['cli.js'] : [`${name}.js`, `${name}.cjs`])

const textOf = (file: string) => readFileSync(join(dist, file), 'utf8').replace(/^ *(\*|\/\/|\/\*).*$/gm, '')

/** The files that are in memory once an entry was imported. */
function loadedBy(entry: string): ReadonlySet<string> {
  const files = new Set([entry])
  for (const file of files) {
    // The build of an `import()` for CommonJS is a `require` within a `then`.
    const text = textOf(file).replace(/\bimport\(|\.then\(\(\) => .*$/gm, '')
    for (const [, from = ''] of text.matchAll(/(?:from|import|require)\s*\(?\s*["'](\.[^"'\n]+)["']/g)) {
      files.add(join(dirname(file), from))
    }
  }
  return files
}

/** Every file that an entry of the build loads at once or later, and every package that these files name. */
function reach(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set([entry])
  const packages = new Set<string>()
  for (const file of files) {
    const text = textOf(file)
    for (const [, from = ''] of text.matchAll(/(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']/g)) {
      if (from.startsWith('.')) files.add(join(dirname(file), from))
      else packages.add(from)
    }
  }
  return { files, packages }
}

const isNode = (name: string) => name.startsWith('node:') || builtinModules.includes(name)
const xml = 'fast-xml-parser'

describe('the XML parser of the S3 simulator', () => {
  test('is installed by nobody', () => {
    const { dependencies, peerDependencies, devDependencies } = manifest
    expect({ ...dependencies, ...peerDependencies }).not.toHaveProperty(xml)
    expect(devDependencies).toHaveProperty(xml)
  })

  test.each(production.flatMap(filesOf))('is nowhere in what %s loads', (entry) => {
    const { files, packages } = reach(entry)
    expect(files.size).toBeGreaterThan(1)
    expect([...files].filter((file) => bundled.get(file)?.has(xml))).toEqual([])
    expect([...packages].filter((name) => name.startsWith(xml))).toEqual([])
  })

  test.each(['testing.js', 'testing.cjs'])('is inside what %s loads, and imported by none of it', (entry) => {
    const { files, packages } = reach(entry)
    expect([...files].some((file) => bundled.get(file)?.has(xml))).toBe(true)
    expect([...packages].filter((name) => name.startsWith(xml))).toEqual([])
  })
})

describe('the code that reads time stamps', () => {
  const holdsIt = (file: string) =>
    /^\/\/ src\/custody\/crypto\/timestamp\/(token|signed-data|certificates|tst-info)\.ts$/m.test(
      readFileSync(join(dist, file), 'utf8'),
    )

  test.each([...production, ...testing].flatMap(filesOf))('is not loaded by importing %s', (entry) => {
    expect([...loadedBy(entry)].filter(holdsIt)).toEqual([])
  })

  test.each(['node.js', 'node.cjs'])('is loaded by %s when it is needed', (entry) => {
    expect([...reach(entry).files].filter(holdsIt).length).toBeGreaterThan(0)
  })

  test('is in no module that requiring ./node brings into memory', () => {
    const code = `require(${JSON.stringify(join(dist, 'node.cjs'))}); console.log(JSON.stringify(Object.keys(require.cache)))`
    const loaded: string[] = JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }))
    const own = loaded.filter((path) => path.startsWith(dist)).map((path) => relative(dist, path))
    expect(own).toContain('node.cjs')
    expect(own.filter(holdsIt)).toEqual([])
  })
})

describe('the build', () => {
  test.each(['js', 'cjs'])('imports only what an installation brings: .%s', (form) => {
    const all = [...production, ...testing].flatMap(filesOf)
    const entries = all.filter((file) => file.endsWith(`.${form}`))
    const known = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const named = new Set(entries.flatMap((entry) => [...reach(entry).packages]).filter((name) => !isNode(name)))
    const strange = [...named].filter((name) => !known.some((one) => name === one || name.startsWith(`${one}/`)))
    // Words of messages and of examples in comments that stand in quotes after `from` are none of a package.
    expect(strange.filter((name) => /^(@[\w-]+\/)?[\w.-]+(\/[\w.-]+)*$/.test(name))).toEqual([])
  })

  test('has the licence of each package of which it contains code in what is packed', () => {
    expect(manifest.files).toContain('THIRD-PARTY-NOTICES.md')
    expect(readFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), 'utf8')).toBe(noticesOf(root))
  })

  test('names each package by its comments, in a scope too', () => {
    const text =
      '// node_modules/@a/b.c/index.js\nx\n  // node_modules/d/e.js\n// src/node_modules/f/g.js\n"use strict";// node_modules/h/i.js'
    expect([...packagesIn(text)]).toEqual(['@a/b.c', 'd', 'h'])
  })
})
