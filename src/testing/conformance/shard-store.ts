import type { ShardStore } from '../../scale/ports/shard-store.js'
import { allOf, type ConformanceRunner, type ConformanceSubject, codeOf, onSubject } from './suite.js'

/** An empty store, as its author provides it to each test. */
export interface ShardStoreConformanceSubject extends ConformanceSubject {
  readonly store: ShardStore
  /** The same store as another process sees it. Without it the tests of several writers use this one. */
  reopen?(): Promise<ShardStore>
}

/** Options of {@link shardStoreConformance}. */
export interface ShardStoreConformanceOptions {
  create(): Promise<ShardStoreConformanceSubject>
}

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (content: Uint8Array | undefined) =>
  content === undefined ? undefined : new TextDecoder().decode(content)

/**
 * The contract of every `ShardStore`: the first writer wins, nothing changes, and written objects are visible at
 * once.
 */
export function shardStoreConformance(runner: ConformanceRunner, options: ShardStoreConformanceOptions): void {
  const { expect } = runner
  const test = onSubject(runner, () => options.create())

  runner.describe('shard store conformance', () => {
    test('shows at once what it has written', async ({ store }) => {
      expect(await store.read('runs/1/a')).toEqual(undefined)
      expect(await store.create('runs/1/a', bytes('first'))).toEqual(true)
      expect(textOf(await store.read('runs/1/a'))).toEqual('first')
      expect(await allOf(store.list('runs/1/'))).toEqual(['runs/1/a'])
    })

    test('never writes over what is there, the same content included', async ({ store }) => {
      await store.create('a', bytes('first'))
      expect(await store.create('a', bytes('second'))).toEqual(false)
      expect(await store.create('a', bytes('first'))).toEqual(false)
      expect(textOf(await store.read('a'))).toEqual('first')
    })

    test('lets exactly one of many writers of a key win', async ({ store, reopen }) => {
      const other = (await reopen?.()) ?? store
      const writers = Array.from({ length: 16 }, (_, at) => ({
        name: `writer ${at}`,
        on: at % 2 === 0 ? store : other,
      }))
      const won = await Promise.all(writers.map(({ name, on }) => on.create('fence/00000001', bytes(name))))
      expect(won.filter((isWinner) => isWinner).length).toEqual(1)
      expect(textOf(await other.read('fence/00000001'))).toEqual(writers[won.indexOf(true)]?.name)
    })

    test('keeps every byte, and an object without any', async ({ store }) => {
      const all = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 31) % 256)
      await store.create('bytes', all)
      await store.create('empty', new Uint8Array(0))
      expect(Array.from((await store.read('bytes')) ?? [])).toEqual(Array.from(all))
      expect((await store.read('empty'))?.length).toEqual(0)
    })

    test('takes the content at once: what its author changes later changes nothing', async ({ store }) => {
      const content = bytes('before')
      const creating = store.create('a', content)
      content.set(bytes('after!'))
      await creating
      expect(textOf(await store.read('a'))).toEqual('before')
    })

    test('lists the keys of a prefix in the order of their bytes', async ({ store }) => {
      const keys = ['p/10', 'p/2', 'p/a b+c', 'p/ü', 'p/\uffee', 'p/\u{1f600}']
      for (const key of [...keys].reverse()) await store.create(key, bytes(key))
      await store.create('o', bytes('before'))
      await store.create('pz', bytes('behind'))
      expect(await allOf(store.list('p/'))).toEqual(keys)
      expect(await allOf(store.list('nothing/'))).toEqual([])
    })

    test('lists only what comes after a key, whether that is there or not', async ({ store }) => {
      for (const at of [1, 2, 3]) await store.create(`segment/${at}`, bytes(''))
      expect(await allOf(store.list('segment/', { after: 'segment/1' }))).toEqual(['segment/2', 'segment/3'])
      expect(await allOf(store.list('segment/', { after: 'segment/11' }))).toEqual(['segment/2', 'segment/3'])
      expect(await allOf(store.list('segment/', { after: 'segment/3' }))).toEqual([])
    })

    test('a call whose signal has fired rejects, and writes nothing', async ({ store }) => {
      const signal = AbortSignal.abort()
      expect(await codeOf(store.create('a', bytes('a'), { signal }))).toEqual('ABORTED')
      expect(await codeOf(store.read('a', { signal }))).toEqual('ABORTED')
      expect(await codeOf(allOf(store.list('', { signal })))).toEqual('ABORTED')
      expect(await store.read('a')).toEqual(undefined)
    })
  })
}
