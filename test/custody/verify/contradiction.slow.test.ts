import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { signEnvelope } from '#src/custody/crypto/dsse.js'
import { formatEnvelope } from '#src/custody/crypto/envelope.js'
import { leafHash, MerkleTree } from '#src/custody/crypto/merkle.js'
import { type JournalRecord, LegalHoldError, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { canonicalJson } from '#src/internal/canonical-json.js'
import { sealEvidence, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { folder, freshFolder, newKey, request, sealedRun, tag } from '../bundle-world.js'

/** r1 carried the hold, r2 was repaired, r3 belongs to another matter, r4 never came. */
async function incompleteRun() {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = new FakePlatform()
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  for (const [id, metadata] of [
    ['r1', { 'legal-hold-tag': tag }],
    ['r2', { project: 'x' }],
    ['r3', { 'legal-hold-tag': 'other-matter' }],
  ] as const) {
    platform.expected.push({ recordingId: id, conversationId: `c-${id}`, conversationStart: '2023-10-20T09:30:00Z' })
    const prefix = folder.replace('c1', `c-${id}`)
    storage.put(`${prefix}/${id}.wav`, { body: id, metadata })
    storage.put(`${prefix}/${id}.wav_metadata.json`, { body: '{}', metadata: { 'legal-hold-tag': tag } })
  }
  platform.expected.push({ recordingId: 'r4', conversationId: 'c-r4' })
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, journal })
  const report = await exporter.run(request)
  const records: JournalRecord[] = []
  for await (const record of journal.entries()) records.push(record)
  return { exporter, report, records }
}

let world: Awaited<ReturnType<typeof incompleteRun>>
beforeAll(async () => {
  world = await incompleteRun()
})

interface Edited extends Omit<JournalRecord, 'data'> {
  readonly data: Record<string, unknown>
}

type Edit = (record: Edited) => void

const about = (type: string, id: string): ((record: Edited) => boolean) => {
  return ({ type: of, data }) =>
    of === type && (data.recordingId === id || String((data.object as { key?: string })?.key).endsWith(`${id}.wav`))
}

/** The records with each edit made to the first record that it is for; and the line of the first that was edited. */
function edited(...edits: readonly (readonly [(record: Edited) => boolean, Edit])[]) {
  const records = structuredClone(world.records) as Edited[]
  const lines = edits.map(([isMeant, edit]) => {
    const record = records.find(isMeant)
    if (record === undefined) throw new Error('no record is edited')
    edit(record)
    return record.sequence
  })
  return { records, line: lines[0] }
}

async function journalOf(records: readonly Edited[]): Promise<MemoryJournal> {
  const journal = new MemoryJournal()
  for (const { sequence, ...record } of records) await journal.append(record)
  return journal
}

/** The report says what the recordings are made to say. */
const reportOf = (change: Record<string, number>) =>
  [
    ({ type }: Edited) => type === 'report',
    ({ data }: Edited) => {
      const counts = data.counts as Record<string, number>
      for (const [name, by] of Object.entries(change)) counts[name] = (counts[name] ?? 0) + by
      const { held = 0, repaired = 0, expected } = counts
      if (held + repaired === expected) data.outcome = 'complete'
    },
  ] as const

const shown = { 'legal-hold-tag': tag }
const edits: readonly [string, () => { records: Edited[]; line: number | undefined }][] = [
  [
    'a recording said to be held, whose object is of another matter',
    () =>
      edited(
        [about('recording', 'r3'), ({ data }) => Object.assign(data, { state: 'held' })],
        reportOf({ held: 1, conflicting: -1 }),
      ),
  ],
  [
    'a recording said to be held that never came',
    () =>
      edited(
        [about('recording', 'r4'), ({ data }) => Object.assign(data, { state: 'held' })],
        reportOf({ held: 1, missing: -1 }),
      ),
  ],
  [
    'a recording said to be held on arrival that was repaired',
    () =>
      edited(
        [about('recording', 'r2'), ({ data }) => Object.assign(data, { state: 'held' })],
        reportOf({ held: 1, repaired: -1 }),
      ),
  ],
  [
    'a recording said to be repaired that was not',
    () =>
      edited(
        [about('recording', 'r1'), ({ data }) => Object.assign(data, { state: 'repaired' })],
        reportOf({ held: -1, repaired: 1 }),
      ),
  ],
  [
    'one recording twice in place of another',
    () =>
      edited(
        [about('recording', 'r4'), ({ data }) => Object.assign(data, { recordingId: 'r1', state: 'held' })],
        reportOf({ held: 1, missing: -1 }),
      ),
  ],
  [
    'one recording that stands for two',
    () =>
      edited(
        [about('recording', 'r1'), ({ data }) => Object.assign(data, { count: 2 })],
        reportOf({ held: 1, expected: 1 }),
      ),
  ],
  ['a report whose counts are not those of the recordings', () => edited(reportOf({ held: 1, conflicting: -1 }))],
  [
    'a report with other requirements',
    () =>
      edited([
        ({ type }) => type === 'report',
        ({ data }) => Object.assign(data.requirements as object, { metadata: { 'legal-hold-tag': 'x' } }),
      ]),
  ],
  [
    'a verdict said to be held that its own state denies',
    () =>
      edited([
        about('verdict', 'r3'),
        ({ data }) =>
          Object.assign(data, { verdict: 'held', outcome: 'held', decision: 'leave', remediation: 'not-needed' }),
      ]),
  ],
  [
    'an outcome said to be held where the verdict says otherwise',
    () =>
      edited([about('verdict', 'r3'), ({ data }) => Object.assign(data, { outcome: 'held', remediation: undefined })]),
  ],
  [
    'a repair that was refused, said to be one',
    () =>
      edited([
        about('verdict', 'r3'),
        ({ data }) =>
          Object.assign(data, { outcome: 'repaired', before: { ...(data.before as object), metadata: shown } }),
      ]),
  ],
  [
    'a repair after which the object lacks the hold',
    () =>
      edited([
        about('verdict', 'r2'),
        ({ data }) => Object.assign(data.after as object, { metadata: { project: 'x' } }),
      ]),
  ],
  [
    'a repair that lost something',
    () => edited([about('verdict', 'r2'), ({ data }) => Object.assign(data, { differences: [{ property: 'acl' }] })]),
  ],
  [
    'a repair that was not read back',
    () => edited([about('verdict', 'r2'), ({ data }) => Object.assign(data, { verification: 'failed' })]),
  ],
  [
    'a verdict said to be held without a state',
    () => edited([about('verdict', 'r1'), ({ data }) => Object.assign(data, { before: undefined })]),
  ],
  [
    'a state of no form',
    () => edited([about('verdict', 'r1'), ({ data }) => Object.assign(data, { before: { metadata: 'x', tags: 7 } })]),
  ],
]

describe('records that contradict each other', () => {
  test('are not those of a run', async () => {
    expect(world.report.counts).toMatchObject({ expected: 4, held: 1, repaired: 1, conflicting: 1, missing: 1 })
    const key = newKey()
    const dir = freshFolder()
    await sealEvidence(await journalOf(world.records), { dir, signer: key.signer })
    expect(await verifyEvidence(dir, { publicKey: key.publicKey })).toMatchObject({ verified: true })
    const again = await world.exporter.run(request, { journal: await journalOf(world.records) })
    expect(again).toEqual(world.report)
  })

  test.each(edits)('%s: no seal, no going on, no verification', async (_, edit) => {
    const { records, line } = edit()
    const corrupt = { code: 'JOURNAL_CORRUPT', details: { line }, message: expect.stringContaining(`ecord ${line} `) }
    const journal = await journalOf(records)
    const key = newKey()
    await expect(sealEvidence(journal, { dir: freshFolder(), signer: key.signer })).rejects.toMatchObject(corrupt)
    await expect(world.exporter.run(request, { journal })).rejects.toMatchObject(corrupt)
    // Signed all the same, by a tool that does not look.
    const dir = await signedAnyhow(records, key)
    const { verified, problems } = await verifyEvidence(dir, { publicKey: key.publicKey })
    expect(verified).toBe(false)
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'record-contradictory', file: 'records.jsonl', line }),
    )
  })

  test('stop a run that was interrupted before it makes use of them', async () => {
    const { records, line } = edited([
      about('verdict', 'r3'),
      ({ data }) => Object.assign(data, { verdict: 'held', outcome: 'held', remediation: undefined }),
    ])
    const interrupted = records.slice(
      0,
      records.findIndex(({ type }) => type === 'recording'),
    )
    await expect(world.exporter.run(request, { journal: await journalOf(interrupted) })).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      stage: 'journal',
      details: { line },
    })
  })

  test('a verdict that was put after the states of the recordings is refused', async () => {
    const verdict = (world.records as readonly Edited[]).find(about('verdict', 'r1'))!
    const before = world.records.findIndex(({ type }) => type === 'report')
    const records = (world.records as readonly Edited[]).toSpliced(before, 0, verdict)
    const sealing = sealEvidence(await journalOf(records), { dir: freshFolder(), signer: newKey().signer })
    await expect(sealing).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', details: { line: before + 1 } })
  })
})

describe('records of any run', () => {
  // A recording is only as well off as the worst of its companions, and most worlds are to have some that are held.
  const media = fc.oneof(
    { arbitrary: fc.constant('held'), weight: 5 },
    { arbitrary: fc.constant('untagged'), weight: 3 },
    { arbitrary: fc.constant('other'), weight: 1 },
    { arbitrary: fc.constant('none'), weight: 1 },
  )
  const recording = fc.record({
    media,
    sidecar: media,
    companions: fc.array(media, { maxLength: 2 }),
    isNamed: fc.boolean(),
  })
  const anyWorld = fc.record({
    conversations: fc.array(fc.array(recording, { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
    onConflict: fc.constantFrom('refuse' as const, 'merge' as const),
    versions: fc.constantFrom('current' as const, 'all' as const),
    dryRun: fc.boolean(),
    reads: fc.constantFrom(0, 0, 3),
  })

  test('do not contradict each other', async () => {
    let [held, others] = [0, 0]
    await fc.assert(
      fc.asyncProperty(anyWorld, async ({ conversations, onConflict, versions, dryRun, reads }) => {
        const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
        const [platform, storage] = [new FakePlatform(), new MemoryStorageAdapter({ clock })]
        clock.advance(10_000)
        const put = (key: string, kind: string) => {
          const metadata = { held: { 'legal-hold-tag': tag }, other: { 'legal-hold-tag': 'other' } }[kind] ?? {}
          if (kind !== 'none') storage.put(key, { body: key, metadata })
        }
        for (const [at, recordings] of conversations.entries()) {
          const prefix = folder.replace('c1', `c${at}`)
          for (const [number, { media: own, sidecar, companions, isNamed }] of recordings.entries()) {
            const recordingId = isNamed ? `r${at}${number}` : `00000000-0000-4000-8000-00000000000${at * 3 + number}`
            const place = { recordingId, conversationId: `c${at}`, conversationStart: '2023-10-20T09:30:00Z' }
            if (number !== 2) platform.expected.push(place)
            put(`${prefix}/${recordingId}.wav`, own)
            put(`${prefix}/${recordingId}.wav_metadata.json`, sidecar)
            for (const [one, kind] of companions.entries()) put(`${prefix}/attachments/${number}/${one}.png`, kind)
          }
        }
        const journal = new MemoryJournal()
        const remediation = { onConflict, versions }
        const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, remediation, journal })
        if (reads > 0) {
          // Some cannot be read the first times.
          const head = storage.head.bind(storage)
          let calls = 0
          storage.head = async (...args) => {
            calls += 1
            if (calls % reads !== 0) return head(...args)
            throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'validate' })
          }
        }
        const report = await exporter.run(request, { dryRun })
        const well = report.counts.held + report.counts.repaired
        held += well
        others += report.counts.expected - well
        expect(await exporter.run(request, { dryRun })).toEqual(report)
        await sealEvidence(journal, { dir: freshFolder(), signer: newKey().signer })
      }),
      { numRuns: 100 },
    )
    expect(held).toBeGreaterThan(20)
    expect(others).toBeGreaterThan(20)
  }, 240_000)
})

/** A bundle over these records with all hashes and the signature right. */
async function signedAnyhow(records: readonly Edited[], key: ReturnType<typeof newKey>): Promise<string> {
  const { dir } = await sealedRun({ key })
  const lines = records.map((record) => Buffer.from(JSON.stringify(record)))
  const write = (name: string, bytes: string | Buffer) => {
    writeFileSync(join(dir, name), bytes)
    return createHash('sha256').update(bytes).digest('hex')
  }
  const tree = new MerkleTree()
  for (const line of lines) tree.append(leafHash(line))
  const digests: Record<string, string> = {
    'records.jsonl': write('records.jsonl', Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))),
    'records.leaves': write('records.leaves', Buffer.concat(lines.map(leafHash))),
    'report.json': write('report.json', JSON.stringify(records.at(-1)?.data)),
  }
  const envelope = JSON.parse(readFileSync(join(dir, 'statement.dsse.json'), 'utf8'))
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
  for (const subject of statement.subject) subject.digest.sha256 = digests[subject.name] ?? subject.digest.sha256
  statement.predicate.log = { hash: 'sha256', rootHash: tree.root().toString('hex'), treeSize: tree.size }
  const payload = Buffer.from(canonicalJson(statement))
  const signed = await signEnvelope(envelope.payloadType, payload, key.signer, key.fingerprint)
  writeFileSync(join(dir, 'statement.dsse.json'), formatEnvelope(signed))
  return dir
}
