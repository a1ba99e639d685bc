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

  test('has exactly one row for each finding code', () => {
    expect(rows('findings.md').sort()).toEqual([...findingCodes].sort())
  })
})
