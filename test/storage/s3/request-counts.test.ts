import { afterEach, describe, expect, test } from 'vitest'
import { type HoldRequirements, LegalHoldExporter } from '#src/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { S3, simulated, type World } from './world.js'

const tag = 'discovery-batch-2023-10'
const metadata = { 'legal-hold-tag': tag }
const until = '2999-01-01T00:00:00.000Z'
const plain = 12
const tagged = 7

let world: World | undefined
afterEach(() => world?.close())

/** Objects that carry the hold in every way, some with tags and some without any. */
async function bucket(): Promise<World> {
  const w = await simulated({ bucket: { objectLock: true } })
  for (let at = 0; at < plain + tagged; at += 1) {
    await w.client.send(
      new S3.PutObjectCommand({
        Bucket: w.bucket,
        Key: `k${at}`,
        Body: 'sound',
        ChecksumAlgorithm: 'CRC32',
        Metadata: metadata,
        ...(at < tagged ? { Tagging: `legal-hold=${tag}` } : {}),
        ObjectLockLegalHoldStatus: 'ON',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(until),
      }),
    )
  }
  w.simulator.clearRequests()
  return w
}

async function requestsOf(requirements: HoldRequirements): Promise<Readonly<Record<string, number>>> {
  world = await bucket()
  const exporter = new LegalHoldExporter({
    platform: new FakePlatform(),
    storage: world.adapter(),
    hold: { tag },
    requirements,
    // Whether absent fields are hidden is asked once; lanes side by side may each ask it.
    concurrency: 1,
  })
  let objects = 0
  for await (const _ of exporter.validate({ prefix: '' })) objects += 1
  expect(objects).toBe(plain + tagged)
  return world.simulator.counts()
}

describe('validation asks for no more than it needs', () => {
  const [HeadObject, ListObjectsV2] = [plain + tagged, 1]

  test('one HEAD answers metadata, legal hold and retention; the tags that are there are not read', async () => {
    const counts = await requestsOf({ metadata, legalHold: true, retainUntilDate: '2030-01-01T00:00:00Z' })
    expect(counts).toEqual({ ListObjectsV2, HeadObject })
  })

  test('tags are read only where a tag is required and HEAD counts some', async () => {
    const counts = await requestsOf({ metadata, tags: { 'legal-hold': tag }, legalHold: true })
    const { GetObjectTagging = 0, ...others } = counts
    expect(others).toEqual({ ListObjectsV2, HeadObject })
    // One more at most: whether HEAD shows the caller a count at all.
    expect(GetObjectTagging).toBeGreaterThanOrEqual(tagged)
    expect(GetObjectTagging).toBeLessThanOrEqual(tagged + 1)
  })
})
