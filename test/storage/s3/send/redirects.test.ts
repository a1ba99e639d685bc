import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { S3StorageAdapter } from '../../../../src/s3.js'
import { failure, type ObjectState } from '../world.js'

/** A server that sends everybody on to another one, which counts who comes. */
let redirecting: Server
let other: Server
let asked = 0
let status = 307
let body = ''
const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

beforeAll(async () => {
  other = createServer((request, response) => {
    asked += 1
    request.resume()
    response.end()
  })
  redirecting = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { location: `${addressOf(other)}${request.url?.split('?')[0]}?X-Amz-Signature=abc123` })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  await Promise.all([listen(other), listen(redirecting)])
})
afterEach(() => {
  asked = 0
})
afterAll(() => {
  for (const server of [redirecting, other]) {
    server.close()
    server.closeAllConnections()
  }
})

const ref = { bucket: 'evidence', key: 'k' }
const state: ObjectState = {
  ...ref,
  sizeBytes: 1,
  etag: '"0cc175b9c0f1b6a831c399e269772661"',
  metadata: {},
  missingMetadata: 0,
  headers: {},
  storageClass: 'STANDARD',
  encryption: { algorithm: 'AES256' },
  tagCount: 0,
  tags: {},
  legalHold: 'OFF',
  retention: 'none',
  acl: [],
}
const works: [string, (adapter: S3StorageAdapter) => Promise<unknown>][] = [
  ['HEAD', (adapter) => adapter.head(ref)],
  [
    'a listing',
    async (adapter) => {
      for await (const _ of adapter.list('')) return
    },
  ],
  ['a change of tags', (adapter) => adapter.mergeTags(ref, { a: 'b' })],
  ['a legal hold', (adapter) => adapter.putLegalHold(ref, 'ON')],
  ['a copy', (adapter) => adapter.replaceMetadata(state, { a: 'b' })],
]
const bodies = {
  'a document of S3':
    '<?xml version="1.0"?><Error><Code>TemporaryRedirect</Code><Message>Please re-send</Message><Endpoint>elsewhere.example</Endpoint></Error>',
  'a page': '<html><body>Moved</body></html>',
  nothing: '',
}

describe.each([301, 302, 303, 307, 308])('a redirect of S3 (%i)', (code) => {
  test.each(
    works.flatMap(([name, work]) => Object.entries(bodies).map(([what, text]) => [name, what, work, text] as const)),
  )('of %s, with %s, is not followed, and says where to', async (_, __, work, text) => {
    status = code
    body = text
    const adapter = new S3StorageAdapter({
      bucket: 'evidence',
      region: 'us-east-1',
      endpoint: addressOf(redirecting),
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'not-to-be-seen' },
      retry: { retries: 0 },
    })
    try {
      const error = await failure(work(adapter))
      expect(error.status).toBe(code)
      expect(['BUCKET_WRONG_REGION', 'STORAGE_REJECTED']).toContain(error.code)
      expect(error.message).toContain(`points to ${addressOf(other)}/`)
      expect(JSON.stringify(error)).not.toContain('abc123')
      expect(asked).toBe(0)
    } finally {
      adapter.close()
    }
  })
})
