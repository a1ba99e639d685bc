import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { signEnvelope } from '#src/custody/crypto/dsse.js'
import { formatEnvelope } from '#src/custody/crypto/envelope.js'
import { rebuildReportPage } from '#src/custody/verify/bundle-report.js'
import { type JournalRecord, MemoryJournal } from '#src/index.js'
import { prove, sealEvidence, verifyEvidence, verifyProof } from '#src/node.js'
import { folder, freshFolder, newKey, type SealedWorld, sealedRun } from '../bundle-world.js'
import { hasTool } from '../crypto/local-tsa.js'

let world: SealedWorld
beforeAll(async () => {
  world = await sealedRun()
})

function copied(change: (dir: string) => void): string {
  const dir = freshFolder()
  mkdirSync(dirname(dir), { recursive: true })
  cpSync(world.dir, dir, { recursive: true })
  change(dir)
  return dir
}

const verify = (dir: string) => verifyEvidence(dir, { publicKey: world.key.publicKey })
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('a bundle that was made to harm who verifies it', () => {
  test.each(['records.jsonl', 'report.json', 'statement.dsse.json', 'public-key.pem'])(
    '%s as a symbolic link is not followed, even to the same bytes',
    async (name) => {
      const dir = copied((at) => {
        rmSync(join(at, name))
        symlinkSync(join(world.dir, name), join(at, name))
      })
      expect(await verify(dir)).toMatchObject({
        verified: false,
        problems: [{ code: 'file-changed', file: name, message: expect.stringContaining('symbolic link') }],
      })
    },
  )

  test.runIf(hasTool('mkfifo'))('a pipe, which never ends, and a folder are not read', async () => {
    const dir = copied((at) => {
      rmSync(join(at, 'report.html'))
      execFileSync('mkfifo', [join(at, 'report.html')])
      rmSync(join(at, 'records.leaves'))
      mkdirSync(join(at, 'records.leaves'))
    })
    const { problems } = await verify(dir)
    expect(problems.map(({ code, file }) => [code, file])).toEqual([
      ['file-changed', 'records.leaves'],
      ['file-changed', 'report.html'],
    ])
  })

  test('a report nested deeper than the stack does not verify, and does not crash', async () => {
    const dir = copied((at) => writeFileSync(join(at, 'report.json'), nested(200_000)))
    const { verified, problems } = await verify(dir)
    expect(verified).toBe(false)
    expect(problems).toContainEqual(expect.objectContaining({ code: 'file-changed', file: 'report.json' }))
  })

  test('a line without an end does not verify, and names itself', async () => {
    const dir = copied((at) => {
      const file = openSync(join(at, 'records.jsonl'), 'a')
      const piece = Buffer.alloc(1 << 20, 'x')
      for (let count = 0; count < 66; count += 1) writeSync(file, piece)
      closeSync(file)
    })
    const lines = readFileSync(join(world.dir, 'records.jsonl'), 'utf8').trimEnd().split('\n')
    const { verified, problems } = await verify(dir)
    expect(verified).toBe(false)
    expect(problems).toContainEqual(expect.objectContaining({ code: 'record-malformed', line: lines.length + 1 }))
  })

  test.each([
    ['counts that are none', { counts: null }],
    ['a hold that is a number', { hold: { tag: 'x', matter: 7 }, previous: { statementSha256: 1 } }],
    ['a tree of no size', { log: { hash: 'sha256', rootHash: 'a'.repeat(64), treeSize: -1 } }],
  ])('a forged statement with %s does not verify, and does not crash', async (_, change) => {
    const dir = copied((at) => {
      const path = join(at, 'statement.dsse.json')
      const envelope = JSON.parse(readFileSync(path, 'utf8'))
      const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
      Object.assign(statement.predicate, change)
      envelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64')
      writeFileSync(path, `${JSON.stringify(envelope, null, 2)}\n`)
    })
    const { verified, problems } = await verify(dir)
    expect(verified).toBe(false)
    expect(problems.map(({ code }) => code)).toContain('signature-invalid')
  })

  test.each([
    ['a name that leads out of the folder', '../../etc/passwd'],
    ['an absolute name', '/etc/passwd'],
    ['a name of the prototype', '__proto__'],
  ])('a statement with %s is not used, however well it is signed, and the file not read', async (_, name) => {
    const dir = copied(() => {})
    await resigned(dir, (statement) => statement.subject.push({ name, digest: { sha256: '0'.repeat(64) } }))
    expect((await verify(dir)).problems).toMatchObject([
      { code: 'statement-malformed', message: expect.stringContaining('not a file of a bundle') },
    ])
  })

  test('a statement with two signatures, of which readers may take either, is not used', async () => {
    const dir = copied((at) => {
      const path = join(at, 'statement.dsse.json')
      const envelope = JSON.parse(readFileSync(path, 'utf8'))
      envelope.signatures.push(envelope.signatures[0])
      writeFileSync(path, `${JSON.stringify(envelope, null, 2)}\n`)
    })
    expect((await verify(dir)).problems).toMatchObject([
      { code: 'statement-malformed', message: expect.stringContaining('exactly one signature') },
    ])
  })

  test.each([
    ['with a byte order mark', (text: Buffer) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), text])],
    [
      'with a byte that is no UTF-8',
      (text: Buffer) => Buffer.from(text.toString('latin1').replace('"run', '"\xffrun'), 'latin1'),
    ],
  ])('records %s are malformed, on the line that has it', async (_, change) => {
    const dir = copied((at) => {
      const path = join(at, 'records.jsonl')
      writeFileSync(path, change(readFileSync(path)))
    })
    expect((await verify(dir)).problems).toContainEqual(
      expect.objectContaining({ code: 'record-malformed', file: 'records.jsonl', line: 1 }),
    )
  })

  test('a link in the place of a file is read by no command', async () => {
    const dir = copied((at) => {
      rmSync(join(at, 'records.jsonl'))
      symlinkSync('/dev/zero', join(at, 'records.jsonl'))
    })
    const refused = { code: 'EVIDENCE_UNREADABLE', message: expect.stringContaining('symbolic link') }
    await expect(prove(dir, `${folder}/r1.json`)).rejects.toMatchObject(refused)
    await expect(rebuildReportPage(dir)).rejects.toMatchObject(refused)
    expect(await verify(dir)).toMatchObject({ verified: false })
  })

  test('a time stamp that the statement knows nothing of is named as not covered', async () => {
    const dir = copied((at) => writeFileSync(join(at, 'timestamp.dsse.json'), '{}'))
    expect(await verify(dir)).toMatchObject({ verified: true, notes: [expect.stringContaining('timestamp.dsse.json')] })
  })

  test('records with the line ends of Windows do not verify', async () => {
    const dir = copied((at) => {
      const path = join(at, 'records.jsonl')
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'))
    })
    const { problems } = await verify(dir)
    expect(problems).toContainEqual(expect.objectContaining({ code: 'record-changed', line: 1 }))
  })

  test('a member given twice, of which readers may take either, does not verify', async () => {
    const dir = copied((at) => {
      const path = join(at, 'records.jsonl')
      // Parsed by the last one it is the same record; by the first it is another.
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace('"outcome":"held"', '"outcome":"missing","outcome":"held"'),
      )
    })
    const { problems } = await verify(dir)
    expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['file-changed', 'record-changed']))
  })
})

describe('a proof that was made to deceive', () => {
  test('of another bundle does not go with this statement', async () => {
    const other = await sealedRun({ key: world.key, recordings: 5 })
    const [mine, theirs] = [await prove(world.dir, `${folder}/r2.json`), await prove(other.dir, `${folder}/r2.json`)]
    for (const part of ['record', 'auditPath', 'leafIndex', 'statement'] as const) {
      const mixed = { ...mine, [part]: theirs[part] }
      if (JSON.stringify(mixed) === JSON.stringify(mine)) continue
      expect(verifyProof(JSON.stringify(mixed), { publicKey: world.key.publicKey }).verified).toBe(false)
    }
  })

  test('with a key and the fingerprint of another, or nested deeper than the stack, is refused', async () => {
    const proof = JSON.stringify(await prove(world.dir, `${folder}/r2.json`))
    const { publicKey, fingerprint } = world.key
    expect(verifyProof(proof, { publicKey, fingerprint }).verified).toBe(true)
    const invalid = expect.objectContaining({ code: 'INVALID_OPTIONS' })
    expect(() => verifyProof(proof, { publicKey, fingerprint: newKey().fingerprint })).toThrow(invalid)
    expect(() => verifyProof(proof, { fingerprint: 'abc' })).toThrow(invalid)
    const deep = proof.replace(/"statement":\{/, `"statement":{"x":${nested(100_000)},`)
    expect(verifyProof(deep, { publicKey })).toMatchObject({
      verified: false,
      problems: [{ code: 'statement-malformed' }],
    })
  })
})

describe('a key to verify with', () => {
  const pemOf = ({ publicKey }: { publicKey: KeyObject }) =>
    publicKey.export({ type: 'spki', format: 'pem' }).toString()

  test.each([
    ['RSA', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 })), 'neither Ed25519 nor ECDSA'],
    ['another curve', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), 'neither Ed25519 nor ECDSA'],
    ['a private key', () => world.key.pem, 'private key'],
    ['nothing at all', () => '', 'cannot be read'],
  ])('of type %s cannot be used, and says why', async (_, pem, why) => {
    await expect(verifyEvidence(world.dir, { publicKey: pem() })).rejects.toMatchObject({
      code: 'EVIDENCE_UNREADABLE',
      message: expect.stringContaining(why),
    })
  })

  test('of another type than the one that signed is the wrong key', async () => {
    const { problems } = await verifyEvidence(world.dir, { publicKey: newKey('P-256').publicKey })
    expect(problems.map(({ code }) => code)).toEqual(['wrong-key', 'signature-invalid'])
  })
})

/** Changes what is signed, and signs it again with the right key. */
async function resigned(dir: string, change: (statement: { subject: object[] }) => void): Promise<void> {
  const path = join(dir, 'statement.dsse.json')
  const envelope = JSON.parse(readFileSync(path, 'utf8'))
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
  change(statement)
  const { signer, fingerprint } = world.key
  const payload = Buffer.from(JSON.stringify(statement))
  writeFileSync(path, formatEnvelope(await signEnvelope(envelope.payloadType, payload, signer, fingerprint)))
}

describe('sealing', () => {
  test.each(['evidence', 'evidence/deeper'])(
    'into %s, which is a file or lies beneath one, is refused',
    async (name) => {
      const parent = freshFolder()
      mkdirSync(dirname(parent), { recursive: true })
      writeFileSync(parent, 'a file')
      const dir = join(dirname(parent), name)
      const notSealed = { code: 'EVIDENCE_NOT_SEALED', stage: 'report' }
      await expect(sealEvidence(new MemoryJournal(), { dir, signer: newKey().signer })).rejects.toMatchObject(notSealed)
      await expect(sealedRun({ dir })).rejects.toMatchObject(notSealed)
      expect(readFileSync(parent, 'utf8')).toBe('a file')
    },
  )

  test.each([
    ['not valid JSON', Buffer.from('{"sequence":1,')],
    ['not valid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a record without data', Buffer.from('{"sequence":1}')],
  ])('refuses a journal with a line that is %s, and names it', async (what, line) => {
    const journal = Object.assign(new MemoryJournal(), {
      async *lines() {
        yield line
      },
    })
    await expect(sealEvidence(journal, { dir: freshFolder(), signer: newKey().signer })).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      message: expect.stringContaining(what),
      details: { line: 1 },
    })
  })

  test('writes over no file that a link in the folder leads to', async () => {
    const target = freshFolder('precious.txt')
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, 'precious')
    const dir = freshFolder()
    mkdirSync(dir, { recursive: true })
    const signed = ['report.html', 'report.json', 'records.jsonl', 'records.leaves', 'exceptions.csv', 'VERIFY.md']
    // A killed attempt may leave the last three behind; a link there is not followed either.
    const left = ['previous.dsse.json', 'timestamp.dsse.json', 'statement.dsse.json.partial']
    for (const name of [...signed, ...left]) symlinkSync(target, join(dir, name))
    const sealed = await sealedRun({ dir })
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(await verifyEvidence(dir, { publicKey: sealed.key.publicKey })).toMatchObject({ verified: true, notes: [] })
  })

  test('refuses a journal whose lines are not one line each', async () => {
    const inner = new MemoryJournal()
    const record: Omit<JournalRecord, 'sequence'> = {
      time: '2023-10-20T12:00:00.000Z',
      runId: 'run',
      type: 'run-started',
      data: {},
    }
    await inner.append(record)
    const journal = Object.assign(inner, {
      async *lines() {
        yield Buffer.from(`{"sequence":1,\n${JSON.stringify(record).slice(1)}`)
      },
    })
    await expect(sealEvidence(journal, { dir: freshFolder(), signer: newKey().signer })).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      message: expect.stringContaining('line break'),
    })
  })
})
