import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MarkedTexts } from '#src/internal/tables/marked-texts.js'
import { SeenSet } from '#src/internal/tables/seen.js'

test('every text keeps its marks, and no other has them', () => {
  const step = fc.record({ text: fc.nat({ max: 3_000 }), marks: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4_000, size: 'max' }), (steps) => {
      const texts = new MarkedTexts()
      const model = new Map<string, number>()
      for (const { text, marks } of steps) {
        const key = `org/conversation_id=${text}/\u00e9${text}.opus`
        const former = model.get(key) ?? 0
        expect(texts.mark(key, marks)).toBe(former)
        if ((former | marks) !== 0) model.set(key, former | marks)
      }
      expect(texts.size).toBe(model.size)
      for (const [key, marks] of model) expect(texts.marksOf(key)).toBe(marks)
      expect(texts.marksOf('org/conversation_id=3001/\u00e93001.opus')).toBe(0)
    }),
    { numRuns: 20 },
  )
})

test('a hundred thousand texts are found again, and a hundred thousand others are not', () => {
  const seen = new SeenSet()
  const keys = (from: number) =>
    Array.from({ length: 100_000 }, (_, n) => `year=2023/conversation_id=${from + n}/a.opus`)
  expect(keys(0).every((key) => seen.add(key))).toBe(true)
  expect(keys(0).some((key) => seen.add(key))).toBe(false)
  expect(keys(0).every((key) => seen.has(key))).toBe(true)
  expect(keys(100_000).some((key) => seen.has(key))).toBe(false)
  expect(seen.size).toBe(100_000)
})
