import { afterEach, describe, expect, test } from 'vitest'
import { compareObjectStates } from '../../../../src/model/compare.js'
import type { Finding } from '../../../../src/model/findings.js'
import { requiredIamPolicy } from '../../../../src/s3.js'
import type { CreateBucketOptions } from '../../../../src/testing/index.js'
import { failure, fullState, needs, real, realEndpoint, S3, simulated, upload, type World } from '../world.js'

const worlds: { close(): Promise<void> }[] = []
const world = async (...options: Parameters<typeof simulated>) => {
  const made = await simulated(...options)
  worlds.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

const user = { accessKeyId: 'AKIAUSER', secretAccessKey: 'user-secret', arn: 'arn:aws:iam::123456789012:user/u' }
const short = (findings: readonly Finding[]) => findings.map(({ code, severity, subject }) => [code, severity, subject])
const everything = needs({ tags: true, legalHold: true, retention: true })

/** All versions of all keys with what is on them: what an inspection must leave as it was. */
async function snapshot(w: Pick<World, 'client' | 'bucket'>) {
  const { Versions, DeleteMarkers } = await w.client.send(new S3.ListObjectVersionsCommand({ Bucket: w.bucket }))
  const { Uploads } = await w.client.send(new S3.ListMultipartUploadsCommand({ Bucket: w.bucket }))
  const tags = await Promise.all(
    (Versions ?? []).map(({ Key, VersionId }) =>
      w.client.send(new S3.GetObjectTaggingCommand({ Bucket: w.bucket, Key, VersionId })).then(({ TagSet }) => TagSet),
    ),
  )
  return { Versions, DeleteMarkers, Uploads, tags }
}

describe('an inspection', () => {
  test('reads the configuration, finds nothing wrong and changes nothing', async () => {
    const w = await world({ bucket: { objectLock: true, defaultRetention: { mode: 'GOVERNANCE', days: 3 } } })
    await upload(w, 'org/k', 'x', { Tagging: 'a=b' })
    const before = await snapshot(w)
    expect(await w.adapter().inspectBucket(everything)).toEqual({
      bucket: w.bucket,
      region: 'eu-west-1',
      versioning: 'Enabled',
      objectLock: 'Enabled',
      defaultRetention: { mode: 'GOVERNANCE', days: 3 },
      defaultEncryption: 'AES256',
      objectOwnership: 'BucketOwnerEnforced',
      findings: [],
    })
    expect(await snapshot(w)).toEqual(before)
  })

  test.runIf(realEndpoint !== undefined)(
    'changes nothing on the server at S3_ENDPOINT, which ignores conditions',
    async () => {
      const w = await real(true)
      worlds.push(w)
      await upload(w, 'org/k', 'x', { Tagging: 'a=b' })
      const before = await snapshot(w)
      const { findings } = await w.adapter().inspectBucket(everything)
      expect(findings).toEqual([])
      expect(await snapshot(w)).toEqual(before)
    },
  )

  test.each<[string, CreateBucketOptions, Parameters<typeof needs>[0], [string, string][]]>([
    [
      'a metadata repair without versions',
      {},
      {},
      [
        ['versioning-off', 'blocker'],
        ['object-lock-unavailable', 'warning'],
      ],
    ],
    [
      'validation without versions',
      {},
      { remediate: false },
      [
        ['versioning-off', 'warning'],
        ['object-lock-unavailable', 'info'],
      ],
    ],
    [
      'suspended versions',
      { versioning: 'Suspended' },
      {},
      [
        ['versioning-off', 'blocker'],
        ['object-lock-unavailable', 'warning'],
      ],
    ],
    [
      'tags alone without versions',
      {},
      { metadata: false, tags: true },
      [
        ['versioning-off', 'warning'],
        ['object-lock-unavailable', 'info'],
      ],
    ],
    [
      'a legal hold without Object Lock',
      { versioning: 'Enabled' },
      { metadata: false, legalHold: true },
      [['object-lock-unavailable', 'blocker']],
    ],
    [
      'a retention without Object Lock',
      { versioning: 'Enabled' },
      { metadata: false, retention: true },
      [['object-lock-unavailable', 'blocker']],
    ],
    [
      'originals that are not to be protected',
      { versioning: 'Enabled' },
      { protectOriginal: false },
      [['object-lock-unavailable', 'info']],
    ],
  ])('%s', async (_name, bucket, overrides, expected) => {
    const w = await world({ bucket })
    const { findings } = await w.adapter().inspectBucket(needs(overrides))
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual(expected)
  })

  test.each([
    ['s3:GetObject', 's3:GetObject'],
    ['s3:GetObjectVersion', 's3:GetObjectVersion'],
    ['s3:GetObjectLegalHold', 's3:GetObjectLegalHold'],
    ['s3:GetObjectRetention', 's3:GetObjectRetention'],
    ['s3:PutObject', 's3:PutObject'],
    ['s3:PutObjectTagging', 's3:PutObjectTagging'],
    ['s3:PutObjectLegalHold', 's3:PutObjectLegalHold'],
    ['s3:PutObjectRetention', 's3:PutObjectRetention'],
    ['s3:ListBucketVersions', 's3:ListBucketVersions'],
  ])('a refused %s is named before anything is changed, on an empty prefix, too', async (deny, subject) => {
    for (const key of ['org/k', 'elsewhere']) {
      const w = await world({ credentials: [{ ...user, deny: [deny] }] })
      await upload(w, key)
      const { findings } = await w.adapter({ credentials: user }).inspectBucket(everything)
      expect(short(findings)).toEqual([['permission-missing', 'blocker', subject]])
      expect(findings[0]?.remedy).toContain(`"${subject}"`)
    }
  })

  test('the minimal policy is enough to inspect, and to repair in one piece and in parts', async () => {
    for (const options of [everything, needs(), needs({ metadata: false, tags: true, remediate: false })]) {
      const policy = requiredIamPolicy({ bucket: 'evidence', ...options })
      const allow = policy.Statement.flatMap(({ Action }) => [...Action])
      const w = await world({ credentials: [{ ...user, allow }] })
      await upload(w, 'org/k', 'x', { Tagging: 'a=b', ObjectLockLegalHoldStatus: 'ON' })
      await upload(w, 'org/parts', 'xx', { Tagging: 'a=b' })
      const adapter = w.adapter({ credentials: user, multipartThresholdBytes: 1 })
      const { findings } = await adapter.inspectBucket(options)
      expect(findings).toEqual([])
      if (!options.metadata) continue
      for (const key of ['org/k', 'org/parts']) {
        const before = await fullState(adapter, key)
        await adapter.replaceMetadata(before, { two: '2' })
        expect(compareObjectStates(before, await fullState(adapter, key), { metadata: { two: '2' } })).toEqual([])
      }
      expect(w.simulator.counts()).toMatchObject({ CopyObject: 1, UploadPartCopy: 1 })
      expect(w.simulator.requests.filter(({ status }) => status === 403)).toEqual([])
    }
  })

  test('a configuration that may not be read is unreadable, and a warning', async () => {
    const deny = [
      's3:GetBucketVersioning',
      's3:GetBucketObjectLockConfiguration',
      's3:GetEncryptionConfiguration',
      's3:GetBucketPolicy',
    ]
    const w = await world({ credentials: [{ ...user, deny }] })
    const inspection = await w.adapter({ credentials: user }).inspectBucket(needs())
    expect(inspection).toMatchObject({
      versioning: 'unreadable',
      objectLock: 'unreadable',
      defaultEncryption: 'unreadable',
    })
    expect(short(inspection.findings)).toEqual(deny.map((action) => ['permission-missing', 'warning', action]))
  })

  test('a Deny of the bucket policy is named with its statement, once', async () => {
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'NoTags',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject*Tagging',
          Resource: 'arn:aws:s3:::evidence/*',
        },
        {
          Sid: 'Other',
          Effect: 'Deny',
          Principal: { AWS: 'arn:aws:iam::123456789012:user/other' },
          Action: 's3:PutObject',
          Resource: 'arn:aws:s3:::evidence/*',
        },
        {
          Sid: 'Us',
          Effect: 'Deny',
          Principal: { AWS: user.arn },
          Action: 's3:PutObjectRetention',
          Resource: 'arn:aws:s3:::evidence/*',
        },
        { Sid: 'Elsewhere', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::evidence/other/*' },
      ],
    }
    const w = await world({ credentials: [user], bucket: { objectLock: true, policy } })
    const { findings } = await w.adapter({ credentials: user }).inspectBucket(everything)
    expect(findings.map(({ code, severity, message }) => [code, severity, /"(\w+)"/.exec(message)?.[1]])).toEqual([
      ['bucket-policy-denies', 'blocker', 'NoTags'],
      ['bucket-policy-denies', 'warning', 'Other'],
      ['bucket-policy-denies', 'blocker', 'Us'],
    ])
    expect(findings[0]?.message).toContain('s3:PutObjectTagging, s3:PutObjectVersionTagging')
  })

  test('a bucket of CloudTrail logs is refused, and nothing in it is repaired', async () => {
    const trail = {
      Effect: 'Allow',
      Principal: { Service: 'cloudtrail.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::evidence/AWSLogs/*',
    }
    const w = await world({ bucket: { objectLock: true, policy: { Version: '2012-10-17', Statement: [trail] } } })
    await upload(w, 'org/k')
    const adapter = w.adapter()
    const { findings } = await adapter.inspectBucket(needs())
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['cloudtrail-bucket', 'blocker']])
    const head = await adapter.head({ bucket: w.bucket, key: 'org/k' }, { full: true })
    if (!head.found) throw new Error('not found')
    expect(await failure(adapter.replaceMetadata(head.state, {}))).toMatchObject({
      details: { reason: 'cloudtrail-log' },
    })
  })
})

describe('a bucket that cannot be used', () => {
  test.each([
    ['is missing', { bucket: 'elsewhere' }, 'BUCKET_NOT_FOUND'],
    ['lies in another region', { bucket: 'american' }, 'BUCKET_WRONG_REGION'],
    ['is not allowed', { credentials: { ...user, secretAccessKey: 'user-secret' } }, 'STORAGE_FORBIDDEN'],
    [
      'does not know the key',
      { credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } },
      'STORAGE_UNAUTHORIZED',
    ],
  ])('%s: a blocker that says why', async (_name, options, code) => {
    const w = await world({ credentials: [{ ...user, deny: ['s3:ListBucket'] }] })
    w.simulator.createBucket('american', { region: 'us-east-1' })
    const inspection = await w.adapter(options).inspectBucket(needs())
    expect(inspection).toMatchObject({ versioning: 'unreadable', objectLock: 'unreadable' })
    expect(inspection.findings[0]).toMatchObject({ code: 'bucket-unreachable', severity: 'blocker' })
    expect(inspection.findings[0]?.message).toContain(code)
    if (code === 'BUCKET_WRONG_REGION') expect(inspection.findings[0]?.remedy).toContain('"us-east-1"')
    if (code === 'STORAGE_FORBIDDEN')
      expect(inspection.findings[1]).toMatchObject({ code: 'permission-missing', subject: 's3:ListBucket' })
  })

  test('what may pass is thrown, so that it can be repeated', async () => {
    const w = await world()
    const slow = { kind: 'respond', status: 503, body: '<Error><Code>SlowDown</Code></Error>' } as const
    const times = 1 + (w.settings.retry?.retries ?? 0)
    w.simulator.faults.add({ match: { operation: 'ListObjectsV2' }, action: slow, times })
    const adapter = w.adapter()
    expect(await failure(adapter.inspectBucket(needs()))).toMatchObject({
      code: 'STORAGE_THROTTLED',
      retryable: true,
      stage: 'inspect',
    })
    w.simulator.faults.add({ match: { operation: 'GetBucketVersioning' }, action: slow, times })
    expect(await failure(adapter.inspectBucket(needs()))).toMatchObject({ code: 'STORAGE_THROTTLED' })
    expect((await adapter.inspectBucket(needs())).findings).toEqual([])
  })
})
