import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ListedObject } from '#src/index.js'
import { parseKey } from '#src/model/layout/keys.js'
import { everythingInScope, type LocatedObject, type Scope } from '#src/model/layout/places.js'
import type { StageContext } from '#src/stages/context.js'
import { classified, type DiscoveredObject, listFolder } from '#src/stages/discover/discover.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { classifyFolder } from './classified-folder.js'

const hour = 'org/year=2023/month=10/day=20/hour=09'
const object = (key: string): ListedObject => ({ bucket: 'b', key, sizeBytes: 1, lastModified: '2023-10-20T12:00:00Z' })
const inByteOrder = (keys: readonly string[]) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

async function* inPages(keys: readonly string[], size: number): AsyncGenerator<readonly ListedObject[]> {
  for (let at = 0; at < keys.length; at += size) yield keys.slice(at, at + size).map(object)
}

async function all(pieces: AsyncIterable<readonly DiscoveredObject[]>): Promise<DiscoveredObject[]> {
  const found: DiscoveredObject[] = []
  for await (const piece of pieces) found.push(...piece)
  return found
}

/** The folders of a listing, each looked at as a whole. */
function atOnce(keys: readonly string[], scope: Scope): DiscoveredObject[] {
  const folders = new Map<string, LocatedObject[]>()
  for (const key of keys) {
    const parsed = parseKey(key)
    if (parsed === undefined) continue
    const folder = key.slice(0, key.length - parsed.rest.length)
    folders.set(folder, [...(folders.get(folder) ?? []), { object: object(key), key: parsed }])
  }
  const places = new Map<string, DiscoveredObject>()
  for (const folder of folders.values()) {
    for (const one of classifyFolder(folder, scope)) places.set(one.object.key, one)
  }
  return keys.map((key) => places.get(key) ?? { object: object(key), place: { kind: 'unexpected' } })
}

const id = '11111111-1111-4111-8111-111111111111'
const suffix = '_metadata.json'
const stems = fc.oneof(
  fc.constantFrom(
    'a',
    'aa',
    'aaa',
    'b',
    id,
    `${id}.wav`,
    `${id}.opus`,
    'c1',
    'ä',
    '😀',
    'A',
    '~',
    'a_',
    'a_metadata',
    'a/b',
  ),
  fc.stringMatching(/^[a._]{1,4}$/),
)
/** Names that are beginnings of each other, sidecars, sidecars of sidecars and what sorts between them. */
const names = fc
  .tuple(stems, fc.constantFrom('', '.', '.opus', '0', 'z', '_', '_m', 'é', '/x'), fc.integer({ min: 0, max: 2 }))
  .map(([stem, more, sidecars]) => stem + more + suffix.repeat(sidecars))
const keys = fc
  .array(fc.tuple(fc.constantFrom('c1', 'c2', 'c10'), names), { maxLength: 40 })
  .map((pairs) => pairs.map(([conversation, name]) => `${hour}/conversation_id=${conversation}/${name}`))
const others = fc.array(
  fc.constantFrom(
    `${hour}/conversation_id=c1/`,
    `${hour}/index.txt`,
    `${hour}/conversation_id=`,
    `${hour}/conversation_id=c10`,
  ),
  { maxLength: 4 },
)
const scopes: Record<string, Scope> = {
  everything: everythingInScope,
  'a list': { ...everythingInScope, isListed: () => true, isExpected: (one) => one === id, isOfJob: () => false },
  'another conversation': { ...everythingInScope, covers: (conversation) => conversation === 'c1' },
}

describe('objects of a listing, looked at with their neighbours only', () => {
  test.each(Object.entries(scopes))('are what they are in the folder as a whole: %s', async (_, scope) => {
    await fc.assert(
      fc.asyncProperty(keys, others, fc.integer({ min: 1, max: 7 }), async (given, beside, pageSize) => {
        const listed = inByteOrder([...new Set([...given, ...beside])])
        const asked: string[] = []
        const lies = async (key: string) => {
          asked.push(key)
          return listed.includes(key)
        }
        expect(await all(classified(inPages(listed, pageSize), scope, lies))).toEqual(atOnce(listed, scope))
        expect(asked).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  test('are the same where a key is listed twice', async () => {
    const folder = `${hour}/conversation_id=c1`
    const listed = [`${folder}/a`, `${folder}/a`, `${folder}/a.b`, `${folder}/a${suffix}`, `${folder}/a${suffix}`]
    const found = await all(classified(inPages(listed, 2), everythingInScope, async () => false))
    expect(found.map(({ place }) => place.kind)).toEqual(['recording', 'recording', 'attachment', 'sidecar', 'sidecar'])
  })
})

describe('a conversation of 100,000 files', () => {
  const count = 100_000
  const pageSize = 1_000

  /** Lists names of one conversation and says how many objects were kept at most. */
  async function most(name: (at: number) => string, first: readonly string[] = [], known: readonly string[] = []) {
    const folder = `${hour}/conversation_id=c1`
    let [read, left, kept, asked] = [0, 0, 0, 0]
    async function* pages(): AsyncGenerator<readonly ListedObject[]> {
      for (let at = 0; at < count; at += pageSize) {
        const names = Array.from({ length: pageSize }, (_, index) => name(at + index))
        const page = [...(at === 0 ? first : []), ...names].map((one) => object(`${folder}/${one}`))
        read += page.length
        yield page
        kept = Math.max(kept, read - left)
      }
    }
    const kinds = new Map<string, number>()
    const lies = async (key: string) => {
      asked += 1
      return known.includes(key.slice(folder.length + 1))
    }
    for await (const piece of classified(pages(), everythingInScope, lies)) {
      left += piece.length
      for (const { place } of piece) kinds.set(place.kind, (kinds.get(place.kind) ?? 0) + 1)
    }
    expect(left).toBe(count + first.length)
    return { kept, asked, kinds }
  }

  const numbered = (at: number) => String(at).padStart(6, '0')

  test('keeps no more than those that wait for their sidecar', async () => {
    const { kept, asked, kinds } = await most((at) => `r${numbered(at >> 1)}.opus${at % 2 === 0 ? '' : suffix}`)
    expect(kept).toBeLessThanOrEqual(2)
    expect(asked).toBe(0)
    expect(Object.fromEntries(kinds)).toEqual({ recording: count / 2, sidecar: count / 2 })
  })

  test('keeps a page where its files stand between one and its sidecar, and asks for that by its key', async () => {
    const far = await most((at) => `a${numbered(at)}`, ['a'], [`a${suffix}`])
    expect(far.kept).toBeLessThanOrEqual(2 * pageSize)
    expect(far.asked).toBe(1)
    expect(far.kinds.get('recording')).toBe(1)
    const none = await most((at) => `a${numbered(at)}`, ['a', 'a0', 'a00'])
    expect(none.kept).toBeLessThanOrEqual(2 * pageSize)
    expect(none.asked).toBeLessThanOrEqual(3)
    expect(none.kinds.get('recording')).toBeUndefined()
  })

  test('keeps no more than a page of names that begin with each other, up to the longest key', async () => {
    const { kept } = await most((at) => `${'x'.repeat(at % 900)}${numbered(at)}`.slice(0, 1_000))
    expect(kept).toBeLessThanOrEqual(2 * pageSize)
  })

  test('asks the storage itself where a sidecar is far away', async () => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const storage = new MemoryStorageAdapter({ clock })
    const folder = `${hour}/conversation_id=c1`
    for (const name of ['a', 'b', `a${suffix}`]) storage.put(`${folder}/${name}`, { body: 'x' })
    for (let at = 0; at < 3_000; at += 1) {
      storage.put(`${folder}/a${numbered(at)}`, { body: 'x' })
      storage.put(`${folder}/b${numbered(at)}`, { body: 'x' })
    }
    const context = { clock, retry: { retries: 0 }, emit: () => {} } as unknown as StageContext
    const found = await all(listFolder(storage, { prefix: `${hour}/`, hour: undefined }, everythingInScope, context))
    const listed: string[] = []
    for await (const { key } of storage.list(`${hour}/`)) listed.push(key)
    expect(found.map(({ object: { key }, place }) => [key, place.kind])).toEqual(
      atOnce(listed, everythingInScope).map(({ object: { key }, place }) => [key, place.kind]),
    )
    expect(found.find(({ object: { key } }) => key === `${folder}/a`)?.place.kind).toBe('recording')
    expect(found.find(({ object: { key } }) => key === `${folder}/b`)?.place.kind).toBe('attachment')
  })
})
