import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AskedChanges, compareObjectStates } from '../../src/model/compare.js'
import type { ObjectState } from '../../src/model/object.js'

const word = fc.stringMatching(/^[a-z0-9 ]{1,8}$/)
const record = fc.dictionary(fc.oneof(word, fc.constantFrom('__proto__', 'constructor')), word, { maxKeys: 4 })
const date = fc
  .integer({ min: 1_700_000_000, max: 1_900_000_000 })
  .map((seconds) => new Date(seconds * 1000).toISOString())
const md5 = fc.stringMatching(/^"[0-9a-f]{32}"$/)
const state: fc.Arbitrary<ObjectState> = fc.record({
  bucket: fc.constant('evidence'),
  key: word,
  versionId: word,
  sizeBytes: fc.nat(),
  etag: fc.oneof(md5, fc.stringMatching(/^"[0-9a-f]{32}-[1-9]"$/)),
  lastModified: fc.constant('2023-01-01T00:00:00.000Z'),
  metadata: record,
  missingMetadata: fc.constant(undefined),
  headers: fc.record({
    contentType: fc.option(word, { nil: undefined }),
    contentEncoding: fc.option(word, { nil: undefined }),
    contentLanguage: fc.option(word, { nil: undefined }),
    contentDisposition: fc.option(word, { nil: undefined }),
    cacheControl: fc.option(word, { nil: undefined }),
    expires: fc.option(word, { nil: undefined }),
    websiteRedirectLocation: fc.option(word, { nil: undefined }),
  }),
  storageClass: fc.constantFrom(undefined, 'STANDARD_IA', 'GLACIER_IR'),
  encryption: fc.oneof(
    fc.constant({ algorithm: 'AES256' }),
    fc.record({ algorithm: fc.constant('aws:kms'), kmsKeyId: word, bucketKeyEnabled: fc.boolean() }),
  ),
  checksum: fc.option(
    fc.record({
      algorithm: fc.constantFrom('SHA256', 'CRC32'),
      value: word,
      type: fc.constant('FULL_OBJECT' as const),
    }),
    { nil: undefined },
  ),
  tags: record,
  legalHold: fc.constantFrom('ON' as const, 'OFF' as const),
  retention: fc.oneof(
    fc.constant('none' as const),
    fc.record({ mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const), retainUntilDate: date }),
  ),
  acl: fc.oneof(
    fc.constant('bucket-owner-enforced' as const),
    fc.array(
      fc.record({ grantee: word.map((id) => `id=${id}`), permission: fc.constantFrom('READ', 'FULL_CONTROL') }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  ),
})

/** One change that loses or alters something, by the property that must be named. */
const changes: readonly [string, (before: ObjectState) => Partial<ObjectState> | undefined][] = [
  ['bucket', () => ({ bucket: 'other' })],
  ['key', ({ key }) => ({ key: `${key}x` })],
  ['versionId', ({ versionId }) => ({ versionId: `${versionId}x` })],
  ['sizeBytes', ({ sizeBytes = 0 }) => ({ sizeBytes: sizeBytes + 1 })],
  [
    'etag',
    ({ etag, encryption }) =>
      etag?.includes('-') || encryption.algorithm === 'aws:kms'
        ? undefined
        : { etag: `"${'0'.repeat(31)}x"`.replace('x', etag?.[32] === '1' ? '2' : '1') },
  ],
  [
    'checksum.value',
    ({ checksum }) => (checksum === undefined ? undefined : { checksum: { ...checksum, value: `${checksum.value}x` } }),
  ],
  [
    'checksum.algorithm',
    ({ checksum }) => (checksum === undefined ? undefined : { checksum: { ...checksum, algorithm: 'CRC64NVME' } }),
  ],
  ['checksum.algorithm', ({ checksum }) => (checksum === undefined ? undefined : { checksum: undefined })],
  ['metadata.new', ({ metadata }) => ({ metadata: { ...metadata, new: 'x' } })],
  ['metadata.', ({ metadata }) => altered(metadata, 'metadata')],
  ['metadata.', ({ metadata }) => without(metadata, 'metadata')],
  ['missingMetadata', () => ({ missingMetadata: 1 })],
  ...(
    [
      'contentType',
      'contentEncoding',
      'contentLanguage',
      'contentDisposition',
      'cacheControl',
      'expires',
      'websiteRedirectLocation',
    ] as const
  ).flatMap((name): [string, (before: ObjectState) => Partial<ObjectState> | undefined][] => [
    [`headers.${name}`, ({ headers }) => ({ headers: { ...headers, [name]: `${headers[name] ?? ''}x` } })],
    [
      `headers.${name}`,
      ({ headers }) => (headers[name] === undefined ? undefined : { headers: { ...headers, [name]: undefined } }),
    ],
  ]),
  [
    'storageClass',
    ({ storageClass }) => ({ storageClass: storageClass === 'STANDARD_IA' ? undefined : 'STANDARD_IA' }),
  ],
  ['encryption.algorithm', ({ encryption }) => ({ encryption: { ...encryption, algorithm: 'aws:kms:dsse' } })],
  [
    'encryption.kmsKeyId',
    ({ encryption }) => ({ encryption: { ...encryption, kmsKeyId: `${encryption.kmsKeyId ?? ''}x` } }),
  ],
  [
    'encryption.bucketKeyEnabled',
    ({ encryption }) => ({ encryption: { ...encryption, bucketKeyEnabled: encryption.bucketKeyEnabled !== true } }),
  ],
  [
    'encryption.customerAlgorithm',
    ({ encryption }) => ({ encryption: { ...encryption, customerAlgorithm: 'AES256' } }),
  ],
  ['tags.new', ({ tags }) => ({ tags: { ...(tags as object), new: 'x' } })],
  ['tags.', ({ tags }) => altered(tags as Record<string, string>, 'tags')],
  ['tags.', ({ tags }) => without(tags as Record<string, string>, 'tags')],
  ['tags', () => ({ tags: 'unreadable' })],
  ['tags', () => ({ tags: undefined })],
  ['legalHold', ({ legalHold }) => ({ legalHold: legalHold === 'ON' ? 'OFF' : 'ON' })],
  ['legalHold', () => ({ legalHold: 'unreadable' })],
  ['retention', ({ retention }) => (typeof retention === 'object' ? { retention: 'none' } : undefined)],
  ['retention', () => ({ retention: 'unreadable' })],
  [
    'retention',
    ({ retention }) =>
      typeof retention === 'object'
        ? {
            retention: {
              ...retention,
              retainUntilDate: new Date(Date.parse(retention.retainUntilDate) - 1000).toISOString(),
            },
          }
        : undefined,
  ],
  [
    'retention',
    ({ retention }) =>
      typeof retention === 'object' && retention.mode === 'COMPLIANCE'
        ? { retention: { ...retention, mode: 'GOVERNANCE' } }
        : undefined,
  ],
  [
    'acl',
    ({ acl }) => ({ acl: [...(typeof acl === 'object' ? acl : []), { grantee: 'uri=everyone', permission: 'READ' }] }),
  ],
  ['acl', () => ({ acl: 'unreadable' })],
]

function altered(values: Readonly<Record<string, string>>, name: string): Partial<ObjectState> | undefined {
  const [key] = Object.keys(values)
  return key === undefined
    ? undefined
    : { [name]: Object.fromEntries(Object.entries(values).map(([k, v]) => [k, k === key ? `${v}x` : v])) }
}

function without(values: Readonly<Record<string, string>>, name: string): Partial<ObjectState> | undefined {
  const [key] = Object.keys(values)
  return key === undefined
    ? undefined
    : { [name]: Object.fromEntries(Object.entries(values).filter(([k]) => k !== key)) }
}

describe('comparing an object before and after', () => {
  test('an object equals itself, whatever it is', () => {
    fc.assert(
      fc.property(state, (before) => {
        expect(compareObjectStates(before, structuredClone(before))).toEqual([])
      }),
    )
  })

  test.each(changes.map(([property, change], at) => [`${property} (${at})`, property, change] as const))(
    'a single change of %s is found, and nothing else',
    (_name, property, change) => {
      let seen = 0
      fc.assert(
        fc.property(state, (before) => {
          const change_ = change(before)
          fc.pre(change_ !== undefined)
          seen += 1
          const differences = compareObjectStates(before, { ...before, ...change_ })
          expect(differences).toHaveLength(1)
          expect(differences[0]?.property.startsWith(property)).toBe(true)
        }),
        { numRuns: 60 },
      )
      expect(seen).toBeGreaterThan(0)
    },
  )

  test('a size that is not known on a side is no equal size: another proof of the content takes its place', () => {
    const digest = { algorithm: 'SHA256', value: 'x', type: 'FULL_OBJECT' } as const
    fc.assert(
      fc.property(state, fc.constantFrom('before', 'after', 'both'), (whole, side) => {
        const opaque: ObjectState = { ...whole, etag: '"a-1"', checksum: undefined }
        const compared = (over: Partial<ObjectState>, overAfter: Partial<ObjectState> = over) => {
          const [before, after] = [
            { ...opaque, ...over },
            { ...opaque, ...overAfter },
          ]
          return compareObjectStates(
            side === 'after' ? before : { ...before, sizeBytes: undefined },
            side === 'before' ? after : { ...after, sizeBytes: undefined },
          )
        }
        expect(compared({})).toEqual([])
        expect(compared({}, { etag: '"b-1"' })).toMatchObject([{ property: 'sizeBytes' }])
        expect(compared({ etag: undefined })).toMatchObject([{ property: 'sizeBytes' }])
        expect(compared({ checksum: digest }, { checksum: digest, etag: '"b-1"' })).toEqual([])
      }),
    )
  })

  test('each of several checksums must be there afterwards, with its value', () => {
    const of = (algorithm: string, value = algorithm) => ({ algorithm, value, type: 'FULL_OBJECT' })
    const all = [of('CRC64NVME'), of('SHA512'), of('BLAKE4')]
    const carrying = (whole: ObjectState, checksums: ObjectState['checksums']): ObjectState => ({
      ...whole,
      checksum: typeof checksums === 'object' ? checksums[0] : undefined,
      checksums,
    })
    fc.assert(
      fc.property(state, fc.nat(2), (whole, at) => {
        const before = carrying(whole, all)
        const gone = all[at]?.algorithm
        expect(compareObjectStates(before, carrying(whole, [...all].reverse()))).toEqual([])
        const fewer = all.filter((_, other) => other !== at)
        expect(compareObjectStates(before, carrying(whole, fewer))).toMatchObject([
          { property: 'checksum.algorithm', before: gone },
        ])
        const other = all.map((one, here) => (here === at ? of(one.algorithm, 'other') : one))
        expect(compareObjectStates(before, carrying(whole, other))).toMatchObject([
          { property: 'checksum.value', before: gone, after: 'other' },
        ])
      }),
    )
  })

  test('checksums that may not be asked for any more are lost, and those that never might prove nothing', () => {
    fc.assert(
      fc.property(state, (whole) => {
        fc.pre(whole.checksum !== undefined)
        const hidden: ObjectState = { ...whole, checksum: undefined, checksums: 'unreadable' }
        expect(compareObjectStates(whole, hidden)).toMatchObject([
          { property: 'checksum.algorithm', before: whole.checksum?.algorithm, after: 'unreadable' },
        ])
        expect(compareObjectStates(hidden, hidden)).toEqual([])
        expect(compareObjectStates(hidden, whole)).toEqual([])
      }),
    )
  })

  test('what was asked for is no difference, and what was asked for and did not happen is one', () => {
    const later = { mode: 'COMPLIANCE', retainUntilDate: '2040-01-01T00:00:00.000Z' } as const
    fc.assert(
      fc.property(state, record, record, (before, metadata, tags) => {
        const asked: AskedChanges = { metadata, tags, legalHold: 'ON', retention: later }
        const after: ObjectState = {
          ...before,
          versionId: 'the copy',
          metadata,
          tags: Object.fromEntries([...Object.entries(before.tags as object), ...Object.entries(tags)]),
          legalHold: 'ON',
          retention: later,
        }
        expect(compareObjectStates(before, after, asked)).toEqual([])
        expect(compareObjectStates(before, { ...after, legalHold: 'OFF' }, asked)).toMatchObject([
          { property: 'legalHold' },
        ])
        expect(compareObjectStates(before, { ...after, retention: 'none' }, asked)).toMatchObject([
          { property: 'retention' },
        ])
      }),
    )
  })

  test('what protects more is no difference', () => {
    fc.assert(
      fc.property(state, (before) => {
        const stronger = { mode: 'COMPLIANCE', retainUntilDate: '2040-01-01T00:00:00.000Z' } as const
        expect(compareObjectStates(before, { ...before, retention: stronger })).toEqual([])
        const plain = { ...before, encryption: {}, etag: undefined, checksum: undefined }
        expect(
          compareObjectStates(plain, { ...plain, encryption: { algorithm: 'AES256' }, checksum: before.checksum }),
        ).toEqual([])
      }),
    )
  })

  test('an ETag is compared only where it is an MD5 on both sides, a checksum only over whole objects', () => {
    const [before] = fc.sample(state, 1) as [ObjectState]
    const md5Of = (digit: string) => `"${digit.repeat(32)}"`
    const with_ = (etag: string, algorithm: string): ObjectState => ({ ...before, etag, encryption: { algorithm } })
    const differ = (a: ObjectState, b: ObjectState) => compareObjectStates(a, b).map(({ property }) => property)
    expect(differ(with_(md5Of('a'), 'AES256'), with_(md5Of('b'), 'AES256'))).toEqual(['etag'])
    expect(differ(with_(`"${'a'.repeat(32)}-3"`, 'AES256'), with_(md5Of('b'), 'AES256'))).toEqual([])
    expect(differ(with_(md5Of('a'), 'aws:kms'), with_(md5Of('b'), 'aws:kms'))).toEqual([])
    const sum = (value: string, type: 'FULL_OBJECT' | 'COMPOSITE'): ObjectState => ({
      ...before,
      checksum: { algorithm: 'SHA256', value, type },
    })
    expect(differ(sum('a', 'COMPOSITE'), sum('b', 'FULL_OBJECT'))).toEqual([])
    expect(differ(sum('a', 'FULL_OBJECT'), sum('b', 'FULL_OBJECT'))).toEqual(['checksum.value'])
  })
})
