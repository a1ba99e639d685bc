import { spawn } from 'node:child_process'
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Listener, S3Simulator } from '../../../src/testing/index.js'
import { refusal, useBench } from './fixture.js'

const Bucket = 'lasting'
const Key = 'a/../ü\u0001'

describe('state in a folder', () => {
  let dataDir: string
  let running: { simulator: S3Simulator; listener: Listener; client: S3Client } | undefined

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 's3-simulator-'))
  })
  afterEach(async () => {
    await stop()
    await rm(dataDir, { recursive: true })
  })

  async function stop(): Promise<void> {
    running?.client.destroy()
    await running?.listener.close()
    running?.simulator.close()
    running = undefined
  }

  /** Starts a simulator on what the one before left behind. */
  async function start() {
    await stop()
    const simulator = new S3Simulator({ dataDir, minPartSizeBytes: 1 })
    const listener = await simulator.listen()
    const client = new S3Client({
      endpoint: listener.endpoint,
      region: 'eu-west-1',
      forcePathStyle: true,
      credentials: S3Simulator.defaultCredentials,
      maxAttempts: 1,
    })
    running = { simulator, listener, client }
    return running
  }

  const bodies = async () =>
    (await readdir(join(dataDir, 's3-bodies'), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    )

  it('survives a restart: settings, versions, locks, markers and open uploads', async () => {
    const before = await start()
    before.simulator.createBucket(Bucket, { objectLock: true, tags: { team: 'legal' } })
    const { VersionId } = await before.client.send(
      new PutObjectCommand({ Bucket, Key, Body: 'first', Metadata: { matter: 'doe' }, Tagging: 'a=1' }),
    )
    const LegalHold = { Status: 'ON' } as const
    await before.client.send(new PutObjectLegalHoldCommand({ Bucket, Key, VersionId, LegalHold }))
    await before.client.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }))
    await before.client.send(new DeleteObjectCommand({ Bucket, Key }))
    const { UploadId } = await before.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }))
    const { ETag } = await before.client.send(
      new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber: 1, Body: 'part' }),
    )
    const list = new ListObjectVersionsCommand({ Bucket })
    const listed = await before.client.send(list)

    const after = await start()
    const { Versions, DeleteMarkers } = await after.client.send(list)
    expect({ Versions, DeleteMarkers }).toEqual({ Versions: listed.Versions, DeleteMarkers: listed.DeleteMarkers })
    expect(await after.client.send(new HeadObjectCommand({ Bucket, Key, VersionId }))).toMatchObject({
      Metadata: { matter: 'doe' },
      ObjectLockLegalHoldStatus: 'ON',
      TagCount: 1,
    })
    expect(await refusal(after.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })))).toBe(
      'AccessDenied 403',
    )
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
    await after.client.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'big', UploadId, MultipartUpload }))
    const { Body } = await (await start()).client.send(new GetObjectCommand({ Bucket, Key: 'big' }))
    expect(await Body?.transformToString()).toBe('part')
  })

  it('keeps bytes as long as something refers to them, and no longer', async () => {
    const { simulator, client } = await start()
    simulator.createBucket('plain')
    await client.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'shared' }))
    await client.send(new CopyObjectCommand({ Bucket: 'plain', Key: 'copy', CopySource: 'plain/k' }))
    expect(await bodies()).toHaveLength(1)
    await client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }))
    const again = await start()
    const { Body } = await again.client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'copy' }))
    expect(await Body?.transformToString()).toBe('shared')
    await again.client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'copy' }))
    expect(await bodies()).toHaveLength(0)
  })

  it('ignores a last line that is torn, and bytes that nothing refers to', async () => {
    const { simulator, client } = await start()
    simulator.createBucket('plain')
    await client.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'kept' }))
    await stop()
    await appendFile(join(dataDir, 's3-state.jsonl'), '{"kind":"version","bucket":"plain","ver')
    const after = await start()
    expect(after.simulator.keys('plain')).toEqual(['k'])
    await after.client.send(new PutObjectCommand({ Bucket: 'plain', Key: 'l', Body: 'next' }))
    expect((await start()).simulator.keys('plain')).toEqual(['k', 'l'])
  })

  it('of a process that is killed holds whatever it had answered for', async () => {
    const script = `
      import { S3Simulator } from './src/testing/s3-simulator.ts'
      const simulator = new S3Simulator({ dataDir: process.argv[1], verifySignatures: false })
      simulator.createBucket('killed', { versioning: 'Enabled' })
      const { endpoint } = await simulator.listen()
      console.log(endpoint)`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const endpoint = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data) => resolve(String(data).trim())),
    )
    const client = new S3Client({
      endpoint,
      region: 'eu-west-1',
      forcePathStyle: true,
      credentials: S3Simulator.defaultCredentials,
      maxAttempts: 1,
    })
    const answered: string[] = []
    const put = async (index: number) => {
      await client.send(new PutObjectCommand({ Bucket: 'killed', Key: `k${index}`, Body: `body ${index}` }))
      answered.push(`k${index}`)
      if (answered.length === 30) child.kill('SIGKILL')
    }
    await Promise.allSettled(Array.from({ length: 200 }, (_, index) => put(index)))
    client.destroy()
    expect(answered.length).toBeGreaterThanOrEqual(30)
    const after = await start()
    expect(after.simulator.keys('killed')).toEqual(expect.arrayContaining(answered))
    for (const key of answered) {
      const { Body } = await after.client.send(new GetObjectCommand({ Bucket: 'killed', Key: key }))
      expect(await Body?.transformToString()).toBe(`body ${key.slice(1)}`)
    }
  })
})

describe('what tests ask of it', () => {
  const bench = useBench({ maxLoggedRequests: 5 })
  beforeEach(() => bench.simulator.createBucket('asked', { versioning: 'Enabled' }))
  const put = (key: string) => bench.client.send(new PutObjectCommand({ Bucket: 'asked', Key: key, Body: 'x' }))

  it('a bounded log without credentials, and counts of everything', async () => {
    for (let index = 0; index < 20; index++) await put(`k${index}`)
    const { requests } = bench.simulator
    expect(requests.map(({ sequence }) => sequence)).toEqual([16, 17, 18, 19, 20])
    const last = requests.at(-1)!
    expect(last).toMatchObject({
      operation: 'PutObject',
      method: 'PUT',
      bucket: 'asked',
      key: 'k19',
      status: 200,
      sequence: 20,
    })
    expect(last.versionId).toBe(bench.simulator.object('asked', 'k19')?.versionId)
    expect(last.headers.has('authorization')).toBe(false)
    expect(bench.simulator.counts()).toEqual({ PutObject: 20 })
  })

  it('faults before and after the work is done', async () => {
    const { faults, simulator } = { faults: bench.simulator.faults, simulator: bench.simulator }
    faults.add({
      match: { operation: 'PutObject' },
      action: { kind: 'respond', status: 503, body: '<Error><Code>SlowDown</Code></Error>' },
    })
    expect(await refusal(put('before'))).toBe('SlowDown 503')
    expect(simulator.keys('asked')).toEqual([])
    faults.add({ match: { operation: 'PutObject' }, action: { kind: 'reset-after' } })
    await expect(put('after')).rejects.toThrow()
    expect(simulator.keys('asked')).toEqual(['after'])
    expect(simulator.requests.map(({ status }) => status)).toEqual([503, 0])
  })

  it('states that no request can bring about', async () => {
    await put('k')
    expect(bench.simulator.setObjectState('asked', 'k', { replicationStatus: 'REPLICA', missingMetadata: 2 })).toBe(
      true,
    )
    expect(await bench.client.send(new HeadObjectCommand({ Bucket: 'asked', Key: 'k' }))).toMatchObject({
      ReplicationStatus: 'REPLICA',
      MissingMeta: 2,
    })
  })
})
