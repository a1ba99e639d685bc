import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { counted, verb } from '#src/internal/text/counted.js'

test('one is singular, and every other number plural', () => {
  expect([0, 1, 2, 1_000].map((count) => counted(count, 'recording'))).toEqual([
    '0 recordings',
    '1 recording',
    '2 recordings',
    '1,000 recordings',
  ])
  expect([0, 1, 2].map((count) => verb(count, 'is', 'are'))).toEqual(['are', 'is', 'are'])
})

// What only a contradiction of a record says is of no run, and "1 of 4 recordings" is right whatever the first number is.
const nouns = 'recordings|conversations|objects|jobs|requests|days|tags|exceptions|findings'
const unchecked = /^src\/(?:journal\/check|testing)\//
const plural = new RegExp(`\\$\\{(?!counted\\()[^}]*\\} (?:${nouns})\\b`)
const allowed = [
  // Constants above one, and numbers that were compared with one or ten.
  'deletionProtectionCap',
  'jobSlots',
  'jobs.size === 1',
  'tagLimit',
  'S3 allows 10',
]

test('no message puts a number before a plural without looking at it', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const found = files
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((name) => !unchecked.test(name))
    .flatMap((name) =>
      readFileSync(root + name, 'utf8')
        .split('\n')
        .map((line) => ({ name, line })),
    )
    .filter(({ line }) => plural.test(line) && !allowed.some((word) => line.includes(word)))
  expect(found.map(({ name, line }) => `${name}: ${line.trim()}`)).toEqual([])
})
