import { describe, expect, test } from 'vitest'
import { LegalHoldError, type LegalHoldErrorInit, type ObjectState } from '#src/index.js'
import {
  MemoryStorageAdapter,
  type MemoryStorageCall,
  type MemoryStorageOptions,
  type SeedObject,
} from '#src/testing/index.js'
import { repair, tag } from '../../fakes/repair.js'

const key = 'k'
const held = { 'legal-hold-tag': tag }

function fault(init: Partial<LegalHoldErrorInit> = {}): LegalHoldError {
  return new LegalHoldError('a fault', { code: 'STORAGE_THROTTLED', stage: 'remediate', retryable: true, ...init })
}

/** Throws before or after the first `times` calls of an operation. */
function failing(
  operation: MemoryStorageCall['operation'],
  at: 'before' | 'after',
  times: number,
  error: () => LegalHoldError = fault,
): Required<Pick<MemoryStorageOptions, 'intercept'>> {
  let left = times
  return {
    intercept: (call, when) => {
      if (call.operation !== operation || when !== at || left === 0) return
      left -= 1
      throw error()
    },
  }
}

function storage(options: MemoryStorageOptions = {}): MemoryStorageAdapter {
  const made = new MemoryStorageAdapter(options)
  made.put(key, { body: 'sound', metadata: { project: 'x' }, tags: { team: 'y' } })
  return made
}

const shape = (made: MemoryStorageAdapter) =>
  made.versions(key).map(({ state }) => ({ metadata: { ...state?.metadata }, legalHold: state?.legalHold }))
const original = { metadata: { project: 'x' }, legalHold: 'ON' }
const repaired = { metadata: { project: 'x', ...held }, legalHold: 'OFF' }

describe('the protection of the original', () => {
  test('is a step of its own, on record before and after, with the state it was made on', async () => {
    const made = storage()
    const { remediation, witness } = await repair(made, key)
    expect(remediation.outcome).toBe('repaired')
    expect(witness.notes).toEqual([
      '> protect-original',
      '< protect-original',
      '> replace-metadata',
      '< replace-metadata',
    ])
    expect(witness.befores[0]).toMatchObject({
      versionId: 'v1',
      legalHold: 'OFF',
      tags: { team: 'y' },
      acl: 'bucket-owner-enforced',
    })
    expect(shape(made)).toEqual([repaired, original])
  })

  test.each([
    ['refused', 'before', 'not-applied'],
    ['lost before it was done', 'before', 'unknown'],
    ['lost after it was done', 'after', 'unknown'],
  ] as const)('is not carried to the copy when the copy must be repeated: %s', async (_, when, outcome) => {
    const made = storage(failing('replaceMetadata', when, 1, () => fault({ outcome })))
    const { remediation } = await repair(made, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', attempts: 2, before: { legalHold: 'OFF' } })
    expect(shape(made)).toEqual([repaired, original])
  })

  test('whose own answer was lost is not taken for a hold of somebody else', async () => {
    const made = storage(failing('putLegalHold', 'after', 1, () => fault({ outcome: 'unknown' })))
    expect((await repair(made, key)).remediation.outcome).toBe('repaired')
    expect(shape(made)).toEqual([repaired, original])
  })

  test('leaves a hold that was there before us on both versions', async () => {
    const made = storage(failing('replaceMetadata', 'before', 1))
    await made.putLegalHold({ bucket: made.bucket, key }, 'ON')
    expect((await repair(made, key)).remediation.outcome).toBe('repaired')
    expect(shape(made)).toEqual([{ ...repaired, legalHold: 'ON' }, original])
  })

  test('where it fails, nothing is copied', async () => {
    const refusal = () => fault({ code: 'STORAGE_FORBIDDEN', retryable: false })
    const made = storage(failing('putLegalHold', 'before', 1, refusal))
    expect((await repair(made, key)).remediation).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('STORAGE_FORBIDDEN'),
    })
    expect(made.versions(key)).toHaveLength(1)
  })

  test('is left out where the bucket has no Object Lock, or turns out to have none', async () => {
    const without = storage({ objectLock: false })
    expect((await repair(without, key)).witness.notes).toEqual(['> replace-metadata', '< replace-metadata'])
    const unsupported = () => fault({ code: 'STORAGE_UNSUPPORTED', retryable: false })
    const surprising = storage(failing('putLegalHold', 'before', 1, unsupported))
    const { remediation, witness } = await repair(surprising, key)
    expect(remediation.outcome).toBe('repaired')
    expect(witness.notes[1]).toBe('< protect-original: STORAGE_UNSUPPORTED')
  })
})

describe('a concurrent change', () => {
  const changed = () => fault({ code: 'OBJECT_CHANGED' })

  test('is decided about anew, and the new version is what the result is compared with', async () => {
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: ({ operation }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'before' || left === 0) return
        left -= 1
        made.put(key, { body: 'theirs', metadata: { author: 'them' }, tags: { theirs: '1' } })
      },
    })
    const { remediation } = await repair(made, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', before: { versionId: 'v2', legalHold: 'OFF' } })
    expect(shape(made)).toEqual([
      { metadata: { author: 'them', ...held }, legalHold: 'OFF' },
      { metadata: { author: 'them' }, legalHold: 'ON' },
      original,
    ])
  })

  test('needs no repair where the new version carries the hold', async () => {
    const made: MemoryStorageAdapter = storage({
      intercept: ({ operation }, when) => {
        if (operation === 'replaceMetadata' && when === 'before') made.put(key, { metadata: held })
      },
    })
    const { remediation } = await repair(made, key)
    expect(remediation).toMatchObject({ outcome: 'not-needed', after: { versionId: 'v2' } })
    expect(made.versions(key)).toHaveLength(2)
  })

  test('that never ends is given up after a bounded number of attempts', async () => {
    const made = storage(failing('replaceMetadata', 'before', 1_000, changed))
    const { remediation } = await repair(made, key, { retries: 4 })
    expect(remediation).toMatchObject({
      outcome: 'failed',
      attempts: 5,
      reason: expect.stringContaining('OBJECT_CHANGED'),
    })
    expect(made.versions(key)).toHaveLength(1)
  })

  test('on top of the repair is read and decided about, not reported as the repair', async () => {
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: ({ operation }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'after' || left === 0) return
        left -= 1
        made.put(key, { body: 'newer' })
      },
    })
    const { remediation } = await repair(made, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', after: { versionId: 'v4', metadata: held } })
    expect(made.versions(key).map(({ versionId }) => versionId)).toEqual(['v4', 'v3', 'v2', 'v1'])
  })

  test('of the metadata alone, under a copy whose answer was lost, ends up on top again', async () => {
    // A server that knows no condition: the copy of v1 is written on top of what somebody else wrote.
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: ({ operation }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'before' || left === 0) return
        left -= 1
        made.put(key, { body: 'sound', metadata: { project: 'corrected by somebody' } })
        made.put(key, { body: 'sound', metadata: { project: 'x', ...held }, tags: { team: 'y' } })
        throw fault({ code: 'NETWORK_ERROR', outcome: 'unknown' })
      },
    })
    expect((await repair(made, key)).remediation.outcome).toBe('repaired')
    const corrected = { project: 'corrected by somebody' }
    expect(shape(made)).toEqual([
      { metadata: { ...corrected, ...held }, legalHold: 'OFF' },
      repaired,
      { metadata: corrected, legalHold: 'ON' },
      original,
    ])
  })

  test('made of a copy of ours whose answer and tags were lost gets the tags back', async () => {
    // A server that drops tags in a copy: somebody copied ours before anything could be put back.
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: ({ operation }, when) => {
        if (operation !== 'replaceMetadata' || when !== 'before' || left === 0) return
        left -= 1
        made.put(key, { body: 'sound', metadata: { project: 'x', ...held } })
        made.put(key, { body: 'sound', metadata: { project: 'x', ...held, note: 'theirs' } })
        throw fault({ code: 'NETWORK_ERROR', outcome: 'unknown' })
      },
    })
    const before = { ...(made.versions(key)[0]?.state?.tags as object) }
    expect(Object.keys(before)).not.toEqual([])
    expect((await repair(made, key)).remediation.outcome).toBe('repaired')
    const [top] = made.versions(key)
    expect({ ...top?.state?.metadata }).toEqual({ project: 'x', ...held, note: 'theirs' })
    expect({ ...(top?.state?.tags as object) }).toEqual(before)
  })

  test('of a tag that was to be changed writes nothing before it is decided about again', async () => {
    const requirements = { tags: { hold: tag } }
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: async ({ operation }, when) => {
        if (operation !== 'mergeTags' || when !== 'before' || left === 0) return
        left -= 1
        await made.mergeTags({ bucket: made.bucket, key }, { hold: 'matter-0' })
      },
    })
    const refused = await repair(made, key, { requirements })
    expect(refused.remediation).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('matter-0') })
    left = 0
    const merged = await repair(made, key, { requirements, options: { onConflict: 'merge' } })
    expect(merged.remediation).toMatchObject({
      outcome: 'repaired',
      after: { tags: { team: 'y', hold: `matter-0 ${tag}` } },
    })
  })

  test('of the lock state before our first step is no difference of ours', async () => {
    let left = 1
    const made: MemoryStorageAdapter = storage({
      intercept: async ({ operation }, when) => {
        if (operation !== 'mergeTags' || when !== 'before' || left === 0) return
        left -= 1
        await made.putLegalHold({ bucket: made.bucket, key }, 'ON')
        throw fault()
      },
    })
    const { remediation } = await repair(made, key, { requirements: { tags: { hold: tag } } })
    expect(remediation).toMatchObject({ outcome: 'repaired', after: { legalHold: 'ON' } })
  })
})

describe('an object that cannot be repaired', () => {
  test('is left alone altogether: no tag, no hold, no copy', async () => {
    const made = storage()
    made.checkReplaceMetadata = async () => {
      throw fault({ code: 'STORAGE_REJECTED', retryable: false, details: { reason: 'replica' } })
    }
    const requirements = { metadata: held, tags: { hold: tag }, legalHold: true }
    const { remediation, witness } = await repair(made, key, { requirements })
    expect(remediation).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('STORAGE_REJECTED') })
    expect(witness.notes).toEqual([])
    const planned = await repair(made, key, { requirements, dryRun: true })
    expect(planned.remediation.outcome).toBe('refused')
    // Without metadata there is no copy, and nothing to refuse.
    expect((await repair(made, key, { requirements: { legalHold: true } })).remediation.outcome).toBe('repaired')
  })

  test('without versioning is not overwritten, unless that was accepted', async () => {
    const made = storage({ versioning: false })
    expect((await repair(made, key)).remediation).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('versioning-off'),
    })
    expect((await repair(made, key, { options: { allowOverwrite: true } })).remediation.outcome).toBe('repaired')
    const inPlace = storage({ versioning: false, metadataUpdate: 'in-place' })
    expect((await repair(inPlace, key)).remediation.outcome).toBe('repaired')
  })
})

/** A server that ignores what a copy is told to keep, as Ceph RGW does; what is written in place afterwards it keeps. */
class DroppingStorage extends MemoryStorageAdapter {
  readonly #instead: SeedObject

  constructor(instead: SeedObject) {
    super()
    this.#instead = instead
  }

  override async replaceMetadata(before: ObjectState, metadata: Readonly<Record<string, string>>) {
    const { versionId } = this.put(before.key, { body: this.body(before.key), metadata, ...this.#instead })
    return { versionId }
  }
}

describe('what a server drops although it was told to keep it', () => {
  const tags = { team: 'y', matter: 'x' }

  test('is put back in place, and then it counts as repaired', async () => {
    const made = new DroppingStorage({})
    made.put(key, { tags })
    const { remediation, witness } = await repair(made, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', after: { tags } })
    expect(witness.notes.slice(-2)).toEqual(['> merge-tags', '< merge-tags'])
  })

  test('is never put back over a value that is there by now', async () => {
    const made = new DroppingStorage({ tags: { matter: 'theirs' } })
    made.put(key, { tags })
    const { remediation } = await repair(made, key)
    expect(remediation.steps.at(-1)).toEqual({ action: 'merge-tags', tags: { team: 'y' } })
    expect(remediation).toMatchObject({
      outcome: 'failed',
      differences: expect.arrayContaining([{ property: 'tags.matter', before: 'x', after: 'theirs' }]),
    })
  })

  test('makes it failed, with each difference, where it cannot be put back', async () => {
    const made = new DroppingStorage({ storageClass: 'GLACIER_IR', headers: { contentType: 'binary/octet-stream' } })
    made.put(key, { headers: { contentType: 'audio/ogg' }, storageClass: 'STANDARD_IA' })
    const { remediation } = await repair(made, key)
    expect(remediation).toMatchObject({
      outcome: 'failed',
      differences: [
        { property: 'headers.contentType', before: 'audio/ogg', after: 'binary/octet-stream' },
        { property: 'storageClass', before: 'STANDARD_IA', after: 'GLACIER_IR' },
      ],
    })
  })
})
