import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IdIndex } from '#src/internal/tables/id-index.js'

const almostUuids = fc
  .tuple(fc.uuid(), fc.constantFrom('same', 'upper', 'cut', 'dashless', 'letter'))
  .map(([id, change]) => {
    if (change === 'upper') return id.toUpperCase()
    if (change === 'cut') return id.slice(1)
    if (change === 'dashless') return id.replaceAll('-', 'a')
    return change === 'letter' ? `g${id.slice(1)}` : id
  })

describe('an index of ids', () => {
  test('numbers distinct ids in their order, gives each back as it was, and knows no other', () => {
    const ids = fc.oneof(fc.uuid(), almostUuids, fc.string(), fc.constant('__proto__'))
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 60 }), fc.array(ids, { maxLength: 20 }), (added, asked) => {
        const index = new IdIndex()
        const model: string[] = []
        for (const id of [...added, ...added]) {
          const row = index.add(id)
          if (!model.includes(id)) model.push(id)
          expect(row).toBe(model.indexOf(id))
          expect(index.idAt(row)).toBe(id)
        }
        expect(index.size).toBe(model.length)
        for (const id of asked) expect(index.find(id)).toBe(model.indexOf(id))
      }),
    )
  })

  test('stays exact while it grows, even where ids differ in one digit only', () => {
    const index = new IdIndex()
    const id = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
    const numbers = Array.from({ length: 50_000 }, (_, number) => number)
    expect(numbers.filter((number) => index.add(id(number)) !== number)).toEqual([])
    expect(numbers.filter((number) => index.find(id(number)) !== number)).toEqual([])
    expect(numbers.filter((number) => index.idAt(number) !== id(number))).toEqual([])
    expect(numbers.filter((number) => index.find(id(number + 50_000)) !== -1)).toEqual([])
  })
})
