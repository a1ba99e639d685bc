import { describe, expect, test } from 'vitest'
import { evidenceBundle, verifyEvidence } from '#src/node.js'
import { shardVerifier } from '#src/scale/evidence/shard-verifier.js'
import { MemoryShardStore } from '#src/scale/memory-shard-store.js'
import { freshFolder, newKey } from '../../custody/bundle-world.js'
import { checked, contentsOf } from '../../custody/page/verifier/opened.js'
import { type Planted, scaledWorld } from '../scale-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['untagged', 'held'], attachment: true },
  { hour: 41, conversation: 'c2', fates: ['missing', 'conflicting'], attachment: false },
  { hour: 42, conversation: 'c3', fates: ['untagged'], attachment: false },
]

async function sealed() {
  const world = scaledWorld(planted)
  const dir = freshFolder()
  const key = newKey()
  const evidence = evidenceBundle({ dir, signer: key.signer, clock: world.clock })
  const report = await world.run({ objectsPerShard: 4, evidence })
  return { ...world, dir, key, report }
}

/** The store with one object changed, or left out. */
async function changed(
  store: MemoryShardStore,
  isMeant: (key: string) => boolean,
  change: (text: string) => string | undefined,
): Promise<MemoryShardStore> {
  const copy = new MemoryShardStore()
  let meant = 0
  for await (const key of store.list('')) {
    const content = (await store.read(key)) as Uint8Array
    if (!isMeant(key) || meant > 0) {
      await copy.create(key, content)
      continue
    }
    meant += 1
    const text = change(Buffer.from(content).toString())
    if (text !== undefined) await copy.create(key, Buffer.from(text))
  }
  expect(meant).toBe(1)
  return copy
}

describe('evidence over shards', () => {
  test('verifies, shards included', async () => {
    const { dir, key, store, report } = await sealed()
    expect(report.scale?.shards).toBeGreaterThan(1)
    const { publicKey } = key
    const verified = await verifyEvidence(dir, { publicKey, shards: shardVerifier({ store }) })
    expect(verified.problems).toEqual([])
    expect(verified.notes.join()).toContain('shards verified')
    expect(verified.predicate?.counts.recordings).toEqual(report.counts)
    const alone = await verifyEvidence(dir, { publicKey })
    expect(alone.verified).toBe(true)
    expect(alone.notes.join()).toContain('were not read')
    const inBrowser = await checked(contentsOf(dir), publicKey)
    expect(inBrowser).toMatchObject({ status: 'verifies', problems: [] })
    expect(inBrowser.notes.join()).toContain('which this page does not read')
  })

  test.each([
    [
      'a line of a list',
      (key: string) => key.includes('/shards/00000000-'),
      (text: string) => text.replace('c1-r0', 'c1-r9'),
      '/shards/00000000-',
    ],
    [
      'a seal',
      (key: string) => key.includes('/seals/00000001-'),
      (text: string) => text.replace('"held":', '"held":1'),
      '/seals/00000001-',
    ],
    ['a seal that is missing', (key: string) => key.includes('/seals/00000001-'), () => undefined, '/seals/00000001-'],
    [
      'a record',
      (key: string) => /journals\/00000000-.*0000000003/.test(key),
      (text: string) => text.replace('"type":"', '"type":"x'),
      '/journals/00000000-',
    ],
    [
      'a time',
      (key: string) => /journals\/00000000-.*0000000003/.test(key),
      (text: string) => text.replace('2023-10-20T', '2023-10-21T'),
      '/journals/00000000-',
    ],
    [
      'a segment that is missing',
      (key: string) => /journals\/00000000-.*0000000002/.test(key),
      () => undefined,
      '/journals/00000000-',
    ],
  ])('does not verify where somebody changed %s, and says where', async (_, isMeant, change, where) => {
    const { dir, key, store } = await sealed()
    const shards = shardVerifier({ store: await changed(store, isMeant, change) })
    const { verified, problems } = await verifyEvidence(dir, { publicKey: key.publicKey, shards })
    expect(verified).toBe(false)
    expect(problems.map(({ code }) => code)).toEqual(['shard-mismatch'])
    expect(problems[0]?.message).toContain(where)
  })
})
