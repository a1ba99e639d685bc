import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundledPackages, noticesOf, packagesIn } from '../../scripts/bundled-packages.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dist = join(root, 'dist')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const bundled = bundledPackages(dist)
const production = ['index', 'genesys', 's3', 'node', 'opentelemetry', 'cli']

/** Every file that an entry of the build loads at once or later, and every package that these files name. */
function reach(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set([entry])
  const packages = new Set<string>()
  for (const file of files) {
    const text = readFileSync(join(dist, file), 'utf8').replace(/^ *(\*|\/\/|\/\*).*$/gm, '')
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

  test.each(production.flatMap((name) => [`${name}.js`, `${name}.cjs`]))('is nowhere in what %s loads', (entry) => {
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

describe('the build', () => {
  test.each(['js', 'cjs'])('imports only what an installation brings: .%s', (form) => {
    const entries = [...production, 'testing', 'testing-msw'].map((name) => `${name}.${form}`)
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
    const text = '// node_modules/@a/b.c/index.js\nx\n  // node_modules/d/e.js\n// src/node_modules/f/g.js'
    expect([...packagesIn(text)]).toEqual(['@a/b.c', 'd'])
  })
})
