import { afterEach, describe, expect, test } from 'vitest'
import { S3StorageAdapter } from '#src/s3.js'
import { answering } from '../../../fakes/http-server.js'

const bucket = 'evidence'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server of objects that differ by their keys and version ids only; `answerOf` says whose answer a HEAD gets. */
async function world(settings: {
  readonly transport: 'auto' | 'sdk'
  readonly versionOf: (key: string) => string
  readonly answerOf?: (key: string, count: number) => string
  readonly listsVersions?: boolean
}) {
  const { transport, versionOf, answerOf = (key) => key, listsVersions = true } = settings
  const heads = new Map<string, number>()
  let lists = 0
  let answers = 0
  const server = await answering((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    answers += 1
    response.setHeader('x-amz-request-id', `r${answers}`)
    if (request.method === 'HEAD') {
      const key = url.pathname.slice(bucket.length + 2)
      const count = (heads.get(key) ?? 0) + 1
      heads.set(key, count)
      response
        .writeHead(200, {
          ETag: '"9b2cf535f27731c974343645a3985328"',
          'Last-Modified': 'Fri, 20 Oct 2023 12:00:00 GMT',
          'Content-Length': '4',
          'x-amz-version-id': versionOf(answerOf(key, count)),
        })
        .end()
      return
    }
    lists += 1
    const key = url.searchParams.get('prefix') ?? ''
    const version = `<Version><Key>${key}</Key><VersionId>${versionOf(key)}</VersionId><IsLatest>true</IsLatest></Version>`
    const page = `<ListVersionsResult><Name>${bucket}</Name><Prefix>${key}</Prefix><IsTruncated>false</IsTruncated>${version}</ListVersionsResult>`
    const refusal = '<Error><Code>NotImplemented</Code><Message>Not here.</Message></Error>'
    response
      .writeHead(listsVersions ? 200 : 501, { 'Content-Type': 'application/xml' })
      .end(listsVersions ? page : refusal)
  })
  const storage = new S3StorageAdapter({
    bucket,
    endpoint: server.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    transport,
    retry: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
  })
  closing.push(() => {
    storage.close()
    return server.close()
  })
  const head = async (key: string) => {
    const answer = await storage.head({ bucket, key })
    return answer.found ? answer.state.versionId : undefined
  }
  return { head, lists: () => lists }
}

const ownVersion = (key: string) => `version-of-${key}`

describe.each(['auto', 'sdk'] as const)('a version id that two keys were answered with, transport %s', (transport) => {
  test('is not believed of the key whose list does not show it', async () => {
    const { head } = await world({ transport, versionOf: ownVersion, answerOf: (key) => (key === 'b' ? 'a' : key) })
    expect(await head('a')).toBe('version-of-a')
    await expect(head('b')).rejects.toMatchObject({
      code: 'STORAGE_RESPONSE_INVALID',
      message: expect.stringContaining('was answered with a version of s3://evidence/a'),
    })
  })

  test('is told by its owner, where that is read later', async () => {
    const isSwapped = (key: string, count: number) => (key === 'b' && count === 1 ? 'a' : key)
    const { head } = await world({ transport, versionOf: ownVersion, answerOf: isSwapped })
    // Nothing contradicts it yet.
    expect(await head('b')).toBe('version-of-a')
    await expect(head('a')).rejects.toMatchObject({
      code: 'STORAGE_RESPONSE_INVALID',
      message: expect.stringContaining('The HEAD of s3://evidence/b was answered before with a version of'),
    })
  })

  test('says nothing on a server whose keys share their ids', async () => {
    const { head, lists } = await world({ transport, versionOf: () => '1' })
    for (const key of ['a', 'b', 'c', 'd']) expect(await head(key)).toBe('1')
    expect(lists()).toBe(2)
  })

  test('says nothing where no list can tell', async () => {
    const { head } = await world({ transport, versionOf: () => '1', listsVersions: false })
    for (const key of ['a', 'b', 'c']) expect(await head(key)).toBe('1')
  })
})
