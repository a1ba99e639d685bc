import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import type { Journal } from '#src/ports/journal.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

/** A journal that writes no intent before it is told to. */
class SlowJournal extends MemoryJournal {
  intents = 0
  write: () => void = () => {}
  readonly #told = new Promise<void>((resolve) => {
    this.write = resolve
  })

  override async append(record: Parameters<Journal['append']>[0]) {
    if (record.type === 'intent') {
      this.intents += 1
      await this.#told
    }
    return super.append(record)
  }
}

async function intentsOf(concurrency: number): Promise<{ waiting: number; copies: number }> {
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  const keys = Array.from({ length: 40 }, (_, n) => `o/${n}`)
  for (const key of keys) storage.put(key, { body: 'x' })
  const journal = new SlowJournal()
  const platform = new FakePlatform()
  const exporter = new LegalHoldExporter({ platform, storage, hold: { tag: 'm1' }, clock, journal, concurrency })
  const repairs = collect(exporter.remediate(keys))
  await vi.waitFor(() => expect(journal.intents).toBeGreaterThan(0), { timeout: 10_000, interval: 1 })
  for (let turn = 0; turn < 300; turn += 1) await setImmediate()
  const waiting = journal.intents
  const copies = keys.filter((key) => storage.versions(key).length > 1).length
  journal.write()
  expect((await repairs).map(({ outcome }) => outcome)).toEqual(keys.map(() => 'repaired'))
  return { waiting, copies }
}

test.each([
  [1, 1],
  [3, 3],
  [4, 5],
  [8, 10],
])(
  'with a concurrency of %i, %i objects wait for the disk, and none is changed before',
  async (concurrency, waiting) => {
    expect(await intentsOf(concurrency)).toEqual({ waiting, copies: 0 })
  },
)
