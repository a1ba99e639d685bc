import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, it } from 'vitest'
import { S3Simulator } from '../../../src/testing/index.js'
import { refusal, refusalMessage, useBench } from './fixture.js'
import { sign } from './signer.js'

const clerk = { accessKeyId: 'AKIACLERK', secretAccessKey: 'c', arn: 'arn:aws:iam::123456789012:user/clerk' }
const reader = {
  accessKeyId: 'AKIAREADER',
  secretAccessKey: 'r',
  arn: 'arn:aws:iam::123456789012:user/reader',
  allow: ['s3:Get*'],
}
const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 's', arn: 'arn:aws:iam::999999999999:user/x' }
const bench = useBench({ credentials: [S3Simulator.defaultCredentials, clerk, reader, stranger] })
const Bucket = 'settings'
const arn = `arn:aws:s3:::${Bucket}`

beforeEach(() => bench.simulator.createBucket(Bucket))

const send: S3Client['send'] = (...parameters: unknown[]) =>
  (bench.client.send as (...given: unknown[]) => unknown)(...parameters) as never
const create = (name: string, more: object = {}) =>
  send(
    new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' }, ...more }),
  )

describe('a bucket', () => {
  it('is created, found, listed and deleted', async () => {
    await create('fresh', { ObjectLockEnabledForBucket: true })
    expect(await send(new HeadBucketCommand({ Bucket: 'fresh' }))).toMatchObject({ BucketRegion: 'eu-west-1' })
    expect(await send(new GetBucketLocationCommand({ Bucket: 'fresh' }))).toMatchObject({
      LocationConstraint: 'eu-west-1',
    })
    expect(await send(new GetBucketVersioningCommand({ Bucket: 'fresh' }))).toMatchObject({ Status: 'Enabled' })
    expect(await send(new GetObjectLockConfigurationCommand({ Bucket: 'fresh' }))).toMatchObject({
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    })
    const { Buckets } = await send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['fresh', Bucket])
    await send(new DeleteBucketCommand({ Bucket: 'fresh' }))
    expect(await refusal(send(new HeadBucketCommand({ Bucket: 'fresh' })))).toBe('NotFound 404')
  })

  it.each([
    ['Upper-Case', 'InvalidBucketName 400'],
    ['ab', 'InvalidBucketName 400'],
    ['192.168.0.1', 'InvalidBucketName 400'],
    ['two..dots', 'InvalidBucketName 400'],
    ['-dash', 'InvalidBucketName 400'],
    [Bucket, 'BucketAlreadyOwnedByYou 409'],
  ])('cannot be created as %s', async (name, expected) => {
    expect(await refusal(create(name))).toBe(expected)
  })

  it('belongs to the region of its endpoint', async () => {
    const elsewhere = { CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }
    expect(await refusal(create('fresh', elsewhere))).toBe('IllegalLocationConstraintException 400')
    // The SDK names its region by itself.
    const { url, headers } = sign(bench.listener.endpoint, { method: 'PUT', path: '/fresh' })
    expect(await (await fetch(url, { method: 'PUT', headers })).text()).toContain('IllegalLocationConstraintException')
  })

  it('is not deleted while anything is in it, also an old version', async () => {
    bench.simulator.createBucket('versioned', { versioning: 'Enabled' })
    await send(new PutObjectCommand({ Bucket: 'versioned', Key: 'k', Body: 'x' }))
    expect(await refusal(send(new DeleteBucketCommand({ Bucket: 'versioned' })))).toBe('BucketNotEmpty 409')
  })

  it.each([
    ['lifecycle', new GetBucketLifecycleConfigurationCommand({ Bucket }), 'NoSuchLifecycleConfiguration 404'],
    ['tags', new GetBucketTaggingCommand({ Bucket }), 'NoSuchTagSet 404'],
    ['policy', new GetBucketPolicyCommand({ Bucket }), 'NoSuchBucketPolicy 404'],
    ['Object Lock', new GetObjectLockConfigurationCommand({ Bucket }), 'ObjectLockConfigurationNotFoundError 404'],
    ['replication', new GetBucketReplicationCommand({ Bucket }), 'ReplicationConfigurationNotFoundError 404'],
    ['CORS', new GetBucketCorsCommand({ Bucket }), 'NoSuchCORSConfiguration 404'],
    ['website', new GetBucketWebsiteCommand({ Bucket }), 'NoSuchWebsiteConfiguration 404'],
  ])('says that it has no %s', async (_, command, expected) => {
    expect(await refusal(send(command as GetBucketPolicyCommand))).toBe(expected)
  })

  it('is as S3 makes them since 2023', async () => {
    expect(await send(new GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    })
    expect(await send(new GetBucketOwnershipControlsCommand({ Bucket }))).toMatchObject({
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
    expect(await send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
    })
    expect((await send(new GetBucketAclCommand({ Bucket }))).Grants).toHaveLength(1)
    expect((await send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined()
    expect((await send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined()
    expect((await send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations).toBeUndefined()
    await send(new DeleteBucketOwnershipControlsCommand({ Bucket }))
    await send(new DeletePublicAccessBlockCommand({ Bucket }))
    expect(await refusal(send(new GetBucketOwnershipControlsCommand({ Bucket })))).toBe(
      'OwnershipControlsNotFoundError 404',
    )
    expect(await refusal(send(new GetPublicAccessBlockCommand({ Bucket })))).toBe(
      'NoSuchPublicAccessBlockConfiguration 404',
    )
  })

  it('gives its default encryption to what is written without one', async () => {
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const }, BucketKeyEnabled: true }]
    await send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }))
    await send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    expect(await send(new HeadObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      BucketKeyEnabled: true,
    })
  })

  it('gets Object Lock later only with versioning', async () => {
    const lock = () =>
      send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }))
    expect(await refusal(lock())).toBe('InvalidBucketState 409')
    await send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    await lock()
  })

  it('has tags that an empty set removes', async () => {
    const tag = (TagSet: { Key: string; Value: string }[]) =>
      send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
    await tag([{ Key: 'team', Value: 'legal' }])
    expect((await send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'team', Value: 'legal' }])
    await tag([])
    expect(await refusal(send(new GetBucketTaggingCommand({ Bucket })))).toBe('NoSuchTagSet 404')
  })

  it('of another account than expected is refused', async () => {
    const expecting = (ExpectedBucketOwner: string) => send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }))
    await expecting('123456789012')
    expect(await refusal(expecting('999999999999'))).toMatch(/403$/)
  })
})

describe('lifecycle', () => {
  const set = (rule: Partial<LifecycleRule>) => {
    const Rules = [
      {
        ID: 'expire',
        Status: 'Enabled',
        Filter: { Prefix: 'tmp/' },
        Expiration: { Days: 3 },
        ...rule,
      } as LifecycleRule,
    ]
    return send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }))
  }

  it('is answered as it was put, and announced on what it will expire', async () => {
    const rule = { NoncurrentVersionExpiration: { NoncurrentDays: 9, NewerNoncurrentVersions: 2 } }
    await set(rule)
    expect((await send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toMatchObject([
      { ID: 'expire', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 3 }, ...rule },
    ])
    await send(new PutObjectCommand({ Bucket, Key: 'tmp/x', Body: 'x' }))
    await send(new PutObjectCommand({ Bucket, Key: 'kept/x', Body: 'x' }))
    expect((await send(new HeadObjectCommand({ Bucket, Key: 'tmp/x' }))).Expiration).toMatch(
      /^expiry-date=".+ 00:00:00 GMT", rule-id="expire"$/,
    )
    expect((await send(new HeadObjectCommand({ Bucket, Key: 'kept/x' }))).Expiration).toBeUndefined()
    await send(new DeleteBucketLifecycleCommand({ Bucket }))
    expect(await refusal(send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toBe(
      'NoSuchLifecycleConfiguration 404',
    )
  })

  it.each<[string, Partial<LifecycleRule>, string]>([
    ['no days', { Expiration: { Days: 0 } }, 'InvalidArgument 400'],
    ['no action', { Expiration: undefined }, 'InvalidRequest 400'],
    ['no filter', { Filter: undefined }, 'MalformedXML 400'],
    ['an unknown status', { Status: 'Maybe' as 'Enabled' }, 'MalformedXML 400'],
    ['a date that is not midnight', { Expiration: { Date: new Date('2030-01-01T01:00:00Z') } }, 'InvalidArgument 400'],
  ])('is refused with %s', async (_, rule, expected) => {
    expect(await refusal(set(rule))).toBe(expected)
  })
})

describe('a bucket policy', () => {
  const policy = (...Statement: object[]) =>
    send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }))
  const deny = (more: object = {}) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `${arn}/*`,
    ...more,
  })
  const as = (credentials: { accessKeyId: string; secretAccessKey: string }) => bench.connect({ credentials })
  const read = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    as(credentials).send(new GetObjectCommand({ Bucket, Key: 'k' }))

  beforeEach(() => send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'hold=on' })))

  it('denies a single action, to everyone', async () => {
    await policy(deny({ Action: 's3:PutObjectTagging' }))
    const tag = new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet: [] } })
    expect(await refusal(send(tag))).toBe('AccessDenied 403')
    expect(await refusalMessage(send(tag))).toContain('s3:PutObjectTagging')
    expect(await refusalMessage(send(tag))).toContain('explicit deny in a resource-based policy')
    await read(clerk)
  })

  it('denies under conditions', async () => {
    await policy(deny({ Condition: { StringEquals: { 's3:ExistingObjectTag/hold': 'on' } } }))
    expect(await refusal(read(clerk))).toBe('AccessDenied 403')
    await policy(deny({ Condition: { StringNotEquals: { 's3:ExistingObjectTag/hold': 'on' } } }))
    await read(clerk)
    const unencrypted = { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } }
    await policy(deny({ Action: 's3:PutObject', Condition: unencrypted }))
    const put = (more: object) => as(clerk).send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ...more }))
    expect(await refusal(put({}))).toBe('AccessDenied 403')
    await put({ ServerSideEncryption: 'aws:kms' })
  })

  it('names principals and resources, with wildcards', async () => {
    await policy(deny({ Principal: { AWS: clerk.arn }, Resource: `${arn}/k*` }))
    expect(await refusal(read(clerk))).toBe('AccessDenied 403')
    await read(reader)
  })

  it('allows what the caller is not allowed otherwise, also in another account', async () => {
    expect(await refusal(read(stranger))).toBe('AccessDenied 403')
    await policy({ Effect: 'Allow', Principal: { AWS: stranger.arn }, Action: 's3:GetObject', Resource: `${arn}/*` })
    await read(stranger)
    const list = new ListObjectsV2Command({ Bucket })
    expect(await refusal(as(reader).send(list))).toBe('AccessDenied 403')
    await policy({ Effect: 'Allow', Principal: { AWS: reader.arn }, Action: 's3:ListBucket', Resource: arn })
    await as(reader).send(list)
  })

  it('is public only where that is not blocked', async () => {
    const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${arn}/*` }
    expect(await refusal(policy(open))).toBe('AccessDenied 403')
    await send(new DeletePublicAccessBlockCommand({ Bucket }))
    await policy(open)
    expect((await fetch(`${bench.listener.endpoint}/${Bucket}/k`)).status).toBe(200)
    expect(await send(new GetBucketPolicyStatusCommand({ Bucket }))).toMatchObject({ PolicyStatus: { IsPublic: true } })
  })

  it('can always be repaired by the root user', async () => {
    await policy(deny({ Action: 's3:*', Resource: [arn, `${arn}/*`] }))
    expect(await refusal(send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('AccessDenied 403')
    expect(await refusal(as(clerk).send(new DeleteBucketPolicyCommand({ Bucket })))).toBe('AccessDenied 403')
    await send(new DeleteBucketPolicyCommand({ Bucket }))
    await send(new GetObjectCommand({ Bucket, Key: 'k' }))
  })

  it.each<[string, object]>([
    ['an action that is not of S3', deny({ Action: 'sqs:SendMessage' })],
    ['a resource of another bucket', deny({ Resource: 'arn:aws:s3:::other/*' })],
    ['no principal', deny({ Principal: undefined })],
    ['an unknown operator', deny({ Condition: { StringSounds: { 's3:prefix': 'x' } } })],
    ['an effect that is none', deny({ Effect: 'Maybe' })],
  ])('is refused with %s', async (_, statement) => {
    expect(await refusal(policy(statement))).toBe('MalformedPolicy 400')
  })
})
