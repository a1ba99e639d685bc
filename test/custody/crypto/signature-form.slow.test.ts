import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readBer } from '#src/custody/crypto/ber.js'
import { der } from '#src/custody/crypto/der.js'
import { signEnvelope } from '#src/custody/crypto/dsse.js'
import { ecdsaFormOf } from '#src/custody/crypto/ecdsa-form.js'
import { formatEnvelope } from '#src/custody/crypto/envelope.js'
import { canonicalJson } from '#src/internal/canonical-json.js'
import { systemClock } from '#src/internal/clock.js'
import { KeyFileSigner, prove, verifyEvidence, verifyProof } from '#src/node.js'
import { SimulatedClock } from '#src/testing/index.js'
import { folder, newKey, sealedRun, type TestKey } from '../bundle-world.js'
import { hasTool, LocalTsa } from './local-tsa.js'

const orders = {
  'P-256': BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
  'P-384': BigInt('0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
} as const
const curves = ['P-256', 'P-384'] as const
type Curve = (typeof curves)[number]

const numbersOf = (signature: Buffer) =>
  readBer(signature).children.map(({ contents }) => BigInt(`0x${contents.toString('hex')}`)) as [bigint, bigint]

/** An INTEGER of DER, as openssl writes it. */
function integer(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return der(2, bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]))
}

/** The other signature that verifies with the same key over the same data. */
function twinOf(signature: Buffer, curve: Curve): Buffer {
  const [r, s] = numbersOf(signature)
  return der(0x30, integer(r), integer(orders[curve] - s))
}

/** A bundle whose envelope is changed, in a folder of its own. */
function rewritten(from: string, name: string, change: (signature: Buffer) => Buffer): string {
  const dir = join(mkdtempSync(join(tmpdir(), 'twin-')), 'evidence')
  cpSync(from, dir, { recursive: true })
  const envelope = JSON.parse(readFileSync(join(dir, name), 'utf8'))
  const [signature] = envelope.signatures
  signature.sig = change(Buffer.from(signature.sig, 'base64')).toString('base64')
  writeFileSync(join(dir, name), formatEnvelope(envelope))
  return dir
}

const problemsOf = async (dir: string, key: TestKey, more: object = {}) =>
  (await verifyEvidence(dir, { publicKey: key.publicKey, ...more })).problems

describe.each(curves)('a signature on %s', (curve) => {
  test('is given with the lower s, by a key in a file', async () => {
    const key = newKey(curve)
    const publicKey = createPublicKey(key.publicKey)
    for (let at = 0; at < 60; at += 1) {
      const data = Buffer.from(`statement ${at}`)
      const signature = Buffer.from(await key.signer.sign(data))
      expect(numbersOf(signature)[1] * 2n).toBeLessThan(orders[curve])
      expect(verify(curve === 'P-256' ? 'sha256' : 'sha384', data, publicKey, signature)).toBe(true)
    }
  })

  test('of a signer that gives the higher s is brought into the one form before it is written', async () => {
    const key = newKey(curve)
    const high = {
      publicKey: () => key.signer.publicKey(),
      sign: async (data: Uint8Array) => twinOf(Buffer.from(await key.signer.sign(data)), curve),
    }
    const { dir } = await sealedRun({ key, signer: high })
    expect(await problemsOf(dir, key)).toEqual([])
  })

  test('with its twin in its place does not verify, in a bundle or in a proof, and says why', async () => {
    const key = newKey(curve)
    const { dir } = await sealedRun({ key })
    const twin = rewritten(dir, 'statement.dsse.json', (signature) => twinOf(signature, curve))
    const refused = [{ code: 'signature-invalid', message: expect.stringContaining('written in another form') }]
    expect(await problemsOf(twin, key)).toMatchObject(refused)
    const proof = JSON.stringify(await prove(twin, `${folder}/r2.json`))
    expect(verifyProof(proof, { publicKey: key.publicKey }).problems).toMatchObject(refused)
    // Whoever does not look at its form takes it for signed.
    const envelope = JSON.parse(readFileSync(join(twin, 'statement.dsse.json'), 'utf8'))
    const payload = Buffer.from(envelope.payload, 'base64')
    const signed = Buffer.concat([Buffer.from(`DSSEv1 28 ${envelope.payloadType} ${payload.length} `), payload])
    const digest = curve === 'P-256' ? 'sha256' : 'sha384'
    expect(verify(digest, signed, key.publicKey, Buffer.from(envelope.signatures[0].sig, 'base64'))).toBe(true)
  })

  test.each([
    ['zeros in front of a number', ([r, s]: Buffer[]) => der(0x30, der(2, Buffer.alloc(1), r!), der(2, s!))],
    [
      'a long length',
      ([r, s]: Buffer[]) =>
        Buffer.concat([Buffer.from([0x30, 0x81, r!.length + s!.length + 4]), der(2, r!), der(2, s!)]),
    ],
    [
      'an indefinite length',
      ([r, s]: Buffer[]) => Buffer.concat([Buffer.from([0x30, 0x80]), der(2, r!), der(2, s!), Buffer.alloc(2)]),
    ],
    ['a third number', ([r, s]: Buffer[]) => der(0x30, der(2, r!), der(2, s!), der(2, s!))],
    ['bytes behind it', ([r, s]: Buffer[]) => Buffer.concat([der(0x30, der(2, r!), der(2, s!)), Buffer.alloc(1)])],
  ])('written with %s does not verify', async (_, write) => {
    const key = newKey(curve)
    const { dir } = await sealedRun({ key })
    const other = rewritten(dir, 'statement.dsse.json', (signature) => {
      const written = write(readBer(signature).children.map(({ contents }) => contents))
      expect(written.equals(signature)).toBe(false)
      return written
    })
    expect(await problemsOf(other, key)).toMatchObject([{ code: 'signature-invalid' }])
  })

  test('has one form, or none', () => {
    const key = createPrivateKey(newKey(curve).pem)
    const signature = sign('sha256', Buffer.from('x'), key)
    const form = ecdsaFormOf(key, signature)!
    expect(ecdsaFormOf(key, form)).toEqual(form)
    expect(ecdsaFormOf(key, twinOf(signature, curve))).toEqual(form)
    const [r] = numbersOf(signature)
    for (const wrong of [0n, orders[curve], orders[curve] + 1n]) {
      expect(ecdsaFormOf(key, der(0x30, integer(r), integer(wrong)))).toBeUndefined()
      expect(ecdsaFormOf(key, der(0x30, integer(wrong), integer(r)))).toBeUndefined()
    }
    for (const none of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      der(0x30),
      der(0x30, der(2), der(2)),
      Buffer.alloc(64, 1),
    ]) {
      expect(ecdsaFormOf(key, none)).toBeUndefined()
    }
    expect(ecdsaFormOf(generateKeyPairSync('ed25519').publicKey, signature)).toBeUndefined()
  })
})

test('a signature of Ed25519 with an S beyond the order is refused by openssl', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const data = Buffer.from('statement')
  const signature = sign(undefined, data, privateKey)
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
  const beyond = Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ])
  expect(verify(undefined, data, publicKey, signature)).toBe(true)
  expect(verify(undefined, data, publicKey, beyond)).toBe(false)
})

describe('the chain of a matter', () => {
  const nextDay = new SimulatedClock({ now: '2023-10-21T12:00:00Z' })

  test('leads to the statement before, whatever became of the signature around it', async () => {
    const key = newKey('P-256')
    const first = await sealedRun({ key })
    const next = await sealedRun({ key, previous: first.dir, clock: nextDay })
    const twin = rewritten(first.dir, 'statement.dsse.json', (signature) => twinOf(signature, 'P-256'))
    expect(await problemsOf(next.dir, key, { previous: first.dir })).toEqual([])
    expect(await problemsOf(next.dir, key, { previous: twin })).toEqual([])
    // The bundle before is verified by itself.
    expect(await problemsOf(twin, key)).toMatchObject([{ code: 'signature-invalid' }])
    const other = await sealedRun({ key })
    expect(await problemsOf(next.dir, key, { previous: other.dir })).toMatchObject([{ code: 'chain-broken' }])
  })

  test('is that of the file where a bundle names no more than its hash', async () => {
    const key = newKey('P-256')
    const first = await sealedRun({ key })
    const { dir } = await sealedRun({ key, previous: first.dir, clock: nextDay })
    await resigned(dir, key, ({ previous }) => delete previous.payloadSha256)
    expect(await problemsOf(dir, key, { previous: first.dir })).toEqual([])
    const twin = rewritten(first.dir, 'statement.dsse.json', (signature) => twinOf(signature, 'P-256'))
    expect(await problemsOf(dir, key, { previous: twin })).toMatchObject([{ code: 'chain-broken' }])
  })

  test.each([
    ['another hash', { payloadSha256: '0'.repeat(64) }, 'is not the statement that the chain names'],
    ['another run', { runId: 'other' }, 'names another run or time'],
    ['another time', { sealedAt: '2023-10-19T12:00:00.000Z' }, 'names another run or time'],
  ])('breaks where it names %s, however well that is signed', async (_, change, why) => {
    const key = newKey()
    const first = await sealedRun({ key })
    const { dir } = await sealedRun({ key, previous: first.dir, clock: nextDay })
    await resigned(dir, key, ({ previous }) => Object.assign(previous, change))
    expect(await problemsOf(dir, key)).toMatchObject([{ code: 'chain-broken', message: expect.stringContaining(why) }])
  })
})

describe.runIf(hasTool('openssl'))('a time stamp', () => {
  const dayMs = 86_400_000
  const stamped = (offsetMs: number, key: TestKey) => {
    const tsa = new LocalTsa('ec')
    const clock =
      offsetMs === 0 ? systemClock : new SimulatedClock({ now: new Date(Date.now() + offsetMs).toISOString() })
    return sealedRun({
      key,
      clock,
      timestamp: { authority: async (query) => tsa.reply(Buffer.from(query)), ca: tsa.ca },
    })
  }
  const timestampProblem = (why: string) => [
    { code: 'timestamp-invalid', file: 'timestamp.dsse.json', message: expect.stringContaining(why) },
  ]

  test.each([
    ['before', 2 * dayMs],
    ['behind', -2 * dayMs],
  ])('more than a day %s the time at which the bundle was sealed does not verify', async (_, offsetMs) => {
    const key = newKey()
    const { dir } = await stamped(offsetMs, key)
    expect(await problemsOf(dir, key)).toMatchObject(timestampProblem('more than a day apart'))
  })

  test('less than a day away verifies', async () => {
    const key = newKey()
    for (const offsetMs of [0, 0.9 * dayMs, -0.9 * dayMs]) {
      expect(await problemsOf((await stamped(offsetMs, key)).dir, key)).toEqual([])
    }
  })

  test('that has not come yet where it is verified does not verify', async () => {
    const key = newKey()
    const { dir } = await stamped(0, key)
    const clock = (offsetMs: number) => new SimulatedClock({ now: new Date(Date.now() + offsetMs).toISOString() })
    expect(await problemsOf(dir, key, { clock: clock(-3_600_000) })).toMatchObject(timestampProblem('has not come yet'))
    expect(await problemsOf(dir, key, { clock: clock(-60_000) })).toEqual([])
  })

  test('whose envelope is signed by the twin does not verify', async () => {
    const key = newKey('P-256')
    const { dir } = await stamped(0, key)
    const twin = rewritten(dir, 'timestamp.dsse.json', (signature) => twinOf(signature, 'P-256'))
    expect(await problemsOf(twin, key)).toMatchObject(timestampProblem('written in another form'))
  })

  test('from another day than the clock of this machine says is refused when the bundle is sealed', async () => {
    const tsa = new LocalTsa('ec')
    const { now } = Date
    const authority = async (query: Uint8Array) => {
      Date.now = now
      return tsa.reply(Buffer.from(query))
    }
    Date.now = () => now() - 3 * dayMs
    try {
      const sealing = sealedRun({ timestamp: { authority, ca: tsa.ca } })
      await expect(sealing).rejects.toMatchObject({
        code: 'EVIDENCE_NOT_SEALED',
        cause: { code: 'TIMESTAMP_REJECTED', message: expect.stringContaining('the clock of this machine says') },
      })
    } finally {
      Date.now = now
    }
  })
})

/** Changes what is signed, and signs it again with the right key. */
async function resigned(dir: string, key: TestKey, change: (predicate: { previous: Record<string, unknown> }) => void) {
  const path = join(dir, 'statement.dsse.json')
  const envelope = JSON.parse(readFileSync(path, 'utf8'))
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
  change(statement.predicate)
  const payload = Buffer.from(canonicalJson(statement))
  const signer = new KeyFileSigner({ pem: key.pem })
  writeFileSync(path, formatEnvelope(await signEnvelope(envelope.payloadType, payload, signer, key.fingerprint)))
}
