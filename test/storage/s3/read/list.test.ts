import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { failure, simulated, upload, type World } from '../world.js'

const worlds: World[] = []
const world = async () => {
  const made = await simulated({ bucket: {} })
  worlds.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

const slow = { kind: 'respond', status: 503, body: '<Error><Code>SlowDown</Code></Error>' } as const

async function fill(w: World, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, at) => `org/k${String(at).padStart(5, '0')}`)
  for (let at = 0; at < keys.length; at += 50)
    await Promise.all(keys.slice(at, at + 50).map((key) => upload(w, key, '')))
  return keys
}

test('a listing spans pages, fetches one ahead, and ends with its consumer', async () => {
  const w = await world()
  const keys = await fill(w, 2_100)
  const adapter = w.adapter()
  const listed: string[] = []
  for await (const { key } of adapter.list('org/')) listed.push(key)
  expect(listed).toEqual(keys)
  expect(w.simulator.counts().ListObjectsV2).toBe(3)
  w.simulator.clearRequests()
  for await (const { key } of adapter.list('org/', { startAfter: 'org/k00009' })) {
    expect(key).toBe('org/k00010')
    break
  }
  expect(w.simulator.counts().ListObjectsV2 ?? 0).toBeLessThanOrEqual(2)
})

test('a page that fails for a moment is repeated; one that keeps failing ends the listing with an error', async () => {
  const w = await world()
  await fill(w, 1_001)
  const adapter = w.adapter()
  const count = async () => {
    let objects = 0
    for await (const _ of adapter.list('org/')) objects += 1
    return objects
  }
  w.simulator.faults.add({ match: { operation: 'ListObjectsV2' }, action: slow, times: 2, after: 1 })
  expect(await count()).toBe(1_001)
  w.simulator.faults.add({ match: { operation: 'ListObjectsV2' }, action: { kind: 'reset' }, times: 99, after: 1 })
  expect(await failure(count())).toMatchObject({ code: 'NETWORK_ERROR', stage: 'discover', retryable: true })
})

test('an abort ends a listing', async () => {
  const w = await world()
  await fill(w, 3)
  const controller = new AbortController()
  const run = async () => {
    for await (const _ of w.adapter().list('org/', { signal: controller.signal })) controller.abort(new Error('enough'))
  }
  w.simulator.faults.add({ match: { operation: 'ListObjectsV2' }, action: { kind: 'delay', delayMs: 1 } })
  await run()
  expect(await failure(run())).toMatchObject({ code: 'ABORTED' })
})

test('any key is listed and found as it was written', async () => {
  const w = await world()
  const adapter = w.adapter()
  const key = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    // No dot segments, which Node's URL would resolve.
    .filter((text) => !text.includes('\0') && !/(^|\/)\.\.?($|\/)/.test(text))
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 5 }), async (names) => {
      run += 1
      const keys = names.map((name) => `${run}/${name}`)
      for (const one of keys) await upload(w, one, one)
      const listed: string[] = []
      for await (const object of adapter.list(`${run}/`)) listed.push(object.key)
      expect(listed).toEqual([...keys].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))))
      for (const one of keys) expect((await adapter.head({ bucket: w.bucket, key: one })).found).toBe(true)
    }),
    { numRuns: 30 },
  )
})

/** Answers one page after the other; each names the next by a token, as the test says. */
function paged(w: World, pages: readonly { readonly keys: readonly string[]; readonly end: string }[]) {
  for (const { keys, end } of pages) {
    const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`).join('')
    const body = `<ListBucketResult><Name>${w.bucket}</Name>${end}${contents}</ListBucketResult>`
    w.simulator.faults.add({
      match: { operation: 'ListObjectsV2' },
      action: { kind: 'respond', status: 200, body },
      times: 1,
    })
  }
}
const goesOn = (token: string) =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`
const ends = '<IsTruncated>false</IsTruncated>'

async function keysOf(w: World): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of w.adapter({ retry: { retries: 0 } }).list('org/')) keys.push(key)
  return keys
}

test('a page without a key is not the end of a listing', async () => {
  const w = await world()
  paged(w, [
    { keys: [], end: goesOn('a') },
    { keys: ['org/1'], end: goesOn('b') },
    { keys: [], end: goesOn('c') },
    { keys: ['org/2'], end: ends },
  ])
  expect(await keysOf(w)).toEqual(['org/1', 'org/2'])
})

test.each([
  ['whose tokens lead in a circle', Array.from({ length: 40 }, (_, at) => goesOn(`t${at < 3 ? at : 3 + (at % 5)}`))],
  ['that repeats its token', [goesOn('a'), goesOn('a')]],
  ['that goes on and does not say from where', ['<IsTruncated>true</IsTruncated>']],
  ['that ends and says from where it goes on', [goesOn('a').replace('true', 'false')]],
])('a listing %s is an error, and no end of the keys', async (_, pages) => {
  const w = await world()
  paged(
    w,
    pages.map((end, at) => ({ keys: [`org/${at}`], end })),
  )
  expect(await failure(keysOf(w))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' })
})

test('a listing of many pages, each with a token of its own, is read to its end', async () => {
  const w = await world()
  const pages = Array.from({ length: 70 }, (_, at) => ({
    keys: [`org/${String(at).padStart(2, '0')}`],
    end: at < 69 ? goesOn(`t${at}`) : ends,
  }))
  paged(w, pages)
  expect(await keysOf(w)).toHaveLength(70)
})

test.each(['<html><body>Sign in</body></html>', '', '{"keys":[]}', '<Error><Code>SlowDown</Code></Error>'])(
  'an answer of 200 that is no listing (%j) is an error, and no empty folder',
  async (body) => {
    const w = await world()
    w.simulator.faults.add({
      match: { operation: 'ListObjectsV2' },
      action: { kind: 'respond', status: 200, body },
      times: 99,
    })
    expect(await failure(keysOf(w))).toMatchObject({ stage: 'discover' })
  },
)
