import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leafHash, MerkleTree } from '#src/custody/crypto/merkle.js'
import { LegalHoldExporter, MemoryJournal, type RunEvent } from '#src/index.js'
import { evidenceBundle, FileJournal, KeyFileSigner, sealEvidence, verifyEvidence } from '#src/node.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { runStarted } from '../../fakes/run-started.js'
import { folder, freshFolder, newKey, request, sealedRun, tag } from '../bundle-world.js'

const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8')
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

function statementOf(dir: string) {
  const envelope = JSON.parse(read(dir, 'statement.dsse.json'))
  return { envelope, statement: JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) }
}

describe('a sealed run', () => {
  test('is dated by the clock of the run, unless the bundle was given one of its own', async () => {
    const sealedAt = async (own?: SimulatedClock) => {
      const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
      const storage = new MemoryStorageAdapter({ clock })
      const platform = new FakePlatform()
      const dir = freshFolder()
      const evidence = evidenceBundle({ dir, signer: newKey().signer, ...(own === undefined ? {} : { clock: own }) })
      await new LegalHoldExporter({ platform, storage, clock, hold: { tag } }).run(request, { evidence })
      return statementOf(dir).statement.predicate.sealedAt.slice(0, 10)
    }
    expect(await sealedAt()).toBe('2023-10-20')
    expect(await sealedAt(new SimulatedClock({ now: '2024-02-29T00:00:00Z' }))).toBe('2024-02-29')
  })

  test('leaves exactly the files of a bundle, each of them a subject of the statement', async () => {
    const { dir, report, key } = await sealedRun()
    const { statement, envelope } = statementOf(dir)
    const names = statement.subject.map(({ name }: { name: string }) => name)
    expect(names).toEqual([
      'VERIFY.md',
      'exceptions.csv',
      'public-key.pem',
      'records.jsonl',
      'records.leaves',
      'report.html',
      'report.json',
      'verify.html',
    ])
    expect(readdirSync(dir).sort()).toEqual([...names, 'statement.dsse.json'].sort())
    for (const { name, digest } of statement.subject) expect(sha256(readFileSync(join(dir, name)))).toBe(digest.sha256)
    expect(JSON.parse(read(dir, 'report.json'))).toEqual(report)
    expect(envelope).toMatchObject({
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ keyid: key.fingerprint }],
    })
  })

  test('states hold, scope, outcome, counts, policy and the root over its lines', async () => {
    const { dir, report } = await sealedRun({ matter: 'Doe v. Roe' })
    const { statement } = statementOf(dir)
    const lines = read(dir, 'records.jsonl').trimEnd().split('\n')
    const tree = new MerkleTree()
    for (const line of lines) tree.append(leafHash(Buffer.from(line)))
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'urn:genesys-legal-hold-exporter:custody:v1',
      predicate: {
        tool: { name: 'genesys-legal-hold-exporter' },
        runId: report.runId,
        hold: { tag, matter: 'Doe v. Roe' },
        platform: { name: 'fake', organizationId: 'org' },
        interval: report.interval,
        outcome: 'incomplete',
        counts: {
          recordings: { expected: 4, held: 1, repaired: 2, missing: 1 },
          records: {
            total: lines.length,
            objectOutcomes: { held: 2, repaired: 4 },
            actions: { 'replace-metadata': 4 },
          },
        },
        log: { rootHash: tree.root().toString('hex'), treeSize: lines.length },
        timestamp: 'none',
      },
    })
    expect(statement.predicate.policyDigest).toMatch(/^[0-9a-f]{64}$/)
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual(lines.map((_, at) => at + 1))
  })

  test('copies the lines of a journal on disk byte for byte, and leaves the journal as it is', async () => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const platform = new FakePlatform()
    const storage = new MemoryStorageAdapter({ clock })
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
    for (const name of ['r1.wav', 'r1.wav_metadata.json']) storage.put(`${folder}/${name}`, {})
    const journal = new FileJournal(freshFolder('journal'))
    const key = newKey()
    const dir = freshFolder()
    const events: RunEvent[] = []
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, journal })
    const evidence = evidenceBundle({ dir, signer: key.signer, clock })
    await exporter.run(request, { evidence, onEvent: (event) => events.push(event) })
    await journal.close()
    expect(read(dir, 'records.jsonl')).toBe(readFileSync(journal.path, 'utf8'))
    const sealed = events.at(-1)
    expect(sealed).toMatchObject({ type: 'sealed', evidence: { dir, fingerprint: key.fingerprint } })
    expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
    // Sealed once more from the same journal: the same root.
    const again = await sealEvidence(journal, { dir: freshFolder(), signer: key.signer })
    expect(sealed).toMatchObject({ evidence: { rootHash: again.rootHash, treeSize: again.treeSize } })
  })

  test('is never sealed over another one, and the run does not even begin', async () => {
    const { dir, key } = await sealedRun()
    const before = read(dir, 'statement.dsse.json')
    await expect(sealedRun({ dir, key })).rejects.toMatchObject({ code: 'EVIDENCE_NOT_SEALED' })
    expect(read(dir, 'statement.dsse.json')).toBe(before)
  })

  test('reports itself finished, and hands its report over, where the seal fails', async () => {
    const dir = freshFolder()
    const signer = {
      publicKey: async () => newKey().publicKey,
      sign: async () => {
        throw new Error('the HSM is away')
      },
    }
    const error = await sealedRun({ dir, signer }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'EVIDENCE_NOT_SEALED',
      message: expect.stringContaining('the HSM is away'),
      details: { report: { outcome: 'incomplete' } },
    })
    expect(existsSync(join(dir, 'statement.dsse.json'))).toBe(false)
    expect(existsSync(join(dir, 'records.jsonl'))).toBe(false)
  })

  test('is refused where signer and public key do not fit', async () => {
    const signer = { publicKey: async () => newKey().publicKey, sign: (data: Uint8Array) => newKey().signer.sign(data) }
    await expect(sealedRun({ signer })).rejects.toMatchObject({ message: expect.stringContaining('does not verify') })
  })

  test('is refused for a journal that has no report, or has a gap', async () => {
    const journal = new MemoryJournal()
    const first = { time: '2023-10-20T12:00:00.000Z', runId: 'x', type: 'run-started' } as const
    await journal.append({ ...first, data: { ...runStarted } })
    const seal = (from: ConstructorParameters<typeof Object>[0]) =>
      sealEvidence(from as MemoryJournal, { dir: freshFolder(), signer: newKey().signer })
    await expect(seal(journal)).rejects.toMatchObject({
      code: 'EVIDENCE_NOT_SEALED',
      message: expect.stringContaining('no report'),
    })
    const gap = {
      async *entries() {
        for await (const record of journal.entries()) yield { ...record, sequence: 2 }
      },
    }
    await expect(seal(gap)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
  })

  test.each([
    ['counts', {}],
    ['missing counts', { counts: null }],
    ['counts of another form', { counts: 'all' }],
    ['missing coverage', { coverage: null }],
  ])(
    'is refused where somebody made its report say complete against its own %s; taking it up is, too',
    async (_, more) => {
      const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
      const platform = new FakePlatform()
      platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
      const storage = new MemoryStorageAdapter({ clock })
      const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag } })
      const journal = new MemoryJournal()
      const { outcome } = await exporter.run(request, { journal })
      expect(outcome).toBe('incomplete')
      await sealEvidence(journal, { dir: freshFolder(), signer: newKey().signer })

      const edited = new MemoryJournal()
      for await (const { sequence, ...record } of journal.entries()) {
        const edit = record.type === 'report' ? { outcome: 'complete', ...more } : {}
        await edited.append({ ...record, data: { ...record.data, ...edit } })
      }
      const corrupt = { code: 'JOURNAL_CORRUPT' }
      await expect(sealEvidence(edited, { dir: freshFolder(), signer: newKey().signer })).rejects.toMatchObject(corrupt)
      await expect(exporter.run(request, { journal: edited })).rejects.toMatchObject(corrupt)
    },
  )

  test('is refused where the journal on disk is not what the run wrote', async () => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const platform = new FakePlatform()
    platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
    const journal = new FileJournal(freshFolder('journal'))
    const storage = new MemoryStorageAdapter({ clock })
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, journal })
    const evidence = evidenceBundle({ dir: freshFolder(), signer: newKey().signer })
    const seal = evidence.seal.bind(evidence)
    evidence.seal = async (...args) => {
      await journal.close()
      writeFileSync(journal.path, readFileSync(journal.path, 'utf8').replace('"i"', '"j"'))
      return seal(...args)
    }
    const error = await exporter.run(request, { evidence }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'EVIDENCE_NOT_SEALED', cause: { code: 'JOURNAL_CORRUPT' } })
    // Whoever sealed it by itself would sign what somebody else wrote.
    expect(error).toMatchObject({ message: expect.stringContaining('run again with a new one') })
    expect(error).not.toMatchObject({ message: expect.stringContaining('sealEvidence') })
  })

  test.each(['P-256', 'P-384'] as const)('verifies with a key on %s, as AWS KMS holds them', async (type) => {
    const { dir, key } = await sealedRun({ key: newKey(type) })
    expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
  })

  test('a signing key that is none is refused without a word of it', () => {
    expect(() => new KeyFileSigner({ pem: 'SECRET-WORDS' })).toThrow(/PKCS#8/)
    try {
      new KeyFileSigner({ pem: 'SECRET-WORDS' })
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain('SECRET-WORDS')
    }
  })

  test('hashes the content where the storage holds no checksum, and not where it is told not to', async () => {
    const digestsOf = async (hashContent: 'missing' | 'none') => {
      const { dir } = await sealedRun({ hashContent })
      return read(dir, 'records.jsonl')
        .split('\n')
        .filter((line) => line.includes('"type":"verdict"'))
        .map((line) => JSON.parse(line).data.digest)
    }
    const digests = await digestsOf('missing')
    expect(digests).toHaveLength(6)
    expect(digests.map(({ value }) => value)).toContain(sha256('recording 1'))
    expect(digests.every(({ source, algorithm }) => source === 'content' && algorithm === 'SHA256')).toBe(true)
    expect(await digestsOf('none')).toEqual(Array.from({ length: 6 }, () => undefined))
  })
})
