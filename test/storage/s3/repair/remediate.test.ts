import { afterEach, describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import type { S3StorageAdapter } from '#src/s3.js'
import type { Fault } from '#src/testing/index.js'
import { FakePlatform } from '../../../fakes/platform.js'
import { repair, tag } from '../../../fakes/repair.js'
import { fullState, type PutInput, S3, simulated, upload } from '../world.js'

const worlds: { close(): Promise<void> }[] = []
const world = async (...options: Parameters<typeof simulated>) => {
  const made = await simulated(...options)
  worlds.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((made) => made.close()))
})

const error = (code: string) => `<Error><Code>${code}</Code><Message>no</Message></Error>`
const answer = (status: number, code: string) => ({ kind: 'respond', status, body: error(code) }) as const
const copy = { operation: 'CopyObject' }

describe('a repair on S3 whose copy fails', () => {
  test.each<[string, Fault['action'], number]>([
    ['503 before the work', answer(503, 'SlowDown'), 1],
    ['503 after the work', { kind: 'respond-after', status: 503, body: error('SlowDown') }, 1],
    ['200 with an error in it', answer(200, 'InternalError'), 1],
    ['a reset before the work', { kind: 'reset' }, 1],
    ['a reset after the work', { kind: 'reset-after' }, 1],
    ['409, somebody else writes', answer(409, 'ConditionalRequestConflict'), 3],
    ['412, somebody else wrote', answer(412, 'PreconditionFailed'), 3],
  ])('for a moment is repeated, and only the copy: %s', async (_, action, times) => {
    const w = await world()
    await upload(w, 'k', 'sound', { Metadata: { one: '1' }, Tagging: 'a=1' })
    w.simulator.faults.add({ match: copy, action, times })
    const { remediation } = await repair(w.adapter(), 'k')
    expect(remediation).toMatchObject({ outcome: 'repaired', attempts: times + 1 })
    const holds = w.simulator
      .versions(w.bucket, 'k')
      .map((version) => version.deleteMarker || version.legalHold === 'ON')
    expect(holds).toEqual([false, true])
    expect(w.simulator.counts().PutObjectLegalHold).toBe(1)
  })

  test.each([
    ['409', answer(409, 'ConditionalRequestConflict')],
    ['412', answer(412, 'PreconditionFailed')],
  ])('with %s each time is decided about anew a bounded number of times', async (_, action) => {
    const w = await world()
    await upload(w, 'k')
    w.simulator.faults.add({ match: copy, action, times: 1_000 })
    const { remediation } = await repair(w.adapter(), 'k', { retries: 5 })
    expect(remediation).toMatchObject({
      outcome: 'failed',
      attempts: 6,
      reason: expect.stringContaining('OBJECT_CHANGED'),
    })
    expect(w.simulator.counts().CopyObject).toBe(6)
    expect(w.simulator.versions(w.bucket, 'k')).toHaveLength(1)
  })

  test('with 501 to the condition on the destination is repeated without, for this and every later object', async () => {
    const w = await world()
    w.simulator.faults.add({ match: copy, action: answer(501, 'NotImplemented') })
    const adapter = w.adapter()
    for (const key of ['a', 'b']) {
      await upload(w, key)
      expect((await repair(adapter, key)).remediation).toMatchObject({ outcome: 'repaired', attempts: 1 })
    }
    const copies = w.simulator.requests.filter(({ operation }) => operation === 'CopyObject')
    expect(copies.map(({ headers }) => headers.has('if-match'))).toEqual([true, false, false])
  })
})

describe('the hold on the original', () => {
  const holds = (w: Awaited<ReturnType<typeof world>>) =>
    w.simulator.versions(w.bucket, 'k').map((version) => !version.deleteMarker && version.legalHold === 'ON')
  const page = (type: string) =>
    ({ kind: 'respond', status: 200, headers: { 'content-type': type }, body: '<html>Sign in</html>' }) as const

  test.each<[string, Fault['action']]>([
    ['a page', page('text/html; charset=utf-8')],
    ['a page that says it is XML', page('application/xml')],
    ['200 and nothing', { kind: 'respond', status: 200 }],
    ['503 before the work', answer(503, 'SlowDown')],
  ])('is put again until it shows, and nothing is copied before: %s', async (_, action) => {
    const w = await world()
    await upload(w, 'k')
    const put = { operation: 'PutObjectLegalHold' }
    w.simulator.faults.add({ match: put, action, times: 2 })
    const { remediation } = await repair(w.adapter(), 'k')
    expect(remediation).toMatchObject({ outcome: 'repaired', attempts: 3 })
    expect(holds(w)).toEqual([false, true])
  })

  test.each(['text/html', 'text/plain'])('that a proxy answers every time (%s) fails the repair', async (type) => {
    const w = await world()
    await upload(w, 'k')
    w.simulator.faults.add({ match: { operation: 'PutObjectLegalHold' }, action: page(type), times: 99 })
    const adapter = w.adapter()
    const { remediation } = await repair(adapter, 'k', { retries: 2 })
    expect(remediation).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('STORAGE_RESPONSE_INVALID'),
    })
    expect(holds(w)).toEqual([false])
    const put = adapter.putLegalHold({ bucket: w.bucket, key: 'k' }, 'ON')
    await expect(put).rejects.toMatchObject({
      code: 'STORAGE_RESPONSE_INVALID',
      outcome: 'unknown',
      retryable: true,
    })
    w.simulator.faults.add({ match: { operation: 'PutObjectRetention' }, action: page('text/html'), times: 99 })
    const retention = { mode: 'GOVERNANCE', retainUntilDate: '2040-01-01T00:00:00.000Z' } as const
    await expect(adapter.putRetention({ bucket: w.bucket, key: 'k' }, retention)).rejects.toMatchObject({
      code: 'STORAGE_RESPONSE_INVALID',
      outcome: 'unknown',
    })
  })
})

describe('a bucket that was never inspected', () => {
  test('without Object Lock costs one refused hold, and the repairs go on', async () => {
    const w = await world({ bucket: { versioning: 'Enabled' } })
    const adapter = w.adapter()
    for (const key of ['a', 'b']) {
      await upload(w, key)
      expect((await repair(adapter, key)).remediation.outcome).toBe('repaired')
    }
    expect(w.simulator.counts().PutObjectLegalHold).toBe(1)
  })

  test('without versioning is left as it is', async () => {
    const w = await world({ bucket: {} })
    await upload(w, 'k')
    const adapter = w.adapter()
    expect((await repair(adapter, 'k')).remediation).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('versioning-off'),
    })
    expect((await repair(adapter, 'k', { options: { allowOverwrite: true } })).remediation.outcome).toBe('repaired')
  })
})

describe('what cannot be kept', () => {
  test.each<[string, S3.PutObjectCommandInput['StorageClass'], object, string]>([
    ['a replica', 'STANDARD', { replicationStatus: 'REPLICA' }, 'replica'],
    ['unreadable metadata', 'STANDARD', { missingMetadata: 1 }, 'x-amz-missing-meta'],
    ['an archived object', 'GLACIER', {}, 'archived'],
  ])('leaves the object alone, and says why: %s', async (_, StorageClass, state, why) => {
    const w = await world()
    await upload(w, 'k', 'x', { Metadata: { 'legal-hold-tag': tag }, ...(StorageClass && { StorageClass }) })
    w.simulator.setObjectState(w.bucket, 'k', state)
    const requirements = { metadata: { 'legal-hold-tag': tag, second: 'x' }, tags: { hold: tag }, legalHold: true }
    const adapter = w.adapter()
    const before = await fullState(adapter, 'k')
    const { remediation, verdict } = await repair(adapter, 'k', { requirements })
    expect(`${verdict.reason} ${remediation.reason}`).toMatch(why === 'x-amz-missing-meta' ? /could not be read/ : why)
    expect(remediation.outcome).toBe('refused')
    expect(await fullState(adapter, 'k')).toMatchObject({ ...before, requestId: expect.anything() })
  })
})

describe('holds of several matters', () => {
  const two = { metadata: { 'legal-hold-tag': tag }, tags: { 'legal-hold': tag } }
  const others = { Metadata: { 'legal-hold-tag': 'matter-10, m-2' }, Tagging: 'legal-hold=matter-10%20m-2&team=y' }

  test("another matter's tag refuses the repair, a longer one that begins alike included", async () => {
    const w = await world()
    await upload(w, 'k', 'x', others)
    const { remediation, verdict } = await repair(w.adapter(), 'k', { requirements: two })
    expect([verdict.verdict, remediation.outcome]).toEqual(['conflicting', 'refused'])
    expect(w.simulator.versions(w.bucket, 'k')).toHaveLength(1)
  })

  test('are merged on request: with commas in metadata, with spaces in tags, each in its order', async () => {
    const w = await world()
    await upload(w, 'k', 'x', others)
    const adapter = w.adapter()
    const merge = { requirements: two, options: { onConflict: 'merge' } } as const
    expect((await repair(adapter, 'k', merge)).remediation.outcome).toBe('repaired')
    const after = await fullState(adapter, 'k')
    expect({ ...after.metadata }).toEqual({ 'legal-hold-tag': `matter-10, m-2,${tag}` })
    expect({ ...(after.tags as object) }).toEqual({ 'legal-hold': `matter-10 m-2 ${tag}`, team: 'y' })
    expect((await repair(adapter, 'k', merge)).remediation.outcome).toBe('not-needed')
  })
})

describe('a release on S3', () => {
  const requirements = { metadata: { 'legal-hold-tag': tag }, tags: { hold: tag }, legalHold: true }
  const release = async (adapter: S3StorageAdapter, allowUnlock: boolean) => {
    const retry = { minDelayMs: 1, maxDelayMs: 2 }
    const platform = new FakePlatform()
    const exporter = new LegalHoldExporter({ platform, storage: adapter, hold: { tag }, requirements, retry })
    const releases = []
    for await (const one of exporter.release(['k'], { reason: 'settled', allowUnlock })) releases.push(one)
    return releases
  }
  const mine: PutInput = {
    Metadata: { 'legal-hold-tag': tag, one: '1' },
    Tagging: `hold=${tag}&a=1`,
    ObjectLockLegalHoldStatus: 'ON',
    ContentType: 'audio/ogg',
  }

  test.each([
    ['503 after the work', { kind: 'respond-after', status: 503, body: error('SlowDown') } as const],
    ['409', answer(409, 'ConditionalRequestConflict')],
  ])('survives a copy that fails for a moment: %s', async (_, action) => {
    const w = await world()
    await upload(w, 'k', 'sound', mine)
    w.simulator.faults.add({ match: copy, action })
    const adapter = w.adapter()
    expect(await release(adapter, true)).toMatchObject([{ outcome: 'released', legalHold: 'OFF', remaining: [] }])
    const after = await fullState(adapter, 'k')
    expect(after).toMatchObject({ legalHold: 'OFF', headers: { contentType: 'audio/ogg' } })
    expect([{ ...after.metadata }, { ...(after.tags as object) }]).toEqual([{ one: '1' }, { a: '1' }])
    expect(w.simulator.versions(w.bucket, 'k')).toHaveLength(2)
  })

  test('keeps the hold without allowUnlock, and the last tag may leave an empty set', async () => {
    const w = await world()
    await upload(w, 'k', 'sound', { ...mine, Tagging: `hold=${tag}` })
    const adapter = w.adapter()
    expect(await release(adapter, false)).toMatchObject([{ outcome: 'released', legalHold: 'ON' }])
    expect({ ...((await fullState(adapter, 'k')).tags as object) }).toEqual({})
  })
})

test("versions: 'all' holds what lies beneath, on S3 as elsewhere", async () => {
  const w = await world()
  for (const body of ['1', '2', '3']) await upload(w, 'k', body)
  await upload(w, 'k2', 'a longer key is another object')
  const { remediation } = await repair(w.adapter(), 'k', { options: { versions: 'all' } })
  expect(remediation.outcome).toBe('repaired')
  const holds = (key: string) =>
    w.simulator.versions(w.bucket, key).map((version) => !version.deleteMarker && version.legalHold === 'ON')
  expect([holds('k'), holds('k2')]).toEqual([[false, true, true, true], [false]])
})

test('listVersions pages through long histories and never loops', async () => {
  const w = await world()
  for (let at = 0; at < 5; at += 1) await upload(w, 'k', `${at}`)
  await w.client.send(new S3.DeleteObjectCommand({ Bucket: w.bucket, Key: 'k' }))
  await upload(w, 'k2')
  const client = {
    send: (command: { input: object }, options?: never) => {
      if ((command as object) instanceof S3.ListObjectVersionsCommand) Object.assign(command.input, { MaxKeys: 2 })
      return w.client.send(command as never, options)
    },
  }
  const ids: string[] = []
  const adapter = w.adapter({ client: client as never })
  for await (const version of adapter.listVersions('k')) ids.push(`${version.key} ${version.versionId}`)
  const expected = ['k', 'k2'].flatMap((key) => w.simulator.versions(w.bucket, key).map((v) => `${key} ${v.versionId}`))
  expect(ids).toEqual(expected)
  const stuck = `<?xml version="1.0"?><ListVersionsResult><Name>evidence</Name><IsTruncated>true</IsTruncated></ListVersionsResult>`
  w.simulator.faults.add({
    action: { kind: 'respond', status: 200, body: stuck, headers: { 'content-type': 'application/xml' } },
  })
  await expect(w.adapter().listVersions('k')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'STORAGE_RESPONSE_INVALID',
  })
})
