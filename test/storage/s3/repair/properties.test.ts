import { describe, expect, test } from 'vitest'
import { S3StorageAdapter } from '#src/s3.js'
import { S3Simulator } from '#src/testing/index.js'
import { repair, tag } from '../../../fakes/repair.js'
import { clientOf, InProcessHandler } from '../../../repair-model/in-process-s3.js'
import { type PutInput, upload } from '../world.js'

const bucket = 'evidence'
const key = 'k'
const kmsKey = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555'

type Headers = Readonly<Record<string, string>>

/** An object with one property of interest, and a server on which a copy arrives changed. */
async function repaired(input: PutInput, change: (headers: Headers) => Headers = (headers) => headers, parts = false) {
  const simulator = new S3Simulator({ verifySignatures: false, minPartSizeBytes: 1 })
  simulator.createBucket(bucket, { objectLock: true, objectOwnership: 'ObjectWriter', publicAccessBlock: null })
  const client = clientOf(simulator)
  await upload({ client, bucket }, key, 'sound', input)
  const handler = new InProcessHandler(simulator, {
    before: async () => ({ kind: 'pass' }),
    after: () => {},
    rewrite: ({ operation }, headers) =>
      operation === 'CopyObject' || operation === 'POST uploads' ? change(headers) : headers,
  })
  const adapter = new S3StorageAdapter({
    bucket,
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    requestHandler: handler,
    ...(parts ? { multipartThresholdBytes: 1 } : {}),
  })
  const { remediation } = await repair(adapter, key)
  const [copy, original] = simulator.versions(bucket, key)
  if (copy === undefined || original === undefined) throw new Error('no copy was made')
  return { remediation, copy, original }
}

type Version = Awaited<ReturnType<typeof repaired>>['copy']
const header = (name: string) => (version: Version) => version.headers.find(([other]) => other === name)?.[1]
const without =
  (...names: readonly string[]) =>
  (headers: Headers): Headers =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())))
const sse = 'x-amz-server-side-encryption'
const kms: PutInput = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey, BucketKeyEnabled: true }

interface Property {
  readonly input: PutInput
  /** What the server has of it. */
  readonly of: (version: Version) => unknown
  readonly lose: (headers: Headers) => Headers
  /** The difference that is reported. Absent: it can be put back in place. */
  readonly difference?: string
}

const properties: Readonly<Record<string, Property>> = {
  'other user metadata': {
    input: { Metadata: { project: '=?UTF-8?B?w7w=?= , x' } },
    of: ({ metadata }) => metadata.filter(([name]) => name !== 'legal-hold-tag'),
    lose: without('x-amz-meta-project'),
    difference: 'metadata.project',
  },
  'Content-Type': {
    input: { ContentType: 'audio/ogg; codecs=opus' },
    of: header('content-type'),
    lose: without('content-type'),
    difference: 'headers.contentType',
  },
  'Content-Encoding': {
    input: { ContentEncoding: 'identity' },
    of: header('content-encoding'),
    lose: without('content-encoding'),
    difference: 'headers.contentEncoding',
  },
  'Content-Language': {
    input: { ContentLanguage: 'de, en' },
    of: header('content-language'),
    lose: without('content-language'),
    difference: 'headers.contentLanguage',
  },
  'Content-Disposition': {
    input: { ContentDisposition: 'attachment; filename="a b.opus"' },
    of: header('content-disposition'),
    lose: without('content-disposition'),
    difference: 'headers.contentDisposition',
  },
  'Cache-Control': {
    input: { CacheControl: 'private, max-age=0' },
    of: header('cache-control'),
    lose: without('cache-control'),
    difference: 'headers.cacheControl',
  },
  Expires: {
    input: { Expires: new Date('2031-05-06T07:08:09Z') },
    of: header('expires'),
    lose: without('expires'),
    difference: 'headers.expires',
  },
  'website redirect': {
    input: { WebsiteRedirectLocation: '/elsewhere' },
    of: ({ redirect }) => redirect,
    lose: without('x-amz-website-redirect-location'),
    difference: 'headers.websiteRedirectLocation',
  },
  'storage class': {
    input: { StorageClass: 'STANDARD_IA' },
    of: ({ storageClass }) => storageClass,
    lose: without('x-amz-storage-class'),
    difference: 'storageClass',
  },
  SSE: {
    input: kms,
    of: ({ encryption }) => encryption.algorithm,
    lose: without(sse, `${sse}-aws-kms-key-id`, `${sse}-bucket-key-enabled`),
    difference: 'encryption.algorithm',
  },
  'KMS key': {
    input: kms,
    of: ({ encryption }) => encryption,
    lose: without(`${sse}-aws-kms-key-id`),
    difference: 'encryption.kmsKeyId',
  },
  'bucket key': {
    input: kms,
    of: ({ encryption }) => encryption,
    lose: without(`${sse}-bucket-key-enabled`),
    difference: 'encryption.bucketKeyEnabled',
  },
  'checksum algorithm': {
    input: { ChecksumAlgorithm: 'SHA256' },
    of: ({ checksum }) => checksum?.algorithm,
    lose: (headers) => ({ ...headers, 'x-amz-checksum-algorithm': 'CRC32' }),
    difference: 'checksum.algorithm',
  },
  'ACL grants': {
    input: { GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"' },
    of: ({ acl }) => acl.map(({ grantee, permission }) => `${permission} ${grantee}`).sort(),
    lose: without('x-amz-grant-read'),
  },
  tags: {
    input: { Tagging: 'team=y&x=' },
    of: ({ tags }) => [...tags].sort(),
    lose: (headers) =>
      headers['x-amz-tagging'] === undefined
        ? { ...headers, 'x-amz-tagging-directive': 'REPLACE' }
        : without('x-amz-tagging')(headers),
  },
  'Object Lock hold': {
    input: { ObjectLockLegalHoldStatus: 'ON' },
    of: ({ legalHold }) => legalHold,
    lose: without('x-amz-object-lock-legal-hold'),
  },
  'Object Lock mode and date': {
    input: { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date('2040-01-01T00:00:00Z') },
    of: ({ retention }) => retention,
    lose: without('x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date'),
  },
}

describe.each(Object.entries(properties))('%s', (_, { input, of, lose, difference }) => {
  test.each([
    ['a copy', false],
    ['a copy in parts', true],
  ])('survives %s', async (_how, parts) => {
    const { remediation, copy, original } = await repaired(input, undefined, parts)
    expect([remediation.outcome, remediation.differences]).toEqual(['repaired', undefined])
    expect(of(original)).not.toBeUndefined()
    expect(of(copy)).toEqual(of(original))
    expect(copy.metadata).toContainEqual(['legal-hold-tag', tag])
    expect(copy.body.sizeBytes).toBe(original.body.sizeBytes)
    expect(copy.versionId).not.toBe(original.versionId)
  })

  test(`lost by the server is ${difference === undefined ? 'put back' : 'a repair that failed'}`, async () => {
    const { remediation, copy, original } = await repaired(input, lose)
    if (difference === undefined) {
      expect([remediation.outcome, remediation.reason]).toEqual(['repaired', undefined])
      expect(of(copy)).toEqual(of(original))
    } else {
      expect(of(copy)).not.toEqual(of(original))
      expect(remediation.outcome).toBe('failed')
      expect(remediation.differences?.map(({ property }) => property)).toContain(difference)
    }
  })
})

test('the tag itself, lost by the server, is a repair that failed', async () => {
  const { remediation } = await repaired({}, without('x-amz-meta-legal-hold-tag'))
  expect(remediation).toMatchObject({
    outcome: 'failed',
    differences: [{ property: 'metadata.legal-hold-tag', after: undefined }],
  })
})
