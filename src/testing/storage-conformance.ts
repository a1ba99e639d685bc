import { compareObjectStates } from '../compare.js'
import { LegalHoldError, type LegalHoldErrorCode, type LegalHoldErrorReason } from '../errors.js'
import type { HeadOptions, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import type { ConformanceRunner } from './conformance.js'

/** What the suite needs of a test runner. */
export type StorageConformanceRunner = ConformanceRunner

/** An object the suite wants to find in the storage. */
export interface StorageConformanceSeed {
  readonly body: string
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly contentType?: string | undefined
}

/**
 * What a server beneath an adapter may be known not to do, although AWS does:
 *
 * - `copy-keeps-tags`: a copy that replaces the metadata carries the tags, so that nothing has to be put back after it
 * - `copy-keeps-lock`: such a copy carries Object Lock hold and retention, so that there is no unprotected moment
 * - `checksums`: `head` shows a checksum of the content
 */
export const storageConformanceFeatures = ['copy-keeps-tags', 'copy-keeps-lock', 'checksums'] as const

/** One of {@link storageConformanceFeatures}. */
export type StorageConformanceFeature = (typeof storageConformanceFeatures)[number]

/** One storage, empty, as the author of an adapter provides it to each test. */
export interface StorageConformanceSubject {
  readonly adapter: StorageAdapter
  /** Puts an object there by other means than the adapter. */
  seed(key: string, object: StorageConformanceSeed): Promise<void>
  /** Deletes the current version as a user would. Without it the tests of delete markers are left out. */
  remove?(key: string): Promise<void>
  /**
   * What the server beneath is known not to do. Each is then tested for the opposite, so that an entry that is no longer
   * true fails; what the library does about it is tested all the same.
   *
   * @defaultValue nothing
   */
  readonly lacks?: readonly StorageConformanceFeature[] | undefined
  /** Called after each test. */
  close?(): Promise<void> | void
}

export interface StorageConformanceOptions {
  create(): Promise<StorageConformanceSubject>
}

const encoder = new TextEncoder()

/**
 * What every `StorageAdapter` has to keep, as a suite for adapter authors. What an adapter declares it can do is tested;
 * what it declares it cannot do has to be refused with `STORAGE_UNSUPPORTED`, so that nothing is skipped in silence.
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
      const sizes: number[] = []
      for await (const object of adapter.list('p/')) {
        listed.push(object.key)
        sizes.push(object.sizeBytes)
      }
      const expected = keys.filter((key) => key.startsWith('p/')).sort(byUtf8)
      expect(listed).toEqual(expected)
      expect(sizes).toEqual(expected.map((key) => encoder.encode(key).length))
    })

    test('goes on after a given key', async ({ adapter, seed }) => {
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

  runner.describe('storage conformance: metadata', () => {
    test('replaces the metadata and keeps everything else', async ({ adapter, seed }) => {
      await seed('k', {
        body: 'abc',
        metadata: { one: '1' },
        tags: tagsFor(adapter, { a: 'b' }),
        contentType: 'audio/ogg',
      })
      const before = await stateOf(adapter, 'k', { full: true })
      const metadata = { ...before.metadata, 'legal-hold-tag': 'matter-1' }
      if (adapter.capabilities.metadataUpdate === 'none') {
        await rejects(expect, adapter.replaceMetadata(before, metadata), 'STORAGE_UNSUPPORTED')
        return
      }
      await adapter.replaceMetadata(before, metadata)
      const after = await stateOf(adapter, 'k', { full: true })
      expect(compareObjectStates(before, after, { metadata })).toEqual([])
      const { versioning, metadataUpdate } = adapter.capabilities
      expect(versioning && after.versionId !== before.versionId).toEqual(versioning && metadataUpdate === 'new-version')
    })

    test('says what a server lost in the copy and had to be given back: nothing, or what it is known to lose', async (subject) => {
      const { adapter, seed, lacks = [] } = subject
      const { metadataUpdate, tags, objectLock } = adapter.capabilities
      if (metadataUpdate !== 'new-version') return
      await seed('k', { body: 'abc', tags: tagsFor(adapter, { a: 'b' }) })
      const ref = { bucket: adapter.bucket, key: 'k' }
      const retainUntilDate = new Date(Math.ceil(Date.now() / 1000) * 1000 + 30_000).toISOString()
      if (objectLock) {
        await adapter.putLegalHold(ref, 'ON')
        await adapter.putRetention(ref, { mode: 'GOVERNANCE', retainUntilDate })
      }
      const before = await stateOf(adapter, 'k', { full: true })
      const { restored = [] } = await adapter.replaceMetadata(before, { two: '2' })
      const lost = [
        ...(objectLock && lacks.includes('copy-keeps-lock') ? ['legalHold', 'retention'] : []),
        ...(tags && lacks.includes('copy-keeps-tags') ? ['tags'] : []),
      ]
      expect([...restored].sort()).toEqual(lost)
      const after = await stateOf(adapter, 'k', { full: true })
      expect(compareObjectStates(before, after, { metadata: { two: '2' } })).toEqual([])
    })

    test('keeps the original beneath the new version, as it was', async ({ adapter, seed }) => {
      const { versioning, metadataUpdate } = adapter.capabilities
      if (metadataUpdate !== 'new-version' || !versioning) return
      await seed('k', { body: 'abc', metadata: { one: '1' } })
      const before = await stateOf(adapter, 'k', { full: true })
      await adapter.replaceMetadata(before, { two: '2' })
      const original = await stateOf(adapter, 'k', { full: true, versionId: before.versionId })
      expect(compareObjectStates(before, original)).toEqual([])
      expect((await stateOf(adapter, 'k', { lock: true })).legalHold).toEqual(before.legalHold)
    })

    test('gives the new version the lock state that it was told, not that of a protected original', async (subject) => {
      const { adapter, seed } = subject
      if (adapter.capabilities.metadataUpdate !== 'new-version' || !adapter.capabilities.objectLock) return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      await adapter.putLegalHold(refOf(before), 'ON')
      await adapter.replaceMetadata(before, { two: '2' })
      const after = await stateOf(adapter, 'k', { full: true })
      expect(compareObjectStates(before, after, { metadata: { two: '2' } })).toEqual([])
    })

    test('says beforehand what it would refuse, and overwrites nothing where that is not allowed', async (subject) => {
      const { adapter, seed } = subject
      if (adapter.checkReplaceMetadata === undefined || adapter.capabilities.metadataUpdate !== 'new-version') return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      await adapter.checkReplaceMetadata(before, { two: '2' }, { allowOverwrite: !adapter.capabilities.versioning })
      if (adapter.capabilities.versioning) return
      const strictly = { allowOverwrite: false }
      await rejects(expect, adapter.checkReplaceMetadata(before, { two: '2' }, strictly), 'STORAGE_REJECTED')
      await rejects(expect, adapter.replaceMetadata(before, { two: '2' }, strictly), 'STORAGE_REJECTED')
      expect(compareObjectStates(before, await stateOf(adapter, 'k', { full: true }))).toEqual([])
    })

    test('does not lose what somebody else wrote since the reading', async ({ adapter, seed }) => {
      if (adapter.capabilities.metadataUpdate === 'none') return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      await seed('k', { body: 'something else' })
      await rejects(expect, adapter.replaceMetadata(before, { two: '2' }), 'OBJECT_CHANGED')
    })
  })

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

function tagsFor(adapter: StorageAdapter, tags: Readonly<Record<string, string>>) {
  return adapter.capabilities.tags ? tags : undefined
}

function refOf({ bucket, key, versionId }: ObjectState): ObjectRef {
  return { bucket, key, versionId }
}

async function stateOf(
  adapter: StorageAdapter,
  key: string,
  options: HeadOptions & { readonly versionId?: string | undefined } = {},
): Promise<ObjectState> {
  const head = await adapter.head({ bucket: adapter.bucket, key, versionId: options.versionId }, options)
  if (!head.found) throw new Error(`The object "${key}" that the suite had put there was not found.`)
  return head.state
}

async function rejects(
  expect: StorageConformanceRunner['expect'],
  promise: Promise<unknown>,
  code: LegalHoldErrorCode,
  reason?: LegalHoldErrorReason,
): Promise<void> {
  const outcome = await promise.then(
    () => 'it succeeded',
    (error: unknown) => {
      if (!LegalHoldError.isInstance(error)) return error
      return reason === undefined ? error.code : `${error.code}, ${error.reason}`
    },
  )
  expect(outcome).toEqual(reason === undefined ? code : `${code}, ${reason}`)
}

function byUtf8(a: string, b: string): number {
  const [x, y] = [encoder.encode(a), encoder.encode(b)]
  for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
    const difference = (x[at] ?? 0) - (y[at] ?? 0)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}
