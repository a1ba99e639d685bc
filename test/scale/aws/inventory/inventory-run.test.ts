import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { LocalEngine } from '#src/scale/local-engine.js'
import { ScaledExporter } from '#src/scale/scaled-exporter.js'
import { shardWorker } from '#src/scale/worker/run-shard.js'
import { S3Inventory, S3ShardStore } from '#src/scale-aws.js'
import { SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from '../../../fakes/platform.js'
import { comparable, folderOf, request } from '../../scale-world.js'
import { s3World } from '../world.js'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const md5 = (content: Uint8Array | string) => createHash('md5').update(content).digest('hex')
const schema =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus'
const conversations = 12

/** A bucket whose recordings are under a legal hold but for those of the last conversation, on a server of its own. */
async function world(accept: readonly 'inventory-is-proof'[] = []) {
  const { client, settings, s3, close } = await s3World()
  closing.push(close)
  s3.createBucket('recordings', { objectLock: true })
  const platform = new FakePlatform()
  const begun = Date.now()
  for (let at = 0; at < conversations; at += 1) {
    const conversationId = `c${at}`
    const folder = folderOf(40 + (at % 4), conversationId)
    const recordingId = `r ${at}+%`
    platform.expected.push({ recordingId, conversationId, conversationStart: startOf(40 + (at % 4)) })
    for (const name of [`${recordingId}.opus`, `${recordingId}.opus_metadata.json`]) {
      const isHeld = at < conversations - 1
      const lock = isHeld ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}
      await client.send(
        new PutObjectCommand({
          Bucket: 'recordings',
          Key: `${folder}/${name}`,
          Body: '{}',
          ChecksumAlgorithm: 'CRC32',
          ...lock,
        }),
      )
    }
  }
  const totals = { recordings: conversations, processed: conversations, failed: 0, skipped: 0 }
  const states = [job('FULFILLED', { createdAt: new Date(begun - 60_000).toISOString(), totals })]
  Object.assign(platform, { states, create: async () => states[0] })
  const clock = new SimulatedClock({ now: new Date(begun + 7_200_000).toISOString() })
  const storage = new S3StorageAdapter({ ...settings, bucket: 'recordings' })
  const store = new S3ShardStore({ ...settings, bucket: 'evidence' })
  closing.push(
    () => storage.close(),
    () => store.close(),
  )
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    clock,
    hold: { tag: 'matter-1' },
    requirements: { legalHold: true },
    landingQuietMs: 1_000,
    accept,
  })
  const engine = new LocalEngine({ worker: shardWorker({ store, storage, clock }) })
  const scaled = new ScaledExporter({ exporter, store, engine })
  const deliver = async (asOf: number) => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: 'recordings' }))
    const rows = Versions.map(({ Key = '', VersionId, IsLatest, Size, LastModified, ETag = '' }) => {
      const lock = s3.object('recordings', Key)?.legalHold === 'ON' ? 'On' : 'Off'
      const written = LastModified?.toISOString() ?? ''
      const fields = [encodeURIComponent(Key), VersionId, IsLatest, false, Size, written, ETag.replaceAll('"', '')]
      return `${['recordings', ...fields, '', '', lock].map((field) => `"${field}"`).join(',')}\n`
    })
    const data = gzipSync(rows.join(''))
    const at = 'inventory/recordings/all/2026-11-29T01-00Z'
    const put = (Key: string, Body: string | Uint8Array) =>
      client.send(new PutObjectCommand({ Bucket: 'evidence', Key, Body }))
    await put(`${at}/data/1.csv.gz`, data)
    const manifest = JSON.stringify({
      sourceBucket: 'recordings',
      creationTimestamp: String(asOf),
      fileFormat: 'CSV',
      fileSchema: schema,
      files: [{ key: `${at}/data/1.csv.gz`, size: data.length, MD5checksum: md5(data) }],
    })
    await put(`${at}/manifest.json`, manifest)
    await put(`${at}/manifest.checksum`, md5(manifest))
    const inventory = await S3Inventory.latest({ ...settings, bucket: 'evidence' }, 'inventory/recordings/all/')
    closing.push(() => inventory.close())
    return inventory
  }
  const onRecordings = () => {
    const counts: Record<string, number> = {}
    for (const { operation, bucket } of s3.requests) {
      if (bucket === 'recordings') counts[operation] = (counts[operation] ?? 0) + 1
    }
    return counts
  }
  return { s3, scaled, deliver, begun, onRecordings }
}

function startOf(hour: number): string {
  return new Date(Date.parse('2023-10-17T00:00:00Z') + hour * 3_600_000 + 60_000).toISOString()
}

test('a run with an inventory of S3 sends a HEAD only for the sample and for what is not held, and ends as one without', async () => {
  const one = await world()
  one.s3.clearRequests()
  const expected = await one.scaled.run(request, { runId: 'r', objectsPerShard: 8 })
  const all = one.onRecordings()
  const other = await world(['inventory-is-proof'])
  const inventory = await other.deliver(other.begun + 3_600_000)
  other.s3.clearRequests()
  const report = await other.scaled.run(request, { runId: 'r', objectsPerShard: 8, inventory, inventorySample: 5 })
  const some = other.onRecordings()
  expect(report.inventory).toMatchObject({
    name: 's3-inventory',
    trusted: true,
    objects: 22,
    sample: { of: 22, read: 5, confirmed: 5, changed: 0, contradicted: 0 },
  })
  expect([expected.outcome, report.outcome]).toEqual(['complete', 'complete'])
  expect(report.remediations.repaired).toBe(2)
  const { inventory: _, findings, accepted, verdicts, ...rest } = report
  const plain = { ...rest, findings: expected.findings, accepted: [], verdicts: expected.verdicts }
  expect(verdicts?.count).toBe(expected.verdicts?.count)
  expect(accepted).toEqual(['inventory-is-proof'])
  expect(findings.map(({ code }) => code)).toContain('inventory-is-proof')
  const withoutJob = (given: typeof expected) =>
    comparable({ ...given, job: { ...given.job, createdAt: '' }, jobs: [] })
  expect(withoutJob(plain as typeof expected)).toEqual(withoutJob(expected))
  expect((all.HeadObject ?? 0) - (some.HeadObject ?? 0)).toBe(22 - 5)
  expect(some.ListObjectsV2).toBe(all.ListObjectsV2)
})
