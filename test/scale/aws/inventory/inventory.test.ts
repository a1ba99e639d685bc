import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, describe, expect, test } from 'vitest'
import { type InventoryRow, type InventorySource, S3Inventory, S3MetadataTable } from '../../../../src/scale-aws.js'
import { s3World } from '../world.js'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const md5 = (content: Uint8Array | string) => createHash('md5').update(content).digest('hex')
const folder = 'inv/recordings/all/2026-11-29T01-00Z'
const schema =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus'

async function world() {
  const { client, settings, s3, close } = await s3World()
  closing.push(close)
  const put = (Key: string, Body: string | Uint8Array) =>
    client.send(new PutObjectCommand({ Bucket: 'evidence', Key, Body }))
  const deliver = async (content: Uint8Array, changes: Record<string, unknown> = {}, at = folder) => {
    const key = `${at}/data/1.csv.gz`
    await put(key, content)
    const manifest = JSON.stringify({
      sourceBucket: 'recordings',
      destinationBucket: 'arn:aws:s3:::evidence',
      version: '2016-11-30',
      creationTimestamp: '1795914000000',
      fileFormat: 'CSV',
      fileSchema: schema,
      files: [{ key, size: content.length, MD5checksum: md5(content) }],
      ...changes,
    })
    await put(`${at}/manifest.json`, manifest)
    await put(`${at}/manifest.checksum`, md5(manifest))
    return key
  }
  const source = { ...settings, bucket: 'evidence', retry: { minDelayMs: 1, maxDelayMs: 2 } }
  const open = (manifest = `${folder}/manifest.json`) => new S3Inventory({ ...source, manifest })
  return { put, deliver, open, source, s3 }
}

async function rowsOf(source: InventorySource, prefix?: string): Promise<InventoryRow[]> {
  const rows: InventoryRow[] = []
  for await (const row of source.rows({ prefix })) rows.push(row)
  return rows
}

const csv = (...lines: string[]) => gzipSync(lines.map((line) => `${line}\n`).join(''))
const held =
  '"recordings","a+b%2Bc%2C%22%0A%F0%9F%98%80","v1","true","false","10","2026-11-28T10:00:00.000Z","abc","STANDARD","2030-01-01T00:00:00.000Z","GOVERNANCE","On"'
const bare = '"recordings","plain","","true","","","","","","","",""'
const off = '"recordings","off","v2","false","true","0","","","","","","Off"'

describe('an inventory as CSV', () => {
  test('is read with decoded keys, and what is empty is not known', async () => {
    const { deliver, open } = await world()
    await deliver(csv(held, bare, off))
    expect(await open().describe()).toEqual({
      bucket: 'recordings',
      asOf: '2026-11-29T01:00:00.000Z',
      facets: ['legal-hold', 'retention', 'etag', 'size', 'storage-class'],
    })
    expect(await rowsOf(open())).toEqual([
      {
        bucket: 'recordings',
        key: 'a b+c,"\n\u{1f600}',
        versionId: 'v1',
        isLatest: true,
        isDeleteMarker: false,
        sizeBytes: 10,
        lastModified: '2026-11-28T10:00:00.000Z',
        etag: 'abc',
        storageClass: 'STANDARD',
        retainUntil: '2030-01-01T00:00:00.000Z',
        lockMode: 'GOVERNANCE',
        legalHold: 'ON',
      },
      { bucket: 'recordings', key: 'plain', isLatest: true },
      {
        bucket: 'recordings',
        key: 'off',
        versionId: 'v2',
        isLatest: false,
        isDeleteMarker: true,
        sizeBytes: 0,
        legalHold: 'OFF',
      },
    ])
    expect((await rowsOf(open(), 'pl')).map(({ key }) => key)).toEqual(['plain'])
  })

  test.each(['ON', 'on', 'On'])('%s is a hold, and what nobody knows is none and not off', async (spelling) => {
    const { deliver, open } = await world()
    await deliver(csv(held.replace('"On"', `"${spelling}"`), held.replace('"On"', '"Pending"')))
    expect((await rowsOf(open())).map(({ legalHold }) => legalHold)).toEqual(['ON', undefined])
  })

  test('the last complete one is found', async () => {
    const { deliver, put, source } = await world()
    await deliver(csv(bare), {}, 'inv/recordings/all/2026-11-20T01-00Z')
    await deliver(csv(bare, off), {}, 'inv/recordings/all/2026-11-21T01-00Z')
    // One that is being written.
    await put('inv/recordings/all/2026-11-22T01-00Z/manifest.json', '{}')
    await put('inv/recordings/all/hive/dt=2026-11-22-01-00/symlink.txt', '')
    expect(await rowsOf(await S3Inventory.latest(source, 'inv/recordings/all/'))).toHaveLength(2)
    await expect(S3Inventory.latest(source, 'inv/other/')).rejects.toMatchObject({ code: 'INVENTORY_UNREADABLE' })
  })

  test.each<[string, Uint8Array, Record<string, unknown>, RegExp]>([
    ['a row with too few fields', csv('"recordings","a"'), {}, /is not CSV/],
    ['a row without a key', csv(bare.replace('plain', '')), {}, /without a key/],
    ['a row about another bucket', csv(bare.replace('recordings', 'other')), {}, /about the bucket other/],
    ['a file that is cut off', csv(held, off).subarray(0, 60), {}, /is not CSV/],
    ['bytes that are no text', gzipSync(Buffer.from([0xff, 0xfe, 0x0a])), {}, /is not CSV/],
    ['another format', csv(bare), { fileFormat: 'ORC' }, /the format ORC/],
    ['no files', csv(bare), { files: undefined }, /is not the manifest/],
    ['no time', csv(bare), { creationTimestamp: 'x' }, /is not the manifest/],
    ['a file without its MD5', csv(bare), { files: [{ key: 'x' }] }, /without its key or MD5/],
    ['a file that is not there', csv(bare), { files: [{ key: 'x', MD5checksum: md5('') }] }, /is not there/],
    [
      'another MD5',
      csv(bare),
      { files: [{ key: `${folder}/data/1.csv.gz`, MD5checksum: md5('x') }] },
      /its MD5 is not/,
    ],
  ])('with %s cannot be used', async (_, content, changes, message) => {
    const { deliver, open } = await world()
    await deliver(content, changes)
    await expect(rowsOf(open())).rejects.toMatchObject({
      code: 'INVENTORY_UNREADABLE',
      message: expect.stringMatching(message),
    })
  })

  test('a manifest that was changed, or has no checksum, is not used', async () => {
    const { deliver, open, put } = await world()
    await deliver(csv(bare))
    await put(`${folder}/manifest.json`, '{"sourceBucket":"recordings"}')
    await expect(open().describe()).rejects.toMatchObject({ message: expect.stringContaining('is damaged') })
    await expect(open('inv/nothing/manifest.json').describe()).rejects.toMatchObject({ code: 'INVENTORY_UNREADABLE' })
    await put('inv/young/manifest.json', '{}')
    await expect(open('inv/young/manifest.json').describe()).rejects.toMatchObject({
      message: expect.stringContaining('not complete'),
    })
  })
})

describe('an inventory as Parquet', () => {
  const fileSchema =
    'message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional binary version_id (UTF8); optional boolean is_latest; optional int64 size; optional int64 last_modified_date (TIMESTAMP_MILLIS); optional binary e_tag (UTF8); optional binary object_lock_legal_hold_status (UTF8); }'
  const parquet = () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'bucket', data: ['recordings', 'recordings'], type: 'STRING' },
          { name: 'key', data: ['a+b%20c', 'ü'], type: 'STRING' },
          { name: 'version_id', data: ['v1', 'v2'], type: 'STRING' },
          { name: 'is_latest', data: [true, false], type: 'BOOLEAN' },
          { name: 'size', data: [5n, 7_000_000_000n], type: 'INT64' },
          {
            name: 'last_modified_date',
            data: [new Date('2026-11-28T10:00:00Z'), new Date('2026-11-28T11:00:00Z')],
            type: 'TIMESTAMP',
          },
          { name: 'e_tag', data: ['abc', 'def'], type: 'STRING' },
          { name: 'object_lock_legal_hold_status', data: ['On', 'Off'], type: 'STRING' },
        ],
        rowGroupSize: 1,
      }),
    )

  test('is read as it is: its keys are not encoded', async () => {
    const { deliver, open } = await world()
    await deliver(parquet(), { fileFormat: 'Parquet', fileSchema })
    expect((await open().describe()).facets).toEqual(['legal-hold', 'etag', 'size'])
    expect(await rowsOf(open())).toEqual([
      {
        bucket: 'recordings',
        key: 'a+b%20c',
        versionId: 'v1',
        isLatest: true,
        sizeBytes: 5,
        lastModified: '2026-11-28T10:00:00.000Z',
        etag: 'abc',
        legalHold: 'ON',
      },
      expect.objectContaining({ key: 'ü', sizeBytes: 7_000_000_000, legalHold: 'OFF' }),
    ])
  })

  test('that is not Parquet is said to be so', async () => {
    const { deliver, open } = await world()
    await deliver(Buffer.from('PAR1 nothing PAR1'), { fileFormat: 'Parquet', fileSchema })
    await expect(rowsOf(open())).rejects.toMatchObject({ message: expect.stringContaining('is not Parquet') })
  })
})

describe('a metadata table', () => {
  const options = { sourceBucket: 'recordings', asOf: '2026-11-29T01:00:00Z' }
  const header = '"bucket","key","version_id","size","user_metadata","object_tags"\n'
  const json = (value: object) => `"${JSON.stringify(value).replaceAll('"', '""')}"`

  test('of Athena has metadata and tags as JSON', async () => {
    const { put, source } = await world()
    const metadata = { 'legal-hold-tag': 'matter-1, "2"=x' }
    await put(
      'result.csv',
      `${header}"recordings","a b","v1","5",${json(metadata)},${json({ hold: 'yes' })}\n"recordings","b","v2","6","",""\n`,
    )
    const table = new S3MetadataTable({ ...source, ...options, files: ['result.csv'] })
    expect(await table.describe()).toEqual({
      bucket: 'recordings',
      asOf: '2026-11-29T01:00:00.000Z',
      facets: ['metadata', 'tags', 'size'],
    })
    expect(await rowsOf(table)).toEqual([
      { bucket: 'recordings', key: 'a b', versionId: 'v1', sizeBytes: 5, metadata, tags: { hold: 'yes' } },
      { bucket: 'recordings', key: 'b', versionId: 'v2', sizeBytes: 6 },
    ])
  })

  test('of Athena in its own form of maps is refused, since it cannot be read back', async () => {
    const { put, source } = await world()
    await put('result.csv', `${header}"recordings","a","v1","5","{legal-hold-tag=matter-1, x=y}",""\n`)
    const table = new S3MetadataTable({ ...source, ...options, files: ['result.csv'] })
    await expect(rowsOf(table)).rejects.toMatchObject({
      message: expect.stringContaining('CAST(user_metadata AS JSON)'),
    })
  })

  test.each([
    ['2026-11-28 10:00:00.000', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28 10:00:00', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28 10:00:00.000 UTC', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28T10:00:00.000Z', '2026-11-28T10:00:00.000Z'],
  ])('of Athena has times in UTC, whatever the zone of this machine: %s', async (written, lastModified) => {
    const { put, source } = await world()
    await put('result.csv', `"key","last_modified_date"\n"a","${written}"\n`)
    const table = new S3MetadataTable({ ...source, ...options, files: ['result.csv'] })
    expect(await rowsOf(table)).toEqual([{ bucket: 'recordings', key: 'a', lastModified }])
  })

  test('as Parquet over several files', async () => {
    const { put, source } = await world()
    for (const name of ['one', 'two']) {
      const columnData = [
        { name: 'key', data: [name], type: 'STRING' as const },
        { name: 'user_metadata', data: [JSON.stringify({ 'legal-hold-tag': name })], type: 'STRING' as const },
      ]
      await put(`unload/${name}`, new Uint8Array(parquetWriteBuffer({ columnData })))
    }
    const table = new S3MetadataTable({ ...source, ...options, files: ['unload/one', 'unload/two'] })
    expect((await rowsOf(table)).map(({ key, metadata }) => [key, metadata?.['legal-hold-tag']])).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ])
  })

  test('as Parquet that is packed with GZIP, which UNLOAD does where nobody says otherwise', async () => {
    const { put, source } = await world()
    const keys = Array.from({ length: 1_000 }, (_, at) => `key ${at % 7}`)
    const columnData = [{ name: 'key', data: keys, type: 'STRING' as const, nullable: false }]
    const compressors = { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) }
    const packed = new Uint8Array(parquetWriteBuffer({ columnData, codec: 'GZIP', compressors }))
    await put('unload/packed', packed)
    const table = new S3MetadataTable({ ...source, ...options, files: ['unload/packed'] })
    expect((await rowsOf(table)).map(({ key }) => key)).toEqual(keys)
  })

  test('options that cannot work are refused at once', async () => {
    const { source } = await world()
    expect(() => new S3MetadataTable({ ...source, ...options, files: [] })).toThrow(/at least one file/)
    expect(() => new S3MetadataTable({ ...source, ...options, files: ['a'], asOf: 'today' })).toThrow(/asOf must be/)
  })
})
