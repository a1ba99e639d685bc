import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '#src/internal/clock.js'
import { compareObjectStates } from '../../../../src/model/compare.js'
import { partRanges } from '../../../../src/storage/s3/repair/multipart.js'
import { failure, fullState, S3, simulated, upload, type World } from '../world.js'

const worlds: World[] = []
const world = async (...options: Parameters<typeof simulated>) => {
  const made = await simulated(...options)
  worlds.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

const mib = 1024 ** 2
const inParts = { multipartThresholdBytes: mib, partSizeBytes: 5 * mib, copyConcurrency: 2 }
const sound = Uint8Array.from({ length: 11 * mib }, (_, at) => at % 251)
const slow = { kind: 'respond', status: 503, body: '<Error><Code>SlowDown</Code></Error>' } as const
const until = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)

describe('a copy in parts', () => {
  test('keeps content, tags, locks, headers and checksum algorithm, pinned in every part', async () => {
    const w = await world()
    await upload(w, 'big file', sound, {
      Metadata: { one: '1' },
      Tagging: 'case=1%202&x=',
      ContentType: 'audio/ogg',
      StorageClass: 'STANDARD_IA',
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until(),
      ObjectLockLegalHoldStatus: 'ON',
      ChecksumAlgorithm: 'CRC32',
      Expires: new Date('2031-05-06T07:08:09Z'),
    })
    const adapter = w.adapter(inParts)
    const before = await fullState(adapter, 'big file')
    const metadata = { one: '1', 'legal-hold-tag': 'matter-1' }
    const result = await adapter.replaceMetadata(before, metadata)
    const after = await fullState(adapter, 'big file')
    expect(compareObjectStates(before, after, { metadata })).toEqual([])
    expect(after.checksum).toEqual(before.checksum)
    expect(after.partsCount).toBe(3)
    expect(result.restored).toBeUndefined()
    const parts = w.simulator.requests.filter(({ operation }) => operation === 'UploadPartCopy')
    expect(parts.map(({ headers }) => headers.get('x-amz-copy-source-range')).sort()).toEqual([
      'bytes=0-5242879',
      'bytes=10485760-11534335',
      'bytes=5242880-10485759',
    ])
    for (const { headers } of parts) {
      expect(headers.get('x-amz-copy-source-if-match')).toBe(before.etag)
      expect(headers.get('x-amz-copy-source')).toContain(`versionId=${before.versionId}`)
    }
    const read = await w.client.send(new S3.GetObjectCommand({ Bucket: w.bucket, Key: 'big file' }))
    expect(Buffer.compare(Buffer.from((await read.Body?.transformToByteArray()) ?? []), Buffer.from(sound))).toBe(0)
  })

  test('a part that fails for a moment is repeated; one that keeps failing ends the upload', async () => {
    const w = await world()
    await upload(w, 'big', sound)
    const adapter = w.adapter(inParts)
    w.simulator.faults.add({ match: { operation: 'UploadPartCopy' }, action: slow, times: 2 })
    await adapter.replaceMetadata(await fullState(adapter, 'big'), { two: '2' })
    const before = await fullState(adapter, 'big')
    w.simulator.faults.add({ match: { operation: 'UploadPartCopy' }, action: slow, times: 99 })
    expect(await failure(adapter.replaceMetadata(before, { three: '3' }))).toMatchObject({
      code: 'STORAGE_THROTTLED',
      outcome: 'not-applied',
    })
    expect(w.simulator.uploads(w.bucket)).toEqual([])
    expect((await fullState(adapter, 'big')).versionId).toBe(before.versionId)
  })

  test('an abort ends the upload, too', async () => {
    const w = await world()
    await upload(w, 'big', sound)
    const adapter = w.adapter(inParts)
    const before = await fullState(adapter, 'big')
    const controller = new AbortController()
    const hit = w.simulator.faults.add({
      match: { operation: 'UploadPartCopy' },
      action: { kind: 'delay', delayMs: 300 },
      times: 9,
    })
    const pending = failure(adapter.replaceMetadata(before, { two: '2' }, { signal: controller.signal }))
    while (hit.hits < 2) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('enough'))
    expect(await pending).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
    expect(w.simulator.uploads(w.bucket)).toEqual([])
  })

  test('a source that changed between two parts is not mixed with its successor', async () => {
    const w = await world({ bucket: {} })
    await upload(w, 'big', sound)
    const adapter = w.adapter({ ...inParts, copyConcurrency: 1 })
    const before = await fullState(adapter, 'big')
    w.simulator.faults.add({
      match: { operation: 'UploadPartCopy' },
      action: { kind: 'delay', delayMs: 1_500 },
      after: 1,
    })
    const pending = failure(adapter.replaceMetadata(before, { two: '2' }))
    while ((w.simulator.counts().UploadPartCopy ?? 0) < 1) await new Promise((resolve) => setImmediate(resolve))
    await upload(w, 'big', new Uint8Array(11 * mib))
    expect(await pending).toMatchObject({ code: 'OBJECT_CHANGED', outcome: 'not-applied', retryable: true })
    expect(w.simulator.uploads(w.bucket)).toEqual([])
  })
})

describe('what an interrupted copy leaves behind', () => {
  /** A client that shows the given uploads as begun by somebody else. */
  const sharedWith = (w: World, foreign: ReadonlySet<string>) => ({
    async send(command: never, options?: never) {
      const output = (await w.client.send(command, options)) as unknown as S3.ListMultipartUploadsCommandOutput
      for (const entry of output.Uploads ?? []) {
        entry.Initiator = { ID: foreign.has(entry.UploadId ?? '') ? 'somebody else' : 'we' }
      }
      return output
    },
  })
  const begin = async (w: World, key: string) => {
    const input = { Bucket: w.bucket, Key: key }
    return (await w.client.send(new S3.CreateMultipartUploadCommand(input))).UploadId as string
  }

  test('is ended by the next repair of the same key, and nothing else is', async () => {
    // S3 dates uploads in whole seconds.
    let laterMs = 0
    const w = await world({ clock: { ...systemClock, now: () => Date.now() + laterMs } })
    await upload(w, 'big', sound)
    await begin(w, 'big')
    const foreign = await begin(w, 'big')
    const neighbour = await begin(w, 'big.json')
    laterMs = 1_000
    const adapter = w.adapter({ ...inParts, client: sharedWith(w, new Set([foreign])) })
    await adapter.replaceMetadata(await fullState(adapter, 'big'), { two: '2' })
    expect([...w.simulator.uploads(w.bucket)].sort()).toEqual([foreign, neighbour].sort())
  })

  test('is ended under a prefix on demand, but for the uploads of others', async () => {
    const w = await world()
    const ours = [await begin(w, 'org/a b'), await begin(w, 'org/c')]
    const foreign = await begin(w, 'org/a b')
    const outside = await begin(w, 'elsewhere')
    const adapter = w.adapter({ client: sharedWith(w, new Set([foreign])) })
    const ended = await adapter.cleanUpMultipart('org/')
    expect(ended.map(({ uploadId }) => uploadId).sort()).toEqual([...ours].sort())
    expect([...w.simulator.uploads(w.bucket)].sort()).toEqual([foreign, outside].sort())
    w.simulator.clearRequests()
    expect(await adapter.cleanUpMultipart('nothing/')).toEqual([])
    expect(w.simulator.counts()).toEqual({ ListMultipartUploads: 1 })
  })
})

describe('ranges', () => {
  test('cover every byte once, in at most 10,000 parts', () => {
    const tib = 1024 ** 4
    for (const [size, part] of [
      [1, 5 * mib],
      [5 * mib, 5 * mib],
      [5 * mib + 1, 5 * mib],
      [5 * tib, 5 * mib],
    ] as const) {
      const ranges = partRanges(size, part)
      expect(ranges.length).toBeLessThanOrEqual(10_000)
      let next = 0
      for (const [index, range] of ranges.entries()) {
        expect([range.partNumber, range.first]).toEqual([index + 1, next])
        next = range.last + 1
      }
      expect(next).toBe(size)
    }
  })
})
