import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { compareKeys } from '#src/internal/key-order.js'
import { InPieces } from '#src/internal/streams/source.js'
import { turnsOf } from '#src/internal/turns.js'
import type { ListedVersion } from '#src/model/object.js'
import type { StorageAdapter } from '#src/ports/storage.js'
import type { StageContext } from '#src/stages/context.js'
import { type ChainLink, chainsOf } from '#src/stages/repair/history/chain-pass.js'
import { Chains } from '#src/stages/repair/history/chains.js'
import type { Deferred } from '#src/stages/repair/history/deferred.js'
import { SimulatedClock } from '#src/testing/index.js'

const context: StageContext = {
  clock: new SimulatedClock(),
  logger: undefined,
  retry: { retries: 0, minDelayMs: 0, maxDelayMs: 0 },
  signal: undefined,
  emit: () => {},
}

/** A storage of which only the versions are listed, and how often a list was begun. */
function versionsOnly(histories: ReadonlyMap<string, readonly string[]>) {
  const begun: string[] = []
  const keys = [...histories.keys()].sort(compareKeys)
  async function* listVersions(prefix: string, { startAfter }: { startAfter?: string | undefined } = {}) {
    begun.push(prefix)
    for (const key of keys) {
      if (!key.startsWith(prefix) || (startAfter !== undefined && compareKeys(key, startAfter) <= 0)) continue
      for (const [at, versionId] of (histories.get(key) ?? []).entries()) {
        yield {
          bucket: 'b',
          key,
          versionId,
          isLatest: at === 0,
          deleteMarker: versionId.startsWith('d'),
        } as ListedVersion
      }
    }
  }
  return { begun, storage: { bucket: 'b', listVersions } as unknown as StorageAdapter }
}

/** The same storage, whose lists come in pages of as many versions as is picked. */
function inPages(storage: StorageAdapter, picks: Iterator<number>): StorageAdapter {
  const listVersions: StorageAdapter['listVersions'] = (prefix, options) =>
    new InPieces(async function* () {
      let page: ListedVersion[] = []
      let length = picks.next().value as number
      for await (const version of storage.listVersions?.(prefix, options) ?? []) {
        while (page.length >= length) {
          yield page
          page = []
          length = picks.next().value as number
        }
        page.push(version)
      }
      yield page
    })
  return { bucket: 'b', listVersions } as unknown as StorageAdapter
}

const answers = async (storage: StorageAdapter, links: readonly ChainLink[]) => {
  const found = []
  for await (const several of chainsOf(storage, links, context)) found.push(...several)
  return found
}

test('a list of many keys shows what the list of each key shows', async () => {
  const key = fc.oneof(
    fc.stringMatching(/^[a-c]{1,3}(\/[a-c]{1,3})?$/),
    fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme' }),
  )
  const history = fc.uniqueArray(fc.stringMatching(/^[dv][0-9]$/), { minLength: 1, maxLength: 4 })
  const world = fc.dictionary(key, history, { minKeys: 1, maxKeys: 12, noNullPrototype: true })
  await fc.assert(
    fc.asyncProperty(world, fc.infiniteStream(fc.nat(20)), async (given, picks) => {
      const histories = new Map(Object.entries(given))
      const links = [...histories]
        .sort(([a], [b]) => compareKeys(a, b))
        .flatMap(([key, ids]) => {
          const pick = picks.next().value
          const versionId = pick === 20 ? 'gone' : ids[pick % ids.length]
          return pick % 3 === 0 || versionId === undefined ? [] : [{ key, versionId, madeOf: 'v0' }]
        })
      const expected = links.map(({ key, versionId }) => {
        const ids = histories.get(key) ?? []
        const at = ids.indexOf(versionId)
        if (at < 0) return undefined
        const below = ids[at + 1]
        const beneath = below === undefined ? 'nothing' : { versionId: below, isDeleteMarker: below.startsWith('d') }
        return { isOnTop: at === 0, beneath }
      })
      const alone = versionsOnly(histories)
      expect(await answers(alone.storage, links)).toEqual(expected)
      // A key whose versions lie on two pages, and a page without any, show the same for the same lists.
      const paged = versionsOnly(histories)
      expect(await answers(inPages(paged.storage, picks), links)).toEqual(expected)
      expect(paged.begun).toEqual(alone.begun)
    }),
    { numRuns: 500 },
  )
})

const numbered = (count: number, every: number) => {
  const name = (at: number) => `hour=09/k${String(at).padStart(6, '0')}`
  const histories = new Map(Array.from({ length: count }, (_, at) => [name(at), ['v2', 'v1']] as const))
  const links = Array.from({ length: count / every }, (_, at) => ({
    key: name(at * every),
    versionId: 'v2',
    madeOf: 'v1',
  }))
  return { histories, links }
}

test('neighbours cost one list, keys that lie far apart one each', async () => {
  const near = numbered(400, 1)
  const dense = versionsOnly(near.histories)
  expect(new Set((await answers(dense.storage, near.links)).map((found) => found?.isOnTop))).toEqual(new Set([true]))
  expect(dense.begun).toHaveLength(1)
  const far = numbered(20_000, 4_000)
  const sparse = versionsOnly(far.histories)
  expect(await answers(sparse.storage, far.links)).toHaveLength(5)
  expect(sparse.begun.length).toBeLessThanOrEqual(5)
})

function withResolvers() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Work that leaves its end to a list, as a repair does. */
const waitsFor = (link: ChainLink, seen: unknown[]) => async (): Promise<Deferred<unknown>> => ({
  link,
  conclude: async (found) => seen.push(found),
})

const nothingLeft = async () => undefined

test('work leaves its lane while it waits; the list is read once no lane is at work', async () => {
  const { histories, links } = numbered(100, 1)
  const { begun, storage } = versionsOnly(histories)
  const chains = new Chains(storage, context)
  const seen: unknown[] = []
  const { promise, resolve: release } = withResolvers()
  const last = chains.work('elsewhere', () => promise.then(nothingLeft))
  for (const link of links) await chains.work(link.key, waitsFor(link, seen))
  expect([seen.length, begun.length]).toEqual([0, 0])
  release()
  await last
  await chains.settled()
  expect(seen).toEqual(links.map(() => ({ isOnTop: true, beneath: { versionId: 'v1', isDeleteMarker: false } })))
  expect(begun).toHaveLength(1)
})

test('a full page is read at once, and so is the list of a key that somebody waits for', async () => {
  const { histories, links } = numbered(1_000, 1)
  const { begun, storage } = versionsOnly(histories)
  const chains = new Chains(storage, context)
  const seen: unknown[] = []
  const { promise, resolve: release } = withResolvers()
  const last = chains.work('elsewhere', () => promise.then(nothingLeft))
  for (const link of links.slice(0, 450)) await chains.work(link.key, waitsFor(link, seen))
  await expect.poll(() => seen.length).toBe(450)
  const [awaited, unseen] = [links[900] as ChainLink, links[901] as ChainLink]
  const turns = turnsOf(storage)
  await chains.work(awaited.key, waitsFor(awaited, seen))
  expect(seen).toHaveLength(450)
  // The next piece of work on the key begins while the first one waits, or before it does; in this run or in another.
  await turns.take(awaited.key, async () => {})
  expect(seen).toHaveLength(451)
  const first = chains.work(unseen.key, waitsFor(unseen, seen))
  const second = turns.take(unseen.key, async () => {})
  await Promise.all([first, second])
  expect(seen).toHaveLength(452)
  release()
  await last
  await chains.settled()
  expect(begun).toHaveLength(3)
})

test('a list that fails leaves each repair to its own; what stops a run stops them all', async () => {
  const failing = (error: Error) => {
    const listVersions = () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) })
    return { bucket: 'b', listVersions } as unknown as StorageAdapter
  }
  const forbidden = new LegalHoldError('no', { code: 'STORAGE_FORBIDDEN', stage: 'remediate' })
  const seen: unknown[] = []
  const alone = new Chains(failing(forbidden), context)
  await alone.work('k', waitsFor({ key: 'k', versionId: 'v2', madeOf: 'v1' }, seen))
  await alone.settled()
  expect(seen).toEqual([undefined])
  const aborted = new LegalHoldError('no', { code: 'ABORTED', stage: 'remediate' })
  const stopped = new Chains(failing(aborted), context)
  await stopped.work('k', waitsFor({ key: 'k', versionId: 'v2', madeOf: 'v1' }, seen))
  await expect(stopped.settled()).rejects.toBe(aborted)
  await expect(stopped.work('k', nothingLeft)).rejects.toBe(aborted)
})

test('what fails before it waits rejects by itself, and nothing else', async () => {
  const chains = new Chains(versionsOnly(new Map()).storage, context)
  await expect(chains.work('k', () => Promise.reject(new Error('at work')))).rejects.toThrow('at work')
  await chains.settled()
})

test.each(['the list of its chain', 'the work itself'])(
  'what fails in the middle of a key leaves it alone, whoever waits for it: %s',
  async (failing) => {
    const ended = new LegalHoldError('no longer', { code: 'STORAGE_UNAUTHORIZED', stage: 'discover' })
    const { storage } = versionsOnly(new Map())
    storage.listVersions = async function* () {
      yield* []
      throw ended
    }
    const chains = new Chains(storage, context)
    const done: string[] = []
    const { promise, resolve: release } = withResolvers()
    const first = chains.work('k', async () => {
      await promise
      if (failing === 'the work itself') throw ended
      return waitsFor({ key: 'k', versionId: 'v2', madeOf: 'v1' }, done)()
    })
    const second = chains.work('k', async () => {
      done.push('the next work on it')
      return undefined
    })
    release()
    const ends = await Promise.allSettled([first, second])
    expect(ends.at(-1)).toEqual({ status: 'rejected', reason: ended })
    await chains.settled().catch(() => {})
    expect([done, turnsOf(storage).busy]).toEqual([[], 0])
  },
)
