import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, refusalMessage, useBench } from './fixture.js'

const bench = useBench({ minPartSizeBytes: 5, maxCopySizeBytes: 100 })
const Bucket = 'copies'
const Key = 'k'
const CopySource = `${Bucket}/${Key}`

beforeEach(() => bench.simulator.createBucket(Bucket, { objectLock: true }))

const put = (input: object = {}) => bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...input }))
const head = (input: object = {}) =>
  bench.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', ...input }))
const text = async (input: object = {}) =>
  (await bench.client.send(new GetObjectCommand({ Bucket, Key, ...input }))).Body?.transformToString()
const copy = (input: Partial<CopyObjectCommandInput> = {}) =>
  bench.client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...input }))
const replace = (input: Partial<CopyObjectCommandInput> = {}) =>
  copy({ MetadataDirective: 'REPLACE', Metadata: { new: '1' }, ...input })
const until = new Date('2099-01-01T00:00:00Z')

describe('CopyObject', () => {
  const everything = {
    Metadata: { matter: 'doe' },
    ContentType: 'audio/wav',
    CacheControl: 'no-store',
    ContentDisposition: 'attachment',
    ContentEncoding: 'gzip',
    ContentLanguage: 'de',
    Expires: new Date('2030-01-01T00:00:00Z'),
    WebsiteRedirectLocation: '/there',
    StorageClass: 'STANDARD_IA',
    ServerSideEncryption: 'aws:kms',
    Tagging: 'a=1',
    ObjectLockLegalHoldStatus: 'ON',
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: until,
    ChecksumAlgorithm: 'SHA256',
  } as const

  it('with REPLACE loses whatever is not sent again but the tags and the algorithm of the checksum', async () => {
    const { VersionId } = await put(everything)
    const answer = await replace()
    expect(answer).toMatchObject({ CopySourceVersionId: VersionId, VersionId: expect.any(String) })
    const after = await head()
    expect(after).toMatchObject({
      Metadata: { new: '1' },
      ContentType: 'binary/octet-stream',
      ServerSideEncryption: 'AES256',
      TagCount: 1,
      ChecksumType: 'FULL_OBJECT',
    })
    expect(after.ChecksumSHA256).toBe((await head({ VersionId })).ChecksumSHA256)
    for (const lost of [
      after.CacheControl,
      after.ContentDisposition,
      after.ContentEncoding,
      after.ContentLanguage,
      after.ExpiresString,
      after.WebsiteRedirectLocation,
      after.StorageClass,
      after.ObjectLockLegalHoldStatus,
      after.ObjectLockMode,
    ]) {
      expect(lost).toBeUndefined()
    }
    expect(await head({ VersionId })).toMatchObject({ ObjectLockLegalHoldStatus: 'ON', Metadata: { matter: 'doe' } })
  })

  it('with COPY keeps metadata and content headers, whatever is sent, and still no lock, class or redirect', async () => {
    await put(everything)
    await copy({ Key: 'other', ContentType: 'ignored/type', Metadata: { ignored: 'yes' } })
    const after = await head({ Key: 'other' })
    expect(after).toMatchObject({
      Metadata: { matter: 'doe' },
      ContentType: 'audio/wav',
      CacheControl: 'no-store',
      ContentLanguage: 'de',
      TagCount: 1,
    })
    expect([after.StorageClass, after.WebsiteRedirectLocation, after.ObjectLockLegalHoldStatus]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('takes the lock that is sent in the copy itself', async () => {
    await put()
    await replace({ ObjectLockLegalHoldStatus: 'ON', ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until })
    expect(await head()).toMatchObject({ ObjectLockLegalHoldStatus: 'ON', ObjectLockMode: 'COMPLIANCE' })
  })

  it('replaces tags on request', async () => {
    await put({ Tagging: 'a=1&b=2' })
    await replace({ Tagging: 'ignored=1' })
    expect((await head()).TagCount).toBe(2)
    await replace({ TaggingDirective: 'REPLACE', Tagging: 'only=1' })
    expect(bench.simulator.object(Bucket, Key)?.tags).toEqual([['only', '1']])
  })

  it('onto itself has to change something', async () => {
    await put()
    expect(await refusal(copy())).toBe('InvalidRequest 400')
    expect(await refusalMessage(copy())).toContain('trying to copy an object to itself without changing')
    await copy({ StorageClass: 'STANDARD' })
    await copy({ ServerSideEncryption: 'AES256' })
    await copy({ WebsiteRedirectLocation: '/x' })
  })

  it('brings an older version back', async () => {
    const { VersionId } = await put({ Body: 'old' })
    await put({ Body: 'new' })
    await copy({ CopySource: `${CopySource}?versionId=${VersionId}` })
    expect(await text()).toBe('old')
  })

  it('checks conditions on the source', async () => {
    const { ETag } = await put()
    const past = new Date(Date.now() - 86_400_000)
    expect(await refusal(replace({ CopySourceIfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    expect(await refusal(replace({ CopySourceIfNoneMatch: ETag }))).toBe('PreconditionFailed 412')
    expect(await refusal(replace({ CopySourceIfUnmodifiedSince: past }))).toBe('PreconditionFailed 412')
    await replace({ CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: past })
    await replace({ CopySourceIfModifiedSince: past })
  })

  it('checks conditions on the destination', async () => {
    const { ETag } = await put()
    expect(await refusal(replace({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    expect(await refusal(replace({ IfNoneMatch: '*' }))).toBe('PreconditionFailed 412')
    await replace({ IfMatch: ETag })
    await copy({ Key: 'fresh', IfNoneMatch: '*' })
  })

  it.each<[string, Partial<CopyObjectCommandInput>, string]>([
    ['a source that is not there', { CopySource: `${Bucket}/absent` }, 'NoSuchKey 404'],
    ['a bucket that is not there', { CopySource: 'no-such-bucket/k' }, 'NoSuchBucket 404'],
    ['a source without a key', { CopySource: Bucket }, 'InvalidArgument 400'],
    ['an unknown directive', { MetadataDirective: 'MERGE' as 'COPY' }, 'InvalidArgument 400'],
    ['a version that is none', { CopySource: `${CopySource}?versionId=none` }, 'InvalidArgument 400'],
    [
      'metadata beyond 2 KB',
      { MetadataDirective: 'REPLACE', Metadata: { a: 'x'.repeat(2048) } },
      'MetadataTooLarge 400',
    ],
  ])('refuses %s', async (_, input, expected) => {
    await put()
    expect(await refusal(copy({ Key: 'to', ...input }))).toBe(expected)
  })

  it('refuses what is too large, archived, or a marker', async () => {
    await put({ Body: 'x'.repeat(101) })
    expect(await refusal(replace())).toBe('InvalidRequest 400')
    await put({ StorageClass: 'DEEP_ARCHIVE' })
    expect(await refusal(replace())).toBe('InvalidObjectState 403')
    const { VersionId } = await bench.client.send(new DeleteObjectCommand({ Bucket, Key }))
    expect(await refusal(replace())).toBe('NoSuchKey 404')
    expect(await refusal(replace({ CopySource: `${CopySource}?versionId=${VersionId}` }))).toBe('InvalidRequest 400')
  })

  it('decodes its source, where a plus that is not encoded is a space', async () => {
    await put({ Key: 'a +ü/?%', Body: 'found' })
    await copy({ Key: 'to', CopySource: `/${Bucket}/${encodeURIComponent('a +ü/?%')}` })
    expect(await text({ Key: 'to' })).toBe('found')
    expect(await refusal(copy({ Key: 'to', CopySource: `${Bucket}/a++%C3%BC/%3F%25` }))).toBe('NoSuchKey 404')
  })

  it('may fail in a 200, which the fault script plays', async () => {
    await put()
    const body = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>m</Message></Error>'
    bench.simulator.faults.add({ match: { operation: 'CopyObject' }, action: { kind: 'respond', status: 200, body } })
    expect(await refusal(replace())).toMatch(/^InternalError/)
    expect(bench.simulator.versions(Bucket, Key)).toHaveLength(1)
    await replace()
  })

  it('copies content while its source is overwritten', async () => {
    bench.simulator.createBucket('plain')
    await put({ Bucket: 'plain', Body: 'first' })
    await Promise.all([
      copy({ Bucket: 'plain', Key: 'to', CopySource: 'plain/k', ChecksumAlgorithm: 'SHA1' }),
      put({ Bucket: 'plain', Body: 'other' }),
    ])
    expect(['first', 'other']).toContain(await text({ Bucket: 'plain', Key: 'to' }))
  })
})

describe('a multipart upload', () => {
  const create = async (input: Partial<CreateMultipartUploadCommandInput> = {}) =>
    (await bench.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }))).UploadId
  const upload = async (UploadId: string | undefined, PartNumber: number, Body: string, more: object = {}) => {
    const { ETag, ...rest } = await bench.client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }),
    )
    return { ETag, PartNumber, ...rest }
  }
  const complete = (UploadId: string | undefined, Parts: CompletedPart[], more: object = {}) =>
    bench.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    )
  const part = ({ ETag, PartNumber }: CompletedPart) => ({ ETag, PartNumber })

  it('becomes an object with the properties of its creation', async () => {
    const id = await create({
      Metadata: { matter: 'doe' },
      Tagging: 'a=1',
      StorageClass: 'GLACIER_IR',
      ContentType: 'audio/ogg',
    })
    const parts = [await upload(id, 2, 'world'), await upload(id, 1, 'hello ')].reverse()
    expect(bench.simulator.keys(Bucket)).toEqual([])
    const done = await complete(id, parts.map(part))
    const md5 = (data: string | Buffer) => createHash('md5').update(data)
    const etag = md5(Buffer.concat([md5('hello ').digest(), md5('world').digest()])).digest('hex')
    expect(done.ETag).toBe(`"${etag}-2"`)
    expect(await text()).toBe('hello world')
    expect(await head()).toMatchObject({
      Metadata: { matter: 'doe' },
      TagCount: 1,
      StorageClass: 'GLACIER_IR',
      ContentType: 'audio/ogg',
    })
    expect(await head({ PartNumber: 2 })).toMatchObject({
      PartsCount: 2,
      ContentLength: 5,
      ContentRange: 'bytes 6-10/11',
    })
    expect(await refusal(head({ PartNumber: 3 }))).toBe('Unknown 416')
    expect(bench.simulator.uploads(Bucket)).toEqual([])
  })

  it.each<[string, (a: CompletedPart, b: CompletedPart) => CompletedPart[], string]>([
    ['parts out of order', (a, b) => [b, a], 'InvalidPartOrder 400'],
    ['an ETag that is another', (a, b) => [{ ...a, ETag: b.ETag }, b], 'InvalidPart 400'],
    ['a part that was not sent', (a, b) => [a, b, { PartNumber: 9, ETag: a.ETag }], 'InvalidPart 400'],
    ['no part at all', () => [], 'MalformedXML 400'],
  ])('is not completed with %s', async (_, choose, expected) => {
    const id = await create()
    const [a, b] = [await upload(id, 1, 'first'), await upload(id, 2, 'second')]
    expect(await refusal(complete(id, choose(part(a), part(b))))).toBe(expected)
    expect(bench.simulator.keys(Bucket)).toEqual([])
    await complete(id, [part(a), part(b)])
  })

  it('has parts of at least the least size, but for the last', async () => {
    const id = await create()
    const [small, last] = [await upload(id, 1, '1234'), await upload(id, 2, '1')]
    expect(await refusal(complete(id, [small, last].map(part)))).toBe('EntityTooSmall 400')
    await complete(id, [part(await upload(id, 1, '12345')), part(last)])
    expect(await text()).toBe('123451')
  })

  it('checks each part', async () => {
    const id = await create()
    expect(await refusal(upload(id, 0, 'x'))).toBe('InvalidArgument 400')
    expect(await refusal(upload(id, 10_001, 'x'))).toBe('InvalidArgument 400')
    expect(await refusal(upload(id, 1, 'x', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }))).toBe('BadDigest 400')
    expect(await refusal(upload('no-such-upload', 1, 'x'))).toBe('NoSuchUpload 404')
    expect(await refusal(upload(id, 1, 'x', { Key: 'other' }))).toBe('NoSuchUpload 404')
  })

  it('has a composite checksum, or one of the whole object', async () => {
    const sha256 = (data: string | Buffer) => createHash('sha256').update(data)
    const id = await create({ ChecksumAlgorithm: 'SHA256' })
    const parts = [
      await upload(id, 1, 'first', { ChecksumAlgorithm: 'SHA256' }),
      await upload(id, 2, 'x', { ChecksumAlgorithm: 'SHA256' }),
    ]
    expect(await refusal(complete(id, parts.map(part)))).toBe('InvalidRequest 400')
    const done = await complete(
      id,
      parts.map(({ ETag, PartNumber, ChecksumSHA256 }) => ({ ETag, PartNumber, ChecksumSHA256 })),
    )
    const composite = sha256(Buffer.concat([sha256('first').digest(), sha256('x').digest()])).digest('base64')
    expect(done).toMatchObject({ ChecksumSHA256: `${composite}-2`, ChecksumType: 'COMPOSITE' })
    const attributes = await bench.client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectParts', 'Checksum'] }),
    )
    expect(attributes.ObjectParts).toMatchObject({ TotalPartsCount: 2, Parts: [{ Size: 5 }, { Size: 1 }] })

    const whole = await create({ ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' })
    const one = await upload(whole, 1, '123456789', { ChecksumAlgorithm: 'CRC64NVME' })
    const wrong = { ChecksumCRC64NVME: 'AAAAAAAAAAA=', ChecksumType: 'FULL_OBJECT' }
    expect(await refusal(complete(whole, [part(one)], wrong))).toBe('BadDigest 400')
    const ChecksumCRC64NVME = Buffer.from('ae8b14860a799888', 'hex').toString('base64')
    expect(await complete(whole, [part(one)], { ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' })).toMatchObject({
      ChecksumCRC64NVME,
    })
  })

  it('refuses algorithms and types that do not go together', async () => {
    const refused = (input: Partial<CreateMultipartUploadCommandInput>) => refusal(create(input))
    expect(await refused({ ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })).toBe('InvalidRequest 400')
    expect(await refused({ ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' })).toBe('InvalidRequest 400')
    const id = await create({ ChecksumAlgorithm: 'SHA256' })
    expect(await refusal(upload(id, 1, 'x', { ChecksumAlgorithm: 'CRC32' }))).toBe('InvalidRequest 400')
  })

  it('copies ranges, pinned by conditions, without doubling the bytes', async () => {
    const { ETag, VersionId } = await put({ Key: 'source', Body: '0123456789' })
    const id = await create()
    const source = `${Bucket}/source?versionId=${VersionId}`
    const copyPart = (PartNumber: number, CopySourceRange?: string, more: object = {}) =>
      bench.client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key,
          UploadId: id,
          PartNumber,
          CopySource: source,
          CopySourceRange,
          ...more,
        }),
      )
    expect(await refusal(copyPart(1, 'bytes=0-10'))).toBe('InvalidArgument 400')
    expect(await refusal(copyPart(1, 'bytes=5-'))).toBe('InvalidArgument 400')
    expect(await refusal(copyPart(1, 'bytes=0-4', { CopySourceIfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    const first = await copyPart(1, 'bytes=0-4', { CopySourceIfMatch: ETag })
    expect(first.CopySourceVersionId).toBe(VersionId)
    const second = await copyPart(2, 'bytes=7-9')
    await complete(
      id,
      [first, second].map(({ CopyPartResult }, index) => ({ ETag: CopyPartResult?.ETag, PartNumber: index + 1 })),
    )
    expect(await text()).toBe('01234789')
  })

  it('is completed under a condition only if nothing was written in between', async () => {
    const { ETag } = await put()
    const id = await create()
    const one = part(await upload(id, 1, 'x'))
    expect(await refusal(complete(id, [one], { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412')
    expect(await refusal(complete(id, [one], { IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
    await put()
    expect(await refusal(complete(id, [one], { IfMatch: ETag }))).toBe('ConditionalRequestConflict 409')
  })

  it('gets the default retention of its bucket on completion', async () => {
    bench.simulator.createBucket('retained', { defaultRetention: { mode: 'GOVERNANCE', days: 5 } })
    const at = { Bucket: 'retained' }
    const id = await create(at)
    const one = await upload(id, 1, 'x', at)
    await complete(id, [part(one)], at)
    expect(await head(at)).toMatchObject({ ObjectLockMode: 'GOVERNANCE' })
  })

  it('is gone once it is aborted or completed', async () => {
    const [aborted, completed] = [await create(), await create()]
    await bench.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: aborted }))
    const one = part(await upload(completed, 1, 'x'))
    await complete(completed, [one])
    for (const UploadId of [aborted, completed]) {
      expect(await refusal(bench.client.send(new ListPartsCommand({ Bucket, Key, UploadId })))).toBe('NoSuchUpload 404')
      expect(await refusal(complete(UploadId, [one]))).toBe('NoSuchUpload 404')
    }
  })

  it('lists its parts and its siblings in pages', async () => {
    const ids = [
      await create({ Key: 'b' }),
      await create({ Key: 'a' }),
      await create({ Key: 'a' }),
      await create({ Key: 'dir/c' }),
    ]
    for (const number of [3, 1, 2]) await upload(ids[0], number, `part ${number}`, { Key: 'b' })
    const parts = (more: object) =>
      bench.client.send(new ListPartsCommand({ Bucket, Key: 'b', UploadId: ids[0], ...more }))
    const first = await parts({ MaxParts: 2 })
    expect(first).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      Parts: [{ PartNumber: 1, Size: 6 }, { PartNumber: 2 }],
    })
    expect(await parts({ PartNumberMarker: '2' })).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] })

    const uploads = (more: object) => bench.client.send(new ListMultipartUploadsCommand({ Bucket, ...more }))
    const page = await uploads({ MaxUploads: 2 })
    expect(page.Uploads?.map(({ UploadId }) => UploadId)).toEqual([ids[1], ids[2]])
    const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    expect((await uploads(next)).Uploads?.map(({ UploadId }) => UploadId)).toEqual([ids[0], ids[3]])
    expect(await uploads({ Delimiter: '/', Prefix: 'dir' })).toMatchObject({ CommonPrefixes: [{ Prefix: 'dir/' }] })
  })
})
