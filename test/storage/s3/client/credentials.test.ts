import { afterEach, describe, expect, test } from 'vitest'
import type { LegalHoldError } from '#src/index.js'
import { type S3Credentials, S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { type Listener, S3Simulator } from '#src/testing/index.js'
import { S3 } from '../world.js'

const keys = (name: string) => ({
  accessKeyId: `ASIA${name.toUpperCase()}`,
  secretAccessKey: `secret-of-${name}`,
  sessionToken: `token-of-${name}`,
})
const [first, second, third] = [keys('first'), keys('second'), keys('third')] as const
const bucket = 'evidence'
const body = 'x'.repeat(100)

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A bucket with three objects, and temporary credentials of which the first end after ten minutes, the second after twenty. */
async function world(skewMs = 0) {
  let minutes = 0
  const endingAfter = (credentials: typeof first, end: number) => ({
    ...credentials,
    get expiresAtMs() {
      return minutes < end ? Number.MAX_SAFE_INTEGER : 0
    },
  })
  const simulator = new S3Simulator({
    clock: { now: () => Date.now() + skewMs, sleep: async () => {} },
    credentials: [S3Simulator.defaultCredentials, endingAfter(first, 10), endingAfter(second, 20), third],
  })
  const listener: Listener = await simulator.listen()
  closing.push(() => listener.close())
  simulator.createBucket(bucket, { objectLock: true })
  const settings = { endpoint: listener.endpoint, region: simulator.region, forcePathStyle: true }
  const writer = new S3.S3Client({ ...settings, credentials: S3Simulator.defaultCredentials })
  closing.push(() => writer.destroy())
  for (const Key of ['a', 'b', 'c']) await writer.send(new S3.PutObjectCommand({ Bucket: bucket, Key, Body: body }))
  simulator.clearRequests()
  return {
    simulator,
    settings,
    passTenMinutes: () => {
      minutes += 10
    },
    adapter(options: Partial<S3StorageOptions>) {
      const adapter = new S3StorageAdapter({ bucket, ...settings, retry: { retries: 0 }, ...options })
      closing.push(() => adapter.close())
      return adapter
    },
  }
}

/** A provider that gives one after the other and stays with the last, without saying when they end. */
function provider(...given: S3Credentials[]) {
  const counts = { asked: 0 }
  const give = async () => {
    counts.asked += 1
    return given[Math.min(counts.asked, given.length) - 1] as S3Credentials
  }
  return { counts, give }
}

const ref = (key: string) => ({ bucket, key })
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('the promise was kept'),
    (error: LegalHoldError) => error,
  )
// A proxy's dispatcher of the caller's own is no reason to leave the fast path; a request handler is.
const paths: [string, Partial<S3StorageOptions>][] = [
  ['the fast path', {}],
  ['the SDK', { requestHandler: { requestTimeout: 10_000 } }],
]

describe.each(paths)('temporary credentials over %s', (_, options) => {
  test('are asked for again once when they have expired, and the requests go on', async () => {
    const w = await world()
    const { counts, give } = provider(first, second, third)
    const adapter = w.adapter({ ...options, credentials: give })
    expect((await adapter.head(ref('a'))).found).toBe(true)
    w.passTenMinutes()
    const answers = await Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map((key) => adapter.head(ref(key))))
    expect(answers.every(({ found }) => found)).toBe(true)
    expect(counts.asked).toBe(2)
    // And at the next expiry once more.
    w.passTenMinutes()
    expect(await adapter.readText(ref('b'), { maxBytes: 1_000 })).toBe(body)
    expect(counts.asked).toBe(3)
    expect((await adapter.head(ref('c'))).found).toBe(true)
    expect(counts.asked).toBe(3)
  })

  test('let a listing and a change go on, too', async () => {
    const w = await world()
    const { counts, give } = provider(first, second, third)
    const adapter = w.adapter({ ...options, credentials: give })
    await adapter.head(ref('a'))
    w.passTenMinutes()
    const listed: string[] = []
    for await (const { key } of adapter.list('')) listed.push(key)
    expect(listed).toEqual(['a', 'b', 'c'])
    w.passTenMinutes()
    await adapter.mergeTags(ref('a'), { matter: 'x' })
    expect(Object.fromEntries(w.simulator.object(bucket, 'a')?.tags ?? [])).toEqual({ matter: 'x' })
    expect(counts.asked).toBe(3)
  })

  test('end with STORAGE_UNAUTHORIZED where the provider has no others', async () => {
    const w = await world()
    const { counts, give } = provider(first)
    const adapter = w.adapter({ ...options, credentials: give })
    await adapter.head(ref('a'))
    w.passTenMinutes()
    const error = await thrown(adapter.head(ref('a')))
    expect(error).toMatchObject({ code: 'STORAGE_UNAUTHORIZED', retryable: false, stage: 'validate' })
    expect(counts.asked).toBe(2)
    expect(JSON.stringify(error)).not.toContain('token-of-first')
    expect(JSON.stringify(error)).not.toContain('secret-of-first')
  })

  test('that are given as they are cannot be renewed', async () => {
    const w = await world()
    const adapter = w.adapter({ ...options, credentials: first })
    await adapter.head(ref('a'))
    w.passTenMinutes()
    w.simulator.clearRequests()
    expect(await thrown(adapter.head(ref('a')))).toMatchObject({ code: 'STORAGE_UNAUTHORIZED' })
    // Once by HEAD and once by GET, which can say why.
    expect(w.simulator.counts()).toEqual({ HeadObject: 1, GetObject: 1 })
  })

  test('wait for a provider that cannot be reached just now', async () => {
    const w = await world()
    let down = false
    let given: S3Credentials = first
    const give = async () => {
      if (down) throw Object.assign(new Error('connect ECONNREFUSED 169.254.170.2:80'), { code: 'ECONNREFUSED' })
      return given
    }
    const adapter = w.adapter({ ...options, credentials: give })
    await adapter.head(ref('a'))
    w.passTenMinutes()
    down = true
    given = second
    expect(await thrown(adapter.head(ref('a')))).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    down = false
    expect((await adapter.head(ref('a'))).found).toBe(true)
  })
})

test('a provider that fails after its credentials were good may succeed again; one that always failed is a mistake', async () => {
  const w = await world()
  let down = false
  let given: S3Credentials = first
  const give = async () => {
    if (down) throw new Error('no')
    return given
  }
  const adapter = w.adapter({ credentials: give })
  await adapter.readText(ref('a'), { maxBytes: 1_000 })
  w.passTenMinutes()
  down = true
  given = second
  expect(await thrown(adapter.readText(ref('a'), { maxBytes: 1_000 }))).toMatchObject({
    code: 'MISSING_CREDENTIALS',
    retryable: true,
  })
  const never = w.adapter({ credentials: give })
  expect(await thrown(never.head(ref('a')))).toMatchObject({ code: 'MISSING_CREDENTIALS', retryable: false })
})

describe.each(paths)('a clock that is off over %s', (_, options) => {
  test('is corrected by that of S3, and the request goes on', async () => {
    const w = await world(3_600_000)
    const adapter = w.adapter({ ...options, credentials: S3Simulator.defaultCredentials })
    expect((await adapter.head(ref('a'))).found).toBe(true)
    const other = w.adapter({ ...options, credentials: S3Simulator.defaultCredentials })
    expect(await other.readText(ref('b'), { maxBytes: 1_000 })).toBe(body)
  })

  test('is CLOCK_SKEW with the difference where the client may not correct it', async () => {
    const w = await world(3_600_000)
    const client = new S3.S3Client({
      ...w.settings,
      credentials: S3Simulator.defaultCredentials,
      disableClockSkewCorrection: true,
      maxAttempts: 1,
    } as S3.S3ClientConfig)
    closing.push(() => client.destroy())
    const adapter = w.adapter({ client, ...options })
    const error = await thrown(adapter.head(ref('a')))
    expect(error).toMatchObject({ code: 'CLOCK_SKEW', retryable: false })
    expect(error.message).toMatch(/60 min behind that of S3 \(S3 says /)
  })
})

test('the retries of the AWS client are off where ours stand', async () => {
  const w = await world()
  const client = new S3.S3Client({ ...w.settings, credentials: S3Simulator.defaultCredentials, maxAttempts: 5 })
  closing.push(() => client.destroy())
  const given = w.adapter({ client })
  const built = w.adapter({ credentials: S3Simulator.defaultCredentials })
  w.simulator.faults.add({ action: { kind: 'respond', status: 503 }, times: 1_000 })
  for (const adapter of [given, built]) {
    const requests: [string, () => Promise<unknown>][] = [
      ['HeadObject', () => adapter.head(ref('a'))],
      ['GetObject', () => adapter.readText(ref('a'), { maxBytes: 10 })],
      ['GetObjectTagging', () => adapter.mergeTags(ref('a'), { x: 'y' })],
      ['PutObjectLegalHold', () => adapter.putLegalHold(ref('a'), 'ON')],
      ['ListObjectsV2', async () => adapter.list('')[Symbol.asyncIterator]().next()],
    ]
    for (const [operation, request] of requests) {
      w.simulator.clearRequests()
      await thrown(request())
      const total = Object.values(w.simulator.counts()).reduce((sum, count) => sum + count, 0)
      expect([operation, total]).toEqual([operation, 1])
    }
  }
})
