import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvReader, csvRow, parseCsv } from '#src/internal/text/csv.js'

const field = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', ' '), maxLength: 8 }),
)
const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { maxLength: 8 })

describe('CSV', () => {
  test('what was written is read again, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(40), { maxLength: 6 }), (written, cuts) => {
        const text = written.map(csvRow).join('')
        const reader = new CsvReader()
        const read: string[][] = []
        let from = 0
        for (const cut of [...cuts.map((at) => at % (text.length + 1))].sort((a, b) => a - b)) {
          read.push(...reader.push(text.slice(from, cut)))
          from = cut
        }
        read.push(...reader.push(text.slice(from)))
        expect(reader.end()).toBeUndefined()
        expect(read).toEqual(written)
        expect(parseCsv(text)).toEqual(written)
      }),
    )
  })

  test.each<[string, string[][] | undefined]>([
    ['', []],
    ['\n\n', []],
    ['a', [['a']]],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a,,\n', [['a', '', '']]],
    ['""\n', [['']]],
    ['"a\r\nb",c', [['a\r\nb', 'c']]],
    ['"a""b"\n', [['a"b']]],
    ['a"b,c\n', [['a"b', 'c']]],
    ['"a', undefined],
    ['a,"b\nc\n', undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(parseCsv(text)).toEqual(expected)
  })
})
