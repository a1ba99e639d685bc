import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ObjectState } from '#src/index.js'
import { type EvidenceProblemCode, prove, verifyEvidence, verifyProof } from '#src/node.js'
import { SimulatedClock } from '#src/testing/index.js'
import { folder, newKey, type SealedWorld, sealedRun, tag } from '../bundle-world.js'
import { hasTool, LocalTsa } from '../crypto/local-tsa.js'

let world: SealedWorld
beforeAll(async () => {
  world = await sealedRun()
})

const lineOf = (dir: string, number: number) =>
  readFileSync(join(dir, 'records.jsonl'), 'utf8').split('\n')[number - 1]!

/** A copy of a bundle, changed. */
function changed(change: (dir: string) => void, from = world.dir): string {
  const dir = join(mkdtempSync(join(tmpdir(), 'tampered-')), 'evidence')
  cpSync(from, dir, { recursive: true })
  change(dir)
  return dir
}

function edit(dir: string, name: string, change: (text: string) => string): void {
  const path = join(dir, name)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

const editLines = (dir: string, change: (lines: string[]) => string[]) =>
  edit(dir, 'records.jsonl', (text) => `${change(text.trimEnd().split('\n')).join('\n')}\n`)

const codesOf = async (dir: string) =>
  (await verifyEvidence(dir, { publicKey: world.key.publicKey })).problems.map(({ code }) => code)

describe('verification', () => {
  test('finds nothing wrong with a bundle as it was sealed', async () => {
    const verification = await verifyEvidence(world.dir, { publicKey: world.key.publicKey })
    expect(verification).toMatchObject({
      verified: true,
      problems: [],
      notes: [],
      claimedFingerprint: world.key.fingerprint,
      predicate: { hold: { tag }, outcome: 'incomplete' },
    })
  })

  test('takes a fingerprint in place of the key, and only the right one', async () => {
    const { fingerprint } = world.key
    expect(await verifyEvidence(world.dir, { fingerprint })).toMatchObject({ verified: true })
    const typed = fingerprint
      .slice(7)
      .toUpperCase()
      .replace(/(..)(?=.)/g, '$1:')
    expect(await verifyEvidence(world.dir, { fingerprint: typed })).toMatchObject({ verified: true })
    expect(await verifyEvidence(world.dir, { fingerprint: newKey().fingerprint })).toMatchObject({
      verified: false,
      problems: [{ code: 'wrong-key' }],
    })
    await expect(verifyEvidence(world.dir, { fingerprint: 'abc' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  test('without a key authenticates nobody, and says which key the bundle claims', async () => {
    expect(await verifyEvidence(world.dir)).toMatchObject({
      verified: false,
      problems: [{ code: 'no-key', message: expect.stringContaining(world.key.fingerprint) }],
    })
  })

  test('a bundle that was signed anew with another key, which was put into it, does not verify', async () => {
    const forged = await sealedRun()
    expect(await verifyEvidence(forged.dir, { publicKey: world.key.publicKey })).toMatchObject({
      verified: false,
      problems: [{ code: 'wrong-key' }, { code: 'signature-invalid' }],
    })
    expect(await verifyEvidence(forged.dir, { fingerprint: world.key.fingerprint })).toMatchObject({
      verified: false,
      problems: [{ code: 'wrong-key' }],
    })
  })

  const cases: [what: string, change: (dir: string) => void, codes: EvidenceProblemCode[], line?: number][] = [
    [
      'a word in a line changed',
      (dir) =>
        editLines(dir, (lines) => lines.map((line, at) => (at === 5 ? line.replace('"time":"2', '"time":"1') : line))),
      ['file-changed', 'record-changed', 'root-mismatch'],
      6,
    ],
    [
      'a line gone',
      // An intent: a verdict would be missing from the counts of its recording, too.
      (dir) => editLines(dir, (lines) => lines.filter((_, at) => at !== 8)),
      ['file-changed', 'record-changed', 'record-contradictory', 'sequence-gap', 'root-mismatch', 'counts-mismatch'],
      9,
    ],
    [
      'a line twice',
      (dir) => editLines(dir, (lines) => lines.flatMap((line, at) => (at === 2 ? [line, line] : [line]))),
      ['file-changed', 'record-changed', 'sequence-gap', 'root-mismatch', 'counts-mismatch'],
      4,
    ],
    [
      'two lines swapped',
      (dir) => editLines(dir, ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest]),
      ['file-changed', 'record-changed', 'sequence-gap', 'root-mismatch'],
      2,
    ],
    [
      'the end cut off',
      (dir) => editLines(dir, (lines) => lines.slice(0, -1)),
      ['file-changed', 'record-changed', 'root-mismatch', 'counts-mismatch', 'report-mismatch'],
    ],
    [
      'the last line torn',
      (dir) => edit(dir, 'records.jsonl', (text) => text.slice(0, -20)),
      ['file-changed', 'record-changed', 'record-malformed', 'root-mismatch', 'counts-mismatch', 'report-mismatch'],
    ],
    [
      'the page changed',
      (dir) => edit(dir, 'report.html', (text) => text.replace('Incomplete', 'Complete')),
      ['file-changed'],
    ],
    [
      'the report changed',
      (dir) => edit(dir, 'report.json', (text) => text.replace('"incomplete"', '"complete"')),
      ['file-changed', 'report-mismatch'],
    ],
    ['a file gone', (dir) => rmSync(join(dir, 'exceptions.csv')), ['file-missing']],
    ['the statement gone', (dir) => rmSync(join(dir, 'statement.dsse.json')), ['file-missing']],
    [
      'the statement laid out anew',
      (dir) => edit(dir, 'statement.dsse.json', (text) => JSON.stringify(JSON.parse(text))),
      ['statement-malformed'],
    ],
    [
      'the public key replaced',
      (dir) => writeFileSync(join(dir, 'public-key.pem'), newKey().publicKey),
      ['file-changed'],
    ],
  ]
  test.each(cases)('%s: says so, and where', async (_, change, codes, line) => {
    const { problems } = await verifyEvidence(changed(change), { publicKey: world.key.publicKey })
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(codes))
    if (line !== undefined) expect(problems.find(({ code }) => code === 'record-changed')?.line).toBe(line)
  })

  test('a statement that was signed by somebody else, with all hashes right, does not verify', async () => {
    const other = await sealedRun()
    const dir = changed(() => {}, other.dir)
    expect(await codesOf(dir)).toEqual(['wrong-key', 'signature-invalid'])
  })

  test('what lies beside the signed files is named, and disturbs nothing', async () => {
    const dir = changed((folderOf) => writeFileSync(join(folderOf, 'note.txt'), 'x'))
    expect(await verifyEvidence(dir, { publicKey: world.key.publicKey })).toMatchObject({
      verified: true,
      notes: [expect.stringContaining('note.txt')],
    })
  })

  test('no tampering goes unseen, whatever it is and wherever: 1,000 mutations', async () => {
    const other = await sealedRun({ key: world.key })
    const files = [
      'records.jsonl',
      'records.leaves',
      'statement.dsse.json',
      'report.json',
      'report.html',
      'exceptions.csv',
      'VERIFY.md',
      'public-key.pem',
    ]
    const lines = readFileSync(join(world.dir, 'records.jsonl'), 'utf8').trimEnd().split('\n')
    const name = fc.oneof({ weight: 3, arbitrary: fc.constant('records.jsonl') }, fc.constantFrom(...files))
    const at = fc.nat(1_000_000)
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), name, at, bit: fc.nat(7) }),
      fc.record({ kind: fc.constantFrom('drop', 'duplicate', 'truncate', 'swap'), at, other: at }),
      fc.record({ kind: fc.constantFrom('cut', 'extend', 'exchange', 'remove'), name, at }),
    )
    const dir = changed(() => {})
    const restore = new Map(files.map((file) => [file, readFileSync(join(world.dir, file))]))
    await fc.assert(
      fc.asyncProperty(mutation, async (how) => {
        const file = 'name' in how ? how.name : 'records.jsonl'
        const path = join(dir, file)
        const before = restore.get(file)!
        const after = mutated(how, before, lines, readFileSync(join(other.dir, file)))
        fc.pre(after === undefined || !after.equals(before))
        if (after === undefined) rmSync(path)
        else writeFileSync(path, after)
        try {
          const { verified, problems } = await verifyEvidence(dir, { publicKey: world.key.publicKey })
          expect(verified).toBe(false)
          // And says where. Another bundle's statement, soundly signed, is one that no file here fits.
          const isOtherStatement = how.kind === 'exchange' && file === 'statement.dsse.json'
          expect(problems.some((problem) => problem.file === (isOtherStatement ? 'records.jsonl' : file))).toBe(true)
          if (file === 'records.jsonl' && after !== undefined) {
            expect(problems.find(({ line }) => line !== undefined)?.line).toBe(firstOtherLine(before, after))
          }
        } finally {
          writeFileSync(path, before)
        }
      }),
      { numRuns: 1000 },
    )
    expect(await codesOf(dir)).toEqual([])
  }, 240_000)
})

type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: string; readonly at: number; readonly other?: number }

/** Number of the first line that differs, or lacks its end. */
function firstOtherLine(before: Buffer, after: Buffer): number {
  let at = 0
  while (at < before.length && before[at] === after[at]) at += 1
  return before.subarray(0, at).toString('latin1').split('\n').length
}

function mutated(how: Mutation, before: Buffer, lines: readonly string[], theirs: Buffer): Buffer | undefined {
  const at = how.at % before.length
  const line = how.at % lines.length
  const joined = (list: readonly string[]) => Buffer.from(list.map((text) => `${text}\n`).join(''))
  switch (how.kind) {
    case 'flip': {
      const after = Buffer.from(before)
      after[at] = after[at]! ^ (1 << ('bit' in how ? how.bit : 0))
      return after
    }
    case 'drop':
      return joined(lines.filter((_, index) => index !== line))
    case 'duplicate':
      return joined(lines.flatMap((text, index) => (index === line ? [text, text] : [text])))
    case 'truncate':
      return joined(lines.slice(0, line))
    case 'swap': {
      const list = [...lines]
      const second = (('other' in how ? how.other : undefined) ?? 0) % lines.length
      ;[list[line], list[second]] = [list[second]!, list[line]!]
      return joined(list)
    }
    case 'cut':
      return before.subarray(0, at)
    case 'extend':
      return Buffer.concat([before, Buffer.from('x')])
    case 'exchange':
      return theirs
    default:
      return undefined
  }
}

describe('the chain of a matter', () => {
  test('leads to the bundle before, and breaks where that is another or lies', async () => {
    const { key } = world
    const nextDay = new SimulatedClock({ now: '2023-10-21T12:00:00Z' })
    const next = await sealedRun({ key, previous: world.dir, clock: nextDay })
    const options = { publicKey: key.publicKey }
    expect(await verifyEvidence(next.dir, { ...options, previous: world.dir })).toMatchObject({ verified: true })
    expect(await verifyEvidence(next.dir, options)).toMatchObject({
      verified: true,
      notes: [expect.stringContaining('before')],
    })
    const other = await sealedRun({ key })
    expect(await verifyEvidence(next.dir, { ...options, previous: other.dir })).toMatchObject({
      problems: [{ code: 'chain-broken' }],
    })
    const without = changed(
      (dir) => cpSync(join(other.dir, 'statement.dsse.json'), join(dir, 'previous.dsse.json')),
      next.dir,
    )
    expect((await verifyEvidence(without, options)).problems.map(({ code }) => code)).toContain('file-changed')
    expect(await verifyEvidence(world.dir, { ...options, previous: other.dir })).toMatchObject({
      problems: [{ code: 'chain-broken' }],
    })
  })

  test('is refused across matters', async () => {
    await expect(sealedRun({ previous: world.dir, matter: 'another' })).rejects.toMatchObject({
      code: 'EVIDENCE_NOT_SEALED',
      message: expect.stringContaining('another matter'),
    })
  })
})

describe('an inclusion proof', () => {
  const key = `${folder}/r2.json`

  test('discloses one record and nothing of the others', async () => {
    const proof = JSON.stringify(await prove(world.dir, key))
    const verification = verifyProof(proof, { publicKey: world.key.publicKey })
    expect(verification).toMatchObject({
      verified: true,
      record: { type: 'verdict', data: { object: { key }, outcome: 'repaired' } },
      predicate: { hold: { tag } },
    })
    expect(proof).not.toContain('r3.json')
    expect(verifyProof(proof, { fingerprint: world.key.fingerprint })).toMatchObject({ verified: true })
    expect(await prove(world.dir, `memory/${key}`)).toEqual(JSON.parse(proof))
  })

  test('shows nothing with another key, without one, or with anything in it changed', async () => {
    const proof = await prove(world.dir, key)
    const verify = (changes: object, options: object = { publicKey: world.key.publicKey }) =>
      verifyProof(JSON.stringify({ ...proof, ...changes }), options).problems.map(({ code }) => code)
    expect(verify({}, {})).toEqual(['no-key'])
    expect(verify({}, { publicKey: newKey().publicKey })).toEqual(['signature-invalid'])
    expect(verify({}, { fingerprint: newKey().fingerprint })).toEqual(['wrong-key'])
    expect(verify({ record: proof.record.replace('repaired', 'held') })).toEqual([
      'root-mismatch',
      'record-contradictory',
    ])
    expect(verify({ leafIndex: proof.leafIndex + 1 })).toEqual(['root-mismatch'])
    expect(verify({ treeSize: proof.treeSize + 1 })).toEqual(['root-mismatch'])
    expect(verify({ auditPath: proof.auditPath.slice(1) })).toEqual(['root-mismatch'])
    expect(verify({ record: lineOf(world.dir, 1) })).toEqual(['root-mismatch', 'record-contradictory'])
    expect(verifyProof('{}', {}).problems).toMatchObject([{ code: 'statement-malformed' }])
  })

  test('is refused for an object that is not on record, and from a bundle that was changed', async () => {
    await expect(prove(world.dir, 'nowhere')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' })
    const dir = changed((copy) => editLines(copy, (lines) => lines.map((line) => line.replace('r3', 'r4'))))
    await expect(prove(dir, key)).rejects.toMatchObject({ code: 'EVIDENCE_UNREADABLE' })
  })
})

describe('one record', () => {
  test('is found by bucket and key, or said to be missing', async () => {
    const options = { publicKey: world.key.publicKey }
    const found = await verifyEvidence(world.dir, { ...options, record: `memory/${folder}/r1.json` })
    expect(found).toMatchObject({ verified: true, record: { record: { data: { outcome: 'held' } } } })
    expect(JSON.parse(lineOf(world.dir, found.record!.line))).toEqual(found.record!.record)
    expect(await verifyEvidence(world.dir, { ...options, record: 'memory/none' })).toMatchObject({
      verified: false,
      problems: [{ code: 'record-not-found' }],
    })
  })
})

describe('a look at the objects as they are now', () => {
  test('finds nothing where nothing changed, and says what changed otherwise', async () => {
    const { dir, key, storage } = await sealedRun({ recordings: 8 })
    const look = () => verifyEvidence(dir, { publicKey: key.publicKey, live: storage })
    expect(await look()).toMatchObject({ verified: true, live: { checked: 16, drifted: 0 } })
    storage.put(`${folder}/r2.json`, { body: 'recording 2', metadata: {} })
    storage.put(`${folder}/r3.json`, { body: 'another', metadata: { 'legal-hold-tag': tag } })
    storage.delete(`${folder}/r4.json`)
    storage.put(`${folder}/r5.json`, { body: 'recording 5', metadata: { 'legal-hold-tag': tag } })
    const { verified, live, problems } = await look()
    expect(verified).toBe(false)
    expect(live!.drift.map(({ kind, object }) => [object.key.slice(folder.length + 1), kind]).sort()).toEqual([
      ['r2.json', 'hold-lost'],
      ['r3.json', 'content-changed'],
      ['r4.json', 'gone'],
      ['r5.json', 'replaced'],
    ])
    for (const { line, object } of live!.drift) expect(lineOf(dir, line)).toContain(object.key)
    expect(problems.every(({ code, line }) => code === 'live-drift' && line !== undefined)).toBe(true)
  })

  test('takes a size that HEAD leaves out for unknown, and not for another one', async () => {
    const { dir, key, storage } = await sealedRun({ recordings: 8 })
    const head = storage.head.bind(storage)
    let hides: (state: ObjectState) => Partial<ObjectState> = () => ({ sizeBytes: undefined })
    storage.head = async (...given) => {
      const answer = await head(...given)
      return answer.found ? { ...answer, state: { ...answer.state, ...hides(answer.state) } } : answer
    }
    const look = () => verifyEvidence(dir, { publicKey: key.publicKey, live: storage })
    expect(await look()).toMatchObject({ verified: true, live: { checked: 16, drifted: 0 } })
    hides = () => ({ sizeBytes: undefined, etag: '"another"' })
    const { live } = await look()
    expect(live).toMatchObject({ checked: 16, drifted: 16 })
    expect(new Set(live!.drift.map(({ kind }) => kind))).toEqual(new Set(['content-changed']))
  })

  test.each<[string, (state: ObjectState) => Partial<ObjectState>, string | undefined]>([
    ['an ETag that is left out', () => ({ etag: undefined }), undefined],
    ['an ETag without its quotes', ({ etag }) => ({ etag: etag?.replaceAll('"', '') }), undefined],
    ['a version that is left out', () => ({ versionId: undefined }), 'unreadable'],
    ['nothing to compare', () => ({ versionId: undefined, etag: undefined, sizeBytes: undefined }), 'unreadable'],
  ])('takes %s for unknown, neither equal nor changed', async (_, hides, kind) => {
    const { dir, key, storage } = await sealedRun({ recordings: 2 })
    const head = storage.head.bind(storage)
    storage.head = async (...given) => {
      const answer = await head(...given)
      return answer.found ? { ...answer, state: { ...answer.state, ...hides(answer.state) } } : answer
    }
    const { live } = await verifyEvidence(dir, { publicKey: key.publicKey, live: storage })
    expect(new Set(live!.drift.map((drift) => drift.kind))).toEqual(new Set(kind === undefined ? [] : [kind]))
  })

  test('listens to its signal with each object, without Node’s warning of a leak', async () => {
    const { dir, key, storage } = await sealedRun({ recordings: 8 })
    const { signal } = new AbortController()
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const head = storage.head.bind(storage)
    storage.head = (ref, options) => {
      options?.signal?.addEventListener('abort', () => {})
      return head(ref, options)
    }
    const { live } = await verifyEvidence(dir, { publicKey: key.publicKey, live: storage, signal })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(live).toEqual({ checked: 16, drifted: 0, drift: [] })
    expect(warnings).toEqual([])
  })

  test('is not taken where the bundle itself does not verify', async () => {
    const dir = changed((copy) => edit(copy, 'VERIFY.md', (text) => `${text} `))
    const { live, notes } = await verifyEvidence(dir, { publicKey: world.key.publicKey, live: world.storage })
    expect(live).toBeUndefined()
    expect(notes.join()).toContain('not read again')
  })
})

describe('what cannot be checked at all', () => {
  test('is an error, not a verdict', async () => {
    await expect(verifyEvidence('/nowhere/at/all')).rejects.toMatchObject({ code: 'EVIDENCE_UNREADABLE' })
    await expect(verifyEvidence(world.dir, { publicKey: 'x' })).rejects.toMatchObject({ code: 'EVIDENCE_UNREADABLE' })
    await expect(verifyEvidence(world.dir, { publicKey: world.key.pem })).rejects.toMatchObject({
      message: expect.stringContaining('private key'),
    })
    const signal = AbortSignal.abort()
    await expect(verifyEvidence(world.dir, { publicKey: world.key.publicKey, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})

describe.runIf(hasTool('openssl'))('a bundle with a time stamp', () => {
  test('verifies with the authority’s certificate, and not without its stamp or with another', async () => {
    const tsa = new LocalTsa('ec')
    const authority = async (query: Uint8Array) => tsa.reply(Buffer.from(query))
    const { dir, key } = await sealedRun({ timestamp: { authority, ca: tsa.ca } })
    const options = { publicKey: key.publicKey, tsaCa: tsa.ca }
    expect(existsSync(join(dir, 'timestamp.dsse.json'))).toBe(true)
    expect(await verifyEvidence(dir, options)).toMatchObject({ verified: true, timestamp: { trusted: true } })
    expect(await verifyEvidence(dir, { publicKey: key.publicKey })).toMatchObject({
      verified: true,
      timestamp: { trusted: false },
      notes: [expect.stringContaining('authority')],
    })
    const problems = async (from: string, more: object = {}) =>
      (await verifyEvidence(from, { ...options, ...more })).problems.map(({ code }) => code)
    expect(await problems(dir, { tsaCa: new LocalTsa('ec').ca })).toEqual(['timestamp-invalid'])
    expect(await problems(changed((copy) => rmSync(join(copy, 'timestamp.dsse.json')), dir))).toEqual(['file-missing'])
    const other = await sealedRun({ key, timestamp: { authority } })
    const swap = (copy: string) => cpSync(join(other.dir, 'timestamp.dsse.json'), join(copy, 'timestamp.dsse.json'))
    expect(await problems(changed(swap, dir))).toEqual(['timestamp-invalid'])
    const stamp = readFileSync(join(dir, 'timestamp.dsse.json'))
    for (let at = 7; at < stamp.length; at += 97) {
      const flip = (copy: string) => {
        const bytes = Buffer.from(stamp)
        bytes[at] = bytes[at]! ^ 4
        writeFileSync(join(copy, 'timestamp.dsse.json'), bytes)
      }
      expect(await problems(changed(flip, dir))).toContain('timestamp-invalid')
    }
    expect(await problems(world.dir, { publicKey: world.key.publicKey })).toEqual(['timestamp-invalid'])
  })
})
