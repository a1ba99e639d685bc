import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ObjectState } from '../../../../src/model/object.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../../../src/s3.js'
import type { ResolvedClient } from '../../../../src/storage/s3/client/eligible.js'
import { S3Requests } from '../../../../src/storage/s3/send/requests.js'
import { CallCodec, type CallInput, type FastOperation } from '../../../../src/storage/s3/wire/calls.js'
import { capture } from '../../../../src/storage/s3/wire/capture.js'
import { type Connection, GivenConnection } from '../../../../src/storage/s3/wire/connections.js'
import { openSession } from '../../../../src/storage/s3/wire/session.js'
import { SigningKeys } from '../../../../src/storage/s3/wire/signature.js'
import { FastTransport } from '../../../../src/storage/s3/wire/transport.js'
import { adapterBySdk, failure, S3, simulated, upload, type World } from '../world.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closing.splice(0).reverse()) await close()
})

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const bucket = 'evidence'

async function opened(config: S3.S3ClientConfig = {}) {
  const client = new S3.S3Client({ region: 'eu-west-1', credentials, maxAttempts: 1, ...config })
  closing.push(() => client.destroy())
  const resolved = client as unknown as ResolvedClient
  const session = await openSession(S3, resolved, { bucket }, new SigningKeys())
  if (session === undefined) throw new Error('there is no session')
  const codec = await CallCodec.open(S3, resolved, session, bucket)
  return { client, resolved, session, codec }
}

const isWellFormed = (one: string) => !/\p{Surrogate}/u.test(one)
const printable = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/)
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter(isWellFormed)
const key = fc.oneof(
  text,
  fc
    .array(
      fc.constantFrom('/', '.', '..', ' ', '+', '%', '%2F', '?', '#', '&', '=', "'", '(', '*', '!', '~', 'ä', 'a'),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
)
const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const tagSet = fc.array(fc.record({ Key: text, Value: text }), { maxLength: 10 })
const at = { Key: key, VersionId: maybe(text) }

const inputs: Record<FastOperation, fc.Arbitrary<CallInput>> = {
  CopyObject: fc.record({
    Key: key,
    CopySource: fc
      .tuple(key, text)
      .map(([from, version]) => `b/${encodeURIComponent(from)}?versionId=${encodeURIComponent(version)}`),
    MetadataDirective: fc.constant('REPLACE'),
    TaggingDirective: fc.constant('COPY'),
    Metadata: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), printable, { maxKeys: 5 }),
    ContentType: maybe(printable),
    ContentDisposition: maybe(printable),
    CacheControl: maybe(printable),
    StorageClass: maybe(fc.constantFrom('STANDARD_IA', 'GLACIER_IR')),
    ServerSideEncryption: maybe(fc.constantFrom('AES256', 'aws:kms')),
    SSEKMSKeyId: maybe(printable),
    BucketKeyEnabled: maybe(fc.boolean()),
    ChecksumAlgorithm: maybe(fc.constantFrom('SHA256', 'CRC32', 'CRC64NVME')),
    ObjectLockLegalHoldStatus: maybe(fc.constantFrom('ON', 'OFF')),
    ObjectLockMode: maybe(fc.constantFrom('GOVERNANCE', 'COMPLIANCE')),
    ObjectLockRetainUntilDate: maybe(date),
    CopySourceIfMatch: maybe(printable),
    IfMatch: maybe(printable),
    GrantRead: maybe(printable),
    ExpectedBucketOwner: maybe(fc.stringMatching(/^\d{12}$/)),
  }),
  GetObjectTagging: fc.record(at),
  PutObjectTagging: fc.record({ ...at, Tagging: tagSet.map((TagSet) => ({ TagSet })) }),
  GetObjectLegalHold: fc.record(at),
  PutObjectLegalHold: fc.record({ ...at, LegalHold: fc.record({ Status: fc.constantFrom('ON', 'OFF') }) }),
  GetObjectRetention: fc.record(at),
  PutObjectRetention: fc.record({
    ...at,
    Retention: fc.record({ Mode: fc.constantFrom('GOVERNANCE', 'COMPLIANCE'), RetainUntilDate: date }),
    BypassGovernanceRetention: maybe(fc.boolean()),
  }),
  GetObjectAcl: fc.record(at),
  ListObjectVersions: fc.record({
    Prefix: key,
    MaxKeys: maybe(fc.integer({ min: 1, max: 1000 })),
    EncodingType: fc.constant('url'),
    KeyMarker: maybe(key),
    VersionIdMarker: maybe(text),
  }),
}
const operations = Object.keys(inputs) as FastOperation[]
const anyCall = fc.constantFrom(...operations).chain((operation) => fc.tuple(fc.constant(operation), inputs[operation]))

const commandOf = (operation: FastOperation, input: CallInput) =>
  new (S3[`${operation}Command`] as unknown as new (given: CallInput) => object)(input)

const slowAdapter = (settings: S3StorageOptions): S3StorageAdapter => {
  const { adapter, close } = adapterBySdk(settings)
  closing.push(close)
  return adapter
}

describe('a call past the SDK', () => {
  test('is the request that the SDK would send, whatever its input and the settings of its client', async () => {
    const settings = fc.record({
      forcePathStyle: fc.boolean(),
      useDualstackEndpoint: fc.boolean(),
      requestChecksumCalculation: fc.constantFrom('WHEN_REQUIRED' as const, 'WHEN_SUPPORTED' as const),
      sessionToken: maybe(fc.stringMatching(/^[A-Za-z0-9+/=]{1,40}$/)),
    })
    let compared = 0
    await fc.assert(
      fc.asyncProperty(settings, fc.array(anyCall, { minLength: 1, maxLength: 8 }), async (given, calls) => {
        const { sessionToken, ...config } = given
        const { resolved, session, codec } = await opened({
          ...config,
          credentials: { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) },
        })
        for (const [operation, input] of calls) {
          const whole = { Bucket: bucket, ...input }
          const call = await codec?.render(operation, whole, undefined)
          const captured = await capture(resolved, commandOf(operation, whole))
          expect(call, `${operation} ${JSON.stringify(input)}`).toBeDefined()
          if (call === undefined || captured === undefined) continue
          expect(session.isSame(captured, call), `${operation} ${JSON.stringify({ input, call, captured })}`).toBe(true)
          const { path, own = [], fixed, authorization } = session.call(call)
          expect(path.startsWith(captured.path)).toBe(true)
          // Signed is what the SDK signs of it, but for those and the length.
          const signedBy = (header = '') => /SignedHeaders=([^,]+)/.exec(header)?.[1]?.split(';') ?? []
          const notHere = ['amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-user-agent', 'content-length']
          expect(signedBy(authorization)).toEqual(
            signedBy(captured.headers.authorization).filter((name) => !notHere.includes(name)),
          )
          // Nothing that the SDK says is left unsaid but who it is and which attempt this is, and the length, which undici says.
          const said = new Set([...own, ...fixed.list].filter((_, index) => index % 2 === 0))
          const unsaid = Object.keys(captured.headers).filter((name) => !said.has(name))
          const mayBe = ['amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-user-agent', 'authorization', 'host']
          expect(unsaid.filter((name) => !mayBe.includes(name) && name !== 'content-length')).toEqual([])
          compared += 1
        }
      }),
      { numRuns: 60 },
    )
    expect(compared).toBeGreaterThan(100)
  })

  test('is left to the SDK where that does what is not done here', async () => {
    const { codec } = await opened()
    const copy = { Bucket: bucket, Key: 'k', CopySource: 'b/k' }
    const render = (input: CallInput, raw?: Record<string, string>) => codec?.render('CopyObject', input, raw)
    expect(await render(copy)).toBeDefined()
    expect(await render({ ...copy, SSECustomerKey: 'x', SSECustomerAlgorithm: 'AES256' })).toBeUndefined()
    expect(await render({ ...copy, CopySourceSSECustomerKey: 'x' })).toBeUndefined()
    expect(await render({ ...copy, Metadata: { a: '\u2013' } })).toBeUndefined()
    expect(await render({ ...copy, Metadata: { a: 'line\r\nX-Other: 1' } })).toBeUndefined()
    expect(await render({ ...copy, Metadata: { 'a:b': 'x' } })).toBeUndefined()
    expect(await render(copy, { expires: 'Fri, 01 Jan 2100\n' })).toBeUndefined()
    // The bytes of another encoding, one a character: they are signed as they are sent.
    expect((await render({ ...copy, Metadata: { a: 'Ã¤' } }))?.headers).toMatchObject({ 'x-amz-meta-a': 'Ã¤' })
    const put = { Bucket: bucket, Key: 'k', Tagging: { TagSet: [] }, ChecksumAlgorithm: 'SHA256' }
    expect(await codec?.render('PutObjectTagging', put, undefined)).toBeUndefined()
  })

  test('is not made where the client renders anything else than is rendered here', async () => {
    const { client, resolved, session } = await opened()
    const reopened = () => CallCodec.open(S3, resolved, session, bucket)
    expect(await reopened()).toBeDefined()
    client.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> }
        headers['x-amz-meta-added'] = 'by somebody'
        return next(args)
      },
      { step: 'build', name: 'adds' },
    )
    expect(await reopened()).toBeUndefined()
    const { protocol: _, ...older } = resolved.config as object as Record<string, unknown>
    expect(await CallCodec.open(S3, { ...resolved, config: older } as never, session, bucket)).toBeUndefined()
  })
})

const escaped = (value: string) => value.replace(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`)
// XML carries no control characters, and its readers do not agree on blanks at the ends.
const xmlText = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }).map((one) => escaped(one.trim()))
const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const tagXml = fc.tuple(xmlText, xmlText).map(([k, v]) => `<Tag><Key>${k}</Key><Value>${v}</Value></Tag>`)
const isoDate = date.map((one) => one.toISOString())
const version = fc
  .tuple(fc.constantFrom('Version', 'DeleteMarker'), xmlText, xmlText, isoDate, fc.boolean())
  .map(([kind, k, id, when, latest]) => {
    const content =
      kind === 'Version' ? '<ETag>&quot;e&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass>' : ''
    return `<${kind}><Key>${k}</Key><VersionId>${id}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${when}</LastModified>${content}</${kind}>`
  })
const grant = fc
  .tuple(xmlText, fc.constantFrom('READ', 'FULL_CONTROL'))
  .map(
    ([id, permission]) =>
      `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${id}</ID></Grantee><Permission>${permission}</Permission></Grant>`,
  )
const list = (one: fc.Arbitrary<string>) => fc.array(one, { maxLength: 4 }).map((parts) => parts.join(''))

const answers: Record<FastOperation, fc.Arbitrary<string>> = {
  CopyObject: fc
    .tuple(xmlText, isoDate)
    .map(
      ([tag, when]) =>
        `<CopyObjectResult ${xmlns}><ETag>${tag}</ETag><LastModified>${when}</LastModified></CopyObjectResult>`,
    ),
  GetObjectTagging: list(tagXml).map((tags) => `<Tagging ${xmlns}><TagSet>${tags}</TagSet></Tagging>`),
  PutObjectTagging: fc.constant(''),
  GetObjectLegalHold: fc
    .constantFrom('ON', 'OFF')
    .map((on) => `<LegalHold ${xmlns}><Status>${on}</Status></LegalHold>`),
  PutObjectLegalHold: fc.constant(''),
  GetObjectRetention: isoDate.map(
    (when) => `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${when}</RetainUntilDate></Retention>`,
  ),
  PutObjectRetention: fc.constant(''),
  GetObjectAcl: list(grant).map(
    (grants) =>
      `<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`,
  ),
  ListObjectVersions: list(version).map(
    (entries) =>
      `<ListVersionsResult ${xmlns}><Name>b</Name><IsTruncated>false</IsTruncated>${entries}</ListVersionsResult>`,
  ),
}

/** What the SDK makes of an answer. */
async function bySdk(operation: FastOperation, status: number, headers: Record<string, string>, body: Buffer) {
  const client = new S3.S3Client({
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({ response: { statusCode: status, headers: { ...headers }, body } }),
    } as never,
  })
  const input = { Bucket: bucket, Key: 'k', CopySource: 'b/k', Tagging: { TagSet: [] } }
  const send = client.send.bind(client) as (command: object) => Promise<Record<string, unknown>>
  const { $metadata: _, ...output } = await send(commandOf(operation, input))
  return output
}

describe('an answer past the SDK', () => {
  const anyAnswer = fc
    .constantFrom(...operations)
    .chain((operation) =>
      fc.tuple(
        fc.constant(operation),
        answers[operation],
        fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>\n'),
      ),
    )

  test('says what the SDK reads in it', async () => {
    const { codec } = await opened()
    await fc.assert(
      fc.asyncProperty(anyAnswer, maybe(printable), async ([operation, xml, declaration], versionId) => {
        const body = Buffer.from(xml === '' ? '' : declaration + xml)
        const headers = {
          'x-amz-request-id': 'R1',
          'content-type': 'application/xml',
          ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
        }
        const read = await codec?.read(operation, {
          status: 200,
          rawHeaders: Object.entries(headers).flat(),
          body: [body],
        })
        expect(read, xml).toBeDefined()
        const { $metadata: _, ...output } = (read?.output ?? {}) as unknown as Record<string, unknown>
        expect(output).toEqual(await bySdk(operation, 200, headers, body))
        expect(read?.headers).toMatchObject(headers)
      }),
      { numRuns: 300 },
    )
  })

  test('that there is no hold is the error that the SDK makes of it', async () => {
    const { codec } = await opened()
    const body = [Buffer.from('<Error><Code>NoSuchObjectLockConfiguration</Code><Message>No.</Message></Error>')]
    const rawHeaders = ['content-type', 'application/xml', 'x-amz-request-id', 'R7']
    const read = await codec?.read('GetObjectLegalHold', { status: 404, rawHeaders, body })
    expect(read?.error).toMatchObject({
      name: 'NoSuchObjectLockConfiguration',
      $metadata: { httpStatusCode: 404, requestId: 'R7' },
      $response: { headers: { 'x-amz-request-id': 'R7' } },
    })
    expect(await codec?.read('GetObjectLegalHold', { status: 404, rawHeaders, body: [] })).toBeUndefined()
  })

  test('that was cut off, or is something else, is left to it', async () => {
    const { codec } = await opened()
    const rawHeaders = ['content-type', 'application/xml']
    await fc.assert(
      fc.asyncProperty(anyAnswer, fc.double({ min: 0, max: 0.999, noNaN: true }), async ([operation, xml], part) => {
        const body = Buffer.from(xml.slice(0, Math.floor(xml.length * part)))
        const read = await codec?.read(operation, { status: 200, rawHeaders, body: [body] })
        if (xml !== '') expect(read).toBeUndefined()
      }),
      { numRuns: 200 },
    )
    for (const operation of operations) {
      const read = (status: number, xml: string, headers = rawHeaders) =>
        codec?.read(operation, { status, rawHeaders: headers, body: [Buffer.from(xml)] })
      expect(await read(200, '<Error><Code>InternalError</Code></Error>')).toBeUndefined()
      expect(await read(200, '<html><body>Welcome</body></html>')).toBeUndefined()
      expect(await read(200, ' ')).toBeUndefined()
      expect(await read(204, '')).toBeUndefined()
      expect(await read(503, '<Error><Code>SlowDown</Code></Error>')).toBeUndefined()
      expect(await read(200, '', ['Content-Type', 'text/html; charset=utf-8'])).toBeUndefined()
    }
  })
})

/** A server that gives bytes for an answer to all but HEAD, and what it was asked. */
async function answering(answer: string) {
  const asked: string[] = []
  const server = createServer((request) => {
    request.resume()
    request.on('end', () => {
      if (request.method !== 'HEAD') asked.push('amz-sdk-request' in request.headers ? 'SDK' : 'past it')
      request.socket.write(request.method === 'HEAD' ? 'HTTP/1.1 404 Not Found\r\n\r\n' : Buffer.from(answer, 'latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const requests = new S3Requests(bucket, { endpoint, region: 'eu-west-1', credentials, attemptTimeoutMs: 5_000 })
  closing.push(() => requests.close())
  return { requests, asked }
}

describe('an answer on its way', () => {
  const tags = (body: string, ...headers: string[]) =>
    ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n')
  const tagging = '<Tagging><TagSet></TagSet></Tagging>'
  const call = { stage: 'remediate' } as const

  test('after 100 Continue fails one attempt, and is read by the SDK in the next', async () => {
    const { requests, asked } = await answering(`HTTP/1.1 100 Continue\r\n\r\n${tags(tagging)}`)
    expect(await failure(requests.send('GetObjectTagging', { Key: 'k' }, call))).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
    })
    expect((await requests.send('GetObjectTagging', { Key: 'k' }, call)).output.TagSet).toEqual([])
    expect(asked).toEqual(['past it', 'SDK'])
  })

  test('bears the request id that the SDK would name', async () => {
    const ids = ['x-amz-request-id: third', 'x-amzn-request-id: second', 'x-amzn-requestid: first']
    for (const [at, expected] of ['third', 'second', 'first'].entries()) {
      for (const isFaithful of [false, true]) {
        const { requests, asked } = await answering(tags(tagging, ...ids.slice(0, at + 1)))
        expect((await requests.send('GetObjectTagging', { Key: 'k' }, { ...call, isFaithful })).requestId).toBe(
          expected,
        )
        expect(asked).toEqual([isFaithful ? 'SDK' : 'past it'])
      }
    }
  })

  test('with half a character at its end is refused as by the SDK', async () => {
    const { requests } = await answering(tags(`${tagging}\xa0`))
    expect(await failure(requests.send('GetObjectTagging', { Key: 'k' }, call))).toMatchObject({
      code: 'STORAGE_RESPONSE_INVALID',
    })
  })
})

describe('a repair', () => {
  const world = async (): Promise<World> => {
    const made = await simulated({ bucket: { versioning: 'Enabled', objectLock: true } })
    closing.push(() => made.close())
    return made
  }

  test('goes past the SDK with all of its requests, and leaves the same as by the SDK', async () => {
    const left: unknown[] = []
    for (const isFast of [true, false]) {
      const w = await world()
      await upload(w, 'org/a', 'x', { Tagging: 'a=b', Metadata: { team: 'claims' }, ContentType: 'audio/ogg' })
      const adapter = isFast ? w.adapter() : slowAdapter({ ...w.settings, bucket: w.bucket, endpoint: w.endpoint })
      w.simulator.clearRequests()
      const before = await adapter.head({ bucket: w.bucket, key: 'org/a' }, { full: true })
      if (!before.found) throw new Error('it is not there')
      await adapter.replaceMetadata(before.state, { team: 'claims', 'legal-hold-tag': 'm' })
      await adapter.mergeTags({ bucket: w.bucket, key: 'org/a' }, { 'legal-hold': 'm' })
      await adapter.putLegalHold({ bucket: w.bucket, key: 'org/a' }, 'ON')
      await adapter.putRetention(
        { bucket: w.bucket, key: 'org/a' },
        { mode: 'GOVERNANCE', retainUntilDate: new Date(Date.now() + 86_400_000).toISOString() },
      )
      const bySdk = w.simulator.requests.filter(({ headers }) => headers.has('amz-sdk-request'))
      const names = [...new Set(bySdk.map(({ operation }) => operation))]
      if (isFast) expect(names.filter((name) => operations.includes(name as FastOperation))).toEqual([])
      else expect(names).toEqual(expect.arrayContaining(['CopyObject', 'PutObjectTagging', 'PutObjectRetention']))
      const after = await adapter.head({ bucket: w.bucket, key: 'org/a' }, { full: true })
      const {
        versionId: _,
        lastModified: __,
        requestId: ___,
        retention,
        ...state
      } = after.found ? after.state : ({} as ObjectState)
      left.push({
        state: { ...state, bucket: '' },
        mode: (retention as { mode: string }).mode,
        counts: w.simulator.counts(),
      })
    }
    expect(left[0]).toEqual(left[1])
  })
})

describe('what goes wrong with a change', () => {
  type Answer = (response: ServerResponse, request: IncomingMessage) => void
  const error =
    (status: number, code: string): Answer =>
    (response) =>
      response
        .writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'R9' })
        .end(`<Error><Code>${code}</Code><Message>No.</Message></Error>`)
  const mishaps: Record<string, Answer> = {
    'access denied': error(403, 'AccessDenied'),
    'slow down': error(503, 'SlowDown'),
    'internal error': error(500, 'InternalError'),
    'an error with status 200': error(200, 'InternalError'),
    'no such version': error(404, 'NoSuchVersion'),
    'no lock on the object': error(404, 'NoSuchObjectLockConfiguration'),
    'no bucket': error(404, 'NoSuchBucket'),
    'a 404 that nobody knows': error(404, 'Whatever'),
    'an empty 404': (response) => response.writeHead(404).end(),
    'a 404 in HTML': (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html></html>'),
    'a delete marker': (response) =>
      response
        .writeHead(404, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'm', 'content-type': 'application/xml' })
        .end('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><RequestId>R8</RequestId></Error>'),
    'an HTML page': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    'a body that nobody sent': (response) => response.writeHead(200).end('hello'),
    'an empty 403': (response) => response.writeHead(403).end(),
    'a connection that is reset': (response) => response.socket?.destroy(),
    'half of an answer': (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('<Tagging>')
      setTimeout(() => response.socket?.destroy(), 20)
    },
    'no answer': () => {},
  }

  test.each(Object.keys(mishaps))('%s means the same as by the SDK', async (name) => {
    let answer: Answer = () => {}
    const server = createServer((request, response) => {
      request.resume()
      request.on('end', () => answer(response, request))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const settings = { bucket, endpoint, region: 'eu-west-1', credentials, attemptTimeoutMs: 300 }
    const fast = new S3StorageAdapter(settings)
    closing.push(() => fast.close())
    const slow = slowAdapter(settings)
    answer = mishaps[name] as Answer
    const ref = { bucket, key: 'k', versionId: 'v' }
    const changes: ((adapter: S3StorageAdapter) => Promise<unknown>)[] = [
      (adapter) => adapter.putLegalHold(ref, 'ON'),
      (adapter) => adapter.mergeTags(ref, { a: 'b' }),
      (adapter) => adapter.putRetention(ref, { mode: 'COMPLIANCE', retainUntilDate: '2099-01-01T00:00:00.000Z' }),
    ]
    for (const change of changes) {
      const [quick, faithful] = [await failure(change(fast)), await failure(change(slow))]
      const essence = ({ code, stage, retryable, outcome, status, requestId, details, message }: typeof quick) => ({
        ...{ code, stage, retryable, outcome, status, requestId },
        message: code === 'NETWORK_ERROR' ? undefined : message,
        // How the network is said to have failed differs from one HTTP client to the next.
        details: code === 'NETWORK_ERROR' ? undefined : details,
      })
      expect(essence(quick)).toEqual(essence(faithful))
    }
  })

  test('nobody listening means the same as by the SDK', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await new Promise((resolve) => server.close(resolve))
    const settings = { bucket, endpoint, region: 'eu-west-1', credentials }
    const fast = new S3StorageAdapter(settings)
    closing.push(() => fast.close())
    const [quick, faithful] = [fast, slowAdapter(settings)].map((adapter) =>
      failure(adapter.putLegalHold({ bucket, key: 'k' }, 'ON')),
    )
    const { code, outcome, retryable } = (await faithful) as NonNullable<Awaited<typeof faithful>>
    expect(await quick).toMatchObject({ code, outcome, retryable })
  })

  test('credentials that are late do not send the requests after them by the SDK', async () => {
    const w = await simulated({ bucket: { versioning: 'Enabled' } })
    closing.push(() => w.close())
    await upload(w, 'org/a', 'x')
    let asked = 0
    const adapter = w.adapter({
      credentials: async () => {
        asked += 1
        if (asked <= 4) throw new Error('not yet')
        return w.settings.credentials as never
      },
    })
    const ref = { bucket: w.bucket, key: 'org/a' }
    for (let at = 0; at < 8; at += 1) await adapter.mergeTags(ref, { at: String(at) }).catch(() => {})
    w.simulator.clearRequests()
    await adapter.mergeTags(ref, { at: 'last' })
    expect(w.simulator.requests.filter(({ headers }) => headers.has('amz-sdk-request'))).toEqual([])
  })

  test('aborted in the middle, it may have been done', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const adapter = new S3StorageAdapter({ bucket, endpoint, region: 'eu-west-1', credentials })
    closing.push(() => adapter.close())
    const controller = new AbortController()
    server.on('request', () => controller.abort(new Error('enough')))
    const change = adapter.putLegalHold({ bucket, key: 'k' }, 'ON', { signal: controller.signal })
    expect(await failure(change)).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  })
})

test('each exchange has its own time, whatever that of the others', async () => {
  const silent: Connection = { dispatch: (_, handler) => handler.onConnect(() => {}), destroy() {} }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ extraMs: fc.constantFrom(0, 0, 0, 5, 50, 500), waitMs: fc.integer({ min: 0, max: 40 }) }), {
        minLength: 1,
        maxLength: 20,
      }),
      async (exchanges) => {
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
        const transport = new FastTransport(new GivenConnection(silent), 100)
        const request = { method: 'GET', path: '/', fixed: { list: [], text: '' }, authorization: '' } as const
        const lateMs: number[] = []
        for (const [at, { extraMs, waitMs }] of exchanges.entries()) {
          const dueAt = performance.now() + 100 + extraMs
          transport.send(request, undefined, extraMs).catch((error: Error) => {
            expect(error.message).toBe(`no answer within ${100 + extraMs} ms`)
            lateMs[at] = performance.now() - dueAt
          })
          await vi.advanceTimersByTimeAsync(waitMs)
        }
        await vi.advanceTimersByTimeAsync(1_000)
        vi.useRealTimers()
        expect(lateMs.length).toBe(exchanges.length)
        for (const late of lateMs) expect(late).toBeLessThanOrEqual(1)
        for (const late of lateMs) expect(late).toBeGreaterThanOrEqual(0)
      },
    ),
    { numRuns: 100 },
  )
})
