import { compareObjectStates } from '../../model/compare.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ObjectState } from '../../model/object.js'
import type { StorageAdapter, VersionBeneath } from '../../ports/storage.js'
import {
  refOf,
  rejects,
  type StorageConformanceRunner,
  type StorageConformanceSubject,
  stateOf,
  tagsFor,
} from './storage-subject.js'

/** What every `StorageAdapter` must preserve when it replaces metadata. Part of the suite for adapter authors. */
export function copyConformance(
  runner: StorageConformanceRunner,
  test: (name: string, body: (subject: StorageConformanceSubject) => Promise<void>) => void,
): void {
  const { expect } = runner
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

    test('says of a copy and of its original what reading them says, or nothing', async ({ adapter, seed }) => {
      if (adapter.capabilities.metadataUpdate === 'none') return
      await seed('k', { body: 'abc', tags: tagsFor(adapter, { a: 'b' }) })
      const before = await stateOf(adapter, 'k', { full: true })
      const metadata = { two: '2' }
      const { after, original, versionId } = await adapter.replaceMetadata(before, metadata, { readsOriginal: true })
      if (after !== undefined) {
        const read = await stateOf(adapter, 'k', { full: true })
        expect([after.versionId, compareObjectStates(after, read)]).toEqual([read.versionId, []])
        expect(compareObjectStates(before, after, { metadata })).toEqual([])
        expect(after.versionId).toEqual(versionId)
      }
      if (original !== undefined) {
        const read = await stateOf(adapter, 'k', { full: true, versionId: before.versionId })
        expect([original.versionId, original.legalHold]).toEqual([before.versionId, read.legalHold])
        expect(compareObjectStates({ ...before, acl: undefined }, original)).toEqual([])
      }
    })

    test('completes a HEAD to what a full reading shows, where it can', async ({ adapter, seed }) => {
      if (adapter.complete === undefined) return
      await seed('k', { body: 'abc', tags: tagsFor(adapter, { a: 'b' }) })
      const completed = await adapter.complete(await stateOf(adapter, 'k'))
      expect(compareObjectStates(completed, await stateOf(adapter, 'k', { full: true }))).toEqual([])
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
      const { metadataUpdate, versioning } = adapter.capabilities
      if (metadataUpdate === 'none') return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      await seed('k', { body: 'something else' })
      const theirs = await stateOf(adapter, 'k', { full: true })
      const told = await landing(adapter, before)
      if (told === 'refused') {
        expect(compareObjectStates(theirs, await stateOf(adapter, 'k', { full: true }))).toEqual([])
        return
      }
      // A server that knows no condition on the destination: it is kept beneath the copy, and that is said.
      expect(versioning && metadataUpdate === 'new-version').toEqual(true)
      const { versionId } = await stateOf(adapter, 'k')
      const beneath = told === 'untold' ? await listedBeneath(adapter, 'k', versionId) : told
      expect(beneath).toEqual({ versionId: theirs.versionId, isDeleteMarker: false })
    })

    test('says what its copy lies on, where somebody else wrote in between', async (subject) => {
      const { adapter, seed } = subject
      if (adapter.capabilities.metadataUpdate !== 'new-version' || !adapter.capabilities.versioning) return
      await seed('k', { body: 'abc', metadata: { one: '1' } })
      const before = await stateOf(adapter, 'k', { full: true })
      // The same content, as the copy of an exporter of another matter has it: an ETag does not tell the two apart.
      await seed('k', { body: 'abc', metadata: { one: 'theirs' } })
      const theirs = await stateOf(adapter, 'k', { full: true })
      const told = await landing(adapter, before)
      if (told === 'refused') {
        expect((await stateOf(adapter, 'k')).versionId).toEqual(theirs.versionId)
        return
      }
      const copy = await stateOf(adapter, 'k', { full: true })
      expect({ ...copy.metadata }).toEqual({ two: '2' })
      const beneath = { versionId: theirs.versionId, isDeleteMarker: false }
      if (told === 'untold') expect(await listedBeneath(adapter, 'k', copy.versionId)).toEqual(beneath)
      else expect(told).toEqual(beneath)
      const kept = await stateOf(adapter, 'k', { full: true, versionId: theirs.versionId })
      expect(compareObjectStates(theirs, kept)).toEqual([])
    })

    test('says so where somebody else deleted the object in between', async (subject) => {
      const { adapter, seed, remove } = subject
      if (adapter.capabilities.metadataUpdate !== 'new-version' || !adapter.capabilities.versioning) return
      if (remove === undefined) return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      await remove.call(subject, 'k')
      const told = await landing(adapter, before)
      if (told === 'refused') {
        expect((await adapter.head({ bucket: adapter.bucket, key: 'k' })).found).toEqual(false)
        return
      }
      const { versionId } = await stateOf(adapter, 'k')
      const beneath = told === 'untold' ? await listedBeneath(adapter, 'k', versionId) : told
      expect(typeof beneath === 'object' && beneath.isDeleteMarker).toEqual(true)
    })

    test('names the version that it was made of, where nobody wrote in between', async ({ adapter, seed }) => {
      if (adapter.capabilities.metadataUpdate !== 'new-version' || !adapter.capabilities.versioning) return
      await seed('k', { body: 'abc' })
      const before = await stateOf(adapter, 'k', { full: true })
      const told = await landing(adapter, before)
      const beneath = { versionId: before.versionId, isDeleteMarker: false }
      if (told !== 'untold') expect(told).toEqual(beneath)
      else expect(await listedBeneath(adapter, 'k', (await stateOf(adapter, 'k')).versionId)).toEqual(beneath)
    })
  })
}

/** What an adapter tells of the place where its copy landed; `untold` if the repair must look for itself. */
async function landing(adapter: StorageAdapter, before: ObjectState): Promise<VersionBeneath | string> {
  try {
    const { beneath } = await adapter.replaceMetadata(before, { two: '2' })
    return beneath ?? 'untold'
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_CHANGED') throw error
    return error.outcome === 'not-applied' ? 'refused' : 'untold'
  }
}

/** What a listing shows right beneath a version, as the repair would look for it. */
async function listedBeneath(
  adapter: StorageAdapter,
  key: string,
  versionId: string | undefined,
): Promise<VersionBeneath | string> {
  if (adapter.listVersions === undefined) {
    return 'nothing tells: neither MutationResult.beneath is filled nor is there listVersions'
  }
  let isFound = false
  for await (const version of adapter.listVersions(key)) {
    if (version.key !== key) break
    if (isFound) return { versionId: version.versionId, isDeleteMarker: version.deleteMarker }
    isFound = version.versionId === versionId
  }
  return 'nothing'
}
