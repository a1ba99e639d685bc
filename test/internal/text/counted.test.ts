import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { counted, times, verb } from '#src/internal/text/counted.js'

test('one is singular, and every other number plural', () => {
  expect([0, 1, 2, 1_000].map((count) => counted(count, 'recording'))).toEqual([
    '0 recordings',
    '1 recording',
    '2 recordings',
    '1,000 recordings',
  ])
  expect([0, 1, 2].map((count) => verb(count, 'is', 'are'))).toEqual(['are', 'is', 'are'])
  expect([1, 2, 1_000].map(times)).toEqual(['once', '2 times', '1,000 times'])
})

// What only a contradiction of a record says is of no run, and "1 of 4 recordings" is right whatever the first number is.
const nouns =
  'recordings|conversations|objects|jobs|requests|days|tags|exceptions|findings|shards|repairs|records|sidecars|transcripts|attachments|times'
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
  const files = ['src', 'examples'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name.replaceAll('\\', '/')}`,
    ),
  )
  const found = files
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => !unchecked.test(name))
    .flatMap((name) =>
      readFileSync(root + name, 'utf8')
        .split('\n')
        .map((line) => ({ name, line })),
    )
    .filter(({ line }) => plural.test(line) && !allowed.some((word) => line.includes(word)))
  expect(found.map(({ name, line }) => `${name}: ${line.trim()}`)).toEqual([])
})
