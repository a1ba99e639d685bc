import { expect, test } from 'vitest'
import { LegalHoldExporter, type ObjectState, type StorageAdapter } from '#src/index.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

/* A storage of one's own may answer with another object's state. That is no answer: nothing is held by it. */

const hold = { tag: 'm1' }
const requirements = { metadata: { 'legal-hold-tag': 'm1' }, tags: { hold: 'm1' }, legalHold: true }
const wanted = ['o/1', 'o/2']

async function world(answering: (other: ObjectState, made: MemoryStorageAdapter) => Partial<StorageAdapter>) {
  const made = new MemoryStorageAdapter()
  made.put('o/0', { body: 'x', metadata: requirements.metadata, tags: requirements.tags, legalHold: 'ON' })
  for (const key of wanted) made.put(key, { body: 'x', metadata: { n: key }, tags: { a: '1' } })
  const other = await made.head({ bucket: made.bucket, key: 'o/0' }, { full: true })
  if (!other.found) throw new Error('It is there.')
  const lying = answering(other.state, made)
  const storage = new Proxy<StorageAdapter>(made, {
    get(target, name) {
      if (Object.hasOwn(lying, name)) return lying[name as keyof StorageAdapter]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const retry = { retries: 2, minDelayMs: 1, maxDelayMs: 2 }
  const exporter = new LegalHoldExporter({ platform: new FakePlatform(), storage, hold, requirements, retry })
  return { made, exporter }
}

/** Lanes answer in any order. */
async function collect<T extends { readonly object: { readonly key: string } }>(
  source: AsyncIterable<T>,
): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all.sort((a, b) => a.object.key.localeCompare(b.object.key))
}

test('a HEAD that shows another object is a verdict on neither', async () => {
  const { exporter } = await world((state) => ({ head: async () => ({ found: true, state }) }))
  const verdicts = await collect(exporter.validate(wanted))
  expect(verdicts).toMatchObject(
    wanted.map((key) => ({
      verdict: 'unreadable',
      object: { key },
      reason: expect.stringContaining('STORAGE_RESPONSE_INVALID'),
    })),
  )
})

const repairs: Readonly<Record<string, Parameters<typeof world>[0]>> = {
  'a completion': (other) => ({ complete: async () => other }),
  'the state after a copy': (after, made) => ({
    replaceMetadata: async (...given) => ({ ...(await made.replaceMetadata(...given)), after }),
  }),
  'the original of a copy': (original, made) => ({
    replaceMetadata: async (...given) => ({ ...(await made.replaceMetadata(...given)), original }),
  }),
  'the state after tags were merged': (after, made) => ({
    mergeTags: async (...given) => ({ ...(await made.mergeTags(...given)), after }),
  }),
  'the state after a hold was put': (after, made) => ({
    putLegalHold: async (...given) => ({ ...(await made.putLegalHold(...given)), after }),
  }),
}

test.each(Object.entries(repairs))('no repair is believed of another object: %s', async (_, answering) => {
  const { made, exporter } = await world(answering)
  const remediations = await collect(exporter.remediate(wanted))
  expect(remediations.map(({ object }) => object.key)).toEqual(wanted)
  for (const { outcome, object, reason } of remediations) {
    const [current] = made.versions(object.key)
    const { metadata, legalHold, tags } = current?.state ?? {}
    // Read again it may be repaired after all.
    if (outcome !== 'repaired')
      expect([outcome, reason]).toEqual(['failed', expect.stringMatching(/STORAGE_RESPONSE_INVALID/)])
    else
      expect({ metadata, legalHold, tags }).toEqual({
        metadata: { n: object.key, 'legal-hold-tag': 'm1' },
        legalHold: 'ON',
        tags: { a: '1', hold: 'm1' },
      })
    expect(made.versions(object.key).length).toBeLessThanOrEqual(4)
  }
})
