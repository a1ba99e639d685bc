import {
  DeleteObjectCommand,
  type DeleteObjectCommandInput,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectLockRetentionMode,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, it } from 'vitest'
import { S3Simulator, SimulatedClock } from '../../../src/testing/index.js'
import { refusal, useBench } from './fixture.js'
import { sign } from './signer.js'

const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
const restricted = { accessKeyId: 'AKIARESTRICTED', secretAccessKey: 'r', arn: 'arn:aws:iam::123456789012:user/clerk' }
const bench = useBench({
  clock,
  maxClockSkewMs: Number.POSITIVE_INFINITY,
  credentials: [
    S3Simulator.defaultCredentials,
    {
      ...restricted,
      allow: ['s3:*'],
      deny: ['s3:GetObjectLegalHold', 's3:GetObjectRetention', 's3:BypassGovernanceRetention', 's3:ListBucket'],
    },
  ],
})
const Bucket = 'locked'
const Key = 'k'
const day = 86_400_000

beforeEach(() => bench.simulator.createBucket(Bucket, { objectLock: true }))

const put = (input: object = {}) => bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...input }))
const head = (input: object = {}) => bench.client.send(new HeadObjectCommand({ Bucket, Key, ...input }))
const get = (input: object = {}) => bench.client.send(new GetObjectCommand({ Bucket, Key, ...input }))
const remove = (input: Partial<DeleteObjectCommandInput> = {}) =>
  bench.client.send(new DeleteObjectCommand({ Bucket, Key, ...input }))
const hold = (Status: 'ON' | 'OFF', VersionId?: string) =>
  bench.client.send(new PutObjectLegalHoldCommand({ Bucket, Key, VersionId, LegalHold: { Status } }))
const retain = (Mode: ObjectLockRetentionMode, days: number, input: object = {}) =>
  bench.client.send(
    new PutObjectRetentionCommand({
      Bucket,
      Key,
      Retention: { Mode, RetainUntilDate: new Date(clock.now() + days * day) },
      ...input,
    }),
  )

describe('versions', () => {
  it('pile up, newest first', async () => {
    const { VersionId: first } = await put({ Body: 'one' })
    const { VersionId: second } = await put({ Body: 'two' })
    expect(await (await get()).Body?.transformToString()).toBe('two')
    expect(await (await get({ VersionId: first })).Body?.transformToString()).toBe('one')
    const { Versions } = await bench.client.send(new ListObjectVersionsCommand({ Bucket }))
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second, true],
      [first, false],
    ])
  })

  it('have tags of their own', async () => {
    const { VersionId } = await put({ Tagging: 'a=1' })
    await put()
    await bench.client.send(
      new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet: [{ Key: 'b', Value: '2' }] } }),
    )
    const tags = async (input: object) =>
      (await bench.client.send(new GetObjectTaggingCommand({ Bucket, Key, ...input }))).TagSet
    expect(await tags({ VersionId })).toEqual([{ Key: 'b', Value: '2' }])
    expect(await tags({})).toEqual([])
    expect(bench.simulator.versions(Bucket, Key)).toHaveLength(2)
  })

  it('that are not there', async () => {
    const { VersionId } = await put()
    await remove({ VersionId })
    expect(await refusal(get({ VersionId }))).toBe('NoSuchVersion 404')
    expect(await refusal(get({ VersionId: 'nonsense' }))).toBe('InvalidArgument 400')
    expect((await remove({ VersionId })).$metadata.httpStatusCode).toBe(204)
  })
})

describe('a delete marker', () => {
  it('hides the key without touching what lies beneath', async () => {
    const { VersionId } = await put()
    const marker = await remove()
    expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) })
    expect(await refusal(get())).toBe('NoSuchKey 404')
    expect(await refusal(head())).toBe('NotFound 404')
    expect(await refusal(get({ VersionId: marker.VersionId }))).toBe('MethodNotAllowed 405')
    expect((await head({ VersionId })).ContentLength).toBe(5)
    expect(await remove({ VersionId: marker.VersionId })).toMatchObject({ DeleteMarker: true })
    expect((await head()).VersionId).toBe(VersionId)
  })

  it('is told in the headers of the error', async () => {
    await put()
    const { VersionId = '' } = await remove()
    const ask = async (query: Record<string, string>) => {
      const { url, headers } = sign(bench.listener.endpoint, { method: 'HEAD', path: `/${Bucket}/${Key}`, query })
      const response = await fetch(url, { method: 'HEAD', headers })
      return [response.status, response.headers.get('x-amz-delete-marker'), response.headers.get('x-amz-version-id')]
    }
    expect(await ask({})).toEqual([404, 'true', VersionId])
    expect(await ask({ versionId: VersionId })).toEqual([405, 'true', VersionId])
  })

  it('may be put over what is held, and over nothing', async () => {
    await put({ ObjectLockLegalHoldStatus: 'ON' })
    expect(await remove()).toMatchObject({ DeleteMarker: true })
    expect(await remove({ Key: 'never-there' })).toMatchObject({ DeleteMarker: true })
  })
})

describe('suspended versioning', () => {
  const versioning = (Status: 'Enabled' | 'Suspended') =>
    bench.client.send(new PutBucketVersioningCommand({ Bucket: 'plain', VersioningConfiguration: { Status } }))
  const listed = async () => {
    const { Versions = [], DeleteMarkers = [] } = await bench.client.send(
      new ListObjectVersionsCommand({ Bucket: 'plain' }),
    )
    return [
      ...Versions.map(({ VersionId }) => VersionId),
      ...DeleteMarkers.map(({ VersionId }) => `marker ${VersionId}`),
    ]
  }

  it('writes null versions, which replace each other and nothing else', async () => {
    bench.simulator.createBucket('plain')
    const unversioned = await put({ Bucket: 'plain' })
    expect(unversioned.VersionId).toBeUndefined()
    await versioning('Enabled')
    const { VersionId } = await put({ Bucket: 'plain' })
    expect(await listed()).toEqual([VersionId, 'null'])
    await versioning('Suspended')
    await put({ Bucket: 'plain', Body: 'again' })
    expect(await listed()).toEqual(['null', VersionId])
    expect(await (await get({ Bucket: 'plain', VersionId: 'null' })).Body?.transformToString()).toBe('again')
    expect(await remove({ Bucket: 'plain' })).toMatchObject({ DeleteMarker: true, VersionId: 'null' })
    expect(await listed()).toEqual([VersionId, 'marker null'])
  })

  it('is refused for a bucket with Object Lock', async () => {
    const suspend = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })
    expect(await refusal(bench.client.send(suspend))).toBe('InvalidBucketState 409')
  })
})

describe('legal hold', () => {
  it('is set in place and stops the version from being deleted', async () => {
    const { VersionId } = await put()
    expect(await refusal(bench.client.send(new GetObjectLegalHoldCommand({ Bucket, Key })))).toBe(
      'NoSuchObjectLockConfiguration 404',
    )
    await hold('ON')
    expect(bench.simulator.versions(Bucket, Key)).toHaveLength(1)
    expect(await head()).toMatchObject({ ObjectLockLegalHoldStatus: 'ON', VersionId })
    expect(await refusal(remove({ VersionId }))).toBe('AccessDenied 403')
    expect(await refusal(remove({ VersionId, BypassGovernanceRetention: true }))).toBe('AccessDenied 403')
    await hold('OFF')
    expect((await bench.client.send(new GetObjectLegalHoldCommand({ Bucket, Key }))).LegalHold?.Status).toBe('OFF')
    await remove({ VersionId })
    expect(bench.simulator.versions(Bucket, Key)).toHaveLength(0)
  })

  it('is per version', async () => {
    const { VersionId } = await put()
    await put()
    await hold('ON', VersionId)
    expect((await head()).ObjectLockLegalHoldStatus).toBeUndefined()
    expect((await head({ VersionId })).ObjectLockLegalHoldStatus).toBe('ON')
  })

  it('needs a bucket with Object Lock, a status that there is, and a proof of the content', async () => {
    bench.simulator.createBucket('plain')
    await put({ Bucket: 'plain' })
    await put()
    const request = (bucket: string, Status: string) =>
      bench.client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key, LegalHold: { Status: Status as 'ON' } }))
    expect(await refusal(request('plain', 'ON'))).toBe('InvalidRequest 400')
    expect(await refusal(request(Bucket, 'on'))).toBe('MalformedXML 400')
    const unproven = bench.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' })
    const send = new PutObjectCommand({ Bucket, Key, Body: 'x', ObjectLockLegalHoldStatus: 'ON' })
    send.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> }
        for (const name of Object.keys(headers))
          if (/checksum|content-md5|x-amz-trailer/i.test(name)) delete headers[name]
        return next(args)
      },
      { step: 'build', priority: 'low' },
    )
    expect(await refusal(unproven.send(send))).toBe('InvalidRequest 400')
  })

  it('is hidden from who may not see it, as is a missing key from who may not list', async () => {
    await put({
      ObjectLockLegalHoldStatus: 'ON',
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(clock.now() + day),
    })
    const clerk = bench.connect({ credentials: restricted })
    const seen = await clerk.send(new HeadObjectCommand({ Bucket, Key }))
    expect(seen.ObjectLockLegalHoldStatus).toBeUndefined()
    expect(seen.ObjectLockMode).toBeUndefined()
    expect(seen.ContentLength).toBe(5)
    expect(await refusal(clerk.send(new GetObjectLegalHoldCommand({ Bucket, Key })))).toBe('AccessDenied 403')
    expect(await refusal(clerk.send(new GetObjectCommand({ Bucket, Key: 'absent' })))).toBe('AccessDenied 403')
  })
})

describe('retention', () => {
  it('in GOVERNANCE is shortened or deleted only by bypass', async () => {
    const { VersionId } = await put()
    await retain('GOVERNANCE', 10)
    await retain('GOVERNANCE', 20)
    expect(await refusal(retain('GOVERNANCE', 5))).toBe('AccessDenied 403')
    expect(await refusal(remove({ VersionId }))).toBe('AccessDenied 403')
    const clerk = bench.connect({ credentials: restricted })
    const bypass = { Bucket, Key, VersionId, BypassGovernanceRetention: true }
    expect(await refusal(clerk.send(new DeleteObjectCommand(bypass)))).toBe('AccessDenied 403')
    await retain('GOVERNANCE', 5, { BypassGovernanceRetention: true })
    await remove(bypass)
    expect(bench.simulator.versions(Bucket, Key)).toEqual([])
  })

  it('in COMPLIANCE is extended, never shortened, weakened or bypassed', async () => {
    const { VersionId } = await put()
    await retain('COMPLIANCE', 10)
    await retain('COMPLIANCE', 11)
    const bypass = { BypassGovernanceRetention: true }
    expect(await refusal(retain('COMPLIANCE', 5, bypass))).toBe('AccessDenied 403')
    expect(await refusal(retain('GOVERNANCE', 20, bypass))).toBe('AccessDenied 403')
    expect(await refusal(remove({ VersionId, ...bypass }))).toBe('AccessDenied 403')
    clock.advance(12 * day)
    await remove({ VersionId })
  })

  it('is read back as it was set', async () => {
    const until = new Date(clock.now() + 3 * day)
    await put({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until })
    expect(await head()).toMatchObject({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until })
    const { Retention } = await bench.client.send(new GetObjectRetentionCommand({ Bucket, Key }))
    expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: until })
  })

  it('is refused in the past, half, or by a mode that is none', async () => {
    const until = new Date(clock.now() + day)
    expect(
      await refusal(put({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date('2020-01-01') })),
    ).toBe('InvalidArgument 400')
    expect(await refusal(put({ ObjectLockMode: 'GOVERNANCE' }))).toBe('InvalidArgument 400')
    expect(await refusal(put({ ObjectLockMode: 'FOREVER', ObjectLockRetainUntilDate: until }))).toBe(
      'InvalidArgument 400',
    )
    await put()
    expect(await refusal(retain('FOREVER' as 'GOVERNANCE', 1))).toBe('MalformedXML 400')
  })

  it('by default of the bucket applies to new versions', async () => {
    const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } as const
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const
    await bench.client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }))
    expect(await bench.client.send(new GetObjectLockConfigurationCommand({ Bucket }))).toMatchObject({
      ObjectLockConfiguration,
    })
    await put()
    expect(await head()).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(clock.now() + 30 * day),
    })
  })
})

describe('DeleteObjects', () => {
  const removeAll = (Objects: { Key: string; VersionId?: string | undefined }[], more: object = {}) =>
    bench.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, ...more } }))

  it('answers for each key by itself', async () => {
    const { VersionId } = await put()
    await hold('ON')
    const { Deleted, Errors } = await removeAll([{ Key, VersionId }, { Key: 'other' }])
    expect(Errors).toMatchObject([{ Key, VersionId, Code: 'AccessDenied' }])
    expect(Deleted).toMatchObject([{ Key: 'other', DeleteMarker: true }])
  })

  it('says nothing of successes when it is to be quiet', async () => {
    await put()
    expect((await removeAll([{ Key }], { Quiet: true })).Deleted).toBeUndefined()
    expect(bench.simulator.keys(Bucket)).toEqual([])
  })

  it('takes a thousand and no more', async () => {
    const keys = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `k${index}` }))
    expect(await refusal(removeAll(keys(1001)))).toBe('MalformedXML 400')
    expect((await removeAll(keys(1000))).Deleted).toHaveLength(1000)
  })

  it('needs a proof of its content', async () => {
    const payload = `<Delete><Object><Key>${Key}</Key></Object></Delete>`
    const signed = sign(bench.listener.endpoint, { method: 'POST', path: `/${Bucket}`, query: { delete: '' }, payload })
    const response = await fetch(signed.url, { method: 'POST', headers: signed.headers, body: payload })
    expect(response.status).toBe(400)
  })
})

it('deletes under a condition', async () => {
  const { ETag } = await put()
  expect(await refusal(remove({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
  await remove({ IfMatch: ETag })
})
