import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import { ObjectJournal } from '#src/scale/journal/object-journal.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import type { ShardStore } from '#src/scale/ports/shard-store.js'
import { SimulatedClock } from '#src/testing/index.js'

const prefix = 'runs/r/journal/'
const entry = (n: number) => ({
  time: '2024-01-01T00:00:00.000Z',
  runId: 'r',
  type: 'finding' as const,
  data: { n, text: 'ü\n"' },
})
const numbers = async (journal: ObjectJournal) => (await collect(journal.entries())).map(({ data }) => data.n)
const codeOf = (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error))

/** A store that fails as it is told: before the work, or after it. */
class FrailStore implements ShardStore {
  readonly inner = new MemoryShardStore()
  faults: ('none' | 'before' | 'after' | 'says-false')[] = []

  async create(key: string, content: Uint8Array): Promise<boolean> {
    const fault = this.faults.shift() ?? 'none'
    if (fault === 'before') throw new Error('no connection')
    const created = await this.inner.create(key, content)
    if (fault === 'after') throw new Error('the answer was lost')
    return fault === 'says-false' ? false : created
  }

  read(key: string) {
    return this.inner.read(key)
  }

  list(from: string) {
    return this.inner.list(from)
  }
}

function world(options: { readonly leaseMs?: number; readonly deadlineMs?: number } = {}) {
  const clock = new SimulatedClock()
  const store = new FrailStore()
  const journal = () => new ObjectJournal({ store, prefix, clock, flushIntervalMs: 1, ...options })
  return { clock, store, journal }
}

describe('a journal in a store', () => {
  test('records come back in their order, with their sequences', async () => {
    const { journal } = world()
    const first = journal()
    await Promise.all([1, 2, 3].map((n) => first.append(entry(n), { buffered: n !== 3 })))
    await first.close()
    const second = journal()
    expect((await second.append(entry(4))).sequence).toBe(4)
    expect(await numbers(second)).toEqual([1, 2, 3, 4])
    expect((await second.head())?.sequence).toBe(4)
  })

  test('what arrives while a segment is on its way is one segment', async () => {
    const { store, journal } = world()
    const one = journal()
    await Promise.all(Array.from({ length: 200 }, (_, n) => one.append(entry(n))))
    // The claim, and few groups.
    expect(store.inner.size).toBeLessThanOrEqual(4)
    expect(await numbers(one)).toHaveLength(200)
  })

  test('nothing is lost or doubled by answers that are lost', async () => {
    const fault = fc.constantFrom('none' as const, 'before' as const, 'after' as const, 'says-false' as const)
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 12 }), fc.integer({ min: 1, max: 8 }), async (faults, count) => {
        const { store, journal } = world()
        // Five of the same in a row are an outage.
        store.faults = faults.flatMap((one) => [one, 'none' as const])
        const one = journal()
        for (let n = 1; n <= count; n += 1) await one.append(entry(n))
        await one.close()
        expect(await numbers(journal())).toEqual(Array.from({ length: count }, (_, at) => at + 1))
      }),
      { numRuns: 60 },
    )
  })

  test('a store that is away for good ends the journal, and nothing is written after that', async () => {
    const { store, journal } = world()
    const one = journal()
    await one.append(entry(1))
    store.faults = Array.from({ length: 9 }, () => 'before')
    expect(codeOf(await one.append(entry(2)).catch((error) => error))).toBe('JOURNAL_UNWRITABLE')
    store.faults = []
    expect(codeOf(await one.append(entry(3)).catch((error) => error))).toBe('JOURNAL_UNWRITABLE')
    await one.close().catch(() => {})
    expect(await numbers(journal())).toEqual([1])
  })
})

describe('one owner at a time', () => {
  test('nobody takes over before the deadline of the owner', async () => {
    const { clock, journal, store } = world({ deadlineMs: Date.parse('2023-10-20T12:15:00Z') })
    const owner = journal()
    await owner.append(entry(1))
    const other = new ObjectJournal({ store, prefix, clock, deadlineMs: Date.parse('2023-10-20T12:45:00Z') })
    expect(codeOf(await other.open().catch((error) => error))).toBe('JOURNAL_LOCKED')
    clock.advance(15 * 60_000)
    // Their clocks may differ.
    expect(codeOf(await other.open().catch((error) => error))).toBe('JOURNAL_LOCKED')
    clock.advance(5_001)
    await other.open()
  })

  test('who is refused is told in how many seconds to repeat, and is not refused then', async () => {
    const { clock, journal } = world({})
    await journal().append(entry(1))
    clock.advance(18_250)
    const error = await journal()
      .open()
      .catch((failure) => failure)
    // A minute after the last claim, and 5 s for clocks that differ.
    expect(error).toMatchObject({ code: 'JOURNAL_LOCKED', retryAfterMs: 46_750, retryable: false })
    expect(error.message).toContain('until 2023-10-20T12:01:00.000Z')
    expect(error.message).toContain('repeat in 47 s')
    clock.advance(error.retryAfterMs - 1)
    expect(
      codeOf(
        await journal()
          .open()
          .catch((failure) => failure),
      ),
    ).toBe('JOURNAL_LOCKED')
    clock.advance(1)
    await journal().open()
  })

  test('nobody claims a journal once his own deadline is over', async () => {
    const { clock, journal, store } = world({ deadlineMs: Date.parse('2023-10-20T12:15:00Z') })
    clock.advance(15 * 60_000)
    expect(
      codeOf(
        await journal()
          .open()
          .catch((error) => error),
      ),
    ).toBe('TIMEOUT')
    expect(await collect(store.list(''))).toEqual([])
  })

  test('who let go need not be waited for', async () => {
    const { journal } = world()
    const owner = journal()
    await owner.append(entry(1))
    await owner.close()
    await journal().open()
  })

  test('an owner that was frozen past its deadline finds its journal taken, and writes nothing any more', async () => {
    const { clock, journal } = world()
    const frozen = journal()
    await frozen.append(entry(1))
    clock.advance(120_000)
    const heir = journal()
    await heir.append(entry(2))
    expect(codeOf(await frozen.requireOwnership().catch((error) => error))).toBe('JOURNAL_LOCKED')
    expect(codeOf(await frozen.append(entry(3)).catch((error) => error))).toBe('JOURNAL_LOCKED')
    await frozen.close().catch(() => {})
    await heir.append(entry(4))
    expect(await numbers(journal())).toEqual([1, 2, 4])
  })

  test('a claim that is about to end is renewed before a change', async () => {
    const { clock, journal } = world()
    const owner = journal()
    await owner.append(entry(1))
    clock.advance(59_000)
    await owner.requireOwnership()
    clock.advance(30_000)
    expect(
      codeOf(
        await journal()
          .open()
          .catch((error) => error),
      ),
    ).toBe('JOURNAL_LOCKED')
  })

  test('a deadline from outside is not moved', async () => {
    const { clock, journal } = world({ deadlineMs: Date.parse('2023-10-20T12:15:00Z') })
    const owner = journal()
    await owner.append(entry(1))
    await owner.requireOwnership(60_000)
    clock.advance(14 * 60_000 + 1)
    expect(codeOf(await owner.requireOwnership(60_000).catch((error) => error))).toBe('TIMEOUT')
  })

  test('of two that open it at once, one is refused', async () => {
    const { journal } = world()
    const opened = await Promise.allSettled([journal().open(), journal().open(), journal().open()])
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('whatever two writers do in whatever order, the records are those that either was told of', async () => {
    const step = fc.record({ who: fc.nat(1), advanceMs: fc.constantFrom(0, 0, 0, 70_000) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { clock, journal } = world()
        const writers = [journal(), journal()]
        const told: number[] = []
        for (const [n, { who, advanceMs }] of steps.entries()) {
          clock.advance(advanceMs)
          const written = await writers[who]?.append(entry(n)).catch(() => undefined)
          if (written === undefined) {
            await writers[who]?.close().catch(() => {})
            continue
          }
          told.push(n)
        }
        expect(await numbers(journal())).toEqual(told)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a journal that somebody changed', () => {
  async function damaged(change: (key: string, content: Uint8Array) => Uint8Array | undefined) {
    const { store, journal } = world()
    const one = journal()
    for (let n = 1; n <= 4; n += 1) await one.append(entry(n))
    await one.close()
    const copy = new MemoryShardStore()
    for await (const key of store.inner.list(prefix)) {
      const content = change(key, (await store.inner.read(key)) as Uint8Array)
      if (content !== undefined) await copy.create(key, content)
    }
    return numbers(new ObjectJournal({ store: copy, prefix })).catch(codeOf)
  }
  const at = (number: number) => `${prefix}${String(number).padStart(10, '0')}.jsonl`

  test.each([
    ['a segment that is missing', (key: string, content: Uint8Array) => (key === at(2) ? undefined : content)],
    [
      'a record that is another',
      (key: string, content: Uint8Array) =>
        key === at(3) ? Buffer.from(Buffer.from(content).toString().replace('"n":2', '"n":7')) : content,
    ],
    ['a segment that was cut', (key: string, content: Uint8Array) => (key === at(3) ? content.slice(0, -9) : content)],
  ])('%s is told apart', async (_, change) => {
    expect(await damaged(change)).toBe('JOURNAL_CORRUPT')
  })

  test('as it was it is read', async () => {
    expect(await damaged((_, content) => content)).toEqual([1, 2, 3, 4])
  })
})
