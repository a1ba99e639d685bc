import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import type { StageContext } from '#src/stages/context.js'
import { KeyLines } from '#src/stages/reading/key-lines.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'

const context: StageContext = {
  clock: new SimulatedClock(),
  logger: undefined,
  retry: { retries: 0 },
  signal: undefined,
  emit: () => {},
}

const keyOf = (at: number) => `org/hour=0${at % 3}/conversation_id=c${String(at).padStart(4, '0')}/r${at}.opus`

function bucket(keys: readonly string[], refuse: (prefix: string) => boolean = () => false) {
  const listed: string[] = []
  const storage = new MemoryStorageAdapter({
    intercept: ({ operation, key = '' }, when) => {
      if (operation !== 'list' || when === 'after') return
      listed.push(key)
      if (!refuse(key)) return
      throw new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'discover' })
    },
  })
  for (const key of keys) storage.put(key, { body: `content of ${key}` })
  return { storage, listed, lines: new KeyLines(storage, context) }
}

async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let at = 0
  const lane = async () => {
    while (at < items.length) {
      const item = items[at] as T
      at += 1
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

describe('the line that a listing has of a key', () => {
  test('is its own, whatever the keys, their order and how many are asked for at once', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((text) => !/\p{Surrogate}/u.test(text))
    const key = fc.tuple(fc.constantFrom('', 'a/', 'a/b/', 'b/'), name).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (keys, there, lanes) => {
          const present = keys.filter((_, at) => there[at])
          const { lines, storage } = bucket(present)
          await inLanes(keys, lanes, async (one) => {
            const line = await lines.of(one)
            if (!present.includes(one)) expect([one, line]).toEqual([one, 'none'])
            else
              expect([one, line]).toEqual([
                one,
                expect.objectContaining({ etag: storage.versions(one)[0]?.state?.etag }),
              ])
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  test.each([1, 7, 50])('costs keys in order a request in many, with %i at once', async (lanes) => {
    const keys = Array.from({ length: 3_000 }, (_, at) => keyOf(at)).sort()
    const { lines, listed } = bucket(keys)
    await inLanes(keys, lanes, async (key) =>
      expect(await lines.of(key)).toMatchObject({ sizeBytes: expect.any(Number) }),
    )
    expect(listed.length).toBeLessThan(30)
  })

  test('costs keys that lie far apart one each, side by side', async () => {
    const keys = Array.from({ length: 4_000 }, (_, at) => keyOf(at))
    const { lines, listed } = bucket(keys)
    const asked = Array.from({ length: 200 }, (_, at) => keys[(at * 1_319) % keys.length] as string)
    await inLanes(asked, 20, async (key) => expect(await lines.of(key)).toMatchObject({ etag: expect.any(String) }))
    expect(listed.length).toBeLessThanOrEqual(asked.length)
  })

  test('is found where only some of the bucket may be listed', async () => {
    const keys = Array.from({ length: 20 }, (_, at) => keyOf(at))
    const narrow = bucket(keys, (prefix) => !prefix.includes('conversation_id='))
    for (const key of keys) expect(await narrow.lines.of(key)).toMatchObject({ etag: expect.any(String) })
    const keyByKey = bucket(keys, (prefix) => !prefix.endsWith('.opus'))
    for (const key of keys) expect(await keyByKey.lines.of(key)).toMatchObject({ etag: expect.any(String) })
  })

  test('is not known where nothing may be listed, and is not asked for again', async () => {
    const keys = Array.from({ length: 20 }, (_, at) => keyOf(at))
    const { lines, listed } = bucket(keys, () => true)
    for (const key of keys) expect(await lines.of(key)).toBeUndefined()
    expect(listed.length).toBeLessThan(4)
  })

  test('is an error where the listing fails, and for nobody but who asked', async () => {
    const keys = Array.from({ length: 4 }, (_, at) => keyOf(at))
    const { lines, storage } = bucket(keys)
    const { list } = storage
    storage.list = () => {
      storage.list = list
      throw new LegalHoldError('gone', { code: 'NETWORK_ERROR', stage: 'discover', retryable: true })
    }
    const asked = await Promise.allSettled(keys.map((key) => lines.of(key)))
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  })
})
