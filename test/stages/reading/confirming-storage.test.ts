import { expect, test } from 'vitest'
import { LegalHoldExporter, type StorageAdapter } from '#src/index.js'
import type { StageContext } from '#src/stages/context.js'
import { confirming } from '#src/stages/reading/confirming-storage.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

const context: StageContext = {
  clock: new SimulatedClock(),
  logger: undefined,
  retry: { retries: 0 },
  signal: undefined,
  emit: () => {},
}

/** The same storage as a plain object, as an integration may write it. */
function plain(storage: MemoryStorageAdapter): StorageAdapter {
  const bound: Record<string, unknown> = { ...storage }
  for (const name of Object.getOwnPropertyNames(MemoryStorageAdapter.prototype)) {
    const value: unknown = Reflect.get(storage, name)
    if (name !== 'constructor' && typeof value === 'function') bound[name] = value.bind(storage)
  }
  return bound as unknown as StorageAdapter
}

test('an adapter that is frozen repairs like any other', async () => {
  const made = new MemoryStorageAdapter()
  made.put('o/1', { body: 'x', metadata: { n: '1' }, tags: { a: '1' } })
  const storage = Object.freeze(plain(made))
  const exporter = new LegalHoldExporter({ platform: new FakePlatform(), storage, hold: { tag: 'm1' } })
  const ends = []
  for await (const end of exporter.remediate(['o/1'])) ends.push(end)
  expect(ends).toMatchObject([{ outcome: 'repaired', after: { metadata: { n: '1', 'legal-hold-tag': 'm1' } } }])
})

test('a method that the adapter lacks, or loses, is lacking for each object', () => {
  const storage = plain(new MemoryStorageAdapter()) as {
    -readonly [Name in keyof StorageAdapter]: StorageAdapter[Name]
  }
  const [one, other] = [confirming(storage, 'none', context), confirming(storage, 'none', context)]
  expect('replaceTags' in one).toBe(true)
  expect(one.head).toBe(other.head)
  delete storage.replaceTags
  expect(other.replaceTags).toBeUndefined()
  expect('replaceTags' in one).toBe(false)
  expect(other.capabilities).toBe(storage.capabilities)
})

test('what is known of one object is not known of another', async () => {
  const storage = new MemoryStorageAdapter()
  for (const key of ['o/1', 'o/2']) storage.put(key, { body: key })
  const [first, second] = [
    { bucket: storage.bucket, key: 'o/1' },
    { bucket: storage.bucket, key: 'o/2' },
  ]
  const lines = []
  for await (const line of storage.list('o/')) lines.push(line)
  const [one, other] = [confirming(storage, lines[0], context), confirming(storage, lines[1], context)]
  expect(await Promise.all([one.head(first), other.head(second)])).toMatchObject([
    { found: true, state: { key: 'o/1' } },
    { found: true, state: { key: 'o/2' } },
  ])
  const asking = { ...plain(storage), head: () => storage.head(second) }
  await expect(confirming(asking, lines[0], context).head(first)).rejects.toMatchObject({
    code: 'STORAGE_RESPONSE_INVALID',
    retryable: true,
  })
})
