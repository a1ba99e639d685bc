import { expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { LocalEngine } from '#src/scale/local-engine.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, type FakeConversation, keyOf } from '../../fakes/conversations.js'

const request = { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' } }

/** A conversation of two jobs: the first delivers it at once, the second one half a minute after it was fulfilled. */
function world() {
  const clock = new SimulatedClock({ now: '2023-10-22T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new ConversationPlatform(clock, storage)
  const straddling = { id: 's', start: '2023-10-19T10:00:00Z', end: '2023-10-19T13:00:00Z', landsAfterMs: 1_000 }
  platform.conversations.push(straddling satisfies FakeConversation)
  const execute = platform.executeJob.bind(platform)
  platform.executeJob = async (job) => {
    straddling.landsAfterMs = job.id === 'job-1' ? 1_000 : 40_000
    return execute(job)
  }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 't' }, maxJobInterval: 'PT24H' })
  const shown = async () => {
    await clock.sleep(120_000)
    return storage.versions(keyOf(straddling)).map(({ state }) => state?.metadata)
  }
  return { clock, storage, exporter, shown }
}

test('what a later job delivers once more is held, in one run', async () => {
  const { exporter, shown } = world()
  expect(await exporter.run(request)).toMatchObject({ outcome: 'complete', jobs: [{}, {}] })
  expect((await shown())[0]).toEqual({ 'legal-hold-tag': 't' })
})

test('what a later job delivers once more is held, over shards', async () => {
  const { clock, storage, exporter, shown } = world()
  const store = new MemoryShardStore()
  const engine = new LocalEngine({ worker: shardWorker({ store, storage, clock }) })
  const report = await new ScaledExporter({ exporter, store, engine }).run(request)
  expect(report).toMatchObject({ outcome: 'complete', jobs: [{}, {}] })
  expect((await shown())[0]).toEqual({ 'legal-hold-tag': 't' })
})
