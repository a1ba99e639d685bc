import { compareObjectStates } from '../../model/compare.js'
import { copyConformance } from './storage-copy.js'
import {
  refOf,
  rejects,
  type StorageConformanceRunner,
  type StorageConformanceSubject,
  stateOf,
  tagsFor,
} from './storage-subject.js'

export {
  type StorageConformanceFeature,
  type StorageConformanceRunner,
  type StorageConformanceSeed,
  type StorageConformanceSubject,
  storageConformanceFeatures,
} from './storage-subject.js'

export interface StorageConformanceOptions {
  create(): Promise<StorageConformanceSubject>
}

const encoder = new TextEncoder()

/**
 * The contract of every `StorageAdapter`, as a suite for adapter authors. Declared capabilities are tested.
 * Anything else must be refused with `STORAGE_UNSUPPORTED`, so that nothing is skipped silently.
 *
 * @example
 * ```ts
 * storageConformance({ describe, test, expect }, { create: async () => ({ adapter, seed }) })
 * ```
 */
export function storageConformance(runner: StorageConformanceRunner, options: StorageConformanceOptions): void {
  const { expect } = runner
  const test = (name: string, body: (subject: StorageConformanceSubject) => Promise<void>) =>
    runner.test(name, async () => {
      const subject = await options.create()
      try {
        await body(subject)
      } finally {
        await subject.close?.()
      }
    })

  runner.describe('storage conformance: listing', () => {
    test('lists the keys under a prefix in UTF-8 byte order, and no others', async ({ adapter, seed }) => {
      const keys = ['p/b', 'p/a b+c.json', 'p/ü/1', 'p/\u{1f600}', 'p/\uff5e', 'p/a/1', 'q/1', 'p']
      for (const key of keys) await seed(key, { body: key })
      const listed: string[] = []
      const sizes: (number | undefined)[] = []
      for await (const object of adapter.list('p/')) {
        listed.push(object.key)
        sizes.push(object.sizeBytes)
      }
      const expected = keys.filter((key) => key.startsWith('p/')).sort(byUtf8)
      expect(listed).toEqual(expected)
      expect(sizes).toEqual(expected.map((key) => encoder.encode(key).length))
    })

    test('continues after a given key', async ({ adapter, seed }) => {
      for (const key of ['p/1', 'p/2', 'p/3']) await seed(key, { body: 'x' })
      // A key that was deleted in the meantime is as good as one that is there.
      for (const [startAfter, expected] of [
        ['p/1', ['p/2', 'p/3']],
        ['p/2x', ['p/3']],
        ['p/3', []],
      ] as const) {
        const listed: string[] = []
        for await (const object of adapter.list('p/', { startAfter })) listed.push(object.key)
        expect(listed).toEqual(expected)
        if (adapter.listPages === undefined) continue
        const paged: string[] = []
        for await (const page of adapter.listPages('p/', { startAfter })) paged.push(...page.map(({ key }) => key))
        expect(paged).toEqual(expected)
      }
    })

    test('lists the next folders, each once', async ({ adapter, seed }) => {
      for (const key of ['p/a/1', 'p/a/2', 'p/b c/1/x', 'p/file']) await seed(key, { body: 'x' })
      const folders: string[] = []
      for await (const folder of adapter.listFolders('p/')) folders.push(folder)
      expect(folders).toEqual(['p/a/', 'p/b c/'])
    })

    test('an empty prefix lists nothing and fails nothing', async ({ adapter }) => {
      const listed: string[] = []
      for await (const object of adapter.list('nothing/')) listed.push(object.key)
      expect(listed).toEqual([])
    })
  })

  runner.describe('storage conformance: versions', () => {
    test('lists every version and delete marker, keys in order, the newest of a key first', async (subject) => {
      const { adapter, seed, remove } = subject
      if (adapter.listVersions === undefined || !adapter.capabilities.versioning || remove === undefined) return
      for (const key of ['p/b', 'p/a b', 'p/\u{1f600}', 'p/a b', 'q']) await seed(key, { body: key })
      await remove.call(subject, 'p/b')
      const listed: [string, boolean, boolean][] = []
      const ids = new Set<string>()
      for await (const version of adapter.listVersions('p/')) {
        listed.push([version.key, version.isLatest, version.deleteMarker])
        ids.add(version.versionId)
      }
      expect(listed).toEqual([
        ['p/a b', true, false],
        ['p/a b', false, false],
        ['p/b', true, true],
        ['p/b', false, false],
        ['p/\u{1f600}', true, false],
      ])
      expect(ids.size).toEqual(5)
      const after: string[] = []
      for await (const { key } of adapter.listVersions('p/', { startAfter: 'p/a b' })) after.push(key)
      expect(after).toEqual(['p/b', 'p/b', 'p/\u{1f600}'])
    })
  })

  runner.describe('storage conformance: head', () => {
    test('returns metadata value for value, under lower-case names, in an object without a prototype', async (subject) => {
      await subject.seed('k', { body: 'abc', metadata: { one: '1', 'Two-Words': ' a, b;=? '.trim(), empty: '' } })
      const state = await stateOf(subject.adapter, 'k')
      expect({ ...state.metadata }).toEqual({ one: '1', 'two-words': 'a, b;=?', empty: '' })
      expect(Object.getPrototypeOf(state.metadata)).toEqual(null)
      expect(state.sizeBytes).toEqual(3)
    })

    test('shows a checksum of the content, unless the server has none', async ({ adapter, seed, lacks = [] }) => {
      await seed('k', { body: 'abc' })
      const { checksum } = await stateOf(adapter, 'k', { full: true })
      expect(checksum !== undefined).toEqual(!lacks.includes('checksums'))
    })

    test('a missing object is an answer, not an error', async ({ adapter }) => {
      const head = await adapter.head({ bucket: adapter.bucket, key: 'missing' })
      expect([head.found, head.found || head.deleteMarker]).toEqual([false, false])
    })

    test('a deleted object says that it is recoverable, and from which version', async (subject) => {
      const { adapter, seed, remove } = subject
      if (!adapter.capabilities.versioning || remove === undefined) return
      await seed('k', { body: 'abc' })
      const { versionId } = await stateOf(adapter, 'k')
      await remove.call(subject, 'k')
      const head = await adapter.head({ bucket: adapter.bucket, key: 'k' })
      expect([head.found, head.found || head.deleteMarker, head.found || head.beneath]).toEqual([
        false,
        true,
        versionId,
      ])
    })
  })

  copyConformance(runner, test)

  runner.describe('storage conformance: tags', () => {
    test('adds and changes the given tags and keeps the others', async ({ adapter, seed }) => {
      await seed('k', { body: 'abc', tags: tagsFor(adapter, { keep: 'me', change: 'old' }) })
      const ref = refOf(await stateOf(adapter, 'k'))
      if (!adapter.capabilities.tags) {
        await rejects(expect, adapter.mergeTags(ref, { add: 'new' }), 'STORAGE_UNSUPPORTED')
        return
      }
      await adapter.mergeTags(ref, { change: 'new', add: 'a b' })
      const after = await stateOf(adapter, 'k', { tags: true })
      expect(typeof after.tags === 'object' && { ...after.tags }).toEqual({ keep: 'me', change: 'new', add: 'a b' })
      expect(after.versionId).toEqual(ref.versionId)
    })

    test('writes nothing over a value that is not as it was expected', async ({ adapter, seed }) => {
      if (!adapter.capabilities.tags) return
      await seed('k', { body: 'abc', tags: { change: 'theirs', keep: 'me' } })
      const ref = { bucket: adapter.bucket, key: 'k' }
      for (const expected of [{ change: 'old' }, {}]) {
        await rejects(expect, adapter.mergeTags(ref, { change: 'new' }, { expected }), 'OBJECT_CHANGED')
      }
      await adapter.mergeTags(ref, { add: 'new' }, { expected: { keep: 'something else, and not to be changed' } })
      const { tags } = await stateOf(adapter, 'k', { tags: true })
      expect(typeof tags === 'object' && { ...tags }).toEqual({ change: 'theirs', keep: 'me', add: 'new' })
    })

    test('writes a smaller set only over the one that was expected', async ({ adapter, seed }) => {
      if (!adapter.capabilities.tags || adapter.replaceTags === undefined) return
      await seed('k', { body: 'abc', tags: { gone: 'x', keep: 'me' } })
      const ref = refOf(await stateOf(adapter, 'k'))
      for (const expected of [{ keep: 'me' }, { gone: 'x', keep: 'me', more: '1' }, { gone: 'y', keep: 'me' }]) {
        await rejects(expect, adapter.replaceTags(ref, { keep: 'me' }, { expected }), 'OBJECT_CHANGED')
      }
      await adapter.replaceTags(ref, { keep: 'me' }, { expected: { gone: 'x', keep: 'me' } })
      const after = await stateOf(adapter, 'k', { tags: true })
      expect(typeof after.tags === 'object' && { ...after.tags }).toEqual({ keep: 'me' })
      await adapter.replaceTags(ref, {}, { expected: { keep: 'me' } })
      const none = await stateOf(adapter, 'k', { tags: true })
      expect(typeof none.tags === 'object' && { ...none.tags }).toEqual({})
    })

    test('an object without tags has none, which is not "unreadable"', async ({ adapter, seed }) => {
      if (!adapter.capabilities.tags) return
      await seed('k', { body: 'abc' })
      const { tags } = await stateOf(adapter, 'k', { tags: true })
      expect(typeof tags === 'object' && { ...tags }).toEqual({})
    })
  })

  runner.describe('storage conformance: Object Lock', () => {
    test('puts and lifts a legal hold in place', async ({ adapter, seed }) => {
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      if (!adapter.capabilities.objectLock) {
        await rejects(expect, adapter.putLegalHold(refOf(before), 'ON'), 'STORAGE_UNSUPPORTED')
        return
      }
      expect(before.legalHold).toEqual('OFF')
      await adapter.putLegalHold(refOf(before), 'ON')
      const held = await stateOf(adapter, 'k', { full: true })
      expect(compareObjectStates(before, held, { legalHold: 'ON' })).toEqual([])
      await adapter.putLegalHold(refOf(before), 'OFF')
      expect((await stateOf(adapter, 'k', { lock: true })).legalHold).toEqual('OFF')
    })

    test('extends a retention and never shortens it', async ({ adapter, seed }) => {
      if (!adapter.capabilities.objectLock) return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      expect(before.retention).toEqual('none')
      // Soon over, so that a real server can be cleaned up.
      const inSeconds = (seconds: number) =>
        new Date(Math.ceil(Date.now() / 1000) * 1000 + seconds * 1000).toISOString()
      const retention = { mode: 'GOVERNANCE', retainUntilDate: inSeconds(20) } as const
      const longer = { mode: 'GOVERNANCE', retainUntilDate: inSeconds(30) } as const
      await adapter.putRetention(refOf(before), retention)
      await adapter.putRetention(refOf(before), longer)
      const weaker = adapter.putRetention(refOf(before), retention)
      await rejects(expect, weaker, 'STORAGE_REJECTED', 'retention-weaker')
      const after = await stateOf(adapter, 'k', { full: true })
      expect(compareObjectStates(before, after, { retention: longer })).toEqual([])
    })
  })

  runner.describe('storage conformance: calls', () => {
    test('an aborted signal rejects with ABORTED and changes nothing', async ({ adapter, seed }) => {
      await seed('k', { body: 'abc', metadata: { one: '1' } })
      const before = await stateOf(adapter, 'k', { full: true })
      const signal = AbortSignal.abort(new Error('enough'))
      await rejects(expect, adapter.head(refOf(before), { signal }), 'ABORTED')
      if (adapter.capabilities.metadataUpdate !== 'none') {
        await rejects(expect, adapter.replaceMetadata(before, { two: '2' }, { signal }), 'ABORTED')
      }
      expect(compareObjectStates(before, await stateOf(adapter, 'k', { full: true }))).toEqual([])
    })

    test('reads a small object as text and leaves a larger one alone', async ({ adapter, seed }) => {
      if (adapter.readText === undefined) return
      await seed('k', { body: 'größe' })
      const ref = { bucket: adapter.bucket, key: 'k' }
      const read = [await adapter.readText(ref, { maxBytes: 7 }), await adapter.readText(ref, { maxBytes: 6 })]
      expect(read).toEqual(['größe', undefined])
    })

    test('reads the content of the version that was asked for', async ({ adapter, seed }) => {
      if (adapter.readContent === undefined) return
      await seed('k', { body: 'before' })
      const before = await stateOf(adapter, 'k')
      await seed('k', { body: 'after' })
      const contents: string[] = []
      for (const versionId of adapter.capabilities.versioning ? [before.versionId, undefined] : [undefined]) {
        const chunks: Uint8Array[] = []
        for await (const chunk of adapter.readContent({ bucket: adapter.bucket, key: 'k', versionId }))
          chunks.push(chunk)
        contents.push(chunks.map((chunk) => new TextDecoder().decode(chunk)).join(''))
      }
      expect(contents).toEqual(adapter.capabilities.versioning ? ['before', 'after'] : ['after'])
    })

    test('inspects the bucket in agreement with its capabilities', async ({ adapter }) => {
      const inspection = await adapter.inspectBucket(needs)
      expect(inspection.bucket).toEqual(adapter.bucket)
      expect(
        inspection.findings.filter(({ severity, code }) => severity === 'blocker' && code === 'bucket-unreachable'),
      ).toEqual([])
      if (inspection.versioning !== 'unreadable') {
        expect(inspection.versioning === 'Enabled').toEqual(adapter.capabilities.versioning)
      }
      if (inspection.objectLock !== 'unreadable') {
        expect(inspection.objectLock === 'Enabled').toEqual(adapter.capabilities.objectLock)
      }
    })
  })
}

const needs = {
  prefix: '',
  metadata: true,
  tags: true,
  legalHold: false,
  retention: false,
  remediate: true,
  protectOriginal: true,
}

function byUtf8(a: string, b: string): number {
  const [x, y] = [encoder.encode(a), encoder.encode(b)]
  for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
    const difference = (x[at] ?? 0) - (y[at] ?? 0)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}
