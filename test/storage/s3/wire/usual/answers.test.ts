import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FastOperation } from '#src/storage/s3/protocol/operation-table.js'
import { readUsual } from '#src/storage/s3/wire/usual/answers.js'
import { S3 } from '../../world.js'

const inputs: Partial<Record<FastOperation, object>> = {
  CopyObject: { CopySource: 'b/k' },
  PutObjectLegalHold: { LegalHold: { Status: 'ON' } },
  PutObjectRetention: {},
  ListObjectVersions: {},
}
const operations = Object.keys(inputs) as FastOperation[]

/** What the SDK makes of an answer. */
async function bySdk(operation: FastOperation, headers: Record<string, string>, body: string): Promise<unknown> {
  const response = { statusCode: 200, headers: { ...headers }, body: Buffer.from(body, 'utf8') }
  const client = new S3.S3Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: { handle: async () => ({ response }) } as never,
  })
  const Command = S3[`${operation}Command`] as unknown as new (input: object) => object
  const send = client.send.bind(client) as (command: object) => Promise<object>
  const { $metadata, ...output } = (await send(new Command({ Bucket: 'b', Key: 'k', ...inputs[operation] }))) as Record<
    string,
    unknown
  > & { $metadata: object }
  const { attempts: _, totalRetryDelay: __, ...metadata } = $metadata as Record<string, unknown>
  return { ...output, $metadata: metadata }
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const word = fc.stringMatching(/^[A-Za-z0-9%./_-]{1,20}$/)
const etag = fc.stringMatching(/^[0-9a-f]{32}(-[1-9])?$/)
const instant = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().replace(/\.\d{3}/, '')))
const begun = (root: string) =>
  fc.tuple(fc.constantFrom('', declaration), fc.constantFrom('', namespace)).map(([a, b]) => `${a}<${root}${b}>`)
const quote = fc.constantFrom('"', '&quot;')

const checksums = fc.constantFrom(
  '',
  '<ChecksumCRC64NVME>WlpaWgAAAA8=</ChecksumCRC64NVME>',
  '<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType>',
  '<ChecksumType>FULL_OBJECT</ChecksumType><ChecksumCRC64NVME>WlpaWgAAAA8=</ChecksumCRC64NVME>',
  '<ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256>',
)
const copied = fc
  .tuple(begun('CopyObjectResult'), instant, quote, etag, checksums)
  .chain(([start, when, q, tag, checksum]) =>
    fc
      .shuffledSubarray([`<LastModified>${when}</LastModified>`, `<ETag>${q}${tag}${q}</ETag>`, checksum], {
        minLength: 3,
      })
      .map((elements) => `${start}${elements.join('')}</CopyObjectResult>`),
  )

const algorithms = fc.constantFrom(
  '',
  '<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>',
  '<ChecksumAlgorithm>SHA256</ChecksumAlgorithm>',
)
const version = fc
  .record({
    key: word,
    id: word,
    isLatest: fc.boolean(),
    when: instant,
    q: quote,
    tag: etag,
    algorithm: algorithms,
    size: fc.nat(),
    owner: fc.option(word, { nil: undefined }),
    ownerFirst: fc.boolean(),
  })
  .map(({ key, id, isLatest, when, q, tag, algorithm, size, owner, ownerFirst }) => {
    const ownerText = owner === undefined ? '' : `<Owner><ID>${owner}</ID></Owner>`
    const storageClass = '<StorageClass>STANDARD</StorageClass>'
    const end = ownerFirst ? ownerText + storageClass : storageClass + ownerText
    return `<Version><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${when}</LastModified><ETag>${q}${tag}${q}</ETag>${algorithm}<Size>${size}</Size>${end}</Version>`
  })
const element = (name: string, value: fc.Arbitrary<unknown>) =>
  fc.option(
    value.map((one) => `<${name}>${one}</${name}>`),
    { nil: '' },
  )
const listed = fc
  .tuple(
    begun('ListVersionsResult'),
    element('Name', word),
    element('Prefix', fc.oneof(word, fc.constant(''))),
    element('KeyMarker', fc.oneof(word, fc.constant(''))),
    element('VersionIdMarker', fc.constant('')),
    element('NextKeyMarker', word),
    element('NextVersionIdMarker', word),
    element('MaxKeys', fc.integer({ min: 0, max: 1_000 })),
    element('EncodingType', fc.constant('url')),
    element('IsTruncated', fc.boolean()),
    fc.array(version, { maxLength: 4 }).map((all) => all.join('')),
  )
  .map((parts) => `${parts.join('')}</ListVersionsResult>`)

const headersOf = fc.record(
  {
    'x-amz-request-id': word,
    'x-amz-id-2': word,
    'x-amz-version-id': word,
    'content-type': fc.constant('application/xml'),
    server: word,
  },
  { requiredKeys: [] },
)
const copyHeaders = fc.record(
  { 'x-amz-copy-source-version-id': word, 'x-amz-server-side-encryption': fc.constantFrom('AES256', 'aws:kms') },
  { requiredKeys: [] },
)
const bodies: Partial<Record<FastOperation, fc.Arbitrary<string>>> = {
  CopyObject: copied,
  PutObjectLegalHold: fc.constant(''),
  PutObjectRetention: fc.constant(''),
  ListObjectVersions: listed,
}
const usual = fc.constantFrom(...operations).chain((operation) =>
  fc.record({
    operation: fc.constant(operation),
    body: bodies[operation] as fc.Arbitrary<string>,
    headers: fc
      .tuple(headersOf, operation === 'CopyObject' ? copyHeaders : fc.constant({}))
      .map(([all, own]) => ({ ...all, ...own }) as Record<string, string>),
  }),
)

describe('the usual answer to a request of a repair', () => {
  test('says what the SDK reads in it', async () => {
    await fc.assert(
      fc.asyncProperty(usual, async ({ operation, body, headers }) => {
        const read = readUsual(operation, headers, Buffer.from(body))
        expect(read, body).toBeDefined()
        expect(read).toEqual(await bySdk(operation, headers, body))
      }),
      { numRuns: 300 },
    )
  })

  test('is left to the SDK or says the same, with anything else in it', async () => {
    const foreign = fc.constantFrom(
      ' ',
      '\n',
      '<!-- a -->',
      '<a/>',
      '<a>b</a>',
      '&amp;',
      '&#65;',
      '<![CDATA[a]]>',
      'ä',
      '5',
      '<Name>b</Name>',
      '<IsTruncated>maybe</IsTruncated>',
      '<ETag>"0"</ETag>',
      '<Prefix/>',
      '<ChecksumType>FULL_OBJECT</ChecksumType>',
      '<ChecksumSHA512>AAAA</ChecksumSHA512>',
    )
    await fc.assert(
      fc.asyncProperty(usual, foreign, fc.nat(), fc.nat({ max: 30 }), async (answer, what, place, removed) => {
        const at = place % (answer.body.length + 1)
        const body = answer.body.slice(0, at) + what + answer.body.slice(at + removed)
        const read = readUsual(answer.operation, answer.headers, Buffer.from(body))
        if (read !== undefined) expect(read, body).toEqual(await bySdk(answer.operation, answer.headers, body))
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['another header of S3', { 'x-amz-request-charged': 'requester' }],
    ['a checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }],
    ['an empty header', { 'x-amz-version-id': '' }],
    ['another name for the request', { 'x-amzn-requestid': 'r' }],
  ])('is left to the SDK with %s', (_, headers) => {
    expect(readUsual('PutObjectLegalHold', {}, Buffer.alloc(0))).toBeDefined()
    expect(readUsual('PutObjectLegalHold', headers as never, Buffer.alloc(0))).toBeUndefined()
  })

  test('is left to the SDK with a day that there is not', () => {
    const body = (day: string) =>
      Buffer.from(
        `<CopyObjectResult><LastModified>${day}T00:00:00.000Z</LastModified><ETag>"a"</ETag></CopyObjectResult>`,
      )
    expect(readUsual('CopyObject', {}, body('2024-02-29'))).toBeDefined()
    expect(readUsual('CopyObject', {}, body('2023-02-29'))).toBeUndefined()
  })
})
