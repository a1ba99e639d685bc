import { describe, expect, test } from 'vitest'
import { readPolicy } from '../../../../src/storage/s3/inspect/policy.js'

const question = {
  bucket: 'evidence',
  prefix: 'org/',
  bucketActions: ['s3:ListBucket'],
  objectActions: ['s3:GetObject', 's3:PutObject'],
  tls: true,
}
const deny = (statement: object) =>
  readPolicy(JSON.stringify({ Statement: { Sid: 'S', Effect: 'Deny', Principal: '*', ...statement } }), question)
    ?.denials
const all = 'arn:aws:s3:::evidence/*'

describe('a Deny statement', () => {
  test.each<[string, object, readonly string[]]>([
    ['of everything', { Action: '*', Resource: '*' }, ['s3:ListBucket', 's3:GetObject', 's3:PutObject']],
    ['of the bucket alone', { Action: 's3:*', Resource: 'arn:aws:s3:::evidence' }, ['s3:ListBucket']],
    ['of its keys alone', { Action: 's3:*', Resource: [all] }, ['s3:GetObject', 's3:PutObject']],
    ['in other letters', { Action: 'S3:putobject', Resource: all }, ['s3:PutObject']],
    ['with wildcards', { Action: ['s3:Ge?Object', 's3:Nothing*'], Resource: all }, ['s3:GetObject']],
    ['of the prefix', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/org/*' }, ['s3:PutObject']],
    [
      'of part of the prefix',
      { Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/org/year=2023/*' },
      ['s3:PutObject'],
    ],
    ['of file names anywhere', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/*.wav' }, ['s3:PutObject']],
    ['of another prefix', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/organisation/*' }, []],
    ['of one key above the prefix', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/or' }, []],
    ['of another bucket', { Action: 's3:*', Resource: ['arn:aws:s3:::evidence2', 'arn:aws:s3:::evidence2/*'] }, []],
    ['in GovCloud', { Action: 's3:PutObject', Resource: 'arn:aws-us-gov:s3:::evidence/*' }, ['s3:PutObject']],
    ['of other actions', { NotAction: ['s3:Get*', 's3:List*'], Resource: all }, ['s3:PutObject']],
    ['of other keys', { Action: 's3:PutObject', NotResource: 'arn:aws:s3:::evidence/org/*' }, []],
    [
      'of all keys but a part of the prefix',
      { Action: 's3:PutObject', NotResource: 'arn:aws:s3:::evidence/org/ok/*' },
      ['s3:PutObject'],
    ],
    [
      'of plain HTTP, as every hardened bucket has it',
      { Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      [],
    ],
    ['of old TLS', { Action: '*', Resource: '*', Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } }, []],
  ])('%s', (_name, statement, actions) => {
    expect((deny(statement) ?? []).flatMap((denial) => denial.actions)).toEqual(actions)
  })

  test.each<[string, object]>([
    ['a principal', { Principal: { AWS: 'arn:aws:iam::1:user/u' } }],
    ['spared principals', { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::1:user/u' } }],
    ['a condition', { Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } } }],
  ])('limited by %s is only perhaps about us', (_name, limit) => {
    const [denial] = deny({ Action: 's3:PutObject', Resource: all, ...limit }) ?? []
    expect(denial?.certainty).toBe('perhaps')
    expect(denial?.limitedBy).toBeTruthy()
    expect(deny({ Action: 's3:PutObject', Resource: all, Principal: { AWS: '*' } })?.[0]?.certainty).toBe('everyone')
  })

  test('an Allow denies nothing, and what is no policy is said to be none', () => {
    expect(deny({ Effect: 'Allow', Action: '*', Resource: '*' })).toEqual([])
    expect(readPolicy('<html/>', question)).toBeUndefined()
    expect(readPolicy('null', question)).toBeUndefined()
    expect(readPolicy('{}', question)).toEqual({ denials: [], receivesCloudTrail: false })
  })
})
