import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addTag, carriesTag, checkHold, isHoldTag, LegalHoldError, readTagList, removeTag } from '#src/index.js'

const tagCharacters = 'ABCXYZabcxyz0189+-=._:/@'.split('')
const tags = fc
  .array(fc.constantFrom(...tagCharacters), { minLength: 1, maxLength: 128 })
  .map((letters) => letters.join(''))
const forms = fc.constantFrom('metadata' as const, 'object-tag' as const)

describe('a hold tag', () => {
  test.each(['discovery-batch-2023-10', 'a', 'x'.repeat(128), '+-=._:/@'])('may be %s', (tag) => {
    expect(isHoldTag(tag)).toBe(true)
    expect(checkHold({ tag })).toEqual({ tag })
  })

  test.each(['', 'a b', 'a,b', 'x'.repeat(129), 'naïve', 'a\nb', '"', '<b>', 'a;b', undefined, 7])(
    'may not be %j',
    (tag) => {
      let error: unknown
      try {
        checkHold({ tag } as never)
      } catch (thrown) {
        error = thrown
      }
      expect(LegalHoldError.isInstance(error) && error.code).toBe('INVALID_HOLD')
    },
  )
})

describe('a list of tags', () => {
  test('matches whole tags only', () => {
    expect(carriesTag('batch-10', 'batch-1', 'metadata')).toBe(false)
    expect(carriesTag('batch-10, batch-1', 'batch-1', 'metadata')).toBe(true)
    expect(carriesTag('a b', 'b', 'metadata')).toBe(false)
    expect(carriesTag('a b', 'b', 'object-tag')).toBe(true)
  })

  test('keeps what is there byte for byte and in its order when a tag is added', () => {
    fc.assert(
      fc.property(fc.uniqueArray(tags, { minLength: 1, maxLength: 4 }), tags, forms, (present, added, form) => {
        const value = present.join(form === 'metadata' ? ',' : ' ')
        const result = addTag(value, added, form)
        expect(result.startsWith(value)).toBe(true)
        expect(readTagList(result, form)).toEqual(present.includes(added) ? present : [...present, added])
      }),
    )
  })

  test('loses exactly the tag that is removed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(tags, { minLength: 1, maxLength: 4 }), forms, (present, form) => {
        const [removed = '', ...others] = present
        const result = removeTag(present.join(form === 'metadata' ? ',' : ' '), removed, form)
        expect(result === undefined ? [] : readTagList(result, form)).toEqual(others)
      }),
    )
  })

  test('that is blank counts as empty', () => {
    expect(addTag('  ', 'a', 'metadata')).toBe('a')
    expect(addTag(undefined, 'a', 'metadata')).toBe('a')
  })
})
