import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorCodes, findingCodes } from '#src/index.js'

const rows = (file: string) =>
  [...readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8').matchAll(/^\| `([^`]+)`\s*\|/gm)].map(
    ([, code]) => code,
  )

describe('the documentation', () => {
  test('has exactly one row for each error code', () => {
    expect(rows('errors.md').sort()).toEqual([...errorCodes].sort())
  })

  test.each(['errors.md', 'findings.md'])('says something in every cell of %s', (file) => {
    const table = readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8').match(/^\|.*\|$/gm) ?? []
    const [header = [], , ...cells] = table.map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    expect(header.length).toBeGreaterThanOrEqual(4)
    expect(cells.filter((row) => row.length !== header.length || row.includes(''))).toEqual([])
  })

  test('has exactly one row for each finding code', () => {
    expect(rows('findings.md').sort()).toEqual([...findingCodes].sort())
  })
})
