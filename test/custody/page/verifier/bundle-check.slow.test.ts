import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readGiven, readKey } from '#src/custody/page/verifier/key.js'
import { checkProof } from '#src/custody/page/verifier/proof-check.js'
import { type InclusionProof, prove } from '#src/node.js'
import { folder, newKey, type SealedWorld, sealedRun, tag } from '../../bundle-world.js'
import { hasTool, LocalTsa } from '../../crypto/local-tsa.js'
import { type Contents, checked, contentsOf } from './opened.js'

const kinds = ['ed25519', 'P-256', 'P-384'] as const
const worlds = new Map<string, SealedWorld>()
beforeAll(async () => {
  for (const kind of kinds) worlds.set(kind, await sealedRun({ key: newKey(kind) }))
})
const worldOf = (kind: string) => worlds.get(kind)!

const codesOf = async (contents: Contents, given: string) =>
  (await checked(contents, given)).problems.map(({ code }) => code)

function changed(contents: Contents, name: string, change: (bytes: Buffer) => Uint8Array | undefined): Contents {
  const bytes = change(Buffer.from(contents.get(name)!))
  const rest = [...contents].filter(([other]) => other !== name)
  return new Map(bytes === undefined ? rest : [...rest, [name, bytes] as const])
}

describe.each(kinds)('a bundle signed with %s', (kind) => {
  test('verifies with the key or the fingerprint from elsewhere, and says what the statement says', async () => {
    const { dir, key } = worldOf(kind)
    for (const given of [key.publicKey, key.fingerprint, key.fingerprint.slice(7).toUpperCase()]) {
      expect(await checked(contentsOf(dir), given)).toMatchObject({
        status: 'verifies',
        problems: [],
        lacks: [],
        fingerprint: key.fingerprint,
        predicate: { hold: { tag }, outcome: 'incomplete' },
      })
    }
  })

  test('authenticates nobody without a key, and is not of another key', async () => {
    const contents = contentsOf(worldOf(kind).dir)
    expect(await checked(contents, '')).toMatchObject({ status: 'not-authenticated', problems: [{ code: 'no-key' }] })
    expect(await codesOf(contents, newKey(kind).publicKey)).toEqual(['wrong-key', 'signature-invalid'])
    expect(await codesOf(contents, newKey(kind).fingerprint)).toEqual(['wrong-key'])
  })

  test('is red for a byte changed, added or cut off anywhere, in any file', async () => {
    const { dir, key } = worldOf(kind)
    const contents = contentsOf(dir)
    const names = [...contents.keys()]
    expect(names).toHaveLength(9)
    const mutation = fc.record({
      name: fc.constantFrom(...names),
      place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      how: fc.constantFrom('flip', 'insert', 'delete', 'cut'),
      bits: fc.integer({ min: 1, max: 255 }),
    })
    await fc.assert(
      fc.asyncProperty(mutation, async ({ name, place, how, bits }) => {
        const mutated = changed(contents, name, (bytes) => {
          const at = Math.floor(place * bytes.length)
          if (how === 'insert') return Buffer.concat([bytes.subarray(0, at), Uint8Array.of(bits), bytes.subarray(at)])
          if (how === 'delete') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
          if (how === 'cut') return bytes.subarray(0, at)
          bytes[at] = bytes[at]! ^ bits
          return bytes
        })
        for (const given of [key.publicKey, key.fingerprint]) {
          expect((await checked(mutated, given)).status).toBe('does-not-verify')
        }
      }),
      { numRuns: 200 },
    )
  })

  test('is red for each file that is gone', async () => {
    const { dir, key } = worldOf(kind)
    const contents = contentsOf(dir)
    for (const name of contents.keys()) {
      expect(
        await codesOf(
          changed(contents, name, () => undefined),
          key.publicKey,
        ),
        name,
      ).toContain('file-missing')
    }
  })

  test('proves one recording by its id or its key, and none that has no record', async () => {
    const { dir, key } = worldOf(kind)
    const contents = contentsOf(dir)
    const path = `${folder}/r2.json`
    const { storage } = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))
    for (const wanted of ['r2', path, `${storage.bucket}/${path}`]) {
      const { status, proven } = await checked(contents, key.publicKey, { wanted })
      expect(status).toBe('verifies')
      const { leafIndex, auditPath, record } = await prove(dir, path)
      if (wanted !== 'r2') expect(proven).toMatchObject({ line: leafIndex + 1, steps: auditPath.length })
      if (wanted !== 'r2') expect(proven?.record).toEqual(JSON.parse(record))
      expect(proven?.record.data).toMatchObject({ place: { recordingId: 'r2' } })
    }
    expect(await checked(contents, key.publicKey, { wanted: 'r77' })).toMatchObject({
      status: 'does-not-verify',
      problems: [{ code: 'record-not-found' }],
    })
  })

  test('has proofs that verify, and are red for a byte changed anywhere', async () => {
    const { dir, key } = worldOf(kind)
    const text = `${JSON.stringify(await prove(dir, `${folder}/r2.json`), null, 2)}\n`
    const result = (proof: string, given: string) =>
      checkProof(proof, {
        subtle: crypto.subtle,
        given: readGiven(given) as Exclude<ReturnType<typeof readGiven>, string>,
      })
    expect(await result(text, key.fingerprint)).toMatchObject({
      status: 'verifies',
      proven: { record: { type: 'verdict' } },
    })
    expect(await result(JSON.stringify(JSON.parse(text)), key.publicKey)).toMatchObject({ status: 'verifies' })
    expect(await result(text, '')).toMatchObject({ status: 'not-authenticated' })
    expect(await result(text, newKey(kind).publicKey)).toMatchObject({ status: 'does-not-verify' })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.trimEnd().length - 1),
        fc.constantFrom('x', '0', ' ', '"', '\\'),
        async (at, put) => {
          fc.pre(text[at] !== put)
          const mutated = `${text.slice(0, at)}${put}${text.slice(at + 1)}`
          // White space and what stands beside the lines of PEM mean nothing; the key, what is signed and what is proven do.
          const { publicKey, ...rest } = JSON.parse(text) as InclusionProof
          const { status } = await result(mutated, key.publicKey)
          if (status === 'does-not-verify') return
          const { publicKey: other, ...same } = JSON.parse(mutated) as InclusionProof
          expect(same).toEqual(rest)
          expect(readKey(other)).toEqual(readKey(publicKey))
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('what only some bundles have', () => {
  test('the statement of the bundle before is covered by the signature', async () => {
    const first = worldOf('ed25519')
    const second = await sealedRun({ key: first.key, previous: first.dir })
    const contents = contentsOf(second.dir)
    expect(await checked(contents, first.key.publicKey)).toMatchObject({ status: 'verifies' })
    const cut = changed(contents, 'previous.dsse.json', (bytes) => bytes.subarray(1))
    expect(await codesOf(cut, first.key.publicKey)).toEqual(['file-changed'])
  })

  test.runIf(hasTool('openssl'))('the time stamp is the one that was signed, or the page is red', async () => {
    const tsa = new LocalTsa('rsa')
    const authority = async (query: Uint8Array) => tsa.reply(Buffer.from(query))
    const { dir, key } = await sealedRun({ timestamp: { authority } })
    const contents = contentsOf(dir)
    const good = await checked(contents, key.publicKey)
    expect(good).toMatchObject({ status: 'verifies' })
    expect(good.notes.join()).toContain('time stamp')
    const name = 'timestamp.dsse.json'
    expect(
      await codesOf(
        changed(contents, name, () => undefined),
        key.publicKey,
      ),
    ).toEqual(['file-missing'])
    await fc.assert(
      fc.asyncProperty(fc.nat(contents.get(name)!.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const mutated = changed(contents, name, (bytes) => {
          bytes[at] = bytes[at]! ^ bits
          return bytes
        })
        expect((await checked(mutated, key.publicKey)).status).toBe('does-not-verify')
      }),
      { numRuns: 200 },
    )
  })

  test('a file beside the bundle is named as not covered', async () => {
    const { dir, key } = worldOf('P-256')
    const { status, notes } = await checked(
      new Map([...contentsOf(dir), ['extra.txt', Buffer.from('x')]]),
      key.publicKey,
    )
    expect(status).toBe('verifies')
    expect(notes.join()).toContain('extra.txt')
  })
})

describe('a browser', () => {
  test('that knows no keys of this kind is told so, and never shown green', async () => {
    const { dir, key } = worldOf('ed25519')
    const lacking = {
      digest: crypto.subtle.digest.bind(crypto.subtle),
      importKey: () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')),
    } as unknown as typeof crypto.subtle
    const contents = contentsOf(dir)
    const found = await checked(contents, key.publicKey, { subtle: lacking })
    expect(found).toMatchObject({ status: 'cannot-check', problems: [] })
    expect(found.lacks.join()).toMatch(/cannot check signatures of the kind Ed25519/)
    const cut = changed(contents, 'report.html', (bytes) => bytes.subarray(1))
    expect(await checked(cut, key.publicKey, { subtle: lacking })).toMatchObject({ status: 'does-not-verify' })
  })

  test('whose SHA-256 is another than the page’s is told that nothing was checked', async () => {
    const { dir, key } = worldOf('ed25519')
    const strange = { digest: async () => new ArrayBuffer(32) } as unknown as typeof crypto.subtle
    expect(await checked(contentsOf(dir), key.publicKey, { subtle: strange })).toMatchObject({
      status: 'cannot-check',
      lacks: [expect.stringContaining('nothing was checked')],
    })
  })

  test('that cannot read a file says so, and shows neither green nor red', async () => {
    const { dir, key } = worldOf('ed25519')
    const files = new Map([...contentsOf(dir)].map(([name, bytes]) => [name, bytes] as const))
    const given = readGiven(key.publicKey) as Exclude<ReturnType<typeof readGiven>, string>
    const { checkBundle } = await import('#src/custody/page/verifier/bundle-check.js')
    const broken = new Map(
      [...files].map(([name, bytes]) => {
        const gone = { size: 9, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('it was moved')) }) }
        return [name, name === 'report.html' ? gone : new Blob([bytes])] as const
      }),
    )
    expect(await checkBundle(broken, { subtle: crypto.subtle, given, wanted: '' })).toMatchObject({
      status: 'cannot-check',
      lacks: ['A file cannot be read: it was moved'],
    })
  })
})

describe('an ECDSA signature', () => {
  test('in its other form is refused although it verifies, as by the library', async () => {
    const { dir, key } = worldOf('P-256')
    const contents = contentsOf(dir)
    const high = changed(contents, 'statement.dsse.json', (bytes) => {
      const envelope = JSON.parse(bytes.toString())
      envelope.signatures[0].sig = highForm(Buffer.from(envelope.signatures[0].sig, 'base64')).toString('base64')
      return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`)
    })
    const { status, problems } = await checked(high, key.publicKey)
    expect(status).toBe('does-not-verify')
    expect(problems).toMatchObject([
      { code: 'signature-invalid', message: expect.stringContaining('written in another form') },
    ])
  })
})

/** `(r, n - s)` in DER: as good a signature, of other bytes. */
function highForm(signature: Buffer): Buffer {
  const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const rLength = signature[3]!
  const r = signature.subarray(2, 4 + rLength)
  const s = BigInt(`0x${signature.subarray(6 + rLength).toString('hex')}`)
  const high = Buffer.from(`00${(n - s).toString(16).padStart(64, '0')}`, 'hex')
  return Buffer.concat([Uint8Array.of(0x30, r.length + 2 + high.length), r, Uint8Array.of(2, high.length), high])
}

describe('a key', () => {
  test.each([
    ['a private key', newKey().pem, /private key/],
    ['a word', 'abc', /neither a public key in PEM nor a fingerprint/],
    ['PEM of nothing', '-----BEGIN PUBLIC KEY-----\n%%%\n-----END PUBLIC KEY-----', /not base64/],
    ['PEM of another thing', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /neither Ed25519 nor ECDSA/],
    ['PEM without an end', '-----BEGIN PUBLIC KEY-----\nAAAA', /not a public key in PEM/],
  ])('that is %s is refused before anything is checked', (_, text, why) => {
    expect(readGiven(text)).toMatch(why)
  })
})
