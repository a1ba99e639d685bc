import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '../../../src/model/errors.js'
import { MemoryStorageAdapter } from '../../../src/testing/index.js'
import { failure, fullState, needs } from '../s3/world.js'

describe('the storage in memory', () => {
  test('lets a test fail any call before or after its work', async () => {
    const broken = new LegalHoldError('lost', {
      code: 'NETWORK_ERROR',
      stage: 'remediate',
      outcome: 'unknown',
      retryable: true,
    })
    let fail: 'before' | 'after' | undefined
    const storage = new MemoryStorageAdapter({
      intercept: ({ operation, key }, when) => {
        if (operation === 'mergeTags' && key === 'k' && when === fail) throw broken
      },
    })
    const ref = storage.put('k', { body: 'x' })
    fail = 'before'
    expect(await failure(storage.mergeTags(ref, { a: '1' }))).toMatchObject({
      code: 'NETWORK_ERROR',
      outcome: 'unknown',
    })
    expect({ ...((await fullState(storage, 'k')).tags as object) }).toEqual({})
    fail = 'after'
    await failure(storage.mergeTags(ref, { a: '1' }))
    expect({ ...((await fullState(storage, 'k')).tags as object) }).toEqual({ a: '1' })
  })

  test('keeps versions with their content, newest first, markers included', async () => {
    const storage = new MemoryStorageAdapter()
    const first = storage.put('k', { body: 'one', metadata: { Upper: '1' } })
    storage.put('k', { body: 'two' })
    storage.delete('k')
    expect(storage.versions('k').map(({ deleteMarker }) => deleteMarker)).toEqual([true, false, false])
    expect(storage.body('k')).toBeUndefined()
    expect(new TextDecoder().decode(storage.body('k', first.versionId))).toBe('one')
    expect({ ...(await fullState(storage, 'k', { versionId: first.versionId as string })).metadata }).toEqual({
      upper: '1',
    })
  })

  test('answers an abort that comes while a call waits', async () => {
    const controller = new AbortController()
    const storage = new MemoryStorageAdapter({ intercept: () => new Promise(() => {}) })
    const pending = failure(storage.head({ bucket: 'memory', key: 'k' }, { signal: controller.signal }))
    controller.abort(new Error('enough'))
    expect(await pending).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  })

  test('finds the same wrong as S3 does', async () => {
    const { findings } = await new MemoryStorageAdapter({ versioning: false }).inspectBucket(needs({ legalHold: true }))
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['versioning-off', 'blocker'],
      ['object-lock-unavailable', 'blocker'],
    ])
    expect(() => new MemoryStorageAdapter({ versioning: false, objectLock: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    )
  })
})
