import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementOf, isOtherVersion, type ObjectTraits } from '#src/model/identity.js'

const at = (ms: number) => new Date(Date.UTC(2023, 9, 20, 12) + ms).toISOString()
const listed: ObjectTraits = { etag: '"a"', sizeBytes: 5, lastModified: at(0) }

describe('an answer beside what a listing showed', () => {
  test.each<[string, ObjectTraits, ObjectTraits, ReturnType<typeof agreementOf>]>([
    ['all of it', listed, { ...listed, versionId: 'v1' }, 'same'],
    ['an ETag without quotes', listed, { ...listed, etag: 'a' }, 'same'],
    ['an ETag that a proxy has weakened', listed, { ...listed, etag: 'W/"a"' }, 'same'],
    ['a time that is rounded down', { ...listed, lastModified: at(900) }, listed, 'same'],
    ['a time that is rounded up', { ...listed, lastModified: at(100) }, { ...listed, lastModified: at(1_000) }, 'same'],
    ['no size', listed, { ...listed, sizeBytes: undefined }, 'same'],
    ['no time', listed, { ...listed, lastModified: undefined }, 'same'],
    ['no ETag', listed, { ...listed, etag: undefined }, 'same'],
    ['another ETag', listed, { ...listed, etag: '"b"' }, 'contradicts'],
    ['another size', listed, { ...listed, sizeBytes: 6 }, 'contradicts'],
    ['an earlier time', listed, { ...listed, lastModified: at(-1_000) }, 'contradicts'],
    ['a later time', listed, { ...listed, lastModified: at(1_000) }, 'newer'],
    ['another ETag and a later time', listed, { ...listed, etag: '"b"', lastModified: at(5_000) }, 'newer'],
    ['another version', { ...listed, versionId: 'v1' }, { ...listed, versionId: 'v2' }, 'contradicts'],
    ['nothing but the size', { sizeBytes: 5 }, { sizeBytes: 5 }, 'unknown'],
    ['another size and nothing else', { sizeBytes: 5 }, { sizeBytes: 6 }, 'contradicts'],
    ['nothing that both know', { etag: '"a"' }, { lastModified: at(0) }, 'unknown'],
    ['a time that is none', { lastModified: 'yesterday' }, { lastModified: at(0) }, 'unknown'],
  ])('that shows %s', (_, one, other, expected) => {
    expect(agreementOf(one, other)).toBe(expected)
  })

  const traits = fc.record(
    {
      etag: fc.constantFrom('"a"', 'a', 'W/"a"', '"b"', '"a-2"'),
      sizeBytes: fc.constantFrom(0, 5, 6),
      lastModified: fc.integer({ min: -2_000, max: 2_000 }).map(at),
      versionId: fc.constantFrom('v1', 'v2', 'null'),
    },
    { requiredKeys: [] },
  )

  test('agrees with itself, and what one leaves out makes no difference', () => {
    fc.assert(
      fc.property(traits, (one) => {
        expect(['same', 'unknown']).toContain(agreementOf(one, one))
        for (const name of Object.keys(one)) {
          expect(['same', 'unknown']).toContain(agreementOf(one, { ...one, [name]: undefined }))
        }
      }),
    )
  })

  test('that differs in anything both show is never the same', () => {
    fc.assert(
      fc.property(traits, traits, (one, other) => {
        const plain = (etag: string | undefined) => etag?.replace(/^W\/|"/g, '')
        const differs = (a: unknown, b: unknown) => a !== undefined && b !== undefined && a !== b
        const apartMs = Date.parse(one.lastModified ?? '') - Date.parse(other.lastModified ?? '')
        const isOther =
          differs(plain(one.etag), plain(other.etag)) ||
          differs(one.sizeBytes, other.sizeBytes) ||
          differs(one.versionId, other.versionId) ||
          Math.abs(apartMs) >= 1_000
        expect(['contradicts', 'newer'].includes(agreementOf(one, other))).toBe(isOther)
      }),
    )
  })

  test('names another version only where both name one', () => {
    expect(isOtherVersion('v1', 'v2')).toBe(true)
    expect(isOtherVersion('v1', 'v1')).toBe(false)
    expect(isOtherVersion(undefined, 'v1')).toBe(false)
    expect(isOtherVersion('v1', undefined)).toBe(false)
    expect(isOtherVersion('v1', '')).toBe(false)
  })
})
