import { fromBER, type Integer } from 'asn1js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BerElement, readBer, TimestampError } from '#src/custody/crypto/ber.js'
import { readOctets, readOid } from '#src/custody/crypto/ber-values.js'
import { der, derOf, derOid } from '#src/custody/crypto/der.js'
import { inBer } from './token-builder.js'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Elements of the kinds that a time stamp has, nested in each other. */
const { element } = fc.letrec<{ element: Buffer; inner: Buffer }>((tie) => ({
  element: fc
    .tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa1), fc.array(tie('inner'), { maxLength: 5 }))
    .map(([tag, parts]) => der(tag, ...parts)),
  inner: fc.oneof(
    { maxDepth: 4 },
    fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => der(0x02, bytes)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => der(0x04, bytes)),
    fc.constantFrom('1.2.840.113549.1.7.2', '2.5.29.37', '2.999.3', '0.9.2342').map(derOid),
    fc.uint8Array({ maxLength: 5 }).map((bytes) => der(0x80, bytes)),
    tie('element'),
  ),
}))

/** Tags and contents, as our reader has them. */
function ours(one: BerElement): unknown {
  if (one.tag === 0x24) return [0x04, readOctets(one).toString('hex')]
  return [one.tag, (one.tag & 0x20) === 0 ? one.contents.toString('hex') : one.children.map(ours)]
}

interface Theirs {
  readonly idBlock: { readonly tagClass: number; readonly tagNumber: number; readonly isConstructed: boolean }
  readonly valueBlock: { readonly value?: readonly Theirs[]; readonly valueHexView?: Uint8Array }
  readonly valueBeforeDecodeView: Uint8Array
  readonly lenBlock: { readonly blockLength: number }
}

/** The same of asn1js, which is by other people. */
function theirs(one: Theirs): unknown {
  const { tagClass, tagNumber, isConstructed } = one.idBlock
  const tag = ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber
  const { value = [] } = one.valueBlock
  if (tag === 0x24) return [0x04, value.map(octetsOf).join('')]
  if (isConstructed) return [tag, value.map(theirs)]
  const bytes = one.valueBeforeDecodeView.subarray(1 + one.lenBlock.blockLength)
  return [tag, Buffer.from(bytes).toString('hex')]
}

function octetsOf(one: Theirs): string {
  const { value = [], valueHexView = new Uint8Array() } = one.valueBlock
  return one.idBlock.isConstructed ? value.map(octetsOf).join('') : Buffer.from(valueHexView).toString('hex')
}

describe('BER', () => {
  test('is read as asn1js reads it, in whatever form', () => {
    fc.assert(
      fc.property(element, fc.infiniteStream(fc.nat(1_000)), (bytes, numbers) => {
        const other = inBer(bytes, (bound) => (numbers.next().value as number) % bound)
        for (const form of [bytes, other]) {
          const { offset, result } = fromBER(Uint8Array.from(form), { parseEmbedded: false } as never)
          expect(offset).toBe(form.length)
          expect(ours(readBer(form))).toEqual(theirs(result as unknown as Theirs))
        }
        // And back to the one form of DER.
        expect(derOf(readBer(other))).toEqual(bytes)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['nothing', '', 'a length is missing'],
    ['a tag alone', '30', 'a length is missing'],
    ['a tag without an end', '1f ff ff ff ff ff 00', 'a tag has no end'],
    ['a reserved length', '30 ff 00', 'a length is cut off'],
    ['a length that is cut off', '30 84 00 00', 'a length is cut off'],
    ['a length beyond the end', '30 03 05 00', 'reaches past the end'],
    ['a length beyond any number', `30 ff${'ff'.repeat(126)}`, 'a length is cut off'],
    ['a length of 126 bytes', `04 fe${'ff'.repeat(126)}`, 'reaches past the end'],
    ['a child that is longer than what holds it', '30 02 04 05', 'reaches past the end'],
    ['an indefinite length of a value', '04 80 41 00 00', 'has no length'],
    ['an indefinite length without an end', '30 80 05 00', 'has no end'],
    ['an end where none was begun', '30 04 05 00 00 00', 'where none was begun'],
    ['bytes behind its end', '30 00 05 00', 'bytes follow its end'],
    ['a second end', '30 80 00 00 00 00', 'bytes follow its end'],
  ])('that is %s is refused', (_, text, why) => {
    expect(() => readBer(hex(text))).toThrow(why)
    expect(() => readBer(hex(text))).toThrow(TimestampError)
  })

  test.each([
    ['empty', '06 00'],
    ['cut off', '06 03 2b 81 81'],
    ['with a zero in front of an arc', '06 03 2b 80 01'],
    ['longer than any', `06 7f ${'2b'.repeat(127)}`],
  ])('with an object identifier that is %s is refused', (_, text) => {
    expect(() => readOid(readBer(hex(text)))).toThrow('an object identifier is malformed')
  })

  test('with an octet string in pieces of pieces is put together; one with anything else in it is refused', () => {
    expect(readOctets(readBer(hex('24 80 24 06 04 01 41 04 01 42 04 81 01 43 00 00'))).toString()).toBe('ABC')
    expect(() => readOctets(readBer(hex('24 04 05 00 05 00')))).toThrow('tag 4 was expected, not 5')
  })
})

// Why the reader is our own: what a well-kept library makes of the values on which evidence rests.
describe('asn1js, the best known reader', () => {
  const timeOf = (text: string) => {
    const { result } = fromBER(Uint8Array.from(der(0x18, Buffer.from(text))))
    return (result as unknown as { toDate(): Date }).toDate().toISOString()
  }

  test('makes a time of one that is none, and another time of one without its zone', () => {
    expect(timeOf('20231399999999Z')).toBe('2024-04-12T04:40:39.000Z')
    expect(timeOf('20231020123015')).toMatch(/^2023-10-01T/)
  })

  test('reads an octet string in pieces of pieces as empty, and a number without digits as 0', () => {
    const nested = fromBER(Uint8Array.from(hex('24 08 24 06 04 01 41 04 01 42')))
    expect((nested.result as unknown as { getValue(): ArrayBuffer }).getValue().byteLength).toBe(0)
    const { offset, result } = fromBER(Uint8Array.from(hex('02 00')))
    expect([offset, (result as Integer).valueBlock.valueDec]).toEqual([2, 0])
  })
})
