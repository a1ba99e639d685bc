import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Lanes } from '#src/internal/lanes.js'
import { collect, mapWindow, merge } from '#src/internal/streams/streams.js'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i += 1) yield i
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i += 1) await setImmediate()
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

  test('works on a quarter more while some wait beside their lanes, and on no more', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ before: fc.nat({ max: 3 }), beside: fc.nat({ max: 6 }), after: fc.nat({ max: 3 }) }), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 12 }),
        async (items, most) => {
          const lanes = new Lanes({ most, first: most })
          let [underWay, busiest] = [0, 0]
          const results = await collect(
            mapWindow(items.entries(), lanes, async ([at, { before, beside, after }]) => {
              underWay += 1
              busiest = Math.max(busiest, underWay)
              await turns(before)
              await lanes.beside(turns(beside))
              await turns(after)
              underWay -= 1
              return at
            }),
          )
          expect(results.sort((a, b) => a - b)).toEqual([...items.keys()])
          expect(busiest).toBeLessThanOrEqual(most + Math.floor(most / 4))
          expect(lanes.room).toBe(most)
        },
      ),
    )
  })

  test('lets others into the lanes of those that wait beside them', async () => {
    const lanes = new Lanes({ most: 8, first: 8 })
    const begun: number[] = []
    let write = () => {}
    const written = new Promise<void>((resolve) => {
      write = resolve
    })
    const all = collect(
      mapWindow(numbers(40), lanes, async (n) => {
        begun.push(n)
        await lanes.beside(written)
      }),
    )
    await turns(100)
    expect(begun).toHaveLength(10)
    write()
    await all
    expect(begun).toHaveLength(40)
    expect(lanes.room).toBe(8)
  })

  test('a wait beside the lanes that fails is over', async () => {
    const lanes = new Lanes({ most: 8, first: 8 })
    await expect(lanes.beside(Promise.reject(new Error('the disk is full')))).rejects.toThrow('the disk is full')
    expect(lanes.room).toBe(8)
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

describe('a window of work, taken by hand', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom('next', 'next unawaited', 'answered', 'turns'), times: fc.nat({ max: 40 }) }),
    fc.constant({ what: 'refused', times: 1 }),
  )

  test('gives each result once and ends, whatever its consumer, its lanes, its source and its work do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 2 }), { maxLength: 40 }),
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.record({ work: fc.nat({ max: 80 }), source: fc.nat({ max: 80 }) }),
        fc.constantFrom('end', 'return', 'throw'),
        async (items, steps, most, failsAt, ending) => {
          let now = 0
          const lanes = new Lanes({ most, first: 1, clock: { now: () => now, sleep: async () => {} } })
          const counts = { underWay: 0, opened: 0, closed: 0 }
          const begun: number[] = []
          async function* source() {
            counts.opened += 1
            try {
              for (const [at, wait] of items.entries()) {
                await turns(wait)
                if (at === failsAt.source) throw new Error('source')
                yield at
              }
            } finally {
              counts.closed += 1
            }
          }
          const stream = mapWindow(source(), lanes, async (at) => {
            begun.push(at)
            counts.underWay += 1
            await turns(items[at] ?? 0)
            counts.underWay -= 1
            if (at === failsAt.work) throw new Error('work')
            return at
          })
          const given: number[] = []
          const failures: unknown[] = []
          let isDone = false
          const next = async () => {
            try {
              const { done, value } = await stream.next()
              if (done !== true) given.push(value)
              else isDone = true
              if (isDone) expect(counts.underWay).toBe(0)
            } catch (error) {
              expect(counts.underWay).toBe(0)
              failures.push(error)
            }
          }
          const pending: Promise<void>[] = []
          for (const { what, times } of steps) {
            if (what === 'turns') await turns(times % 4)
            for (let i = 0; i < times; i += 1) {
              if (what === 'next' && i < 5) await next()
              else if (what === 'next unawaited' && i < 9) pending.push(next())
              else if (what === 'answered') lanes.answered()
              else if (what === 'refused') lanes.refused(lanes.generation)
            }
            now += times * 20
            lanes.turn()
          }
          if (ending === 'return') expect(await stream.return()).toEqual({ done: true, value: undefined })
          else if (ending === 'throw') await expect(stream.throw(new Error('mine'))).rejects.toThrow('mine')
          else while (!isDone && failures.length === 0) await next()
          await Promise.all(pending)
          expect(await stream.next()).toEqual({ done: true, value: undefined })
          const atEnd = begun.length
          await turns(5)
          expect([counts.underWay, begun.length, counts.closed]).toEqual([0, atEnd, counts.opened])
          expect(new Set(given).size).toBe(given.length)
          expect(failures.length).toBeLessThanOrEqual(1)
          if (ending === 'end' && failures.length === 0) expect(given.sort((a, b) => a - b)).toEqual([...items.keys()])
        },
      ),
      { numRuns: 150 },
    )
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

  // A page is a thousand objects: with those that were taken, a run would grow by each object that it lists.
  test('lets go of what was taken', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const given: WeakRef<object>[] = []
    const pages = async function* () {
      for (let n = 0; n < 200; n += 1) {
        const page = { n }
        given.push(new WeakRef(page))
        yield page
      }
    }
    const merged = merge([pages], 1, 4)
    for (let taken = 0; taken < 150; taken += 1) {
      await merged.next()
      // The source gets ahead again; and what a WeakRef was made of stays until the turn is over.
      await setImmediate()
    }
    collectGarbage()
    expect(given.filter((page) => page.deref() !== undefined).length).toBeLessThan(15)
    await merged.return()
  })
})
