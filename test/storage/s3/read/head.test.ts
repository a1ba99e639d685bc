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

const limited = {
  accessKeyId: 'AKIALIMITED',
  secretAccessKey: 'limited-secret',
  arn: 'arn:aws:iam::123456789012:user/limited',
}
const limitedTo = (deny: readonly string[]) => ({ credentials: [{ ...limited, deny }] })

describe('what HEAD hides', () => {
  test('an absent lock field is OFF for a caller who may see it: each such object is asked, and none that shows it', async () => {
    const w = await world()
    for (const key of ['a', 'b', 'c']) await upload(w, key)
    const retained = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date('2040-01-01') } as const
    await upload(w, 'held', 'x', { ObjectLockLegalHoldStatus: 'ON', ...retained })
    const adapter = w.adapter()
    for (const key of ['a', 'b', 'c']) {
      const { found, ...rest } = await adapter.head({ bucket: w.bucket, key }, { lock: true, tags: true })
      expect(found).toBe(true)
      expect(rest).toMatchObject({ state: { legalHold: 'OFF', retention: 'none', tags: {} } })
    }
    await adapter.head({ bucket: w.bucket, key: 'held' }, { lock: true, tags: true })
    expect(w.simulator.counts()).toMatchObject({
      HeadObject: 4,
      GetObjectLegalHold: 3,
      GetObjectRetention: 3,
      GetObjectTagging: 1,
      GetObjectLockConfiguration: 1,
    })
  })

  test('where the bucket has no Object Lock no object is asked', async () => {
    const w = await world({ bucket: {} })
    await upload(w, 'k')
    const adapter = w.adapter()
    for (const _ of [1, 2]) {
      const answer = await adapter.head({ bucket: w.bucket, key: 'k' }, { lock: true })
      expect(answer).toMatchObject({ state: { legalHold: 'OFF', retention: 'none' } })
    }
    expect(w.simulator.counts()).not.toHaveProperty('GetObjectLegalHold')
    expect(w.simulator.counts()).toMatchObject({ HeadObject: 2, GetObjectLockConfiguration: 1 })
  })

  test('an absent lock field is unreadable for a caller who may not see it, although it is set', async () => {
    const w = await world(limitedTo(['s3:GetObjectLegalHold', 's3:GetObjectRetention']))
    await upload(w, 'k', 'x', { ObjectLockLegalHoldStatus: 'ON' })
    const adapter = w.adapter({ credentials: limited })
    const unreadable = { legalHold: 'unreadable', retention: 'unreadable' }
    expect(await fullState(adapter, 'k')).toMatchObject(unreadable)
    expect(await adapter.head({ bucket: w.bucket, key: 'k' }, { lock: true })).toMatchObject({ state: unreadable })
    expect(await fullState(w.adapter(), 'k')).toMatchObject({ legalHold: 'ON', retention: 'none' })
  })

  test.each([
    ['hidden', 'shown'],
    ['shown', 'hidden'],
  ])('what a policy hides of one object says nothing of another: %s first, then %s', async (...keys) => {
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: ['s3:GetObjectLegalHold', 's3:GetObjectRetention'],
          Resource: 'arn:aws:s3:::evidence/hidden*',
        },
      ],
    }
    const w = await world({ ...limitedTo([]), bucket: { objectLock: true, policy } })
    for (const key of keys) await upload(w, key, 'x')
    const adapter = w.adapter({ credentials: limited })
    const seen: Record<string, unknown> = {}
    for (const key of keys) {
      const answer = await adapter.head({ bucket: w.bucket, key }, { lock: true })
      if (answer.found) seen[key] = [answer.state.legalHold, answer.state.retention]
    }
    expect(seen).toEqual({ hidden: ['unreadable', 'unreadable'], shown: ['OFF', 'none'] })
  })

  test('before a copy each object is asked itself: a policy that hides one object costs it neither hold nor retention', async () => {
    const hides = (Action: string[]) => ({
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource: 'arn:aws:s3:::evidence/confidential*',
    })
    const policy = {
      Version: '2012-10-17',
      Statement: [hides(['s3:GetObjectLegalHold', 's3:GetObjectRetention'])],
    }
    const w = await world({ ...limitedTo([]), bucket: { objectLock: true, policy } })
    const retained = {
      ObjectLockLegalHoldStatus: 'ON',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date('2040-01-01'),
    } as const
    await upload(w, 'plain')
    await upload(w, 'confidential', 'x', retained)
    await upload(w, 'second')
    const adapter = w.adapter({ credentials: limited })
    expect(await fullState(adapter, 'plain')).toMatchObject({ legalHold: 'OFF', retention: 'none' })
    const hidden = await fullState(adapter, 'confidential')
    expect(hidden).toMatchObject({ legalHold: 'unreadable', retention: 'unreadable' })
    expect(await failure(adapter.replaceMetadata(hidden, { two: '2' }))).toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      details: { reason: 'lock-unreadable' },
    })
    expect(w.simulator.versions(w.bucket, 'confidential')).toHaveLength(1)
    // The refusal was that object's alone.
    expect(await fullState(adapter, 'second')).toMatchObject({ legalHold: 'OFF', retention: 'none' })
  })

  test('hidden tags are unreadable, not none', async () => {
    const w = await world(limitedTo(['s3:GetObjectTagging', 's3:GetObjectVersionTagging']))
    await upload(w, 'k', 'x', { Tagging: 'a=b' })
    expect((await fullState(w.adapter({ credentials: limited }), 'k')).tags).toBe('unreadable')
    expect({ ...((await fullState(w.adapter(), 'k')).tags as object) }).toEqual({ a: 'b' })
  })

  test('a hidden ACL is unreadable where ACLs are on, and no question where the bucket owner is enforced', async () => {
    const on = await world({
      ...limitedTo(['s3:GetObjectAcl', 's3:GetObjectVersionAcl']),
      bucket: { objectOwnership: 'ObjectWriter' },
    })
    await upload(on, 'k')
    expect((await fullState(on.adapter({ credentials: limited }), 'k')).acl).toBe('unreadable')
    const off = await world()
    await upload(off, 'k')
    expect((await fullState(off.adapter(), 'k')).acl).toBe('bucket-owner-enforced')
    expect(off.simulator.counts().GetObjectAcl).toBeUndefined()
  })

  test('metadata named like a member of Object.prototype is not lost', async () => {
    const w = await world()
    // The SDK would collect it into a plain object; so it is written past it.
    const command = new S3.PutObjectCommand({ Bucket: w.bucket, Key: 'k', Body: new Uint8Array(1) })
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> }
        headers['x-amz-meta-__proto__'] = 'p'
        headers['x-amz-meta-constructor'] = 'c'
        return next(args)
      },
      { step: 'build' },
    )
    await w.client.send(command)
    const { metadata } = await fullState(w.adapter(), 'k')
    expect(Object.entries(metadata).sort()).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
  })
})

describe('what is not there', () => {
  test('a refusal without s3:ListBucket is an error, never an absence', async () => {
    const w = await world(limitedTo(['s3:ListBucket']))
    const adapter = w.adapter({ credentials: limited })
    const refused = await failure(adapter.head({ bucket: w.bucket, key: 'missing' }))
    expect(refused).toMatchObject({ code: 'STORAGE_FORBIDDEN', retryable: false, status: 403 })
    expect(refused.message).toContain('s3:ListBucket')
  })

  test('a missing bucket is an error, not an absent object', async () => {
    const w = await world()
    const adapter = w.adapter({ bucket: 'elsewhere' })
    expect(await failure(adapter.head({ bucket: 'elsewhere', key: 'k' }))).toMatchObject({ code: 'BUCKET_NOT_FOUND' })
  })

  test('under several delete markers the newest version is named; a marker by its own id is one, too', async () => {
    const w = await world()
    const { VersionId } = await upload(w, 'k')
    await upload(w, 'k2')
    await w.client.send(new S3.DeleteObjectCommand({ Bucket: w.bucket, Key: 'k' }))
    const top = await w.client.send(new S3.DeleteObjectCommand({ Bucket: w.bucket, Key: 'k' }))
    const adapter = w.adapter()
    expect(await adapter.head({ bucket: w.bucket, key: 'k' })).toEqual({
      found: false,
      deleteMarker: true,
      versionId: top.VersionId,
      beneath: VersionId,
    })
    expect(await adapter.head({ bucket: w.bucket, key: 'k', versionId: top.VersionId })).toMatchObject({
      found: false,
      deleteMarker: true,
    })
    expect((await adapter.head({ bucket: w.bucket, key: 'k', versionId: VersionId })).found).toBe(true)
  })
})

describe('SSE-C', () => {
  const key = new Uint8Array(32).fill(7)
  const base64 = Buffer.from(key).toString('base64')

  test('is read and repaired with the key, and refused by name without it', async () => {
    const w = await world()
    await upload(w, 'k', 'secret', { SSECustomerAlgorithm: 'AES256', SSECustomerKey: base64, Metadata: { one: '1' } })
    expect(await failure(w.adapter().head({ bucket: w.bucket, key: 'k' }))).toMatchObject({
      code: 'STORAGE_REJECTED',
      details: { reason: 'sse-c' },
    })
    for (const sseCustomerKey of [key, base64]) {
      const adapter = w.adapter({ sseCustomerKey })
      const before = await fullState(adapter, 'k')
      await adapter.replaceMetadata(before, { ...before.metadata, two: '2' })
      const after = await fullState(adapter, 'k')
      expect({ ...after.metadata }).toEqual({ one: '1', two: '2' })
      expect(after.encryption.customerAlgorithm).toBe('AES256')
    }
  })
})
