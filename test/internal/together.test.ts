import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { together } from '#src/internal/together.js'
import { allOf } from '#src/internal/waits/pending.js'

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

describe('together', () => {
  test('answers in the order of the questions', async () => {
    const [a, b] = await together(
      undefined,
      async () => {
        await new Promise(setImmediate)
        return 1
      },
      async () => 'b',
    )
    expect([a, b]).toEqual([1, 'b'])
  })

  test('stops the others when one fails, and waits for them before it rejects', async () => {
    let ended = 0
    const other = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => {})
      await new Promise(setImmediate)
      ended += 1
    }
    const failing = async () => {
      throw new Error('no such bucket')
    }
    await expect(together(undefined, other, failing, other)).rejects.toThrow('no such bucket')
    expect(ended).toBe(2)
  })

  test('waits for the others where one throws at once, or gives a promise of another kind', async () => {
    let ended = 0
    const other = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => {})
      ended += 1
    }
    const throwing = (): Promise<never> => {
      throw new Error('no such bucket')
    }
    await expect(together(undefined, other, throwing)).rejects.toThrow('no such bucket')
    expect(ended).toBe(1)
    // biome-ignore lint/suspicious/noThenProperty: what some libraries give instead of a promise
    const thenable = { then: (resolve: (value: string) => void) => resolve('b') } as unknown as Promise<string>
    expect(
      await together(
        undefined,
        async () => 1,
        () => thenable,
      ),
    ).toEqual([1, 'b'])
  })

  test('passes the caller’s abort on', async () => {
    const controller = new AbortController()
    const asking = together(controller.signal, untilAborted)
    controller.abort(new Error('court adjourned'))
    await expect(asking).rejects.toThrow('court adjourned')
  })

  test('asks again under the same caller, and stops again', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const signals: AbortSignal[] = []
    const note = async (own: AbortSignal) => void signals.push(own)
    await together(signal, note)
    await together(signal, note)
    expect(signals[1]).toBe(signals[0])
    const failing = async (own: AbortSignal) => {
      signals.push(own)
      throw new Error('no such bucket')
    }
    await expect(together(signal, failing)).rejects.toThrow('no such bucket')
    expect(signals[2]?.aborted).toBe(true)
    await together(signal, note)
    expect(signals[3]?.aborted).toBe(false)
    const asking = together(signal, untilAborted, untilAborted)
    controller.abort(new Error('court adjourned'))
    await expect(asking).rejects.toThrow('court adjourned')
    await expect(together(signal, untilAborted)).rejects.toThrow('court adjourned')
  })
})

describe('allOf', () => {
  const soon = async <T>(value: T) => value

  test('is at hand where all is', () => {
    expect(allOf([1, undefined, 'b'])).toEqual([1, undefined, 'b'])
  })

  test.each([
    ['one that comes', [1, soon(2), 3]],
    ['several', [soon(1), 2, soon(3)]],
    ['a promise that is no instance of the global one', [1, runInNewContext('Promise.resolve(2)'), 3]],
  ])('waits for %s', async (_, values) => {
    expect(await allOf(values)).toEqual([1, 2, 3])
  })

  test('rejects with what came first, and leaves no other rejection behind', async () => {
    const failing = async (why: string) => {
      throw new Error(why)
    }
    await expect(async () => allOf([failing('one'), 2, failing('other')])).rejects.toThrow('one')
  })
})
