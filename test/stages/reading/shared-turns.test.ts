import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import { turnsOf } from '#src/internal/turns.js'
import { shardStorage } from '#src/scale/worker/shard-storage.js'
import { withDeletedKeys } from '#src/stages/discover/deleted.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

test('a key has one repair at a time, also where one exporter repairs all versions', async () => {
  const clock = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock })
  for (const key of ['o/0', 'o/1']) storage.put(key, { body: 'x' })
  const remediation = { versions: 'all' } as const
  const options = { platform: new FakePlatform(), storage, hold: { tag: 'm1' }, clock, remediation } as const
  const exporter = new LegalHoldExporter(options)
  const turns = turnsOf(storage)
  // What a first repair loads takes longer than a repair.
  await collect(exporter.remediate(['o/0']))
  await turns.enter('o/1')
  let isDone = false
  const repairs = collect(exporter.remediate(['o/1'])).finally(() => {
    isDone = true
  })
  await setTimeout(100)
  expect([isDone, storage.versions('o/1').length]).toEqual([false, 1])
  turns.leave('o/1')
  expect(await repairs).toMatchObject([{ outcome: 'repaired' }])
  expect(turns.busy).toBe(0)
})

test('what is derived from a storage has its turns, however often', () => {
  const storage = new MemoryStorageAdapter()
  const parts = { organizationId: 'org', slice: {}, mayChange: async () => {} }
  expect(turnsOf(shardStorage(withDeletedKeys(storage), parts))).toBe(turnsOf(storage))
})
