import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor } from '#src/internal/redaction/redactor.js'

const short = fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 })
  .filter((text) => /^[a-z0-9]+$/i.test(text))

describe('a secret of one to three characters', () => {
  test('is taken out where it stands as a value, and the words around it stay', () => {
    fc.assert(
      fc.property(short, (secret) => {
        const redactor = new Redactor()
        redactor.add(secret)
        for (const [before, behind] of [
          ['"', '"'],
          ["'", "'"],
          ['`', '`'],
          ['=', '&'],
          ['=', ''],
          [': ', '.'],
          [':', ','],
        ]) {
          const text = redactor.redact(`The word ${before}${secret}${behind}`)
          expect(text).toBe(`The word ${before}[redacted]${behind}`)
        }
      }),
    )
  })

  test('is left within a word and in a sentence', () => {
    const redactor = new Redactor()
    redactor.add('a')
    expect(redactor.redact('Genesys Cloud answered with a page, that of "a bank"')).toBe(
      'Genesys Cloud answered with a page, that of "a bank"',
    )
    expect(redactor.redact('{"secret":"a"}')).toBe('{"secret":"[redacted]"}')
  })
})
