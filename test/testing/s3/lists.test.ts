import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { listPage } from '../../../src/testing/s3/listing/listing.js'
import { KeyIndex } from '../../../src/testing/s3/state/key-index.js'
import type { ObjectVersion } from '../../../src/testing/s3/state/object-version.js'
import { refusal, useBench } from './fixture.js'
import { sign } from './signer.js'

const bench = useBench()
const Bucket = 'lists'

beforeEach(() => bench.simulator.createBucket(Bucket))

async function fill(keys: readonly string[], bucket = Bucket): Promise<void> {
  for (const Key of keys) await bench.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))
}
const list = (input: Partial<ListObjectsV2CommandInput> = {}) =>
  bench.client.send(new ListObjectsV2Command({ Bucket, ...input }))
const keysOf = ({ Contents = [] }: { Contents?: { Key?: string | undefined }[] | undefined }) =>
  Contents.map(({ Key }) => Key)
const prefixesOf = ({ CommonPrefixes = [] }: { CommonPrefixes?: { Prefix?: string | undefined }[] | undefined }) =>
  CommonPrefixes.map(({ Prefix }) => Prefix)

/** Every page of a listing, as its continuation tokens lead. */
async function pages(input: Partial<ListObjectsV2CommandInput>) {
  const all = []
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await list({ ...input, ContinuationToken })
    all.push(page)
    if (!page.IsTruncated) return all
    ContinuationToken = page.NextContinuationToken
  }
}

describe('ListObjectsV2', () => {
  it('orders by the bytes of UTF-8, not as JavaScript does', async () => {
    const keys = ['a', 'B', 'z', 'é', '\ufb01', '😀', 'a/b', 'a!']
    await fill(keys)
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(keysOf(await list())).toEqual(byBytes)
    expect(byBytes).not.toEqual([...keys].sort())
  })

  it('pages by tokens without losing or doubling a key', async () => {
    await fill(['a', 'b/1', 'b/2', 'b/3', 'c', 'd/1', 'e'])
    for (const MaxKeys of [1, 2, 3, 7, 8]) {
      const all = await pages({ MaxKeys })
      expect(all.flatMap(keysOf)).toEqual(['a', 'b/1', 'b/2', 'b/3', 'c', 'd/1', 'e'])
      const folded = await pages({ MaxKeys, Delimiter: '/' })
      expect(folded.flatMap(keysOf)).toEqual(['a', 'c', 'e'])
      expect(folded.flatMap(prefixesOf)).toEqual(['b/', 'd/'])
      expect(folded.every(({ KeyCount }) => (KeyCount ?? 0) <= MaxKeys)).toBe(true)
    }
  })

  it('answers prefix, delimiter and start', async () => {
    await fill(['year=2023/month=1/x', 'year=2023/month=10/x', 'year=2023/month=2/x', 'year=2024/month=1/x'])
    expect(prefixesOf(await list({ Prefix: 'year=2023/', Delimiter: '/' }))).toEqual([
      'year=2023/month=1/',
      'year=2023/month=10/',
      'year=2023/month=2/',
    ])
    expect(prefixesOf(await list({ Prefix: 'year=2023/month=1', Delimiter: '/' }))).toEqual([
      'year=2023/month=1/',
      'year=2023/month=10/',
    ])
    expect(keysOf(await list({ StartAfter: 'year=2023/month=10/x' }))).toEqual([
      'year=2023/month=2/x',
      'year=2024/month=1/x',
    ])
    expect(await list({ Prefix: 'none' })).toMatchObject({ KeyCount: 0, IsTruncated: false })
  })

  it.each<[number, string]>([
    [0, 'none'],
    [1, 'one'],
    [2000, 'a thousand at most'],
  ])('takes max-keys %i', async (MaxKeys) => {
    await fill(['a', 'b'])
    const page = await list({ MaxKeys })
    expect(page.MaxKeys).toBe(Math.min(MaxKeys, 1000))
    expect(keysOf(page)).toHaveLength(Math.min(MaxKeys, 2))
    expect(page.IsTruncated).toBe(MaxKeys === 1)
  })

  it('refuses what cannot be meant', async () => {
    expect(await refusal(list({ MaxKeys: -1 }))).toBe('InvalidArgument 400')
    expect(await refusal(list({ ContinuationToken: 'made up' }))).toBe('InvalidArgument 400')
    expect(await refusal(list({ EncodingType: 'base64' as 'url' }))).toBe('InvalidArgument 400')
  })

  it('encodes keys on request, a space as a plus', async () => {
    await fill(['a b+c/é~*\n'])
    expect(keysOf(await list({ EncodingType: 'url' }))).toEqual(['a+b%2Bc/%C3%A9%7E*%0A'])
  })

  it('names an owner only on request', async () => {
    await fill(['a'])
    expect((await list()).Contents?.[0]?.Owner).toBeUndefined()
    expect((await list({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  it('escapes what XML cannot carry as S3 does', async () => {
    await bench.client.send(new PutObjectCommand({ Bucket, Key: 'x\u0001<&>', Body: 'x' }))
    const { url, headers } = sign(bench.listener.endpoint, { path: `/${Bucket}`, query: { 'list-type': '2' } })
    expect(await (await fetch(url, { headers })).text()).toContain('<Key>x&#x1;&lt;&amp;&gt;</Key>')
  })

  it('leaves out keys under a delete marker', async () => {
    bench.simulator.createBucket('versioned', { versioning: 'Enabled' })
    await fill(['a', 'b'], 'versioned')
    await bench.client.send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'a' }))
    expect(keysOf(await list({ Bucket: 'versioned' }))).toEqual(['b'])
  })
})

it('ListObjects goes on by its marker, and names the next one only with a delimiter', async () => {
  await fill(['a', 'b/1', 'b/2', 'c'])
  const first = await bench.client.send(new ListObjectsCommand({ Bucket, MaxKeys: 2 }))
  expect([keysOf(first), first.NextMarker]).toEqual([['a', 'b/1'], undefined])
  const folded = await bench.client.send(new ListObjectsCommand({ Bucket, MaxKeys: 2, Delimiter: '/' }))
  expect(folded.NextMarker).toBe('b/')
  const rest = await bench.client.send(new ListObjectsCommand({ Bucket, Marker: 'b/', Delimiter: '/' }))
  expect([keysOf(rest), prefixesOf(rest)]).toEqual([['c'], []])
})

describe('ListObjectVersions', () => {
  it('pages through versions and markers in one order', async () => {
    bench.simulator.createBucket('versioned', { versioning: 'Enabled' })
    await fill(['a', 'a', 'a', 'b', 'dir/x', 'dir/y'], 'versioned')
    await bench.client.send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'a' }))
    const seen: string[] = []
    let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
    for (;;) {
      const page = await bench.client.send(
        new ListObjectVersionsCommand({ Bucket: 'versioned', MaxKeys: 2, Delimiter: '/', ...marker }),
      )
      const { Versions = [], DeleteMarkers = [], CommonPrefixes = [] } = page
      expect(Versions.length + DeleteMarkers.length + CommonPrefixes.length).toBeLessThanOrEqual(2)
      seen.push(...DeleteMarkers.map(({ Key }) => `marker ${Key}`), ...Versions.map(({ Key }) => `${Key}`))
      seen.push(...CommonPrefixes.map(({ Prefix }) => `${Prefix}`))
      if (!page.IsTruncated) break
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(seen).toEqual(['marker a', 'a', 'a', 'a', 'b', 'dir/'])
  })

  it('goes on behind a version that is gone by now', async () => {
    bench.simulator.createBucket('versioned', { versioning: 'Enabled' })
    await fill(['a', 'a', 'a'], 'versioned')
    const at = { Bucket: 'versioned' }
    const { NextVersionIdMarker, NextKeyMarker } = await bench.client.send(
      new ListObjectVersionsCommand({ ...at, MaxKeys: 1 }),
    )
    await bench.client.send(new DeleteObjectCommand({ ...at, Key: 'a', VersionId: NextVersionIdMarker }))
    const rest = new ListObjectVersionsCommand({
      ...at,
      KeyMarker: NextKeyMarker,
      VersionIdMarker: NextVersionIdMarker,
    })
    expect((await bench.client.send(rest)).Versions).toHaveLength(2)
  })

  it('needs a key for a version to go on from', async () => {
    const request = new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' })
    expect(await refusal(bench.client.send(request))).toBe('InvalidArgument 400')
  })
})

it('an upload that is not complete is in no listing of objects', async () => {
  await bench.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a' }))
  expect(keysOf(await list())).toEqual([])
})

it('agrees with a listing made the simple way, whatever the keys, prefixes and page sizes', async () => {
  const character = fc.constantFrom('a', 'b', '/', '-', 'é', '\uffee', '😀')
  const key = fc.string({ unit: character, minLength: 1, maxLength: 5 })
  const scenario = fc.record({
    keys: fc.uniqueArray(key, { maxLength: 12 }),
    removed: fc.array(fc.nat(11), { maxLength: 4 }),
    prefix: fc.string({ unit: character, maxLength: 2 }),
    delimiter: fc.constantFrom('', '/', '-', 'é'),
    most: fc.integer({ min: 1, max: 5 }),
  })
  let bucketNumber = 0
  await fc.assert(
    fc.asyncProperty(scenario, async ({ keys, removed, prefix, delimiter, most }) => {
      const bucket = `model-${bucketNumber++}`
      bench.simulator.createBucket(bucket)
      await fill(keys, bucket)
      await list({ Bucket: bucket })
      const gone = new Set(removed.map((index) => keys[index]))
      for (const Key of gone)
        if (Key !== undefined) await bench.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
      const expected: string[] = []
      const left = keys.filter((candidate) => !gone.has(candidate) && candidate.startsWith(prefix))
      for (const candidate of left.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
        const at = delimiter === '' ? -1 : candidate.indexOf(delimiter, prefix.length)
        const shown = at < 0 ? candidate : candidate.slice(0, at + delimiter.length)
        if (!expected.includes(shown)) expected.push(shown)
      }
      const seen = (await pages({ Bucket: bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys: most })).flatMap(
        (page) => [...keysOf(page), ...prefixesOf(page)],
      )
      expect([...seen].sort()).toEqual([...expected].sort())
    }),
    { numRuns: 25 },
  )
})

it('lists a hundred thousand keys without reading them all each time', () => {
  const index = new KeyIndex()
  for (let n = 0; n < 100_000; n++) index.set(`dir${n % 100}/${n}`, [{} as ObjectVersion])
  let read = 0
  const page = listPage(index.ordered(), { prefix: '', delimiter: '/', most: 1000 }, { after: '' }, () => {
    read += 1
    return [0]
  })
  expect(page.commonPrefixes).toHaveLength(100)
  // One key tells that there is something beneath a prefix; the rest is skipped.
  expect(read).toBe(100)
  const middle = listPage(index.ordered(), { prefix: 'dir5', delimiter: '', most: 10 }, { after: 'dir55/' }, () => [0])
  expect(middle.entries).toHaveLength(10)
  expect(middle.entries.every(({ key }) => key.startsWith('dir55/'))).toBe(true)
})
