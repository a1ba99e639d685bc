import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fields } from '../../src/testing/http/fields.js'
import { encodeListed } from '../../src/testing/s3/http/uri.js'

const name = fc.constantFrom(
  'Host',
  'host',
  'X-Amz-Date',
  'x-amz-date',
  'x-amz-meta-a',
  'X-Amz-Meta-B',
  'etag',
  'Expect',
)
const value = fc.string({
  unit: fc.constantFrom(' ', '\t', 'a', 'B', ',', '"', '\u00e9', '\u00a0', '='),
  maxLength: 12,
})
const raw = fc.array(fc.tuple(name, value), { maxLength: 10 })

describe('the header fields of a request', () => {
  it('answer as Headers do, whatever came over the wire', () => {
    fc.assert(
      fc.property(raw, (pairs) => {
        const headers = new Headers()
        for (const [key, text] of pairs) headers.append(key, text)
        for (const fields of [Fields.of(pairs.flat()), Fields.from(headers)]) {
          expect([...fields]).toEqual([...headers])
          expect([...fields.keys()].sort()).toEqual([...headers.keys()])
          for (const [key] of pairs) {
            expect(fields.get(key)).toBe(headers.get(key))
            expect(fields.get(key.toUpperCase())).toBe(headers.get(key))
            expect(fields.has(key)).toBe(true)
          }
          expect(fields.get('absent')).toBeNull()
          expect(fields.has('absent')).toBe(false)
          expect([...Fields.fromText(fields.asText())]).toEqual([...headers])
        }
      }),
    )
  })

  it.each([
    ['a b', 'value'],
    ['', 'value'],
    ['x-amz-meta-a', 'two\r\nlines'],
    ['x-amz-meta-a', 'nul\0'],
  ])('cannot be %j: %j', (key, text) => {
    expect(Fields.of(['host', 'h']).with([[key, text]])).toBeUndefined()
  })

  it('of a request stay as they were when others are added', () => {
    const fields = Fields.of(['host', 'h'])
    expect([...(fields.with([['range', ' bytes=0-1 ']]) ?? [])]).toEqual([
      ['host', 'h'],
      ['range', 'bytes=0-1'],
    ])
    expect(fields.has('range')).toBe(false)
  })
})

it('a listed key is encoded alike with and without characters that are rare', () => {
  const rare = fc.constantFrom(
    'a',
    'Z',
    '9',
    '-',
    '.',
    '_',
    '~',
    '/',
    '=',
    '*',
    ' ',
    '+',
    '%',
    '!',
    "'",
    '(',
    '\u00e9',
    '\u{1f600}',
  )
  fc.assert(
    fc.property(fc.string({ unit: rare }), (key) => {
      const expected = encodeURIComponent(key)
        .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('%20', '+')
        .replaceAll('%2F', '/')
        .replaceAll('~', '%7E')
      expect(encodeListed(key)).toBe(expected)
    }),
  )
})
