import { afterEach, describe, expect, test } from 'vitest'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { failure, needs, simulated, upload, type World } from '../world.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const key = 'org/year=2024/r.wav'

/** Asks for something of every kind that may go past the SDK, and for some that never does. */
async function everyKindOfRequest(w: World, options: Partial<S3StorageOptions>): Promise<void> {
  const adapter = w.adapter(options)
  const ref = { bucket: w.bucket, key }
  await adapter.inspectBucket(needs())
  const read = await adapter.head(ref, { full: true })
  if (!read.found) throw new Error('there is no object')
  for await (const _ of adapter.list('org/')) break
  for await (const _ of adapter.listFolders('org/')) break
  for await (const _ of adapter.listVersions('org/')) break
  await adapter.mergeTags(ref, { hold: 'matter' })
  await adapter.putLegalHold(ref, 'ON')
  await adapter.replaceMetadata(read.state, { hold: 'matter' })
  // Refusals take another way than answers.
  expect(await adapter.head({ bucket: w.bucket, key: 'org/none' })).toMatchObject({ found: false })
}

async function requestsWith(options: Partial<S3StorageOptions>) {
  const w = await simulated()
  closing.push(() => w.close())
  await upload(w, key)
  const { length } = w.simulator.requests
  await everyKindOfRequest(w, options)
  const sent = w.simulator.requests.slice(length)
  // The SDK numbers its attempts.
  const past = sent.filter(({ headers }) => !headers.has('amz-sdk-request')).map(({ operation }) => operation)
  return { sent: new Set(sent.map(({ operation }) => operation)), past: new Set(past) }
}

describe('the option transport', () => {
  test('sends everything through the SDK where it is sdk', async () => {
    const { sent, past } = await requestsWith({ transport: 'sdk' })
    expect([...past]).toEqual([])
    const kinds = ['HeadObject', 'ListObjectsV2', 'ListObjectVersions', 'GetObjectTagging', 'PutObjectTagging']
    expect([...sent]).toEqual(expect.arrayContaining([...kinds, 'PutObjectLegalHold', 'CopyObject']))
  })

  test.each([{}, { transport: 'auto' as const }, { transport: undefined }])(
    'sends past the SDK what may go past it with %j',
    async (options) => {
      const { past } = await requestsWith(options)
      const kinds = ['HeadObject', 'ListObjectsV2', 'ListObjectVersions', 'PutObjectTagging', 'CopyObject']
      expect([...past]).toEqual(expect.arrayContaining(kinds))
    },
  )

  test('stays what it is after close', async () => {
    const w = await simulated()
    closing.push(() => w.close())
    await upload(w, key)
    const adapter = w.adapter({ transport: 'sdk' })
    adapter.close()
    const { length } = w.simulator.requests
    expect(await adapter.head({ bucket: w.bucket, key })).toMatchObject({ found: true })
    expect(w.simulator.requests.slice(length).every(({ headers }) => headers.has('amz-sdk-request'))).toBe(true)
  })

  test.each(['fast', 'SDK', '', true, null, 1, {}])('is refused as %j', async (transport) => {
    const make = async () => new S3StorageAdapter({ bucket: 'evidence', transport } as unknown as S3StorageOptions)
    expect(await failure(make())).toMatchObject({
      code: 'INVALID_OPTIONS',
      stage: 'options',
      details: { option: 'transport' },
      message: expect.stringContaining('transport must be "auto" or "sdk"'),
    })
  })
})
