import type { JournalRecord } from '../../model/record.js'
import type { Journal } from '../../ports/journal.js'
import { allOf, type ConformanceRunner, type ConformanceSubject, onSubject } from './suite.js'

/** An empty journal, as its author provides it to each test. */
export interface JournalConformanceSubject extends ConformanceSubject {
  readonly journal: Journal
  /**
   * The same journal as another process would find it, after this one was closed. Without it the tests of durable
   * state are skipped.
   */
  reopen?(): Promise<Journal>
}

/** Options of {@link journalConformance}. */
export interface JournalConformanceOptions {
  create(): Promise<JournalConformanceSubject>
}

const entry = (data: Readonly<Record<string, unknown>>, type: JournalRecord['type'] = 'verdict') => ({
  type,
  data,
  time: '2023-10-20T12:00:00.000Z',
  runId: 'run-1',
})

/**
 * The contract of every `Journal`: it keeps the order, the numbers, every byte of the data, and the promised
 * durability.
 */
export function journalConformance(runner: ConformanceRunner, options: JournalConformanceOptions): void {
  const { expect } = runner
  const test = onSubject(runner, () => options.create())

  runner.describe('journal conformance', () => {
    test('an empty journal has no records and no head', async ({ journal }) => {
      await journal.open?.()
      expect(await allOf(journal.entries())).toEqual([])
      expect(await journal.head()).toEqual(undefined)
      await journal.close?.()
    })

    test('numbers records from 1 without gaps and returns them as it keeps them', async ({ journal }) => {
      await journal.open?.()
      const first = await journal.append(entry({ at: 1 }, 'run-started'))
      const second = await journal.append(entry({ at: 2 }, 'intent'))
      expect(plain(first)).toEqual({ sequence: 1, ...entry({ at: 1 }, 'run-started') })
      expect(second.sequence).toEqual(2)
      expect((await allOf(journal.entries())).map(plain)).toEqual([plain(first), plain(second)])
      const head = await journal.head()
      expect(head === undefined ? undefined : plain(head)).toEqual(plain(second))
      await journal.close?.()
    })

    test('keeps the order in which records were handed to it side by side', async ({ journal }) => {
      await journal.open?.()
      const numbers = Array.from({ length: 100 }, (_, at) => at)
      const written = await Promise.all(numbers.map((at) => journal.append(entry({ at }), { buffered: at % 3 === 0 })))
      expect(written.map(({ sequence }) => sequence)).toEqual(numbers.map((at) => at + 1))
      await journal.close?.()
      expect((await allOf(journal.entries())).map(({ data }) => data.at)).toEqual(numbers)
    })

    test('takes the data at once: what its author changes later changes nothing', async ({ journal }) => {
      await journal.open?.()
      const data = { list: [1], text: 'before' }
      const appending = journal.append(entry(data))
      data.list.push(2)
      data.text = 'after'
      await appending
      expect((await allOf(journal.entries())).map((record) => record.data)).toEqual([{ list: [1], text: 'before' }])
      await journal.close?.()
    })

    test('keeps what JSON can say, hostile keys and texts included', async ({ journal }) => {
      await journal.open?.()
      const data = JSON.parse(
        '{"key":"a\\n\\u2028\\u0000b\\ud83d\\ude00 ü","__proto__":{"polluted":true},"nested":{"n":[null,1.5,-0,1e21,""]}}',
      )
      await journal.append(entry(data))
      await journal.close?.()
      const [record] = await allOf(journal.entries())
      expect(JSON.stringify(record?.data)).toEqual(JSON.stringify(data))
      expect(Object.hasOwn({}, 'polluted')).toEqual(false)
    })

    test('is closed twice, or before anything was written, and continues when it is written again', async ({
      journal,
    }) => {
      await journal.close?.()
      await journal.open?.()
      await journal.append(entry({ at: 1 }))
      await journal.close?.()
      await journal.close?.()
      expect((await journal.append(entry({ at: 2 }))).sequence).toEqual(2)
      await journal.close?.()
      expect((await allOf(journal.entries())).map(({ data }) => data.at)).toEqual([1, 2])
    })

    test('its lines are its records, one each', async ({ journal }) => {
      if (journal.lines === undefined) return
      await journal.open?.()
      for (const at of [1, 2, 3]) await journal.append(entry({ at, text: 'ü\n' }))
      await journal.close?.()
      const lines = (await allOf(journal.lines())).map((line) => new TextDecoder().decode(line))
      expect(lines.some((line) => line.includes('\n'))).toEqual(false)
      expect(lines.map((line) => JSON.parse(line))).toEqual((await allOf(journal.entries())).map(plain))
    })

    test('what was written outlives the process, buffered records too once it was closed', async (subject) => {
      if (subject.reopen === undefined) return
      const { journal } = subject
      await journal.open?.()
      await journal.append(entry({ at: 1 }))
      await journal.append(entry({ at: 2 }), { buffered: true })
      await journal.close?.()
      const again = await subject.reopen()
      await again.open?.()
      expect((await allOf(again.entries())).map(({ sequence, data }) => [sequence, data.at])).toEqual([
        [1, 1],
        [2, 2],
      ])
      expect((await again.append(entry({ at: 3 }))).sequence).toEqual(3)
      await again.close?.()
    })
  })
}

function plain({ sequence, type, time, runId, data }: JournalRecord): object {
  return { sequence, type, data, time, runId }
}
