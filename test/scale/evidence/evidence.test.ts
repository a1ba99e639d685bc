import { describe, expect, test } from 'vitest'
import { readGiven } from '#src/custody/page/verifier/key.js'
import { checkProof } from '#src/custody/page/verifier/proof-check.js'
import { evidenceBundle, prove, type ShardInclusion, verifyEvidence, verifyProof } from '#src/node.js'
import { shardVerifier } from '#src/scale/evidence/shard-verifier.js'
import { ObjectJournal } from '#src/scale/journal/object-journal.js'
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

test('does not verify where any object of a shard is gone or changed, the last segment included, and says where', async () => {
  const { dir, key, store } = await sealed()
  const { publicKey } = key
  const shards = shardVerifier({ store })
  const ofShards: string[] = []
  for await (const name of store.list('')) if (/\/(journals|seals|shards)\//.test(name)) ofShards.push(name)
  expect(ofShards.length).toBeGreaterThan(30)
  for (const name of ofShards) {
    const where = /\/(?:journals|seals|shards)\/\d+-/.exec(name)?.[0] ?? ''
    const digit = (text: string) => text.replace(/\d(?=\D*$)/, (found) => String((Number(found) + 1) % 10))
    const owner = (text: string) => text.replace(/"owner":"./, (found) => `"owner":"${found.endsWith('a') ? 'b' : 'a'}`)
    for (const change of [() => undefined, digit, ...(name.includes('/journals/') ? [owner] : [])]) {
      const copy = await changed(store, (one) => one === name, change)
      const { verified, problems } = await verifyEvidence(dir, { publicKey, shards: shardVerifier({ store: copy }) })
      expect(verified, name).toBe(false)
      expect(problems[0]?.message).toContain(where)
    }
  }
  expect((await verifyEvidence(dir, { publicKey, shards })).problems).toEqual([])
})

test('verifies where a call that came too late has claimed the journal of a shard once more', async () => {
  const { dir, key, store, clock } = await sealed()
  for await (const name of store.list('runs/r/journals/')) {
    if (!name.endsWith('0000000001.jsonl')) continue
    const late = new ObjectJournal({ store, prefix: name.slice(0, name.lastIndexOf('/') + 1), clock })
    await late.open()
    await late.close()
  }
  const { problems } = await verifyEvidence(dir, { publicKey: key.publicKey, shards: shardVerifier({ store }) })
  expect(problems).toEqual([])
})

/** What verify.html finds, by the WebCrypto of Node. */
function byPage(proof: string, publicKey: string) {
  const given = readGiven(publicKey)
  if (typeof given === 'string') throw new Error(given)
  return checkProof(proof, { subtle: crypto.subtle, given })
}

describe('one recording of a run over shards', () => {
  const keyOf = async ({ storage }: Awaited<ReturnType<typeof sealed>>, part: string) => {
    for await (const { key } of storage.list('')) if (key.includes(part)) return key
    throw new Error(`nothing like ${part}`)
  }

  test('is proven by two audit paths, from its record to the seal of its shard and from there to the signed root', async () => {
    const world = await sealed()
    const shards = shardVerifier({ store: world.store })
    const key = await keyOf(world, 'c3-r0.opus')
    for (const name of [key, `memory/${key}`]) {
      const proof = await prove(world.dir, name, { shards })
      expect(proof.shard).toMatchObject({ auditPath: expect.any(Array) })
      const text = JSON.stringify(proof)
      const { publicKey } = world.key
      expect(verifyProof(text, { publicKey })).toMatchObject({
        verified: true,
        shard: expect.any(Number),
        record: { type: 'verdict', data: { object: { key }, outcome: 'repaired' } },
      })
      expect(verifyProof(text, {}).status).toBe('not-authenticated')
      expect(await byPage(text, publicKey)).toMatchObject({
        status: 'verifies',
        proven: { shard: expect.any(Number), record: { data: { object: { key }, outcome: 'repaired' } } },
      })
    }
  })

  test('of any shard is found, by few of their lists', async () => {
    const world = await sealed()
    const reads: string[] = []
    const counting = {
      create: world.store.create.bind(world.store),
      list: world.store.list.bind(world.store),
      read: (key: string) => {
        reads.push(key)
        return world.store.read(key)
      },
    }
    const shards = shardVerifier({ store: counting })
    for (const part of ['c1-r0.opus', 'photo.jpg', 'c2-r1.opus', 'c3-r0.opus_metadata.json']) {
      reads.length = 0
      const { shard } = await prove(world.dir, await keyOf(world, part), { shards })
      expect(JSON.parse(shard?.record ?? '').data.object.key).toContain(part)
      // The seal of one shard alone: its list led there.
      expect(reads.filter((key) => key.includes('/seals/'))).toHaveLength(1)
    }
  })

  test.each([
    ['the record', (proof: ShardInclusion) => ({ ...proof, record: proof.record.replace('repaired', 'held') })],
    ['the seal', (proof: ShardInclusion) => ({ ...proof, seal: proof.seal.replace('"held":', '"held":1') })],
    ['the path', (proof: ShardInclusion) => ({ ...proof, auditPath: ['0'.repeat(64), ...proof.auditPath.slice(1)] })],
    ['the place', (proof: ShardInclusion) => ({ ...proof, leafIndex: proof.leafIndex - 1 })],
  ])('is not proven where somebody changed %s', async (_, change) => {
    const world = await sealed()
    const shards = shardVerifier({ store: world.store })
    const proof = await prove(world.dir, await keyOf(world, 'c3-r0.opus'), { shards })
    const changed = JSON.stringify({ ...proof, shard: change(proof.shard as ShardInclusion) })
    const { verified, problems } = verifyProof(changed, { publicKey: world.key.publicKey })
    expect(verified).toBe(false)
    expect(problems.map(({ code }) => code)).toContain('shard-mismatch')
    const page = await byPage(changed, world.key.publicKey)
    expect(page).toMatchObject({ status: 'does-not-verify', problems })
  })

  test('of another run, or under the record of another shard, is not proven', async () => {
    const world = await sealed()
    const shards = shardVerifier({ store: world.store })
    const { publicKey } = world.key
    const one = await prove(world.dir, await keyOf(world, 'c1-r0.opus'), { shards })
    const other = await prove(world.dir, await keyOf(world, 'c3-r0.opus'), { shards })
    const mixed = verifyProof(JSON.stringify({ ...one, shard: other.shard }), { publicKey })
    expect(mixed.problems.map(({ code }) => code)).toContain('shard-mismatch')
  })

  test('is not found without the store of the shards, and that is said', async () => {
    const world = await sealed()
    const key = await keyOf(world, 'c3-r0.opus')
    await expect(prove(world.dir, key)).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      message: expect.stringContaining('give their store (shards)'),
    })
    const shards = shardVerifier({ store: world.store })
    await expect(prove(world.dir, `${key}x`, { shards })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' })
  })
})

test('live looks at the objects of the shards, and names the shard of one that drifted', async () => {
  const { dir, key, store, storage } = await sealed()
  const options = { publicKey: key.publicKey, shards: shardVerifier({ store }), live: storage }
  const before = await verifyEvidence(dir, options)
  expect(before.problems).toEqual([])
  expect(before.live?.checked).toBeGreaterThan(6)
  for await (const one of storage.list('')) if (one.key.endsWith('c3-r0.opus')) storage.delete(one.key)
  const { verified, live, problems } = await verifyEvidence(dir, options)
  expect(verified).toBe(false)
  expect(live).toMatchObject({ drifted: 1, drift: [{ kind: 'gone', shard: expect.any(Number) }] })
  expect(problems).toMatchObject([{ code: 'live-drift', message: expect.stringMatching(/^Shard \d+: /) }])
  const alone = await verifyEvidence(dir, { ...options, shards: undefined })
  expect(alone).toMatchObject({ verified: true, live: { checked: 0 } })
  expect(alone.notes.join()).toContain('none of its shards')
})
