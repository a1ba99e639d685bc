import { describe, expect, test } from 'vitest'
import { ambiguityOf } from './ambiguity.js'
import { expressionsOfSources } from './expressions.js'

const { literals, made } = expressionsOfSources()

describe('regular expressions of the sources', () => {
  test('are found', () => {
    expect(literals.length).toBeGreaterThan(150)
    expect(literals.some(({ place }) => place.startsWith('src/storage/s3/wire/list.ts'))).toBe(true)
  })

  test('take a number of steps that grows with the text, whatever the text is', () => {
    // A text that comes from elsewhere is read character by character (src/internal/text/edges.ts) where one of these fails.
    const slow = literals.flatMap(({ place, source, flags }) => {
      const why = ambiguityOf(source, flags)
      return why === undefined ? [] : [`${place} /${source}/${flags}: ${why}`]
    })
    expect(slow).toEqual([])
  })

  test('are not made of texts, but where those are our own', () => {
    // The names of our own routes, and the region that a test is in.
    expect([...new Set(made)].sort()).toEqual(['src/testing/genesys/routes/routes.ts', 'src/testing/msw.ts'])
  })
})

describe('the judgement of regular expressions', () => {
  test.each([
    ['(a+)+$', ''],
    ['^(a*)*b', ''],
    ['(?:a|a)*b', ''],
    ['^(?:a|ab|b)*c', ''],
    ['^(?:[a-z]+\\s?)*$', ''],
    ['\\s+$', ''],
    ['[ \\t]+$', 'g'],
    ['^[ \\t]+|[ \\t]+$', 'g'],
    ['[.\\s]+$', ''],
    ['a.*b', 's'],
    ['^(.*)(.*)x', ''],
    ['^(.+?)\\.(s3[.-].*amazonaws\\.com)$', ''],
    ['^<([\\w.-]+)[^>]*>', ''],
    ['^\\s*bytes\\s*=\\s*(\\d*)\\s*-\\s*(\\d*)\\s*$', ''],
    ['^\\s*(id)\\s*=\\s*"?([^"]*)"?\\s*$', 'i'],
    ['^(\\w+) ?(\\w+)$', ''],
    ['^.*a{1,200}$', 's'],
    ['(?=.*x)a', ''],
    ['(a)\\1', ''],
  ])('refuses /%s/%s', (source, flags) => {
    expect(ambiguityOf(source, flags)).toEqual(expect.any(String))
  })

  test.each([
    ['^a+$', ''],
    ['a+', 'g'],
    ['\\bclose\\b', 'i'],
    ['^([^/]+)\\/year=(\\d{1,4})\\/', ''],
    ['-----BEGIN-----[^-]+-----END-----', 'g'],
    ['<Key>([^<>&\\s]+)<\\/Key>', 'y'],
    ['&([^;&]*)(;?)', 'g'],
    ['^\\d+(\\.\\d+)?$', ''],
    ['^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$', ''],
    ['(?!Policy)', ''],
  ])('accepts /%s/%s', (source, flags) => {
    expect(ambiguityOf(source, flags)).toBeUndefined()
  })
})
