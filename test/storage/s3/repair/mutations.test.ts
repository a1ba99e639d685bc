import { afterEach, describe, expect, test } from 'vitest'
import { failure, fullState, S3, simulated, upload, type World } from '../world.js'

const worlds: World[] = []
const world = async (...options: Parameters<typeof simulated>) => {
  const made = await simulated(...options)
  worlds.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

describe('tags', () => {
  test('are written to the version that was named, only where they change, and read again', async () => {
    const w = await world()
    const { VersionId: versionId } = await upload(w, 'k', 'x', { Tagging: 'a=1' })
    await upload(w, 'k', 'newer')
    const adapter = w.adapter()
    const ref = { bucket: w.bucket, key: 'k', versionId }
    await adapter.mergeTags(ref, { b: '2' })
    expect(w.simulator.counts()).toMatchObject({ GetObjectTagging: 2, PutObjectTagging: 1 })
    await adapter.mergeTags(ref, { b: '2' })
    expect(w.simulator.counts().PutObjectTagging).toBe(1)
    expect({ ...((await fullState(adapter, 'k')).tags as object) }).toEqual({})
    expect({ ...((await fullState(adapter, 'k', { versionId: versionId as string })).tags as object) }).toEqual({
      a: '1',
      b: '2',
    })
  })

  test('that another writer replaced in between are a change, not a success', async () => {
    const w = await world()
    await upload(w, 'k', 'x', { Tagging: 'a=1' })
    const client = {
      async send(command: never, options?: never) {
        const output = await w.client.send(command, options)
        if ((command as object) instanceof S3.PutObjectTaggingCommand) {
          const TagSet = [{ Key: 'theirs', Value: '1' }]
          await w.client.send(new S3.PutObjectTaggingCommand({ Bucket: w.bucket, Key: 'k', Tagging: { TagSet } }))
        }
        return output
      },
    }
    const error = await failure(w.adapter({ client }).mergeTags({ bucket: w.bucket, key: 'k' }, { ours: '1' }))
    expect(error).toMatchObject({ code: 'OBJECT_CHANGED', outcome: 'applied', retryable: true })
    expect(error.message).toContain('"a", "ours"')
  })

  test.each([
    ['an eleventh', Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`t${at}`, 'x']))],
    ['a comma', { t: 'a,b' }],
    ['a reserved name', { 'aws:x': '1' }],
    ['a long key', { ['k'.repeat(129)]: '1' }],
    ['a long value', { t: 'v'.repeat(257) }],
  ])('%s is refused and nothing is written', async (_name, tags) => {
    const w = await world()
    await upload(w, 'k', 'x', { Tagging: 'a=1' })
    expect(await failure(w.adapter().mergeTags({ bucket: w.bucket, key: 'k' }, tags))).toMatchObject({
      code: 'STORAGE_REJECTED',
    })
    expect(w.simulator.counts().PutObjectTagging).toBeUndefined()
  })
})

describe('retention', () => {
  const at = (days: number) => new Date(Date.UTC(2040, 0, days)).toISOString()

  test('is extended, never shortened or weakened; COMPLIANCE stays', async () => {
    const w = await world()
    for (const mode of ['GOVERNANCE', 'COMPLIANCE'] as const) {
      await upload(w, mode)
      const adapter = w.adapter()
      const ref = { bucket: w.bucket, key: mode }
      w.simulator.clearRequests()
      await adapter.putRetention(ref, { mode, retainUntilDate: at(2) })
      await adapter.putRetention(ref, { mode, retainUntilDate: at(2) })
      expect(w.simulator.counts().PutObjectRetention).toBe(1)
      await adapter.putRetention(ref, { mode, retainUntilDate: at(3) })
      const shorter = failure(adapter.putRetention(ref, { mode, retainUntilDate: at(2) }))
      expect(await shorter).toMatchObject({ code: 'STORAGE_REJECTED', outcome: 'not-applied' })
      expect(w.simulator.counts().PutObjectRetention).toBe(2)
      // One way it is weaker, the other way S3 itself refuses it without a bypass.
      const other = mode === 'COMPLIANCE' ? 'GOVERNANCE' : 'COMPLIANCE'
      const changed = failure(adapter.putRetention(ref, { mode: other, retainUntilDate: at(4) }))
      expect(await changed).toMatchObject({ code: 'STORAGE_REJECTED', outcome: 'not-applied' })
      expect((await fullState(adapter, mode)).retention).toEqual({ mode, retainUntilDate: at(3) })
    }
  })

  test('is not written where the present one may not be read', async () => {
    const user = { accessKeyId: 'AKIAUSER', secretAccessKey: 's', arn: 'arn:aws:iam::123456789012:user/u' }
    const w = await world({ credentials: [{ ...user, deny: ['s3:GetObjectRetention'] }] })
    await upload(w, 'k')
    const put = w
      .adapter({ credentials: user })
      .putRetention({ bucket: w.bucket, key: 'k' }, { mode: 'GOVERNANCE', retainUntilDate: at(1) })
    expect(await failure(put)).toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      details: { action: 's3:GetObjectRetention' },
    })
    expect(w.simulator.counts().PutObjectRetention).toBeUndefined()
  })
})

test('an object of another bucket is refused by every call', async () => {
  const w = await world()
  const adapter = w.adapter()
  const ref = { bucket: 'elsewhere', key: 'k' }
  for (const call of [
    adapter.head(ref),
    adapter.mergeTags(ref, {}),
    adapter.putLegalHold(ref, 'ON'),
    adapter.readText(ref, { maxBytes: 1 }),
  ]) {
    expect(await failure(call)).toMatchObject({ code: 'INVALID_REQUEST' })
  }
  expect(w.simulator.requests).toEqual([])
})
