import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExpectedRecording, RunReport } from '#src/index.js'
import { bundled } from '../../crash/bundled.js'
import type { InventoryOrders } from '../../crash/inventory-process.js'
import type { Mortality } from '../../crash/mortal.js'
import { setForward } from '../../crash/world-clock.js'
import { s3World } from '../aws/world.js'
import { comparable, folderOf, request } from '../scale-world.js'

const folder = mkdtempSync(join(tmpdir(), 'sampling-'))
let program: Awaited<ReturnType<typeof bundled>>
beforeAll(async () => {
  program = await bundled('inventory-process')
})
afterAll(() => {
  program.remove()
  rmSync(folder, { recursive: true, force: true })
})

const md5 = (content: string) => createHash('md5').update(content).digest('hex')
const hourMs = 3_600_000
const sample = 4
let worlds = 0
const begun = Date.now()

/** Six recordings, the last of which has no hold, and an inventory that was taken an hour after they were written. */
async function world() {
  const { s3, client, settings, close } = await s3World()
  worlds += 1
  const name = String(worlds)
  const clockFile = join(folder, `clock-${name}`)
  s3.createBucket('recordings', { objectLock: true })
  const put = (Bucket: string, Key: string, Body: string, more = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ChecksumAlgorithm: 'CRC32', ...more }))
  const expected: ExpectedRecording[] = []
  const rows: string[] = []
  for (let at = 0; at < 6; at += 1) {
    const hour = 40 + (at % 3)
    const conversationStart = new Date(Date.parse('2023-10-17T00:00:00Z') + hour * hourMs + 60_000).toISOString()
    expected.push({ recordingId: `r${at}`, conversationId: `c${at}`, conversationStart })
    for (const end of ['opus', 'opus_metadata.json']) {
      const key = `${folderOf(hour, `c${at}`)}/r${at}.${end}`
      await put('recordings', key, '{}', at < 5 ? { ObjectLockLegalHoldStatus: 'ON' } : {})
      const written = new Date(s3.versions('recordings', key)[0]?.lastModifiedMs ?? 0).toISOString()
      const fields = ['recordings', encodeURIComponent(key), true, 2, written, md5('{}'), at < 5 ? 'On' : 'Off']
      rows.push(`${fields.map((field) => `"${field}"`).join(',')}\n`)
    }
  }
  const data = rows.join('')
  const manifest = JSON.stringify({
    sourceBucket: 'recordings',
    creationTimestamp: String(begun + hourMs),
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key, IsLatest, Size, LastModifiedDate, ETag, ObjectLockLegalHoldStatus',
    files: [{ key: 'inventory/1.csv', size: data.length, MD5checksum: md5(data) }],
  })
  await put('evidence', 'inventory/1.csv', data)
  await put('evidence', 'inventory/manifest.json', manifest)
  await put('evidence', 'inventory/manifest.checksum', md5(manifest))
  const counted = join(folder, `heads-${name}`)

  /** Runs to the end, or until it kills itself. */
  const run = async (mortality: Omit<Mortality, 'counted'>, forwardMs = 0): Promise<RunReport | 'killed'> => {
    setForward(clockFile, 2 * hourMs + forwardMs)
    const orders: InventoryOrders = {
      expected,
      createdAt: new Date(begun - 60_000).toISOString(),
      storage: { ...settings, bucket: 'recordings' },
      store: { ...settings, bucket: 'evidence' },
      inventory: { ...settings, bucket: 'evidence', manifest: 'inventory/manifest.json' },
      inventorySample: sample,
      request,
      clockFile,
      mortality: { ...mortality, counted },
    }
    const child = spawn(process.execPath, [program.path, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (piece) => {
      out += piece
    })
    child.stderr.on('data', (piece) => {
      err += piece
    })
    const [, signal] = await once(child, 'close')
    if (signal === 'SIGKILL') return 'killed'
    if (out === '') throw new Error(err)
    return JSON.parse(out) as RunReport
  }
  const bucket = () =>
    s3.keys('recordings').map((key) => ({
      key,
      versions: s3.versions('recordings', key).map(({ legalHold, deleteMarker }) => ({ legalHold, deleteMarker })),
    }))
  return { run, bucket, heads: () => readFileSync(counted).length, keys: () => s3.keys('evidence'), close }
}

const lasting = (report: RunReport | 'killed') => {
  if (report === 'killed') throw new Error('it was killed')
  const { job, jobs: _, verdicts, ...rest } = report
  // Which objects are drawn is left to chance; of what, and how it ends, is not.
  return comparable({
    ...rest,
    job: { ...job, createdAt: '' },
    verdicts: verdicts && { ...verdicts, digest: '' },
  } as never)
}

test('a coordinator that is killed while it reads the sample has no plan, and the next one ends as one that was not', async () => {
  const calm = await world()
  const expected = lasting(await calm.run({ killAt: 0, moment: 'before' }))
  expect(expected).toMatchObject({
    outcome: 'complete',
    inventory: { trusted: true, objects: 10, sample: { of: 10, read: sample, confirmed: sample } },
  })
  const end = calm.bucket()
  await calm.close()
  for (const [killAt, moment] of [
    [1, 'before'],
    [2, 'after'],
    [sample, 'before'],
    [sample, 'after'],
  ] as const) {
    const one = await world()
    expect(await one.run({ killAt, moment })).toBe('killed')
    expect(one.heads()).toBe(killAt)
    expect(one.keys().filter((key) => /plan\.json|\/shards\//.test(key))).toEqual([])
    // The claim on its journal stands a minute.
    const report = await one.run({ killAt: 0, moment }, 120_000)
    expect(lasting(report)).toEqual(expected)
    expect(one.bucket()).toEqual(end)
    await one.close()
  }
})
