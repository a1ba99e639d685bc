import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as S3 from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ScannedPage, scanListing } from '../../../../src/storage/s3/wire/list.js'

/** What the SDK reads in the same bytes. */
async function bySdk(body: Buffer): Promise<ScannedPage> {
  const client = new S3.S3Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 1,
    requestHandler: { handle: async () => ({ response: { statusCode: 200, headers: {}, body } }) } as never,
  })
  const page = await client.send(new S3.ListObjectsV2Command({ Bucket: 'evidence' }))
  return {
    entries: (page.Contents ?? []).map((entry) => ({
      key: entry.Key ?? '',
      sizeBytes: entry.Size ?? Number.NaN,
      etag: entry.ETag,
      lastModified: entry.LastModified?.toISOString(),
      storageClass: entry.StorageClass,
    })),
    folders: (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
    truncated: page.IsTruncated ?? false,
    token: page.NextContinuationToken,
    encoding: page.EncodingType,
    echo: {
      name: page.Name,
      prefix: page.Prefix,
      delimiter: page.Delimiter,
      startAfter: page.StartAfter,
      token: page.ContinuationToken,
      encoding: page.EncodingType,
    },
  }
}

const escapes: readonly ((character: string) => string)[] = [
  (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[character] ?? character,
  (character) => (/[&<>"']/.test(character) ? `&#${character.charCodeAt(0)};` : character),
  (character) => (/[&<>"']/.test(character) ? `&#x${character.charCodeAt(0).toString(16)};` : character),
]

const escaped = fc
  .tuple(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 25 }), fc.constantFrom(...escapes))
  .filter(([text]) => text.trim() === text)
  .map(([text, escapeOne]) => [...text].map(escapeOne).join(''))

const key = fc.oneof(
  escaped,
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !/\p{Surrogate}/u.test(text))
    .map((text) => encodeURIComponent(text).replaceAll("'", '%27').replaceAll('%20', '+')),
)
const two = (min: number, max: number) => fc.integer({ min, max }).map((part) => String(part).padStart(2, '0'))
const timestamp = fc
  .tuple(
    fc.integer({ min: 1990, max: 2099 }),
    two(1, 12),
    two(1, 31),
    two(0, 23),
    two(0, 59),
    two(0, 59),
    fc.constantFrom('.000Z', '.123Z', 'Z'),
  )
  .filter(([year, month, day]) => new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day))
  .map(([year, month, day, hour, minute, second, end]) => `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`)

const element = (name: string, content: fc.Arbitrary<string>) => content.map((text) => `<${name}>${text}</${name}>`)
const optional = (content: fc.Arbitrary<string>) => fc.option(content, { nil: '' })
const blank = fc.constantFrom('', '', '\n', '\n  ', '\r\n\t')

/** Elements in any order, with blanks between them. */
const inAnyOrder = (...parts: fc.Arbitrary<string>[]) =>
  fc
    .tuple(fc.tuple(...parts), blank)
    .chain(([all, space]) => fc.shuffledSubarray(all, { minLength: all.length }).map((some) => some.join(space)))

const contents = element(
  'Contents',
  inAnyOrder(
    element('Key', key),
    element('Size', fc.nat().map(String)),
    optional(element('LastModified', timestamp)),
    optional(
      element(
        'ETag',
        fc.stringMatching(/^[0-9a-f]{32}(-[0-9]{1,4})?$/).map((hex) => `&quot;${hex}&quot;`),
      ),
    ),
    optional(element('StorageClass', fc.constantFrom('STANDARD', 'STANDARD_IA', 'GLACIER'))),
    optional(fc.constant('<Owner><ID>75aa57f0</ID><DisplayName>some one</DisplayName></Owner>')),
    optional(fc.constant('<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>')),
    optional(fc.constant('<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>')),
  ),
)

const document = fc
  .tuple(
    fc.constantFrom('<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="UTF-8"?>\n', ''),
    fc.constantFrom('', ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'),
    fc.tuple(
      fc.constantFrom('<IsTruncated>true</IsTruncated>', '<IsTruncated>false</IsTruncated>'),
      fc.constant('<Name>evidence</Name><KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys>'),
      fc.constantFrom('<Prefix></Prefix>', '<Prefix/>', '<Prefix>org/</Prefix>'),
      optional(fc.constant('<EncodingType>url</EncodingType>')),
      optional(element('NextContinuationToken', escaped)),
      optional(fc.constant('<StartAfter>a</StartAfter><Delimiter>/</Delimiter>')),
    ),
    fc.array(contents, { maxLength: 6 }),
    fc.array(element('CommonPrefixes', element('Prefix', key)), { maxLength: 4 }),
    blank,
  )
  .map(
    ([declaration, namespace, head, objects, folders, space]) =>
      `${declaration}<ListBucketResult${namespace}>${[...head, ...objects, ...folders].join(space)}</ListBucketResult>`,
  )

describe('the scanner of listings', () => {
  test('reads every listing as the parser of the SDK does', async () => {
    let read = 0
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const body = Buffer.from(text)
        const scanned = scanListing([body])
        // The property is about what it reads; that it does read what S3 writes is counted.
        if (scanned === undefined) return
        read += 1
        expect(scanned).toEqual(await bySdk(body))
      }),
      { numRuns: 300 },
    )
    expect(read).toBeGreaterThan(290)
  })

  test('reads a long one in whatever pieces it comes, the unusual entries among the usual ones', async () => {
    const usual = (at: number) =>
      `<Contents><Key>org/year%3D2023/${at}.wav</Key><LastModified>2023-10-${String((at % 31) + 1).padStart(2, '0')}T12:00:00.000Z</LastModified><ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>${at}</Size><StorageClass>STANDARD</StorageClass></Contents>`
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), contents), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 40 }),
        async (runs, sizes) => {
          let at = 9
          const entries = runs.map(([count, odd]) => {
            const run = Array.from({ length: count }, () => {
              at += 1
              return usual(at)
            })
            return run.join('') + odd
          })
          const body = Buffer.from(
            `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>${entries.join('')}</ListBucketResult>`,
          )
          const chunks: Buffer[] = []
          for (let from = 0; from < body.length; ) {
            const size = sizes[chunks.length % sizes.length] ?? 1
            chunks.push(body.subarray(from, from + size))
            from += size
          }
          const scanned = scanListing(chunks)
          expect(scanned).toEqual(scanListing([body]))
          if (scanned !== undefined) expect(scanned).toEqual(await bySdk(body))
          // Cut off anywhere, it is no listing.
          expect(scanListing(chunks.slice(0, -1))).toBeUndefined()
        },
      ),
      { numRuns: 40 },
    )
  })

  test('damaged documents are left to the SDK, or mean the same to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        document,
        fc.nat(),
        fc.constantFrom(
          '',
          '<',
          '>',
          '&',
          '/',
          '<!-- x -->',
          '<![CDATA[x]]>',
          '<Key>k</Key>',
          '<Other/>',
          ' ',
          'x',
          '\u00e4',
        ),
        async (text, at, piece) => {
          const cut = at % (text.length + 1)
          const body = Buffer.from(text.slice(0, cut) + piece + text.slice(cut + (at % 3)))
          const scanned = scanListing([body])
          if (scanned === undefined) return
          expect(scanned).toEqual(await bySdk(body))
        },
      ),
      { numRuns: 600 },
    )
  })

  const page = (inner: string) =>
    Buffer.from(`<ListBucketResult><IsTruncated>false</IsTruncated>${inner}</ListBucketResult>`)
  const entry = (inner: string) => page(`<Contents><Key>k</Key><Size>1</Size>${inner}</Contents>`)

  test.each([
    ['an element that nobody knows', page('<Surprise>1</Surprise>')],
    ['an element of an entry that nobody knows', entry('<Surprise>1</Surprise>')],
    ['an attribute', entry('<ETag a="b">x</ETag>')],
    ['a comment', page('<!-- x -->')],
    ['a CDATA section', entry('<ETag><![CDATA[x]]></ETag>')],
    ['an entity that XML does not define', entry('<ETag>&nbsp;</ETag>')],
    ['a number that is none', page('<Contents><Key>k</Key><Size>1e3</Size></Contents>')],
    ['a date that is none', entry('<LastModified>2023-02-31T00:00:00.000Z</LastModified>')],
    ['an element twice', entry('<Size>2</Size>')],
    ['an entry without a key', page('<Contents><Size>1</Size></Contents>')],
    ['text beyond ASCII', entry('<Owner><DisplayName>\u00e4</DisplayName></Owner>')],
    ['no word on whether it goes on', Buffer.from('<ListBucketResult></ListBucketResult>')],
    ['something behind the end', Buffer.concat([page(''), Buffer.from('x')])],
    ['an error', Buffer.from('<Error><Code>SlowDown</Code></Error>')],
    ['a page of a proxy', Buffer.from('<!DOCTYPE html><html></html>')],
    ['half a page', page('<Contents><Key>k</Key>').subarray(0, 70)],
    ['a folder without a name', page('<CommonPrefixes/><Prefix>a</Prefix></CommonPrefixes>')],
    ['blanks that are no indentation', page(' <Name>evidence</Name>')],
    ['nothing', Buffer.alloc(0)],
  ])('leaves %s to the SDK', (_what, body) => {
    expect(scanListing([body])).toBeUndefined()
  })

  test('pieces that are kept do not keep the page', () => {
    const filler = '<Contents><Key>k</Key><Size>1</Size></Contents>'.repeat(20_000)
    const kept: unknown[] = []
    const before = used()
    for (let round = 0; round < 40; round += 1) kept.push(scanListing([entryWithKey(round, filler)])?.entries[0])
    // 40 pages of 940 KB would be 37 MB.
    expect(used() - before).toBeLessThan(15_000_000)
    expect(kept).toHaveLength(40)
  })
})

function entryWithKey(round: number, filler: string): Buffer {
  const key = `conversation_id%3D${'x'.repeat(40)}${round}`
  return Buffer.from(
    `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>${key}</Key><Size>1</Size></Contents>${filler}</ListBucketResult>`,
  )
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function used(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
