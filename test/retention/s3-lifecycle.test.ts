import { afterEach, describe, expect, test } from 'vitest'
import type { RetentionContext } from '../../src/ports/retention.js'
import { S3LifecyclePolicy } from '../../src/s3.js'
import { failure, simulated, type World } from '../storage/s3/world.js'

const worlds: World[] = []
const user = { accessKeyId: 'AKIAUSER', secretAccessKey: 's', arn: 'arn:aws:iam::123456789012:user/u' }
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

async function evaluate(
  rules: string,
  options: {
    readonly deny?: readonly string[]
    readonly bucket?: string
    readonly over?: Partial<RetentionContext>
  } = {},
) {
  const lifecycle = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules}</LifecycleConfiguration>`
  const w = await simulated({
    bucket: { versioning: 'Enabled', ...(rules === '' ? {} : { lifecycle }) },
    credentials: [{ ...user, deny: options.deny ?? [] }],
  })
  worlds.push(w)
  const { endpoint, region } = w.settings
  const policy = new S3LifecyclePolicy({ endpoint, region, credentials: user, bucket: options.bucket })
  try {
    return await policy.evaluate({ ...context, ...options.over })
  } finally {
    policy.close()
  }
}

const context = {
  bucket: 'evidence',
  prefix: 'org/',
  requirements: { metadata: { 'legal-hold-tag': 'm-1' } },
  bucketInspection: { bucket: 'evidence', versioning: 'Enabled', objectLock: 'Off', findings: [] },
} as unknown as RetentionContext
const rule = (filter: string, actions: string, status = 'Enabled') =>
  `<Rule><ID>r 1</ID><Status>${status}</Status>${filter}${actions}</Rule>`
const under = (prefix: string) => `<Filter><Prefix>${prefix}</Prefix></Filter>`
const after30 = '<Expiration><Days>30</Days></Expiration>'
const short = (findings: Awaited<ReturnType<typeof evaluate>>) => findings.map(({ code, severity }) => [code, severity])
const expires = [['lifecycle-expires-objects', 'blocker']]

describe('a lifecycle rule', () => {
  test.each<[string, string, unknown[]]>([
    ['of the whole bucket', rule('<Filter/>', after30), expires],
    ['with an empty prefix', rule(under(''), after30), expires],
    ['of a prefix above', rule(under('or'), after30), expires],
    ['of a prefix within', rule(under('org/year=2023/'), after30), expires],
    ['in the older form', rule('<Prefix>org/</Prefix>', after30), expires],
    ['of another prefix', rule(under('organisation/'), after30), []],
    ['that is disabled', rule('<Filter/>', after30, 'Disabled'), []],
    ['limited by a tag', rule('<Filter><Tag><Key>temp</Key><Value>1</Value></Tag></Filter>', after30), expires],
    [
      'limited by a size',
      rule('<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>', after30),
      expires,
    ],
    [
      'limited by both within the prefix',
      rule(
        '<Filter><And><Prefix>org/</Prefix><Tag><Key>t</Key><Value>1</Value></Tag><ObjectSizeLessThan>900</ObjectSizeLessThan></And></Filter>',
        after30,
      ),
      expires,
    ],
    [
      'limited by a tag in another prefix',
      rule('<Filter><And><Prefix>logs/</Prefix><Tag><Key>t</Key><Value>1</Value></Tag></And></Filter>', after30),
      [],
    ],
    ['by date', rule('<Filter/>', '<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>'), expires],
    [
      'of noncurrent versions',
      rule(
        '<Filter/>',
        '<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>',
      ),
      [['lifecycle-expires-noncurrent', 'blocker']],
    ],
    [
      'of both',
      rule(
        '<Filter/>',
        `${after30}<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>`,
      ),
      [...expires, ['lifecycle-expires-noncurrent', 'blocker']],
    ],
    [
      'that tidies delete markers',
      rule('<Filter/>', '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>'),
      [],
    ],
    [
      'that ends unfinished uploads',
      rule(
        '<Filter/>',
        '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
      ),
      [],
    ],
    [
      'that moves to an archive',
      rule('<Filter/>', '<Transition><Days>90</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>'),
      [['lifecycle-archives-objects', 'warning']],
    ],
    [
      'that moves to a class that can be read',
      rule('<Filter/>', '<Transition><Days>90</Days><StorageClass>STANDARD_IA</StorageClass></Transition>'),
      [],
    ],
  ])('%s', async (_name, rules, expected) => {
    expect(short(await evaluate(rules))).toEqual(expected)
  })

  test('that archives is only worth knowing where nothing must be copied', async () => {
    const archive = '<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>'
    const over = { requirements: { legalHold: true } }
    expect(short(await evaluate(rule('<Filter/>', archive), { over }))).toEqual([
      ['lifecycle-archives-objects', 'info'],
    ])
  })

  test('is explained by its name, its days and its scope', async () => {
    const [finding] = await evaluate(rule('<Filter><Tag><Key>temp</Key><Value>1</Value></Tag></Filter>', after30))
    expect(finding?.message).toContain('"r 1"')
    expect(finding?.message).toContain('30 days after their creation')
    expect(finding?.message).toContain('tagged temp=1')
    const [dated] = await evaluate(rule('<Filter/>', '<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>'))
    expect(dated?.message).toContain('on 2020-01-01 and on every day after it')
  })
})

describe('rules that are not there or cannot be read', () => {
  test('none at all is nothing to find', async () => {
    expect(await evaluate('')).toEqual([])
  })

  test('a refusal is a warning that names the action', async () => {
    expect(await evaluate(rule('<Filter/>', after30), { deny: ['s3:GetLifecycleConfiguration'] })).toMatchObject([
      { code: 'permission-missing', severity: 'warning', subject: 's3:GetLifecycleConfiguration' },
    ])
  })

  test('of a bucket that inspection could not reach are not asked for again', async () => {
    const findings = [{ code: 'bucket-unreachable' }] as never
    const bucketInspection = { ...context.bucketInspection, findings }
    expect(
      await evaluate('', {
        bucket: 'elsewhere',
        over: { bucket: 'elsewhere', bucketInspection: { ...bucketInspection, bucket: 'elsewhere' } },
      }),
    ).toEqual([])
  })

  test('a missing bucket is a finding that blocks', async () => {
    expect(await evaluate('', { bucket: 'elsewhere' })).toMatchObject([
      { code: 'bucket-unreachable', severity: 'blocker', message: expect.stringContaining('BUCKET_NOT_FOUND') },
    ])
  })

  test('an answer that is not from S3 is not "no rules"', async () => {
    const w = await simulated()
    worlds.push(w)
    const policy = new S3LifecyclePolicy({ ...w.settings })
    for (const body of ['<html/>', '']) {
      w.simulator.faults.add({
        match: { operation: 'GetBucketLifecycleConfiguration' },
        action: { kind: 'respond', status: 200, body },
        // An answer that cannot be one is asked for again over other connections.
        times: 4 * (1 + (w.settings.retry?.retries ?? 0)),
      })
      expect(await failure(policy.evaluate(context))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
    }
    policy.close()
  })
})
