import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { errorCodes, errorReasons, findingCodes } from '#src/index.js'

const rows = (file: string) =>
  [...readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').matchAll(/^\| `([^`]+)`\s*\|/gm)].map(
    ([, code]) => code,
  )

describe('the documentation', () => {
  test('has exactly one row for each error code', () => {
    expect(rows('errors.md').sort()).toEqual([...errorCodes].sort())
  })

  test('names each reason of an error', () => {
    const text = ['errors.md', 'repair.md'].map((file) =>
      readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8'),
    )
    expect(errorReasons.filter((reason) => !text.join('').includes(`\`${reason}\``))).toEqual([])
  })

  test.each(['errors.md', 'findings.md'])('says something in every cell of %s', (file) => {
    const table = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').match(/^\|.*\|$/gm) ?? []
    const [header = [], , ...cells] = table.map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    expect(header.filter((name) => name !== 'severity')).toEqual([
      'code',
      expect.stringMatching(/^what (happened|it means)$/),
      'why, mostly',
      'what to do',
    ])
    expect(cells.length).toBeGreaterThan(20)
    expect(cells.filter((row) => row.length !== header.length || row.includes(''))).toEqual([])
  })

  test('names each script of package.json in CONTRIBUTING.md', () => {
    const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const table = (read('CONTRIBUTING.md').match(/^\|.*\|$/gm) ?? []).join('\n')
    const named = new Set([...table.matchAll(/`(?:npm (?:run )?)?([\w:-]+)`/g)].map(([, name]) => name))
    expect(Object.keys(scripts).filter((name) => !named.has(name))).toEqual([])
  })

  test('has exactly one row for each finding code', () => {
    expect(rows('findings.md').sort()).toEqual([...findingCodes].sort())
  })

  test('names each severity that the source gives a finding', () => {
    const documented = new Map(
      [
        ...readFileSync(new URL('../../docs/findings.md', import.meta.url), 'utf8').matchAll(
          /^\| `([^`]+)` \| ([^|]+) \|/gm,
        ),
      ].map(([, code = '', severities = '']) => [code, severities]),
    )
    const src = fileURLToPath(new URL('../../src/', import.meta.url))
    const given = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(`${src}${file}`, 'utf8').matchAll(/code: '([a-z-]+)',\n\s+severity: ([^\n]+)/g),
      ])
      .flatMap(([, code = '', severity = '']) =>
        [...severity.matchAll(/'(\w+)'/g)].map(([, name = '']) => ({ code, severity: name })),
      )
    expect(given.length).toBeGreaterThan(20)
    expect(given.filter(({ code, severity }) => !documented.get(code)?.includes(severity))).toEqual([])
  })
})
