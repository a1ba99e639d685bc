import { afterEach, describe, expect, test } from 'vitest'
import { S3ShardStore } from '../../../../src/scale-aws.js'
import { listen, S3Simulator, shardStoreConformance } from '../../../../src/testing/index.js'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function world(bucketOptions = { objectLock: true }) {
  const simulator = new S3Simulator()
  const listener = await simulator.listen()
  simulator.createBucket('evidence', bucketOptions)
  const settings = {
    bucket: 'evidence',
    endpoint: listener.endpoint,
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    retry: { minDelayMs: 1, maxDelayMs: 2 },
  }
  const open = () => {
    const store = new S3ShardStore(settings)
    closing.push(() => store.close())
    return store
  }
  closing.push(() => listener.close())
  return { simulator, settings, open, store: open() }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array | undefined) => new TextDecoder().decode(content)

shardStoreConformance(
  { describe, test, expect },
  {
    create: async () => {
      const { open, store } = await world()
      return { store, reopen: async () => open() }
    },
  },
)

describe('a store on S3', () => {
  test.each([
    ['503 after it did the work', { kind: 'respond-after', status: 503 } as const],
    ['500 after it did the work', { kind: 'respond-after', status: 500 } as const],
    ['no answer at all', { kind: 'reset-after' } as const],
  ])('%s: the repetition says that the object is there, and it is ours', async (_, action) => {
    const { simulator, store } = await world()
    simulator.faults.add({ match: { operation: 'PutObject' }, action })
    expect(await store.create('a', bytes('mine'))).toBe(false)
    expect(text(await store.read('a'))).toBe('mine')
    expect(simulator.versions('evidence', 'a')).toHaveLength(1)
  })

  test.each([
    ['503 before it did the work', { kind: 'respond', status: 503 } as const],
    ['a connection that broke before', { kind: 'reset' } as const],
    [
      'the conflict of another upload under way',
      {
        kind: 'respond',
        status: 409,
        headers: { 'content-type': 'application/xml' },
        body: '<Error><Code>ConditionalRequestConflict</Code><Message>busy</Message></Error>',
      } as const,
    ],
  ])('%s: the object is written by the repetition', async (_, action) => {
    const { simulator, store } = await world()
    simulator.faults.add({ match: { operation: 'PutObject' }, action })
    expect(await store.create('a', bytes('mine'))).toBe(true)
    expect(simulator.versions('evidence', 'a')).toHaveLength(1)
  })

  test('a content that breaks off is read again', async () => {
    const { simulator, store } = await world()
    await store.create('a', bytes('0123456789'))
    simulator.faults.add({ match: { operation: 'GetObject' }, action: { kind: 'truncate' }, times: 2 })
    expect(text(await store.read('a'))).toBe('0123456789')
  })

  test('a refusal is not taken for an object that is not there', async () => {
    const { simulator, store } = await world()
    simulator.faults.add({
      match: { operation: 'GetObject' },
      action: {
        kind: 'respond',
        status: 403,
        body: '<Error><Code>AccessDenied</Code><Message>no</Message></Error>',
        headers: { 'content-type': 'application/xml' },
      },
    })
    await expect(store.read('a')).rejects.toMatchObject({ code: 'STORAGE_FORBIDDEN', stage: 'scale' })
  })

  test('a server that ignores the condition is found out by the first object', async () => {
    const { settings } = await world()
    // Like a server that does not know the header.
    const lax = new S3Simulator({ verifySignatures: false })
    lax.createBucket('evidence', { objectLock: true })
    const listener = await listen(async (request, context) => {
      const headers = new Headers(request.headers)
      headers.delete('if-none-match')
      headers.set('authorization', (headers.get('authorization') ?? '').replace('if-none-match;', ''))
      const body = request.body === null ? {} : { body: await request.arrayBuffer() }
      return lax.handle(new Request(request.url, { method: request.method, headers, ...body }), context)
    })
    closing.push(() => listener.close())
    const store = new S3ShardStore({ ...settings, endpoint: listener.endpoint })
    closing.push(() => store.close())
    await expect(store.create('a', bytes('mine'))).rejects.toMatchObject({
      code: 'STORAGE_UNSUPPORTED',
      message: expect.stringContaining('ignores If-None-Match'),
    })
    // It stays refused: nothing is built on such a server.
    await expect(store.create('b', bytes('mine'))).rejects.toMatchObject({ code: 'STORAGE_UNSUPPORTED' })
  })

  test('a server that does not implement the condition is refused', async () => {
    const { simulator, store } = await world()
    simulator.faults.add({
      match: { operation: 'PutObject' },
      times: 10,
      action: {
        kind: 'respond',
        status: 501,
        headers: { 'content-type': 'application/xml' },
        body: '<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality that is not implemented</Message><Header>If-None-Match</Header></Error>',
      },
    })
    await expect(store.create('a', bytes('mine'))).rejects.toMatchObject({ code: 'STORAGE_UNSUPPORTED' })
  })

  test('asks once whether the condition is kept, however many objects follow', async () => {
    const { simulator, store } = await world()
    await Promise.all(Array.from({ length: 8 }, (_, at) => store.create(`key-${at}`, bytes('x'))))
    await store.create('last', bytes('x'))
    expect(simulator.counts().PutObject).toBeLessThanOrEqual(10)
  })

  test('options that cannot work are refused before anything is sent', () => {
    expect(() => new S3ShardStore({ bucket: 's3://evidence' })).toThrow(/bucket must be the name/)
    expect(() => new S3ShardStore({ bucket: 'evidence', endpoint: 'http://s3.example' })).toThrow(/not encrypted/)
  })
})
