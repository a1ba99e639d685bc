import { afterEach, describe, expect, test } from 'vitest'
import { LegalHoldExporter, type StorageAdapter } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'
import { upload } from '../storage/s3/world.js'
import { type AnswersWorld, answersWorld, bucket, madeAnew, tag, transports } from './answers-world.js'
import type { ByteAnswer } from './byte-proxy.js'

const held = { Metadata: { 'legal-hold-tag': tag } }
const keys = ['o/0', 'o/1', 'o/2', 'o/3']

let world: AnswersWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** Objects that carried the hold and were written again without it. The answers to HEAD are those of before, for so long. */
async function behindACache(
  transport: AnswersWorld['adapter'] extends never ? never : (typeof transports)[number],
  times: number,
) {
  const w = await answersWorld(
    keys.map((key) => ({ key, body: `before ${key}`, input: held })),
    { transport },
  )
  world = w
  const kept = new Map<string, ByteAnswer>()
  w.proxy.fate = ({ operation, key }, answer) => {
    if (operation === 'HeadObject') kept.set(key, answer)
    return {}
  }
  for (const { verdict } of await w.validate({ prefix: 'o/' })) expect(verdict).toBe('held')
  await w.clock.sleep(5_000)
  for (const key of keys) await upload({ client: w.client, bucket }, key, `after ${key}`)
  const left = new Map(keys.map((key) => [key, times]))
  w.proxy.fate = ({ operation, key }) => {
    const former = kept.get(key)
    const count = left.get(key) ?? 0
    if (operation !== 'HeadObject' || former === undefined || count === 0) return {}
    left.set(key, count - 1)
    return { answer: madeAnew(former) }
  }
  return w
}

describe.each(transports)('a cache before the storage, %s', (transport) => {
  test.each([
    ['a prefix', { prefix: 'o/' }],
    ['keys', keys],
  ])('that answers HEAD with the version before: nothing under %s is held', async (_, source) => {
    const w = await behindACache(transport, Number.POSITIVE_INFINITY)
    const verdicts = await w.validate(source)
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(keys.map(() => 'unreadable'))
    for (const { reason } of verdicts) {
      expect(reason).toMatch(/^STORAGE_RESPONSE_INVALID: .*it shows .*, while the listing shows .*cache/)
    }
  })

  test.each([1, 2, 3])('that does so %i times: the second look is right', async (times) => {
    const w = await behindACache(transport, times)
    expect((await w.validate({ prefix: 'o/' })).map(({ verdict }) => verdict)).toEqual(keys.map(() => 'untagged'))
  })

  test('that says there is none: the object is not absent', async () => {
    const w = await answersWorld(
      keys.map((key) => ({ key, body: key, input: held })),
      { transport },
    )
    world = w
    let lies = 0
    w.proxy.fate = ({ operation, key }, answer) => {
      if (operation !== 'HeadObject' || key !== 'o/1' || lies > 0) return {}
      lies += 1
      return { answer: { ...answer, status: 404, headers: [] } }
    }
    for (const source of [{ prefix: 'o/' }, keys]) {
      lies = 0
      expect((await w.validate(source)).map(({ verdict }) => verdict)).toEqual(keys.map(() => 'held'))
      expect(lies).toBe(1)
    }
    // Nor where nobody has listed it: its versions are there.
    lies = 0
    expect(await w.adapter.head({ bucket, key: 'o/1' })).toMatchObject({ found: true })
    expect(lies).toBe(1)
  })

  test('an object that is written anew between its listing and its HEAD is judged as it is', async () => {
    const w = await answersWorld(
      keys.map((key) => ({ key, body: key, input: held })),
      { transport },
    )
    world = w
    const waiting = new Set(keys)
    const { head } = w.adapter
    w.adapter.head = async (ref, options) => {
      if (waiting.delete(ref.key)) {
        await w.clock.sleep(2_000)
        await upload({ client: w.client, bucket }, ref.key, `again ${ref.key}`)
      }
      return head.call(w.adapter, ref, options)
    }
    expect((await w.validate({ prefix: 'o/' })).map(({ verdict }) => verdict)).toEqual(keys.map(() => 'untagged'))
  })

  test('a foreign answer that is nobody’s here is refused, whatever it shows', async () => {
    const w = await answersWorld(
      keys.map((key) => ({ key, body: key, input: held })),
      { transport },
    )
    world = w
    await upload({ client: w.client, bucket }, 'x/other', 'of somebody else', held)
    let other: ByteAnswer | undefined
    w.proxy.fate = ({ operation, key }, answer) => {
      if (operation !== 'HeadObject') return {}
      if (key === 'x/other') other = answer
      return key === 'o/2' && other !== undefined ? { answer: madeAnew(other) } : {}
    }
    await w.adapter.head({ bucket, key: 'x/other' })
    const verdicts = await w.validate({ prefix: 'o/' })
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['held', 'held', 'unreadable', 'held'])
  })
})

describe('a storage of one’s own', () => {
  async function verdictsOf(change: (storage: MemoryStorageAdapter) => StorageAdapter['head']) {
    const storage = new MemoryStorageAdapter()
    for (const key of keys) storage.put(key, { body: `content of ${key}`, metadata: { 'legal-hold-tag': tag } })
    const head = change(storage)
    storage.head = head as typeof storage.head
    const exporter = new LegalHoldExporter({
      platform: new FakePlatform(),
      storage,
      hold: { tag },
      clock: new SimulatedClock(),
      concurrency: 1,
    })
    const verdicts: string[] = []
    for await (const { verdict } of exporter.validate({ prefix: 'o/' })) verdicts.push(verdict)
    return verdicts
  }

  test('that mixes up its answers is not believed', async () => {
    const verdicts = await verdictsOf((storage) => {
      const head = storage.head.bind(storage)
      return (ref, options) => head({ ...ref, key: ref.key === 'o/1' ? 'o/3' : ref.key }, options)
    })
    expect(verdicts).toEqual(['held', 'unreadable', 'held', 'held'])
  })

  test('that answers for another version than was asked is not believed', async () => {
    const storage = new MemoryStorageAdapter()
    const former = storage.put('k', { body: 'x', metadata: { 'legal-hold-tag': tag } })
    storage.put('k', { body: 'x' })
    const head = storage.head.bind(storage)
    storage.head = ({ bucket: at, key }, options) => head({ bucket: at, key }, options)
    const exporter = new LegalHoldExporter({
      platform: new FakePlatform(),
      storage,
      hold: { tag },
      clock: new SimulatedClock(),
    })
    for await (const { verdict, reason } of exporter.validate([former])) {
      expect([verdict, reason]).toEqual(['unreadable', expect.stringContaining('was asked for')])
    }
  })
})
