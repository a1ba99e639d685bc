import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evidenceBundle, prove, verifyEvidence, verifyProof } from '#src/node.js'
import { unfoundedVerdict } from '#src/scale/evidence/inventory-check.js'
import { shardVerifier } from '#src/scale/evidence/shard-verifier.js'
import { ObjectJournal } from '#src/scale/journal/object-journal.js'
import { parseShardKey, runKeys } from '#src/scale/keys.js'
import { readPlan, refsOf } from '#src/scale/plan/plan.js'
import { decodeList, type ShardList } from '#src/scale/plan/shard-list.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { freshFolder, newKey } from '../../custody/bundle-world.js'
import { checked, contentsOf } from '../../custody/page/verifier/opened.js'
import { ChaosEngine, comparable, type Planted, request } from '../scale-world.js'
import { acceptance, inventoriedWorld } from './inventory-world.js'

const planted: readonly Planted[] = [
  { hour: 40, conversation: 'c1', fates: ['held', 'untagged'], attachment: false },
  { hour: 41, conversation: 'c2', fates: ['held', 'held'], attachment: false },
]

async function sealed(accept: readonly (typeof acceptance)[]) {
  const world = await inventoriedWorld(planted, { accept })
  const dir = freshFolder()
  const key = newKey()
  const evidence = evidenceBundle({ dir, signer: key.signer, clock: world.clock })
  const { inventory } = world
  const report = await world.run({ objectsPerShard: 4, evidence, inventory, inventorySample: 3 })
  return { ...world, dir, key, report, shards: shardVerifier({ store: world.store }) }
}

async function firstShard({ store }: Pick<Awaited<ReturnType<typeof sealed>>, 'store'>) {
  const plan = await readPlan(store, runKeys('runs/', 'r'), {})
  if (plan === undefined) throw new Error('there is no plan')
  for await (const ref of refsOf(store, plan)) {
    const key = parseShardKey(ref.key)
    const list = decodeList((await store.read(ref.key)) as Uint8Array)
    if (key === undefined || typeof list === 'string' || list.rows.length === 0) continue
    return { list, journal: new ObjectJournal({ store, prefix: key.journal }) }
  }
  throw new Error('no shard has a list')
}

describe('evidence of a run with an inventory', () => {
  test('verifies with its shards, and says everywhere what was not read', async () => {
    const { dir, key, report, shards } = await sealed([acceptance])
    const { publicKey } = key
    const verified = await verifyEvidence(dir, { publicKey, shards })
    expect(verified).toMatchObject({ verified: true, problems: [] })
    expect(verified.predicate).toMatchObject({ outcome: 'complete', inventory: report.inventory })
    const said =
      '6 objects are not read: the inventory test-inventory of 2023-10-20T13:01:00.000Z shows the hold on them'
    expect(verified.notes.join()).toContain(said)
    const page = await checked(contentsOf(dir), publicKey)
    expect(page).toMatchObject({ status: 'verifies', problems: [] })
    expect(page.notes.join()).toContain(said)
    const html = readFileSync(join(dir, 'report.html'), 'utf8')
    expect(html).toContain(said)
    expect(html).toContain('accepted as proof')
    expect(html).toContain('accepted risk: inventory-is-proof')
    expect(readFileSync(join(dir, 'records.jsonl'), 'utf8')).toContain('the court accepts it')
  })

  test('verifies without the acceptance as well, as incomplete', async () => {
    const { dir, key, report, shards } = await sealed([])
    expect(report.outcome).toBe('incomplete')
    expect(await verifyEvidence(dir, { publicKey: key.publicKey, shards })).toMatchObject({
      verified: true,
      problems: [],
    })
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('not accepted as proof')
  })

  test('proves one object by the inventory, and says so', async () => {
    const { dir, key, rows, shards } = await sealed([acceptance])
    const name = rows.find((row) => row.key.endsWith('c2-r1.opus'))?.key ?? ''
    const proof = await prove(dir, name, { shards })
    expect(verifyProof(JSON.stringify(proof), { publicKey: key.publicKey })).toMatchObject({
      verified: true,
      record: {
        data: {
          verdict: 'held',
          outcome: 'held',
          provenBy: 'inventory',
          asOf: '2023-10-20T13:01:00.000Z',
          decision: 'leave',
          request: {},
          before: { metadata: { 'legal-hold-tag': 'matter-1' } },
        },
      },
    })
  })

  test('shows a hold that was lifted since when the objects are read again', async () => {
    const { dir, key, rows, shards, storage } = await sealed([acceptance])
    const live = { publicKey: key.publicKey, shards, live: storage }
    expect((await verifyEvidence(dir, live)).problems).toEqual([])
    const name = rows.find((row) => row.key.endsWith('c2-r1.opus'))?.key ?? ''
    storage.put(name, { body: 'sound of c2-r1' })
    expect((await verifyEvidence(dir, live)).live).toMatchObject({ drifted: 1, drift: [{ kind: 'hold-lost' }] })
  })

  test('does not verify where a verdict has no line in the list of its shard, or another', async () => {
    const world = await sealed([acceptance])
    const { list, journal } = await firstShard(world)
    expect(await unfoundedVerdict(list, journal.lines())).toBeUndefined()
    const changes: readonly ((given: ShardList) => ShardList)[] = [
      (given) => ({ ...given, rows: given.rows.filter(({ kind }) => kind !== 'inventory') }),
      ({ rows, ...given }) => ({
        ...given,
        rows: rows.map((row) =>
          row.kind === 'inventory' && row.line !== undefined ? { ...row, line: { ...row.line, etag: 'x' } } : row,
        ),
      }),
      ({ header, ...given }) => ({ ...given, header: { ...header, facts: { ...header.facts, inventory: undefined } } }),
    ]
    for (const change of changes) {
      expect(await unfoundedVerdict(change(list), journal.lines())).toContain('rests on an inventory')
    }
  })
})

test('a worker that is killed at any of its writes resumes, and counts what rests on the inventory once', async () => {
  const options = { runId: 'r', objectsPerShard: 4, inventorySample: 100, maxRounds: 9 }
  const calm = await inventoriedWorld(planted, { accept: [acceptance] })
  const expected = comparable(await calm.run({ ...options, inventory: calm.inventory }))
  for (let diesAt = 1; diesAt <= 9; diesAt += 1) {
    const world = await inventoriedWorld(planted, { accept: [acceptance] })
    const { store, storage, clock, inventory } = world
    let writes = 0
    const mortal = {
      list: store.list.bind(store),
      read: store.read.bind(store),
      create: async (key: string, content: Uint8Array) => {
        writes += 1
        if (writes === diesAt) throw new Error('killed')
        return store.create(key, content)
      },
    }
    const engine = new ChaosEngine((ref, invocation) => {
      clock.advance(120_000)
      return shardWorker({ store: mortal, storage, clock })(ref, invocation)
    })
    const report = await world.scaledWith(store, engine).run(request, { ...options, inventory })
    expect(comparable(report)).toEqual(expected)
    expect(report.inventory?.objects).toBe(6)
  }
})
