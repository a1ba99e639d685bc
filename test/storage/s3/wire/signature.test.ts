import * as S3 from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeKeyPath,
  encodeQueryPart,
  RequestSigner,
  SigningKeys,
} from '../../../../src/storage/s3/wire/signature.js'

type Header = readonly [name: string, value: string]

const vectorScope = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  service: 'service',
  amzDate: '20150830T123600Z',
}
const host: Header = ['Host', 'example.amazonaws.com']
const date: Header = ['X-Amz-Date', '20150830T123600Z']
const unreserved = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

// The published test suite of Signature Version 4 (aws-c-auth, tests/aws-signing-test-suite/v4), unnormalised, as S3 signs.
const vectors: readonly [
  name: string,
  method: string,
  path: string,
  query: string,
  headers: readonly Header[],
  signature: string,
][] = [
  ['get-vanilla', 'GET', '/', '', [], '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', 'POST', '/', '', [], '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  [
    'get-header-key-duplicate',
    'GET',
    '/',
    '',
    [
      ['My-Header1', 'value2'],
      ['My-Header1', 'value2'],
      ['My-Header1', 'value1'],
    ],
    'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  ],
  [
    'get-header-value-order',
    'GET',
    '/',
    '',
    [
      ['My-Header1', 'value4'],
      ['My-Header1', 'value1'],
      ['My-Header1', 'value3'],
      ['My-Header1', 'value2'],
    ],
    '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  ],
  [
    'get-header-value-trim',
    'GET',
    '/',
    '',
    [
      ['My-Header1', ' value1'],
      ['My-Header2', ' "a   b   c"'],
    ],
    'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  ],
  [
    'post-header-key-sort',
    'POST',
    '/',
    '',
    [['My-Header1', 'value1']],
    'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  ],
  [
    'get-unreserved',
    'GET',
    `/${unreserved}`,
    '',
    [],
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  ],
  ['get-utf8', 'GET', '/ሴ', '', [], '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
  ['get-slashes', 'GET', '//example//', '', [], '87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5'],
  ['get-slash-dot-slash', 'GET', '/./', '', [], '68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145'],
  ['get-relative', 'GET', '/example/..', '', [], 'eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282'],
  ['get-space', 'GET', '/example space/', '', [], '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741'],
  [
    'get-vanilla-empty-query-key',
    'GET',
    '/',
    'Param1=value1',
    [],
    'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  ],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/',
    'Param1=value1&Param2=value2',
    [],
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'get-vanilla-query-unreserved',
    'GET',
    '/',
    `${unreserved}=${unreserved}`,
    [],
    '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  ],
  [
    'get-vanilla-utf8-query',
    'GET',
    '/',
    `${encodeQueryPart('ሴ')}=bar`,
    [],
    '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  ],
  [
    'get-vanilla-with-session-token',
    'GET',
    '/',
    '',
    [['X-Amz-Security-Token', '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267']],
    '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  ],
]

describe('signatures equal those that AWS has published', () => {
  test.each(vectors)('%s', (_name, method, path, query, headers, signature) => {
    const signer = new RequestSigner(vectorScope, [host, ...headers, date])
    const authorization = signer.authorization(method, encodeKeyPath(path), query)
    expect(authorization.split('Signature=')[1]).toBe(signature)
    expect(authorization).toContain(
      'Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;',
    )
  })

  // "Authenticating Requests: Using the Authorization Header", Amazon S3 API reference.
  const s3Scope = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    service: 's3',
    amzDate: '20130524T000000Z',
  }
  const s3Headers: readonly Header[] = [
    ['host', 'examplebucket.s3.amazonaws.com'],
    ['x-amz-content-sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['x-amz-date', '20130524T000000Z'],
  ]

  test.each([
    [
      'GET Object',
      '/test.txt',
      '',
      [['range', 'bytes=0-9']],
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    ['GET Bucket Lifecycle', '/', 'lifecycle=', [], 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    [
      'GET Bucket (List Objects)',
      '/',
      'max-keys=2&prefix=J',
      [],
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ] as const)('S3: %s', (_name, path, query, headers, signature) => {
    const signer = new RequestSigner(s3Scope, [...s3Headers, ...(headers as readonly Header[])])
    expect(signer.authorization('GET', path, query).split('Signature=')[1]).toBe(signature)
  })
})

test('the cached signing key is that of its day, region, service and secret', () => {
  const keys = new SigningKeys()
  const scopes = [
    vectorScope,
    { ...vectorScope, amzDate: '20150831T000000Z' },
    { ...vectorScope, region: 'eu-west-1' },
    { ...vectorScope, service: 's3' },
    { ...vectorScope, secretAccessKey: 'another' },
  ]
  const sign = (scope: typeof vectorScope, cache: SigningKeys) =>
    new RequestSigner(scope, [host], undefined, cache).authorization('GET', '/', '')
  const all = [...scopes, ...scopes].map((scope) => sign(scope, keys))
  expect(all).toEqual([...scopes, ...scopes].map((scope) => sign(scope, new SigningKeys())))
  expect(new Set(all).size).toBe(scopes.length)
})

interface SentRequest {
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly headers: Record<string, string>
}

/** The requests that the SDK would send, by a request handler that keeps them. */
function capturing(config: S3.S3ClientConfig): { client: S3.S3Client; sent: SentRequest[] } {
  const sent: SentRequest[] = []
  const client = new S3.S3Client({
    ...config,
    requestHandler: {
      handle: async (request: unknown) => {
        sent.push(request as SentRequest)
        const body = '<ListBucketResult><IsTruncated>false</IsTruncated><Name>b</Name></ListBucketResult>'
        return { response: { statusCode: 200, headers: {}, body: Buffer.from(body) } }
      },
    } as never,
  })
  return { client, sent }
}

const isWellFormed = (one: string) => !/\p{Surrogate}/u.test(one)
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((one) => isWellFormed(one))
const awkward = fc.oneof(
  text,
  fc
    .array(
      fc.constantFrom(
        '/',
        '.',
        '..',
        ' ',
        '+',
        '%',
        '%2F',
        '?',
        '#',
        '&',
        '=',
        "'",
        '(',
        ')',
        '*',
        '!',
        '~',
        'ä',
        '𝒳',
        '\u0001',
        'a',
      ),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
)

test('signatures equal those of the SDK for any key, version and option', async () => {
  const options = fc.record(
    {
      region: fc.constantFrom('eu-west-1', 'us-east-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1'),
      sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,40}$/), { nil: undefined }),
      secretAccessKey: fc.stringMatching(/^[A-Za-z0-9+/]{1,40}$/),
      forcePathStyle: fc.boolean(),
      useDualstackEndpoint: fc.boolean(),
      owner: fc.option(fc.stringMatching(/^\d{12}$/), { nil: undefined }),
    },
    { requiredKeys: ['region', 'sessionToken', 'secretAccessKey', 'forcePathStyle', 'useDualstackEndpoint', 'owner'] },
  )
  await fc.assert(
    fc.asyncProperty(
      awkward,
      fc.option(text, { nil: undefined }),
      text,
      options,
      async (key, versionId, prefix, given) => {
        const { owner, secretAccessKey, sessionToken, ...config } = given
        const credentials = {
          accessKeyId: 'AKIA',
          secretAccessKey,
          ...(sessionToken === undefined ? {} : { sessionToken }),
        }
        const { client, sent } = capturing({ ...config, credentials, maxAttempts: 1 })
        const shared = { Bucket: 'evidence', ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }) }
        await client.send(
          new S3.HeadObjectCommand({
            ...shared,
            Key: key,
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          }),
        )
        await client.send(
          new S3.ListObjectsV2Command({ ...shared, Prefix: prefix, EncodingType: 'url', StartAfter: key }),
        )
        const base = config.forcePathStyle ? '/evidence/' : '/'
        expect(sent.map(({ path }) => path)).toEqual([base + encodeKeyPath(key), base])
        for (const { method, path, query, headers } of sent) {
          const { authorization = '', 'x-amz-date': amzDate = '' } = headers
          const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
          const scope = { accessKeyId: 'AKIA', secretAccessKey, region: config.region, service: 's3', amzDate }
          const signer = new RequestSigner(
            scope,
            names.map((name) => [name, headers[name] ?? '']),
          )
          const canonicalQuery = Object.keys(query)
            .sort()
            .map((name) => `${encodeQueryPart(name)}=${encodeQueryPart(query[name] ?? '')}`)
            .join('&')
          expect(signer.authorization(method, path, canonicalQuery)).toBe(authorization)
        }
      },
    ),
    { numRuns: 120 },
  )
})
