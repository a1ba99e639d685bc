import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { LegalHoldError } from '../../../../src/model/errors.js'
import { S3StorageAdapter } from '../../../../src/s3.js'
import { failure, fullState, simulated, upload } from '../world.js'

let answer: (response: ServerResponse, method: string) => void = () => {}
let server: Server
let endpoint = ''
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    answer(response, request.method ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
afterEach(() => {
  vi.doUnmock('@aws-sdk/client-s3')
  vi.unstubAllEnvs()
})

const ref = { bucket: 'evidence', key: 'k' }
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'not-to-be-seen' }
const open = (options: object = {}) =>
  new S3StorageAdapter({
    bucket: 'evidence',
    region: 'us-east-1',
    endpoint,
    credentials,
    retry: { retries: 0 },
    ...options,
  })
const replies =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse, method: string) => {
    response.writeHead(status, { 'x-amz-request-id': 'REQ1', ...headers })
    response.end(method === 'HEAD' ? undefined : body)
  }
const error = (code: string, more = '') =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said S3</Message>${more}</Error>`
const firstKey = async (adapter: S3StorageAdapter) => {
  for await (const object of adapter.list('')) return object.key
  return undefined
}

describe('an answer of S3 as an error of this library', () => {
  test.each([
    [
      'another region',
      301,
      error('PermanentRedirect'),
      { 'x-amz-bucket-region': 'eu-west-1' },
      { code: 'BUCKET_WRONG_REGION', details: { region: 'eu-west-1' } },
    ],
    [
      'another region, by signature',
      400,
      error('AuthorizationHeaderMalformed', '<Region>eu-west-2</Region>'),
      {},
      { code: 'BUCKET_WRONG_REGION', details: { region: 'eu-west-2' } },
    ],
    ['no bucket', 404, error('NoSuchBucket'), {}, { code: 'BUCKET_NOT_FOUND', retryable: false }],
    [
      'no permission',
      403,
      error('AccessDenied'),
      {},
      { code: 'STORAGE_FORBIDDEN', details: { action: 's3:PutObjectLegalHold' } },
    ],
    [
      'an expired token',
      400,
      error('ExpiredToken', '<Token-0>not-to-be-seen</Token-0>'),
      {},
      { code: 'STORAGE_UNAUTHORIZED' },
    ],
    ['a wrong key', 403, error('InvalidAccessKeyId'), {}, { code: 'STORAGE_UNAUTHORIZED' }],
    [
      'a wrong clock',
      403,
      error('RequestTimeTooSkewed'),
      { date: 'Mon, 01 Jan 2024 00:00:00 GMT' },
      { code: 'CLOCK_SKEW', details: { serverTime: 'Mon, 01 Jan 2024 00:00:00 GMT' } },
    ],
    ['an archive tier', 403, error('InvalidObjectState'), {}, { code: 'OBJECT_ARCHIVED' }],
    [
      'a conflict',
      409,
      error('OperationAborted'),
      {},
      { code: 'OBJECT_CHANGED', retryable: true, outcome: 'not-applied' },
    ],
    [
      'SlowDown',
      503,
      error('SlowDown'),
      { 'retry-after': '7' },
      { code: 'STORAGE_THROTTLED', retryable: true, retryAfterMs: 7_000, outcome: 'unknown' },
    ],
    ['a bare 503', 503, '', {}, { code: 'STORAGE_THROTTLED', retryable: true }],
    [
      'an internal error',
      500,
      error('InternalError'),
      {},
      { code: 'STORAGE_UNAVAILABLE', retryable: true, outcome: 'unknown' },
    ],
    [
      'a gateway page',
      502,
      '<html>bad gateway</html>',
      { 'content-type': 'text/html' },
      { code: 'STORAGE_UNAVAILABLE', retryable: true, outcome: 'unknown' },
    ],
    ['an unknown operation', 501, error('NotImplemented'), {}, { code: 'STORAGE_UNSUPPORTED', outcome: 'not-applied' }],
    ['a refusal', 400, error('MalformedXML'), {}, { code: 'STORAGE_REJECTED', outcome: 'not-applied' }],
    ['a request timeout', 400, error('RequestTimeout'), {}, { code: 'TIMEOUT', retryable: true, outcome: 'unknown' }],
  ])('%s', async (_name, status, body, headers, expected) => {
    answer = replies(status, body, headers as Record<string, string>)
    const thrown = await failure(open().putLegalHold(ref, 'ON'))
    expect(thrown).toMatchObject({ ...expected, status, requestId: 'REQ1', stage: 'remediate' })
    expect(thrown.message).toContain('s3://evidence/k')
  })

  test('no secret of the request or of the answer is in the error, its cause or its JSON', async () => {
    answer = replies(400, error('ExpiredToken', '<Token-0>not-to-be-seen</Token-0>'))
    const caught = await open({ credentials: { ...credentials, sessionToken: 'not-to-be-seen' } })
      .putLegalHold(ref, 'ON')
      .catch((thrown: unknown) => thrown)
    const { inspect } = await import('node:util')
    expect(LegalHoldError.isInstance(caught)).toBe(true)
    expect(inspect(caught, { depth: 20, showHidden: true })).not.toContain('not-to-be-seen')
    expect(JSON.stringify(caught)).not.toContain('not-to-be-seen')
  })

  test('a HEAD, which has no body to name its error, is asked about once more', async () => {
    answer = replies(403, error('RequestTimeTooSkewed'))
    expect(await failure(open().head(ref))).toMatchObject({ code: 'CLOCK_SKEW' })
    answer = replies(400, error('ExpiredToken'))
    expect(await failure(open().head(ref))).toMatchObject({ code: 'STORAGE_UNAUTHORIZED' })
    answer = replies(400, '', { 'x-amz-bucket-region': 'eu-west-3' })
    expect(await failure(open().head(ref))).toMatchObject({
      code: 'BUCKET_WRONG_REGION',
      details: { region: 'eu-west-3' },
    })
  })
})

describe('an answer that is not from S3', () => {
  test.each([
    ['a page', '<html><body>Please log in</body></html>', { 'content-type': 'text/html' }],
    ['a page without a type', '<html><body>Please log in</body></html>', {}],
    ['nothing', '', {}],
    ['something else', 'not <<< xml', {}],
  ])('%s is never an empty listing', async (_name, body, headers) => {
    answer = replies(200, body, headers as Record<string, string>)
    expect(await failure(firstKey(open()))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID', retryable: true })
  })

  test('a HEAD without the headers of an object is no object', async () => {
    answer = replies(200, '', { 'content-type': 'text/html', 'content-length': '120' })
    expect(await failure(open().head(ref))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })

  test('a listing that goes on from nowhere is an error, not an end', async () => {
    answer = replies(200, '<ListBucketResult><Name>evidence</Name><IsTruncated>true</IsTruncated></ListBucketResult>')
    expect(await failure(firstKey(open()))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID', retryable: false })
  })
})

describe('no answer', () => {
  test('a connection that is lost leaves a change unknown and a read as it was', async () => {
    answer = (response) => response.socket?.destroy()
    expect(await failure(open().putLegalHold(ref, 'ON'))).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
      outcome: 'unknown',
    })
    expect(await failure(open().head(ref))).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
      outcome: 'not-applied',
    })
  })

  test('a connection that was refused changed nothing', async () => {
    const adapter = open({ endpoint: 'http://127.0.0.1:1' })
    expect(await failure(adapter.putLegalHold(ref, 'ON'))).toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
      outcome: 'not-applied',
    })
  })

  test('an answer that does not come is a timeout, for a client that ignores its signal, too', async () => {
    answer = () => {}
    expect(await failure(open({ attemptTimeoutMs: 30 }).putLegalHold(ref, 'ON'))).toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
      outcome: 'unknown',
    })
    const deaf = { send: () => new Promise<never>(() => {}) }
    expect(await failure(open({ client: deaf, attemptTimeoutMs: 30 }).head(ref))).toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-applied',
    })
    const controller = new AbortController()
    const pending = failure(open({ client: deaf }).head(ref, { signal: controller.signal }))
    controller.abort(new Error('enough'))
    expect(await pending).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  })
})

describe('what is missing on this side', () => {
  test('credentials', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    expect(await failure(open({ credentials: undefined }).head(ref))).toMatchObject({ code: 'MISSING_CREDENTIALS' })
    const provider = async () => {
      throw new Error('vault said not-to-be-seen')
    }
    const thrown = await failure(open({ credentials: provider }).putLegalHold(ref, 'ON'))
    expect(thrown).toMatchObject({ code: 'MISSING_CREDENTIALS', outcome: 'not-applied' })
    expect(JSON.stringify(thrown)).not.toContain('not-to-be-seen')
  })

  test('the package of the SDK', async () => {
    vi.doMock('@aws-sdk/client-s3', () => {
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    })
    expect(await failure(open().head(ref))).toMatchObject({
      code: 'MISSING_DEPENDENCY',
      details: { dependency: '@aws-sdk/client-s3' },
    })
  })

  test.each([
    [{ endpoint: 'http://s3.example.com' }, 'INSECURE_ENDPOINT'],
    [{ endpoint: 'http://127.0.0.1.example.com' }, 'INSECURE_ENDPOINT'],
    [{ endpoint: 'https://key:secret@s3.example.com' }, 'INVALID_OPTIONS'],
    [{ endpoint: 'nonsense' }, 'INVALID_OPTIONS'],
    [{ bucket: 's3://evidence' }, 'INVALID_OPTIONS'],
    [{ bucket: 'evidence/org' }, 'INVALID_OPTIONS'],
    [{ partSizeBytes: 1 }, 'INVALID_OPTIONS'],
    [{ multipartThresholdBytes: 5 * 1024 ** 3 + 1 }, 'INVALID_OPTIONS'],
    [{ copyConcurrency: 0 }, 'INVALID_OPTIONS'],
    [{ attemptTimeoutMs: Number.NaN }, 'INVALID_OPTIONS'],
  ])('options that cannot work are refused before anything is sent: %j', (options, code) => {
    expect(() => open(options)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a ready client', () => {
  test('is used as it is and not closed', async () => {
    const w = await simulated()
    try {
      await upload(w, 'k', 'x', { Metadata: { one: '1' } })
      const adapter = new S3StorageAdapter({ bucket: w.bucket, client: w.client })
      const before = await fullState(adapter, 'k')
      // Valid UTF-8 as HEAD shows it on servers that do not encode it.
      await adapter.replaceMetadata(before, { ...before.metadata, name: '\u00c3\u00a0 la' })
      expect(w.simulator.object(w.bucket, 'k')?.metadata).toContainEqual(['name', '\u00c3\u00a0 la'])
      adapter.close()
      await upload(w, 'k2')
    } finally {
      await w.close()
    }
  })

  test('the requests carry the expected owner', async () => {
    const w = await simulated()
    try {
      await upload(w, 'k')
      const adapter = w.adapter({ expectedBucketOwner: '999999999999' })
      expect(await failure(adapter.head({ bucket: w.bucket, key: 'k' }))).toMatchObject({ code: 'STORAGE_FORBIDDEN' })
    } finally {
      await w.close()
    }
  })
})
