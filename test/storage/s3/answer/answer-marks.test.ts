import { describe, expect, test } from 'vitest'
import { AnswerMarks, type Marks, textOfAnswer } from '#src/storage/s3/answer/marks.js'

const asked = (question: string, marks: Omit<Marks, 'question'>): Marks => ({ question, ...marks })

describe('the marks of answers', () => {
  test('tell an answer that comes again, however many have come between', () => {
    const marks = new AnswerMarks()
    for (let at = 0; at < 1_500; at += 1) {
      expect(marks.meet(asked(`k${at}`, { requestId: `r${at}`, versionId: `v${at}` }))).toBeUndefined()
      marks.believe(`v${at}`, `k${at}`)
    }
    expect(marks.meet(asked('k1500', { requestId: 'r3' }))).toMatchObject({ kind: 'id', mark: 'r3' })
    // Made anew, with an id of its own: no other key has that version.
    const again = marks.meet(asked('k1500', { requestId: 'anew', versionId: 'v7' }))
    expect(again).toMatchObject({ kind: 'version', mark: 'v7' })
    expect(marks.meet(asked('k7', { requestId: 'other', versionId: 'v7' }))).toBeUndefined()
    // Of objects from before there were versions.
    for (const key of ['a', 'b']) expect(marks.meet(asked(key, { requestId: key, versionId: 'null' }))).toBeUndefined()
  })

  test('of an answer that was not believed belong to nobody', () => {
    const marks = new AnswerMarks()
    expect(marks.meet(asked('a', { requestId: 'r1', versionId: 'v' }))).toBeUndefined()
    expect(marks.meet(asked('b', { requestId: 'r2', versionId: 'v' }))).toBeUndefined()
    marks.believe('v', 'b')
    expect(marks.meet(asked('a', { requestId: 'r3', versionId: 'v' }))).toMatchObject({
      kind: 'version',
      formerly: 'b',
    })
  })

  test('do not grow with the number of answers', () => {
    const marks = new AnswerMarks()
    for (let at = 0; at < 5_000; at += 1) marks.meet(asked(`k${at}`, { requestId: `r${at}` }))
    expect(marks.meet(asked('x', { requestId: 'r1' }))).toBeUndefined()
    expect(marks.meet(asked('x', { requestId: 'r4999' }))).toMatchObject({ kind: 'id' })
  })

  test('of a server that gives everybody the same id are given up, and the answers themselves compared', () => {
    const marks = new AnswerMarks()
    const answer = (question: string, text: string) => asked(question, { requestId: 'same', text: () => text })
    expect(marks.meet(answer('a', 'one'))).toBeUndefined()
    const repeated = marks.meet(answer('b', 'two'))
    expect(repeated).toMatchObject({ kind: 'id' })
    // The second reading has it, too.
    if (repeated !== undefined) marks.learn(repeated, answer('b', 'two'))
    expect(marks.haveOwnIds).toBe(false)
    expect(marks.meet(answer('c', 'three'))).toBeUndefined()
    expect(marks.meet(answer('d', 'two'))).toMatchObject({ kind: 'text' })
  })

  test('of a cache tell other answers apart still', () => {
    const marks = new AnswerMarks()
    marks.meet(asked('a', { requestId: 'kept' }))
    const repeated = marks.meet(asked('a', { requestId: 'kept' }))
    expect(repeated).toMatchObject({ kind: 'id' })
    if (repeated !== undefined) marks.learn(repeated, asked('a', { requestId: 'kept' }))
    expect(marks.meet(asked('a', { requestId: 'kept' }))).toBeUndefined()
    expect(marks.meet(asked('b', { requestId: 'kept' }))).toMatchObject({ kind: 'id' })
  })

  test('answers that are alike are asked for again until that has proved to be in vain, or for ever', () => {
    for (const [lies, expected] of [
      [false, undefined],
      [true, 'text'],
    ] as const) {
      const marks = new AnswerMarks()
      const alike = (at: number) => asked(`k${at}`, { text: () => 'alike' })
      marks.meet(alike(0))
      for (let at = 1; at <= 8; at += 1) {
        const repeated = marks.meet(alike(at))
        expect(repeated).toMatchObject({ kind: 'text' })
        const second = lies && at === 4 ? asked(`k${at}`, { text: () => 'other' }) : alike(at)
        if (repeated !== undefined) marks.learn(repeated, second)
      }
      expect(marks.meet(alike(9))?.kind).toBe(expected)
    }
  })

  test('an answer is the same whenever it was given', () => {
    const of = (headers: Record<string, string>) => textOfAnswer(200, headers, '')
    const one = of({ etag: '"x"', date: 'Fri, 20 Oct 2023 12:00:00 GMT', 'x-amz-request-id': '1' })
    expect(of({ 'x-amz-request-id': '2', date: 'Fri, 20 Oct 2023 12:00:01 GMT', etag: '"x"' })).toBe(one)
    expect(of({ etag: '"y"' })).not.toBe(one)
  })
})
