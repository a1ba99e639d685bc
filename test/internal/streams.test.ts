import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect, mapWindow, merge } from '#src/internal/streams.js'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i += 1) yield i
}

describe('mapWindow', () => {
  test('works on everything once, with at most the window under way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 }), async (count, window) => {
        let underWay = 0
        let most = 0
        const results = await collect(
          mapWindow(numbers(count), window, async (n) => {
            underWay += 1
            most = Math.max(most, underWay)
            await setImmediate()
            underWay -= 1
            return n
          }),
        )
        expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
        expect(most).toBeLessThanOrEqual(window)
        if (count >= window * 2) expect(most).toBe(window)
      }),
      { numRuns: 40 },
    )
  })

  test('drains what is under way before it rejects', async () => {
    let finished = 0
    const stream = mapWindow(numbers(10), 4, async (n) => {
      if (n === 0) throw new Error('first')
      await setImmediate()
      await setImmediate()
      finished += 1
      return n
    })
    await expect(collect(stream)).rejects.toThrow('first')
    const atRejection = finished
    await setImmediate()
    await setImmediate()
    await setImmediate()
    expect(finished).toBe(atRejection)
  })

  test('does not read ahead of a consumer that stands still', async () => {
    let taken = 0
    async function* source() {
      for (;;) {
        taken += 1
        yield taken
      }
    }
    const stream = mapWindow(source(), 3, async (n) => n)
    await stream.next()
    for (let i = 0; i < 50; i += 1) await setImmediate()
    expect(taken).toBeLessThanOrEqual(3 + 3 + 3)
    await stream.return()
  })

  test('ends when it is left while work is under way and the source is at its end', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const leaving = (async () => {
      for await (const n of mapWindow(numbers(2), 2, async (n) => (n === 0 ? n : held.then(() => n)))) {
        if (n === 0) break
      }
    })()
    await setImmediate()
    await setImmediate()
    release()
    await leaving
  })

  test('passes an error of the source on', async () => {
    async function* source() {
      yield 1
      throw new Error('source')
    }
    await expect(collect(mapWindow(source(), 2, async (n) => n))).rejects.toThrow('source')
  })
})

describe('merge', () => {
  test('yields everything of every source, reading at most so many side by side', async () => {
    let open = 0
    let most = 0
    const sources = Array.from(
      { length: 12 },
      (_, s) =>
        async function* () {
          open += 1
          most = Math.max(most, open)
          for (let i = 0; i < 5; i += 1) {
            await setImmediate()
            yield s * 5 + i
          }
          open -= 1
        },
    )
    const all = await collect(merge(sources, 3))
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    expect(most).toBe(3)
  })

  test('closes its sources when it is left early', async () => {
    let closed = 0
    const source = async function* () {
      try {
        for (;;) {
          await setImmediate()
          yield 1
        }
      } finally {
        closed += 1
      }
    }
    for await (const _ of merge([source, source], 2)) break
    expect(closed).toBe(2)
  })
})
