import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { S3StorageAdapter } from '#src/s3.js'
import { type AlteringServer, altering, withHeader, withText } from '../altering-server.js'
import { fullState, simulated, upload, type World } from '../world.js'

/* A server without versions may name an empty one in its answers: that is none. */

const transports = [
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
] as const

let world: World
let server: AlteringServer
let storage: S3StorageAdapter

async function serve(blank: string, transport: object): Promise<void> {
  server = await altering(world.endpoint, {
    response: (_, answer) =>
      withText(withHeader(answer, 'x-amz-version-id', blank), (text) =>
        text.replaceAll(/<VersionId>[^<]*<\/VersionId>/g, `<VersionId>${blank}</VersionId>`),
      ),
  })
  storage = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint, ...transport })
}

beforeEach(async () => {
  world = await simulated({ bucket: {} })
  await upload(world, 'k', 'content', { Tagging: 'a=1' })
})
afterEach(async () => {
  storage.close()
  await server.close()
  await world.close()
})

describe.each(transports)('a version that is named by nothing, %s', (_, transport) => {
  test.each(['', ' '])('is none in a HEAD and in a list: "%s"', async (blank) => {
    await serve(blank, transport)
    const state = await fullState(storage, 'k')
    expect(state).toMatchObject({ versionId: undefined, tags: { a: '1' } })
    const listed = []
    for await (const { key, versionId } of storage.listVersions('')) listed.push({ key, versionId })
    expect(listed).toEqual([{ key: 'k', versionId: 'null' }])
  })

  test.each(['', ' '])('is none in the answers to changes: "%s"', async (blank) => {
    await serve(blank, transport)
    const ref = { bucket: world.bucket, key: 'k' }
    const before = await fullState(storage, 'k')
    const tagged = await storage.mergeTags(ref, { b: '2' }, { fresh: before })
    expect(tagged.versionId).toBeUndefined()
    expect(tagged.after?.tags ?? (await fullState(storage, 'k')).tags).toEqual({ a: '1', b: '2' })
    const copied = await storage.replaceMetadata(await fullState(storage, 'k'), { hold: 'm1' })
    expect(copied.versionId).toBeUndefined()
    expect(await fullState(storage, 'k')).toMatchObject({ versionId: undefined, metadata: { hold: 'm1' } })
  })
})
