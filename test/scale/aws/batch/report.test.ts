import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { parseCsv } from '#src/internal/text/csv.js'
import { buildManifest, decodeManifestKey, encodeManifestKey } from '#src/scale/aws/batch/manifest.js'
import { readReport } from '#src/scale/aws/batch/report.js'
import { all, type BatchWorld, batchWorld, jobOf, refOf, refs, runToEnd } from '../world.js'

const open: BatchWorld[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
async function world(options: Parameters<typeof batchWorld>[0] = {}) {
  const opened = await batchWorld(options)
  open.push(opened)
  return opened
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** A report in memory, for what no service would write. */
function reportOf(files: Readonly<Record<string, string>>, manifest: Record<string, unknown> = {}) {
  const written = new Map(Object.entries(files))
  written.set(
    'reports/job-1/manifest.json',
    JSON.stringify({
      Format: 'Report_CSV_20180820',
      Results: Object.entries(files).map(([Key, text]) => ({ Bucket: 'evidence', Key, MD5Checksum: md5(text) })),
      ReportSchema: 'Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage',
      ...manifest,
    }),
  )
  const source = { read: async (key: string) => (written.has(key) ? Buffer.from(written.get(key)!) : undefined) }
  const read = (tasks: number) => all(readReport(source, { jobId: '1', prefix: 'reports', tasks }))
  return { written, read }
}

describe('the completion report', () => {
  test.each(['as-schema', 'as-examples'] as const)('is read with its columns %s', async (reportColumns) => {
    const it = await world({ reportColumns })
    it.worker.answers.set(1, 'refused')
    const ended = await runToEnd(it, jobOf(refs(3)))
    expect(await all(it.engine.results(ended.id))).toEqual([
      { key: refOf(0).key, outcome: 'succeeded' },
      { key: refOf(1).key, outcome: 'failed', reason: 'PermanentFailure: TIMEOUT: the deadline came: HTTP 200' },
      { key: refOf(2).key, outcome: 'succeeded' },
    ])
  })

  test('one that could not be written is said to be missing', async () => {
    const it = await world()
    it.s3.faults.add({
      match: { operation: 'PutObject', path: '/reports/' },
      times: 100,
      action: { kind: 'respond', status: 403, body: '<Error><Code>AccessDenied</Code><Message>no</Message></Error>' },
    })
    const ended = await runToEnd(it, jobOf(refs(3)))
    expect(ended).toMatchObject({ state: 'failed', counts: { succeeded: 3 } })
    await expect(all(it.engine.results(ended.id))).rejects.toMatchObject({
      code: 'ENGINE_REPORT_UNREADABLE',
      message: expect.stringContaining('is missing'),
    })
  })

  test('a file that was changed is found out by its MD5', async () => {
    const it = await world()
    const ended = await runToEnd(it, jobOf(refs(3)))
    for (const [part, problem] of [
      ['/results/', 'is damaged'],
      ['/manifest.json', 'is damaged'],
    ] as const) {
      const key = it.s3.keys('evidence').find((one) => one.includes(part) && !one.endsWith('.md5')) ?? ''
      await it.client.send(
        new PutObjectCommand({ Bucket: 'evidence', Key: key, Body: 'evidence,x,,succeeded,200,,\n' }),
      )
      await expect(all(it.engine.results(ended.id))).rejects.toMatchObject({
        code: 'ENGINE_REPORT_UNREADABLE',
        message: expect.stringContaining(problem),
      })
    }
  })

  const row = (key: string) => `evidence,${key},,succeeded,200,,\n`

  test('one with fewer tasks than have ended yields what it has, and then says so', async () => {
    const { read } = reportOf({ 'reports/a.csv': row('one') + row('two') })
    expect(await read(2)).toHaveLength(2)
    await expect(read(3)).rejects.toMatchObject({ message: expect.stringContaining('has 2 of 3 tasks') })
  })

  test.each<[string, string, Record<string, unknown>]>([
    ['another format', row('a'), { Format: 'Report_CSV_2030' }],
    ['no schema', row('a'), { ReportSchema: undefined }],
    ['a schema without a status', row('a'), { ReportSchema: 'Bucket, Key' }],
    ['results that are no list', row('a'), { Results: 'x' }],
    ['a result without its MD5', row('a'), { Results: [{ Key: 'reports/a.csv' }] }],
    ['null for a result', row('a'), { Results: [null] }],
    ['a file that is not there', row('a'), { Results: [{ Key: 'nothing', MD5Checksum: md5('') }] }],
    ['a row that is no task', 'evidence\n', {}],
    ['a status that nobody knows', 'evidence,key,,maybe,200,,\n', {}],
    ['a quote that is never closed', 'evidence,key,,failed,200,x,"a', {}],
  ])('%s cannot be read', async (_, text, manifest) => {
    const { read } = reportOf({ 'reports/a.csv': text }, manifest)
    await expect(read(1)).rejects.toMatchObject({ code: 'ENGINE_REPORT_UNREADABLE' })
  })

  test('the columns are those that the schema names, whatever their order', async () => {
    const text = 'succeeded,evidence,key\n'
    const { read } = reportOf({ 'reports/a.csv': text }, { ReportSchema: 'TaskStatus, Bucket, Key' })
    expect(await read(1)).toEqual([{ key: 'key', outcome: 'succeeded' }])
  })
})

const strange = [
  'a b',
  'a+b',
  'a%b',
  'a%20b',
  'a,b',
  'a"b',
  "a'b",
  'a\nb',
  'a\r\nb',
  '\u{1f600}',
  'ü/é',
  '!*()~',
  '&=?#;',
  'x'.repeat(1024 - 87),
]

describe('keys', () => {
  test('are the same after a manifest, for readers of either kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (key) => {
        const encoded = encodeManifestKey(key)
        expect(encoded).toMatch(/^[\w.~%/-]*$/)
        expect(decodeManifestKey(encoded)).toBe(key)
        expect(decodeURIComponent(encoded)).toBe(key)
        expect(parseCsv(`b,${encoded}\n`)).toEqual([['b', encoded]])
      }),
    )
  })

  test.each(['form', 'percent'] as const)(
    'of every kind reach the worker and come back in the report, %s',
    async (keyEncoding) => {
      const it = await world({ keyEncoding })
      const wanted = strange.map((prefix, at) => refOf(at, `${prefix}/`))
      expect(wanted.some(({ key }) => Buffer.byteLength(key) === 1024)).toBe(true)
      const ended = await runToEnd(it, jobOf(wanted))
      expect(ended).toMatchObject({ state: 'complete', counts: { total: strange.length, failed: 0 } })
      expect([...it.worker.asked].sort()).toEqual(wanted.map(({ key }) => key).sort())
      const results = await all(it.engine.results(ended.id))
      expect(results.map(({ key }) => key)).toEqual(wanted.map(({ key }) => key).sort())
    },
  )

  test('a manifest is as long as its shards, and is written with the keys of S3 whatever the bucket says', async () => {
    const it = await world()
    expect((await buildManifest(jobOf(refs(2000)), 'evidence')).toString().split('\n')).toHaveLength(2001)
    await it.engine.submit(jobOf(refs(2)))
    const key = it.s3.keys('evidence').find((one) => one.endsWith('.csv')) ?? ''
    expect(it.s3.object('evidence', key)?.encryption).toMatchObject({ algorithm: 'AES256' })
  })
})
