import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { S3StorageAdapter } from '#src/s3.js'
import { altering, asks, refusal } from '../altering-server.js'
import { failure, fullState, type PutInput, simulated, upload, type World } from '../world.js'

/** What is read of a bucket is shared by all who ask: whoever hears of its failure, nobody else may be left to. */

let world: World
const open: (() => Promise<void> | void)[] = []
const unheard: unknown[] = []
const hear = (reason: unknown) => void unheard.push(reason)
beforeAll(async () => {
  world = await simulated()
  process.on('unhandledRejection', hear)
})
afterEach(async () => {
  unheard.length = 0
  for (const close of open.splice(0)) await close()
})
afterAll(() => {
  process.off('unhandledRejection', hear)
  return world.close()
})

/** Node tells of a rejection that nobody heard once the microtasks are done. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function read(key: string, adapter: S3StorageAdapter, input: PutInput = {}) {
  await upload(world, key, 'sound', input)
  const head = await adapter.head({ bucket: world.bucket, key })
  if (!head.found) throw new Error('not found')
  return head.state
}

test('a reading of the ACL that ends by its signal leaves no rejection behind', async () => {
  const adapter = world.adapter()
  const state = await read('acl/aborted', adapter)
  expect(await failure(adapter.complete(state, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' })
  await turn()
  expect(unheard).toEqual([])
})

test('nor does one whose question about the bucket fails', async () => {
  const server = await altering(world.endpoint, {
    response: (request) => (asks(request, 'ownershipControls') ? refusal(503, 'SlowDown', 'Slow down.') : undefined),
  })
  const adapter = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint })
  open.push(
    () => server.close(),
    () => adapter.close(),
  )
  const state = await read('acl/failed', adapter)
  expect(await failure(adapter.complete(state))).toMatchObject({ code: 'STORAGE_THROTTLED' })
  await turn()
  expect(unheard).toEqual([])
})

test('what is on its way is waited for in a process whose global promise is another, as Bluebird makes it', async () => {
  const adapter = world.adapter()
  const key = 'promise/other'
  const state = await read(key, adapter, { Tagging: 'matter=1', ObjectLockLegalHoldStatus: 'ON' })
  const expected = await fullState(adapter, key)
  const other = world.adapter()
  const native = globalThis.Promise
  globalThis.Promise = class Other<T> extends native<T> {} as PromiseConstructor
  try {
    const { tags, legalHold, retention, acl } = await other.complete({ ...state, legalHold: undefined })
    expect({ tags, legalHold, retention, acl }).toEqual({
      tags: expected.tags,
      legalHold: 'ON',
      retention: expected.retention,
      acl: expected.acl,
    })
    // Past the SDK from the second request on, by the schemas of the SDK.
    for (const second of ['1', '2']) await other.mergeTags(state, { second })
    const head = await other.head(state, { full: true })
    expect(head).toMatchObject({ state: { tags: { matter: '1', second: '2' }, legalHold: 'ON' } })
  } finally {
    globalThis.Promise = native
  }
})
