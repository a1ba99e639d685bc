import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Turns, turnsOf } from '#src/internal/turns.js'

describe('turns', () => {
  test('let the work of one key go one after the other, in order, and that of different keys side by side', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), steps: fc.nat(4), fails: fc.boolean() }), {
          maxLength: 20,
        }),
        async (pieces) => {
          const turns = new Turns()
          const underWay = new Map<string, number>()
          const began: number[] = []
          const ends = await Promise.allSettled(
            pieces.map(({ key, steps, fails }, at) =>
              turns.take(key, async () => {
                expect(underWay.get(key) ?? 0).toBe(0)
                underWay.set(key, 1)
                began.push(at)
                for (let step = 0; step < steps; step += 1) await Promise.resolve()
                underWay.set(key, 0)
                if (fails) throw new Error(`${at}`)
                return at
              }),
            ),
          )
          expect(ends.map(({ status }) => status)).toEqual(
            pieces.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
          )
          for (const key of ['a', 'b', 'c']) {
            const ofKey = began.filter((at) => pieces[at]?.key === key)
            expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
          }
          expect(turns.busy).toBe(0)
        },
      ),
    )
  })

  test('work of another key does not wait', async () => {
    const turns = new Turns()
    let end = () => {}
    const first = turns.take('a', () => new Promise<void>((resolve) => (end = resolve)))
    expect(await turns.take('b', async () => 'done')).toBe('done')
    expect(turns.busy).toBe(1)
    end()
    await first
    expect(turns.busy).toBe(0)
  })

  test('are the same for all who share a storage', () => {
    const [one, other] = [{}, {}]
    expect(turnsOf(one)).toBe(turnsOf(one))
    expect(turnsOf(one)).not.toBe(turnsOf(other))
  })
})
