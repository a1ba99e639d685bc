import { createHash } from 'node:crypto'
import {
  DeleteObjectTaggingCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, refusalMessage, useBench } from './fixture.js'
import { sign } from './signer.js'

const bench = useBench({ maxUploadSizeBytes: 1_000_000 })
const Bucket = 'objects'
const Key = 'k'

beforeEach(() => bench.simulator.createBucket(Bucket))

const put = (input: Partial<PutObjectCommandInput> = {}) =>
  bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...input }))
const head = (input: object = {}) => bench.client.send(new HeadObjectCommand({ Bucket, Key, ...input }))
const get = (input: object = {}) => bench.client.send(new GetObjectCommand({ Bucket, Key, ...input }))
const md5 = (data: string | Buffer) => createHash('md5').update(data).digest('base64')
const md5Hex = (data: string) => createHash('md5').update(data).digest('hex')

/** Sends what the SDK would not. */
function raw(method: string, path: string, query: Record<string, string>, headers = {}, payload = '') {
  const signed = sign(bench.listener.endpoint, { method, path, query, headers, payload })
  return fetch(signed.url, {
    method,
    headers: signed.headers,
    ...(payload === '' ? {} : { body: Buffer.from(payload) }),
  })
}

describe('PutObject', () => {
  it('keeps metadata and content headers as they were sent', async () => {
    await put({
      Metadata: { matter: 'Doe v. Roe', empty: '' },
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a b"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de-AT',
      ContentType: 'audio/ogg; codecs=opus',
      WebsiteRedirectLocation: '/elsewhere',
      StorageClass: 'STANDARD_IA',
    })
    expect(await head()).toMatchObject({
      Metadata: { matter: 'Doe v. Roe', empty: '' },
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a b"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de-AT',
      ContentType: 'audio/ogg; codecs=opus',
      WebsiteRedirectLocation: '/elsewhere',
      StorageClass: 'STANDARD_IA',
    })
  })

  it('keeps an Expires that is no date', async () => {
    const response = await raw('PUT', `/${Bucket}/${Key}`, {}, { expires: 'whenever' }, 'x')
    expect(response.status).toBe(200)
    expect(await head()).toMatchObject({ ExpiresString: 'whenever' })
  })

  it('answers the MD5 as ETag, no storage class for STANDARD, and binary/octet-stream where no type was sent', async () => {
    await raw('PUT', `/${Bucket}/${Key}`, {}, {}, 'hello')
    const answer = await head()
    expect(answer.ETag).toBe(`"${md5Hex('hello')}"`)
    expect(answer.StorageClass).toBeUndefined()
    expect(answer.ContentType).toBe('binary/octet-stream')
  })

  it('answers metadata beyond ASCII in the form of RFC 2047, each byte that was sent as a character', async () => {
    // The example of the user guide, "Working with object metadata".
    const sent = Buffer.from('ÄMÄZÕÑ S3').toString('latin1')
    const options = { method: 'PUT', path: `/${Bucket}/${Key}`, headers: { 'x-amz-meta-nonascii': 'ÄMÄZÕÑ S3' } }
    const { url, headers } = sign(bench.listener.endpoint, options)
    const response = await fetch(url, { method: 'PUT', headers: { ...headers, 'x-amz-meta-nonascii': sent } })
    expect(response.status).toBe(200)
    expect((await head()).Metadata).toEqual({ nonascii: '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=' })
  })

  it.each<[string, Partial<PutObjectCommandInput>, string]>([
    ['a wrong Content-MD5', { ContentMD5: md5('other') }, 'BadDigest 400'],
    ['a Content-MD5 that is none', { ContentMD5: 'abc' }, 'InvalidDigest 400'],
    ['a wrong SHA-256', { ChecksumSHA256: createHash('sha256').update('x').digest('base64') }, 'BadDigest 400'],
    ['a wrong CRC32C', { ChecksumCRC32C: 'AAAAAA==' }, 'BadDigest 400'],
    ['a wrong CRC64NVME', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, 'BadDigest 400'],
    ['a checksum of the wrong length', { ChecksumSHA1: 'AAAA' }, 'InvalidRequest 400'],
    ['an unknown storage class', { StorageClass: 'COLD' as never }, 'InvalidStorageClass 400'],
    ['more than 2 KB of metadata', { Metadata: { a: 'x'.repeat(2048) } }, 'MetadataTooLarge 400'],
    ['a key of more than 1,024 bytes', { Key: 'é'.repeat(513) }, 'KeyTooLongError 400'],
    ['a body beyond the limit', { Body: Buffer.alloc(1_000_001) }, 'EntityTooLarge 400'],
    ['an ACL in a bucket that has none', { ACL: 'public-read' }, 'AccessControlListNotSupported 400'],
    ['an unknown encryption', { ServerSideEncryption: 'rot13' as never }, 'InvalidArgument 400'],
    ['a KMS key without KMS', { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'k' }, 'InvalidArgument 400'],
    ['a redirect to nowhere', { WebsiteRedirectLocation: 'there' }, 'InvalidRedirectLocation 400'],
    ['eleven tags', { Tagging: Array.from({ length: 11 }, (_, i) => `k${i}=v`).join('&') }, 'BadRequest 400'],
    ['tags with the same key', { Tagging: 'a=1&a=2' }, 'InvalidArgument 400'],
    ['a legal hold in a bucket without Object Lock', { ObjectLockLegalHoldStatus: 'ON' }, 'InvalidRequest 400'],
  ])('refuses %s and stores nothing', async (_, input, expected) => {
    expect(await refusal(put(input))).toBe(expected)
    expect(bench.simulator.keys(Bucket)).toEqual([])
  })

  it.each<[string, Partial<PutObjectCommandInput>, object]>([
    ['CRC32', { ChecksumAlgorithm: 'CRC32' }, { ChecksumCRC32: 'NhCmhg==' }],
    ['CRC32C', { ChecksumAlgorithm: 'CRC32C' }, { ChecksumCRC32C: 'mnG7TA==' }],
    ['CRC64NVME', { ChecksumAlgorithm: 'CRC64NVME' }, { ChecksumCRC64NVME: 'M3eFcAZSQlc=' }],
    ['SHA1', { ChecksumAlgorithm: 'SHA1' }, { ChecksumSHA1: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=' }],
    ['SHA256', { ChecksumAlgorithm: 'SHA256' }, { ChecksumSHA256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }],
  ])('verifies %s and answers it on request only', async (_, input, expected) => {
    await put(input)
    expect(await head({ ChecksumMode: 'ENABLED' })).toMatchObject({ ...expected, ChecksumType: 'FULL_OBJECT' })
    expect(Object.keys(await head()).filter((name) => name.startsWith('Checksum'))).toEqual([])
  })

  it('adds a CRC64NVME where no checksum was sent', async () => {
    const answer = await raw('PUT', `/${Bucket}/${Key}`, {}, {}, '123456789')
    expect(answer.headers.get('x-amz-checksum-crc64nvme')).toBe(
      Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    )
  })

  it('needs a Content-Length', async () => {
    const signed = sign(bench.listener.endpoint, {
      method: 'PUT',
      path: `/${Bucket}/${Key}`,
      payloadHash: 'UNSIGNED-PAYLOAD',
    })
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('x'))
        controller.close()
      },
    })
    const response = await fetch(signed.url, {
      method: 'PUT',
      headers: signed.headers,
      body,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(501)
    expect(await response.text()).toContain('<Header>Transfer-Encoding</Header>')
  })

  it('writes under conditions', async () => {
    const ifNew = { IfNoneMatch: '*' }
    const { ETag } = await put(ifNew)
    expect(await refusal(put(ifNew))).toBe('PreconditionFailed 412')
    expect(await refusal(put({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    await put({ IfMatch: ETag, Body: 'second' })
    expect(await refusal(put({ IfMatch: ETag }))).toBe('PreconditionFailed 412')
    expect(await refusal(put({ Key: 'absent', IfMatch: ETag }))).toBe('NoSuchKey 404')
    expect(await refusal(put({ IfNoneMatch: ETag }))).toBe('NotImplemented 501')
  })

  it('lets one of several concurrent creators win', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => put({ IfNoneMatch: '*', Body: `writer ${index}` })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('a key', () => {
  const awkward = [
    'a/../b',
    './x',
    '/lead',
    'a//b',
    'trail/',
    'sp ace',
    'a+b',
    '100%',
    '%2F',
    'ü😀',
    '?q=1&x',
    '#',
    '__proto__',
    'quote\'"<&>',
    'tab\tnew\nline',
    '\u0001',
    'é'.repeat(512),
  ]
  it.each(awkward)('may be %j', async (key) => {
    await put({ Key: key, Body: key, Metadata: { which: 'this' } })
    expect(await (await get({ Key: key })).Body?.transformToString()).toBe(key)
    expect((await head({ Key: key })).Metadata).toEqual({ which: 'this' })
    await bench.client.send(
      new PutObjectTaggingCommand({ Bucket, Key: key, Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }),
    )
    expect(bench.simulator.keys(Bucket)).toEqual([key])
    expect(bench.simulator.object(Bucket, key)?.tags).toEqual([['k', 'v']])
  })

  it('that is no UTF-8 is refused', async () => {
    const response = await fetch(`${bench.listener.endpoint}/${Bucket}/%FF`)
    expect(await response.text()).toContain('<Code>InvalidURI</Code>')
  })
})

describe('GetObject', () => {
  beforeEach(() => put({ Body: '0123456789' }))

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
  ])('answers the range %s', async (Range, text, ContentRange) => {
    const answer = await get({ Range })
    expect(answer).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } })
    expect(await answer.Body?.transformToString()).toBe(text)
  })

  it.each(['bytes=x-y', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2'])('ignores the range %s', async (Range) => {
    expect(await get({ Range })).toMatchObject({ ContentLength: 10, $metadata: { httpStatusCode: 200 } })
  })

  it.each(['bytes=10-', 'bytes=-0'])('cannot satisfy the range %s', async (Range) => {
    expect(await refusal(get({ Range }))).toBe('InvalidRange 416')
  })

  it('answers conditions in the documented order', async () => {
    const { ETag, LastModified } = await head()
    const before = new Date(LastModified!.getTime() - 60_000)
    expect(await refusal(get({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    expect(await refusal(get({ IfUnmodifiedSince: before }))).toBe('PreconditionFailed 412')
    expect((await get({ IfMatch: ETag, IfUnmodifiedSince: before })).$metadata.httpStatusCode).toBe(200)
    expect(await refusal(head({ IfNoneMatch: ETag }))).toBe('Unknown 304')
    expect(await refusal(head({ IfNoneMatch: ETag, IfModifiedSince: before }))).toBe('Unknown 304')
    expect(await refusal(head({ IfModifiedSince: LastModified }))).toBe('Unknown 304')
    expect((await get({ IfNoneMatch: '"other"', IfModifiedSince: LastModified })).$metadata.httpStatusCode).toBe(200)
    expect((await get({ IfModifiedSince: new Date(Date.now() + 86_400_000) })).$metadata.httpStatusCode).toBe(200)
  })

  it('says what is missing', async () => {
    expect(await refusal(get({ Key: 'absent' }))).toBe('NoSuchKey 404')
    expect(await refusal(head({ Key: 'absent' }))).toBe('NotFound 404')
    expect(await refusal(get({ Bucket: 'no-such-bucket' }))).toBe('NoSuchBucket 404')
  })

  it('replaces headers of the answer on request', async () => {
    const answer = await get({ ResponseContentType: 'text/plain', ResponseContentDisposition: 'attachment' })
    expect(answer).toMatchObject({ ContentType: 'text/plain', ContentDisposition: 'attachment' })
  })

  it('never sends a body for HEAD, also not for an error', async () => {
    for (const key of [Key, 'absent']) {
      const { url, headers } = sign(bench.listener.endpoint, { method: 'HEAD', path: `/${Bucket}/${key}` })
      const response = await fetch(url, { method: 'HEAD', headers })
      expect(await response.text()).toBe('')
      expect(response.headers.get('x-amz-request-id')).toMatch(/^[0-9A-F]{16}$/)
    }
  })

  it('refuses archived content until it is restored', async () => {
    await put({ StorageClass: 'GLACIER' })
    expect(await refusal(get())).toBe('InvalidObjectState 403')
    expect(await head()).toMatchObject({ StorageClass: 'GLACIER' })
    const restore = () => bench.client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest: { Days: 2 } }))
    expect((await restore()).$metadata.httpStatusCode).toBe(202)
    expect((await restore()).$metadata.httpStatusCode).toBe(200)
    expect(await head()).toMatchObject({ Restore: expect.stringContaining('ongoing-request="false"') })
    expect(await (await get()).Body?.transformToString()).toBe('hello')
  })
})

describe('encryption', () => {
  const key = Buffer.alloc(32, 7)
  const own = {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: md5(key),
  }

  it('is AES256 by default', async () => {
    expect(await put()).toMatchObject({ ServerSideEncryption: 'AES256' })
  })

  it('by KMS answers key and bucket key, and an ETag that is no MD5', async () => {
    const SSEKMSKeyId = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
    await put({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId, BucketKeyEnabled: true })
    const answer = await head()
    expect(answer).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId, BucketKeyEnabled: true })
    expect(answer.ETag).not.toBe(`"${md5Hex('hello')}"`)
  })

  it('by the key of the caller needs that key to read', async () => {
    await put(own)
    expect(await refusal(get())).toBe('InvalidRequest 400')
    expect(await refusal(head())).toBe('Unknown 400')
    const other = {
      ...own,
      SSECustomerKey: Buffer.alloc(32, 8).toString('base64'),
      SSECustomerKeyMD5: md5(Buffer.alloc(32, 8)),
    }
    expect(await refusal(get(other))).toBe('AccessDenied 403')
    expect(await (await get(own)).Body?.transformToString()).toBe('hello')
    expect(await head(own)).toMatchObject({ SSECustomerKeyMD5: own.SSECustomerKeyMD5 })
    expect(JSON.stringify([...bench.simulator.requests].map(({ headers }) => [...headers]))).not.toContain(
      own.SSECustomerKey,
    )
  })

  it('refuses a key whose MD5 is wrong', async () => {
    const name = 'x-amz-server-side-encryption-customer'
    const headers = {
      [`${name}-algorithm`]: 'AES256',
      [`${name}-key`]: own.SSECustomerKey,
      [`${name}-key-md5`]: md5('x'),
    }
    expect((await raw('PUT', `/${Bucket}/${Key}`, {}, headers, 'x')).status).toBe(400)
  })
})

describe('tags', () => {
  const tag = (TagSet: { Key: string; Value: string }[], more = {}) =>
    bench.client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet }, ...more }))
  const tags = async () => (await bench.client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet
  beforeEach(() => put({ Tagging: 'first=one&spaced+key=a%2Bb' }))

  it('come from the header, are counted, and replaced as a whole', async () => {
    expect(await tags()).toEqual([
      { Key: 'first', Value: 'one' },
      { Key: 'spaced key', Value: 'a+b' },
    ])
    expect(await head()).toMatchObject({ TagCount: 2 })
    const { ETag, LastModified } = await head()
    await tag([{ Key: 'second', Value: '' }])
    expect(await tags()).toEqual([{ Key: 'second', Value: '' }])
    expect(await head()).toMatchObject({ ETag, LastModified })
    await bench.client.send(new DeleteObjectTaggingCommand({ Bucket, Key }))
    expect((await head()).TagCount).toBeUndefined()
  })

  it('leave the content alone', async () => {
    await tag([{ Key: 'a', Value: 'b' }])
    expect(await (await get()).Body?.transformToString()).toBe('hello')
  })

  it.each<[string, { Key: string; Value: string }[], string]>([
    ['eleven', Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: '' })), 'BadRequest 400'],
    [
      'the same key twice',
      [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
      'InvalidTag 400',
    ],
    ['a key of 129', [{ Key: 'k'.repeat(129), Value: '' }], 'InvalidTag 400'],
    ['a value of 257', [{ Key: 'k', Value: 'v'.repeat(257) }], 'InvalidTag 400'],
    ['a comma', [{ Key: 'k', Value: 'a,b' }], 'InvalidTag 400'],
    ['an aws: key', [{ Key: 'aws:k', Value: '' }], 'InvalidTag 400'],
  ])('refuse %s', async (_, set, expected) => {
    expect(await refusal(tag(set))).toBe(expected)
    expect(await tags()).toHaveLength(2)
  })

  it('accept 128 and 256 characters of + - = . _ : / @ and letters of any script', async () => {
    await tag([{ Key: `${'k'.repeat(120)}+-=._:/@`, Value: 'ü'.repeat(256) }])
    expect(await tags()).toHaveLength(1)
  })
})

describe('ACLs', () => {
  it('show the owner in full control', async () => {
    await put()
    const { Grants } = await bench.client.send(new GetObjectAclCommand({ Bucket, Key }))
    expect(Grants).toMatchObject([{ Permission: 'FULL_CONTROL', Grantee: { Type: 'CanonicalUser' } }])
  })

  it('are refused where the bucket owner is enforced, but for the one that says so', async () => {
    await put()
    const setAcl = (ACL: 'private' | 'bucket-owner-full-control') =>
      bench.client.send(new PutObjectAclCommand({ Bucket, Key, ACL }))
    expect(await refusal(setAcl('private'))).toBe('AccessControlListNotSupported 400')
    await setAcl('bucket-owner-full-control')
  })

  it('are kept where they are on', async () => {
    bench.simulator.createBucket('with-acls', { objectOwnership: 'ObjectWriter', publicAccessBlock: null })
    await put({ Bucket: 'with-acls', ACL: 'public-read' })
    const { Grants } = await bench.client.send(new GetObjectAclCommand({ Bucket: 'with-acls', Key }))
    expect(Grants).toHaveLength(2)
    expect((await fetch(`${bench.listener.endpoint}/with-acls/${Key}`)).status).toBe(200)
    await bench.client.send(new PutObjectAclCommand({ Bucket: 'with-acls', Key, ACL: 'private' }))
    expect((await fetch(`${bench.listener.endpoint}/with-acls/${Key}`)).status).toBe(403)
  })
})

describe('sub-resources', () => {
  it.each(['annotation', 'encryption', 'renameObject', 'torrent', 'unheard-of'])(
    'that are not known (?%s) never overwrite a body',
    async (name) => {
      await put({ Body: 'evidence' })
      const response = await raw('PUT', `/${Bucket}/${Key}`, { [name]: '' }, {}, '<Some/>')
      expect(response.status).toBe(501)
      expect(await (await get()).Body?.transformToString()).toBe('evidence')
      expect(bench.simulator.versions(Bucket, Key)).toHaveLength(1)
    },
  )

  it.each(['tagging', 'acl', 'legal-hold', 'retention'])(
    'with a document that is none (?%s) change nothing',
    async (name) => {
      await put({ Body: 'evidence' })
      const response = await raw(
        'PUT',
        `/${Bucket}/${Key}`,
        { [name]: '' },
        { 'content-md5': md5('<Nonsense/>') },
        '<Nonsense/>',
      )
      expect(response.status).toBe(400)
      expect(await (await get()).Body?.transformToString()).toBe('evidence')
    },
  )

  it('that contradict each other are refused', async () => {
    await put({ Body: 'evidence' })
    expect((await raw('PUT', `/${Bucket}/${Key}`, { tagging: '', acl: '' }, {}, 'x')).status).toBe(400)
  })

  it('a part without its upload is no object', async () => {
    expect((await raw('PUT', `/${Bucket}/${Key}`, { partNumber: '1' }, {}, 'x')).status).toBe(405)
    expect(bench.simulator.keys(Bucket)).toEqual([])
  })

  it('GetObjectAttributes answers what is asked for', async () => {
    await put({ ChecksumAlgorithm: 'SHA256' })
    const wanted = ['ETag', 'Checksum', 'ObjectSize', 'StorageClass'] as const
    const answer = await bench.client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: [...wanted] }),
    )
    expect(answer).toMatchObject({
      ETag: md5Hex('hello'),
      ObjectSize: 5,
      StorageClass: 'STANDARD',
      Checksum: { ChecksumType: 'FULL_OBJECT' },
    })
    const some = await bench.client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectSize'] }),
    )
    expect(some.ETag).toBeUndefined()
  })
})

it('answers errors as documents with request ids', async () => {
  const response = await raw('GET', `/${Bucket}/absent<&>`.replace('<&>', '%3C%26%3E'), {})
  const text = await response.text()
  expect(text).toMatch(/<Error><Code>NoSuchKey<\/Code><Message>.+<\/Message><Key>absent&lt;&amp;&gt;<\/Key>/)
  expect(text).toContain(`<RequestId>${response.headers.get('x-amz-request-id')}</RequestId>`)
  expect(response.headers.get('server')).toBe('AmazonS3')
  expect(response.headers.get('x-amz-id-2')).toBeTruthy()
})

it('says of whose permission it is about', async () => {
  expect(await refusalMessage(put({ ACL: 'private' }))).toBe('The bucket does not allow ACLs')
})
