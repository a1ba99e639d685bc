import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { TimestampError } from '#src/custody/crypto/ber.js'
import { derOid } from '#src/custody/crypto/der.js'
import { readCertificates } from '#src/custody/crypto/timestamp/certificates.js'
import { longestAnswerBytes } from '#src/custody/crypto/timestamp/facts.js'
import { timestampRequest } from '#src/custody/crypto/timestamp/obtain.js'
import { verifyTimestamp } from '#src/custody/crypto/timestamp/token.js'
import { hasTool, LocalTsa, type TsaKey, tsaExtensions } from './local-tsa.js'
import { pkijsSays } from './pkijs-timestamp.js'
import {
  answerOf,
  attribute,
  generalizedTime,
  inBer,
  integer,
  keyIdentifier,
  octets,
  sequence,
  signingCertificate,
  type TokenParts,
  tokenOf,
  type Way,
  ways,
} from './token-builder.js'

const openssl = hasTool('openssl')
if (!openssl) console.warn('openssl is not installed: the algorithms of time stamps are not tested here')

const data = Buffer.from('what is stamped')
const tsas = new Map<TsaKey, LocalTsa>()
function tsaWith(type: TsaKey): LocalTsa {
  const tsa = tsas.get(type) ?? new LocalTsa(type, { service: precise })
  tsas.set(type, tsa)
  return tsa
}
const precise = 'signer_digest = sha256\naccuracy = secs:1, millisecs:500, microsecs:250\nclock_precision_digits = 3'

const trustedBy = ({ ca }: LocalTsa) => readCertificates(ca)
const partsOf = ({ key, certificate }: LocalTsa, way: Way): TokenParts => ({ data, key, certificate, way })
const replyOf = (tsa: LocalTsa) => tsa.reply(timestampRequest(data, Buffer.from('4d2a', 'hex')))

describe.runIf(openssl)('a time stamp that openssl made', () => {
  const made = ['rsa', 'ec', 'P-384', 'P-521', 'brainpool'] as const

  test.each(made)('with a key of type %s verifies here as there, with its milliseconds', (type) => {
    const tsa = tsaWith(type)
    const answer = replyOf(tsa)
    const verified = verifyTimestamp(answer, data, trustedBy(tsa))
    expect(verified).toMatchObject({ trusted: true, authority: 'CN=Local TSA', nonce: '4d2a', accuracyMs: 1500.25 })
    expect(verified.time).toMatch(/\.\d{3}Z$/)
    expect(tsa.agrees(answer, data)).toBe(true)
    expect(tsa.agrees(answer, Buffer.from('other'))).toBe(false)
  })

  test.each(made)('with a key of type %s verifies in any form of BER', (type) => {
    const tsa = tsaWith(type)
    const answer = replyOf(tsa)
    const expected = verifyTimestamp(answer, data, trustedBy(tsa))
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(1_000)), (numbers) => {
        const other = inBer(answer, (bound) => (numbers.next().value as number) % bound)
        expect(verifyTimestamp(other, data, trustedBy(tsa))).toEqual(expected)
      }),
      { numRuns: 60 },
    )
    const all = (form: number) => inBer(answer, (bound) => Math.min(form, bound - 1), 'keep')
    for (const form of [0, 1, 2]) expect(tsa.agrees(all(form), data)).toBe(true)
  })

  test('with the older attribute, which names the certificate by SHA-1, verifies', () => {
    const tsa = new LocalTsa('rsa', { service: `${precise}\ness_cert_id_alg = sha1` })
    const answer = replyOf(tsa)
    expect(verifyTimestamp(answer, data, trustedBy(tsa))).toMatchObject({ trusted: true })
    expect(tsa.agrees(answer, data)).toBe(true)
  })

  test.each([
    ['for servers, too', `${tsaExtensions},serverAuth`],
    [
      'for time stamping, which readers may overlook',
      tsaExtensions.replace('= critical,timeStamping', '= timeStamping'),
    ],
    ['for no purpose in particular', tsaExtensions.replace(/extendedKeyUsage.*/, '')],
    ['for keys only', tsaExtensions.replace('digitalSignature', 'keyEncipherment')],
  ])('with a certificate that is %s, does not verify, neither here nor there', (_, extensions) => {
    const signer = new LocalTsa('ec', { extensions })
    const answer = answerOf(partsOf(signer, ways.ec()))
    expect(() => verifyTimestamp(answer, data, trustedBy(signer))).toThrow('not for time stamping alone')
    expect(signer.agrees(answer, data)).toBe(false)
  })
})

describe.runIf(openssl)('a time stamp of an algorithm', () => {
  const algorithms: readonly [string, TsaKey, Way][] = [
    ['RSA with SHA-512, by the name of the key', 'rsa', ways.rsa('sha512')],
    ['RSA with SHA-384, by its full name', 'rsa', ways.rsa('sha384', '1.2.840.113549.1.1.12')],
    ['RSA-PSS of an ordinary key', 'rsa', ways.pss('sha256', 32)],
    ['RSA-PSS with a salt of 20 bytes', 'rsa', ways.pss('sha512', 20)],
    ['RSA-PSS of a key for nothing else', 'rsa-pss', ways.pss('sha384', 48)],
    ['ECDSA on P-256 with SHA-256', 'ec', ways.ec('sha256')],
    ['ECDSA on P-256 by the name of the key', 'ec', ways.ec('sha256', '1.2.840.10045.2.1')],
    ['ECDSA on P-384 with SHA-384', 'P-384', ways.ec('sha384')],
    ['ECDSA on P-521 with SHA-512', 'P-521', ways.ec('sha512')],
    ['Ed25519', 'ed25519', ways.edwards()],
    ['Ed448', 'ed448', ways.edwards('1.3.101.113')],
  ]

  test.each(algorithms)('%s verifies, in DER and in BER, and with a byte changed it does not', (_, type, way) => {
    const tsa = tsaWith(type)
    const answer = answerOf(partsOf(tsa, way))
    const ca = trustedBy(tsa)
    expect(verifyTimestamp(answer, data, ca)).toMatchObject({ trusted: true })
    expect(
      verifyTimestamp(
        inBer(answer, (bound) => bound - 1),
        data,
        ca,
      ),
    ).toMatchObject({ trusted: true })
    const changed = Buffer.from(answer)
    changed[changed.length - 9]! ^= 1
    expect(() => verifyTimestamp(changed, data, ca)).toThrow('its signature does not verify')
    // Version 3.0 of openssl reads no Ed25519 and no Ed448 in CMS, and time stamps of PSS not at all.
    if (!type.startsWith('ed')) expect(tsa.agreesToCms(tokenOf(partsOf(tsa, way)))).toBe(true)
  })

  test('verifies whether its attributes are signed in the order they are sent in or in that of DER', () => {
    const tsa = tsaWith('ec')
    for (const signedAs of ['sent', 'sorted'] as const) {
      const parts = { ...partsOf(tsa, ways.ec()), signedAs, attributes: (own: readonly Buffer[]) => own.toReversed() }
      expect(verifyTimestamp(answerOf(parts), data, trustedBy(tsa))).toMatchObject({ trusted: true })
    }
  })

  test.each([
    [
      'by the identifier of its key',
      (parts: TokenParts) => ({ ...parts, identifier: keyIdentifier(parts.certificate) }),
    ],
    ['by SHA-512 of its certificate', (parts: TokenParts) => ({ ...parts, essDigest: 'sha512' as const })],
    ['by SHA-1 of its certificate', (parts: TokenParts) => ({ ...parts, essDigest: 'sha1' as const })],
    [
      'with other certificates beside',
      (parts: TokenParts) => ({ ...parts, certificates: [tsaWith('rsa').certificate.raw, parts.certificate.raw] }),
    ],
    [
      'with a certificate of attributes beside',
      (parts: TokenParts) => ({ ...parts, certificates: [Buffer.from('a1020500', 'hex'), parts.certificate.raw] }),
    ],
    ['granted with modifications', (parts: TokenParts) => ({ ...parts, status: sequence(integer(1)) })],
  ])('verifies %s', (_, change) => {
    const tsa = tsaWith('ec')
    expect(verifyTimestamp(answerOf(change(partsOf(tsa, ways.ec()))), data, trustedBy(tsa))).toMatchObject({
      trusted: true,
    })
  })
})

describe.runIf(openssl)('pkijs', () => {
  // Of brainpool, Ed25519 and Ed448 the Web Crypto of Node 20 or pkijs does not know enough.
  test.each(['rsa', 'ec', 'P-384', 'P-521'] as const)('agrees on a time stamp with a key of type %s', async (type) => {
    const tsa = tsaWith(type)
    const answer = replyOf(tsa)
    const { time } = verifyTimestamp(answer, data, trustedBy(tsa))
    expect(await pkijsSays(answer, data, tsa.ca)).toEqual({ isSigned: true, time })
    const changed = Buffer.from(answer)
    changed[changed.length - 9]! ^= 1
    expect(await pkijsSays(changed, data, tsa.ca)).toMatchObject({ isSigned: false })
  })

  test('agrees on a time stamp of RSA-PSS', async () => {
    const tsa = tsaWith('rsa')
    const answer = answerOf(partsOf(tsa, ways.pss('sha512', 64)))
    const { time } = verifyTimestamp(answer, data, trustedBy(tsa))
    expect(await pkijsSays(answer, data, tsa.ca)).toEqual({ isSigned: true, time })
  })

  // Why the verification is our own: openssl refuses all of these, too.
  test.each([
    ['whose certificate is for servers', (tsa: LocalTsa) => partsOf(tsa, ways.ec()), 'serverAuth'],
    [
      'that names no certificate',
      (tsa: LocalTsa) => ({ ...partsOf(tsa, ways.ec()), attributes: ([a, b]: readonly Buffer[]) => [a!, b!] }),
      undefined,
    ],
  ] as const)('takes a time stamp %s for one, and this library does not', async (_, made, usage) => {
    const extensions = usage === undefined ? tsaExtensions : tsaExtensions.replace('timeStamping', usage)
    const tsa = new LocalTsa('ec', { extensions })
    const answer = answerOf(made(tsa))
    expect(await pkijsSays(answer, data, tsa.ca)).toMatchObject({ isSigned: true })
    expect(() => verifyTimestamp(answer, data, trustedBy(tsa))).toThrow(TimestampError)
    expect(tsa.agrees(answer, data)).toBe(false)
  })
})

describe.runIf(openssl)('the time of a time stamp', () => {
  const timeOf = (time: string) => {
    const tsa = tsaWith('ec')
    return verifyTimestamp(answerOf({ ...partsOf(tsa, ways.ec()), time }), data, trustedBy(tsa)).time
  }

  test.each([
    ['in whole seconds', '', '.000Z'],
    ['with a tenth of a second', '.5', '.500Z'],
    ['with milliseconds', '.123', '.123Z'],
    ['with more digits than milliseconds, which are cut off', '.123999999', '.123Z'],
  ])('%s is read', (_, fraction, expected) => {
    const now = new Date()
    expect(timeOf(generalizedTime(now, fraction))).toBe(now.toISOString().replace(/\..*/, expected))
  })

  test.each([
    ['without its zone', '20261020123015'],
    ['in another zone', '20261020123015+0100'],
    ['of a day that there is not', '20261399999999Z'],
    ['of 31 April', '20260431120000Z'],
    ['of a minute with 61 seconds', '20261020123060Z'],
    ['without seconds', '202610201230Z'],
    ['with an empty fraction', '20261020123015.Z'],
    ['with a comma', '20261020123015,5Z'],
    ['longer than any', `20261020123015.${'1'.repeat(100)}Z`],
    ['of nothing', ''],
  ])('%s is not a time', (_, time) => {
    expect(() => timeOf(time)).toThrow('is not a valid time')
  })
})

describe.runIf(openssl)('a time stamp that is wrong in one place', () => {
  const other = () => tsaWith('rsa')
  const wrong: readonly [string, (parts: TokenParts) => Partial<TokenParts>, string][] = [
    ['a refusal', () => ({ status: sequence(integer(2)) }), 'did not grant it'],
    [
      'a refusal with reasons',
      () => ({
        status: sequence(integer(2), sequence(Buffer.from('0c026e6f', 'hex')), Buffer.from('03020520', 'hex')),
      }),
      'did not grant it (badRequest, "no")',
    ],
    ['another content', () => ({ contentType: '1.2.840.113549.1.7.1' }), 'what is signed is not a time stamp'],
    ['another signed type', () => ({ signedType: '1.2.840.113549.1.7.1' }), 'its signed type is another'],
    ['two signatures', () => ({ signatures: 2 }), 'exactly one signature'],
    ['no signature', () => ({ signatures: 0 }), 'exactly one signature'],
    ['another version', () => ({ version: 2 }), 'version 2'],
    ['an imprint of SHA-1', () => ({ imprint: 'sha1' }), 'its imprint is SHA-1'],
    ['other data', () => ({ data: Buffer.from('other') }), 'it stamps other data'],
    ['no certificate', () => ({ certificates: [] }), 'the certificate that signed it is not in it'],
    [
      'a certificate that is none',
      () => ({ certificates: [sequence(integer(1))] }),
      'a certificate in it cannot be read',
    ],
    ['65 certificates', ({ certificate }) => ({ certificates: Array(65).fill(certificate.raw) }), 'more than 64'],
    ['the certificate of another', () => ({ certificate: other().certificate }), 'does not make such signatures'],
    [
      'the key of another certificate named beside',
      ({ certificate }) => ({
        certificates: [certificate.raw, other().certificate.raw],
        identifier: keyIdentifier(other().certificate),
      }),
      'names two certificates',
    ],
    [
      'no attribute that names the certificate',
      () => ({ attributes: ([a, b]) => [a!, b!].slice(0, 2) }),
      'is not in it',
    ],
    [
      'a digest of its contents twice',
      () => ({ attributes: (own) => [...own, attribute('1.2.840.113549.1.9.4', octets(Buffer.alloc(32)))] }),
      'given twice or empty',
    ],
    [
      'two digests in one attribute',
      () => ({
        attributes: (own) => [
          ...own.filter((one) => !one.includes(messageDigest)),
          attribute('1.2.840.113549.1.9.4', octets(Buffer.alloc(32)), octets(Buffer.alloc(32))),
        ],
      }),
      'has several values',
    ],
    [
      'an attribute that names another certificate beside',
      () => ({ attributes: (own) => [...own, signingCertificate(other().certificate.raw, 'sha1')] }),
      'is not in it',
    ],
    ['a critical extension', () => ({ more: [extension(true)] }), 'a critical extension'],
    ['a field too many', () => ({ more: [integer(1), integer(2)] }), 'a field that is not known here'],
    ['an accuracy below zero', () => ({ more: [sequence(Buffer.from('0201ff', 'hex'))] }), 'out of its range'],
    [
      'a signature of an unknown name',
      () => ({ way: ways.ec('sha256', '1.2.3.4') }),
      'signature algorithm 1.2.3.4 is not known',
    ],
    [
      'a signature that names another digest',
      () => ({ way: { ...ways.ec('sha384'), algorithm: ways.ec('sha256').algorithm } }),
      'names two digests',
    ],
    ['contents that are no time stamp', () => ({ content: Buffer.from('hello') }), 'reaches past the end'],
    [
      'a time stamp nested too deep',
      () => ({ content: Buffer.from(`${'3080'.repeat(100)}${'0000'.repeat(100)}`, 'hex') }),
      'deeper than 64',
    ],
  ]
  const messageDigest = derOid('1.2.840.113549.1.9.4')
  const extension = (isCritical: boolean) =>
    Buffer.concat([
      Buffer.from('a10b3009', 'hex'),
      derOid('1.2.3'),
      Buffer.from(isCritical ? '0101ff0400' : '0101000400', 'hex'),
    ])

  test.each(wrong)('%s: is refused, and says why', (_, change, why) => {
    const tsa = tsaWith('ec')
    const parts = partsOf(tsa, ways.ec())
    const verifying = () => verifyTimestamp(answerOf({ ...parts, ...change(parts) }), data, trustedBy(tsa))
    expect(verifying).toThrow(TimestampError)
    expect(verifying).toThrow(why)
  })

  test.each([
    ['another mask', ways.pssWithMask('sha256', 'sha1'), 'mask is made with sha1'],
    ['no parameters', { ...ways.pss(), algorithm: sequence(derOid('1.2.840.113549.1.1.10')) }, 'no parameters'],
    ['the defaults, which are SHA-1', ways.pss('sha256', 20, sequence()), 'names two digests'],
    ['another trailer', ways.pss('sha1', 20, sequence(Buffer.from('a303020102', 'hex'))), 'another trailer'],
    [
      'a salt as long as a file',
      ways.pss('sha1', 20, sequence(Buffer.from('a20602047fffffff', 'hex'))),
      'longer than any key',
    ],
  ] as const)('RSA-PSS with %s: is refused, and says why', (_, way, why) => {
    const tsa = tsaWith('rsa')
    expect(() => verifyTimestamp(answerOf(partsOf(tsa, way)), data, trustedBy(tsa))).toThrow(why)
  })

  test('is larger than any: is refused before it is read', () => {
    expect(() => verifyTimestamp(Buffer.alloc(longestAnswerBytes + 1, 0x30), data, [])).toThrow('larger than')
  })
})

describe.runIf(openssl)('bytes that are almost a time stamp', () => {
  let answers: readonly { readonly tsa: LocalTsa; readonly bytes: Buffer }[]
  beforeAll(() => {
    answers = (['rsa', 'ec'] as const).flatMap((type) => {
      const tsa = tsaWith(type)
      const answer = replyOf(tsa)
      return [answer, inBer(answer, (bound) => bound - 1)].map((bytes) => ({ tsa, bytes }))
    })
  })

  test('are refused with a reason or say the same: 4,000 mutations', () => {
    const mutation = fc.record({
      which: fc.nat(3),
      kind: fc.constantFrom('flip', 'cut', 'drop', 'repeat', 'random'),
      at: fc.nat(1_000_000),
      length: fc.integer({ min: 1, max: 40 }),
      bit: fc.nat(7),
    })
    fc.assert(
      fc.property(mutation, ({ which, kind, at: anywhere, length, bit }) => {
        const { tsa, bytes } = answers[which]!
        const at = anywhere % bytes.length
        const piece = kind === 'repeat' ? bytes.subarray(at, at + length) : kind === 'random' ? randomBytes(length) : []
        const left = kind === 'flip' ? [(bytes[at] ?? 0) ^ (1 << bit)] : piece
        const skipped = { flip: 1, cut: bytes.length, drop: length, repeat: 0, random: length }[kind]
        const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(left), bytes.subarray(at + skipped)])
        const expected = verifyTimestamp(bytes, data, trustedBy(tsa))
        let verified: unknown
        try {
          verified = verifyTimestamp(changed, data, trustedBy(tsa))
        } catch (error) {
          expect(error).toBeInstanceOf(TimestampError)
          expect((error as Error).message).not.toBe('')
          return
        }
        expect(verified).toEqual(expected)
      }),
      { numRuns: 4_000 },
    )
  }, 120_000)
})
