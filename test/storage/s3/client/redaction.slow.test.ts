import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import * as S3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { encodings, holds } from '../../../fakes/encodings.js'
import { needs, type ObjectState } from '../world.js'

const credentials = {
  accessKeyId: 'AKIDEXAMPLEEXAMPLE01',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: `IQoJb3JpZ2luX2VjE${'aB3+/dE='.repeat(20)}`,
}
const secrets = Object.values(credentials)

/** What the server repeats, wherever an answer has room for words. */
let echo = ''
let kind: 'error' | 'page' | 'redirect' | 'root' | 'object' = 'error'
let status = 403
let server: Server
let endpoint = ''
/** What S3 was sent that is secret as well. */
const signatures: string[] = []

const object = { etag: '"e"', 'last-modified': 'Fri, 20 Oct 2023 12:00:00 GMT', 'content-length': '1' }

const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function errorDocument(request: IncomingMessage): string {
  const fields = ['Message', 'Resource', 'RequestId', 'HostId', 'Region', 'Endpoint', 'Token-0', 'AWSAccessKeyId']
  const signed = ['StringToSign', 'CanonicalRequest', 'SignatureProvided']
  return `<?xml version="1.0"?><Error><Code>${kind === 'error' ? 'InvalidToken' : xml(echo)}</Code>${fields
    .map((name) => `<${name}>${xml(echo)}</${name}>`)
    .join(
      '',
    )}${signed.map((name) => `<${name}>${xml(String(request.headers.authorization))}</${name}>`).join('')}</Error>`
}

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    const { authorization = '' } = request.headers
    signatures.push(authorization.slice(authorization.indexOf('Signature=') + 10))
    // A header takes no more than printable characters.
    const header = /^[\t\x20-\x7e]*$/.test(echo) ? echo.trim() : 'id'
    response.writeHead(status, {
      'x-amz-request-id': header,
      'x-amz-id-2': header,
      'x-amz-bucket-region': header,
      'x-amz-version-id': header,
      ...(kind === 'object' ? object : { 'x-amz-delete-marker': 'true' }),
      ...(kind === 'redirect' ? { location: `https://elsewhere.example/${encodeURIComponent(echo)}?x=${header}` } : {}),
    })
    const body =
      kind === 'page'
        ? `<html><body>${xml(echo)}</body></html>`
        : kind === 'root'
          ? `<${echo.replace(/[^\w.-]/g, '')}/>`
          : errorDocument(request)
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
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
const works: Readonly<Record<string, (adapter: S3StorageAdapter) => Promise<unknown>>> = {
  head: (adapter) => adapter.head(ref),
  list: async (adapter) => {
    for await (const _ of adapter.list('')) return
  },
  mergeTags: (adapter) => adapter.mergeTags(ref, { a: 'b' }),
  putLegalHold: (adapter) => adapter.putLegalHold(ref, 'ON'),
  replaceMetadata: (adapter) => adapter.replaceMetadata(state, { a: 'b' }),
  readContent: async (adapter) => {
    for await (const _ of adapter.readContent?.(ref) ?? []) return
  },
}

const clients: Readonly<Record<string, () => Partial<S3StorageOptions>>> = {
  'the fast path': () => ({ credentials }),
  'credentials of a function': () => ({ credentials: async () => credentials }),
  'a client of its own': () => ({
    client: new S3.S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true }),
    endpoint: undefined,
    region: undefined,
  }),
}

function everythingIn(error: unknown): string {
  const { message, cause } = error as Error
  const shown = inspect(error, { depth: 20, showHidden: true })
  return [message, JSON.stringify(error), shown, cause === undefined ? '' : everythingIn(cause)].join('\n')
}

function expectNoSecret(error: unknown): void {
  // Stacks name the files of this machine, which decode to anything.
  const text = everythingIn(error).replace(/^ +at .*$/gm, '')
  for (const secret of secrets) expect(holds(text, secret)).toBe(false)
  for (const signature of signatures) if (signature !== '') expect(text).not.toContain(signature)
}

function adapterOf(options: Partial<S3StorageOptions>): S3StorageAdapter {
  const settings = { bucket: 'evidence', region: 'us-east-1', endpoint, retry: { retries: 0 }, ...options }
  return new S3StorageAdapter(settings as S3StorageOptions)
}

async function failure(work: Promise<unknown>): Promise<LegalHoldError | undefined> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error !== undefined && !LegalHoldError.isInstance(error)) throw error
  return error
}

describe.each(Object.entries(clients))('an S3 server that repeats secrets, through %s', (_, options) => {
  test.each(Object.entries(encodings))('%s, never makes an error hold one', async (_, encode) => {
    const adapter = adapterOf(options())
    let turn = 0
    for (const answer of ['error', 'page', 'redirect', 'root'] as const) {
      kind = answer
      status = answer === 'redirect' ? 307 : answer === 'root' ? 200 : 403
      turn += 1
      echo = `before ${encode(secrets[turn % secrets.length] ?? '')} after`
      const [name, work] = Object.entries(works)[turn % Object.keys(works).length] ?? []
      const error = await failure(work?.(adapter) ?? Promise.resolve())
      // Some answers of 200 say all that they have to.
      if (answer !== 'root') expect(error, name).toBeDefined()
      if (error !== undefined) expectNoSecret(error)
    }
    adapter.close()
  })

  test.each(Object.entries(works))('%s shows none in its first error', async (_, work) => {
    kind = 'error'
    status = 403
    echo = `${credentials.sessionToken} ${Buffer.from(credentials.secretAccessKey).toString('base64')}`
    const adapter = adapterOf(options())
    expectNoSecret(await failure(work(adapter)))
    adapter.close()
  })

  test('shows none as the id of a request that was answered', async () => {
    const adapter = adapterOf(options())
    for (const secret of secrets) {
      kind = 'object'
      status = 200
      echo = `tx-${secret}`
      const found = await adapter.head(ref)
      expect(found).toMatchObject({ found: true, state: { etag: '"e"', requestId: 'tx-[redacted]' } })
    }
    adapter.close()
  })

  test('shows none in what is found of a bucket', async () => {
    kind = 'error'
    status = 403
    echo = credentials.sessionToken
    const adapter = adapterOf(options())
    const found = await adapter.inspectBucket(needs())
    for (const secret of secrets) expect(holds(JSON.stringify(found), secret)).toBe(false)
    adapter.close()
  })
})
