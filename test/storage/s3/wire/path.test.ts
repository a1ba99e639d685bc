import { createServer, Agent as HttpAgent, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test } from 'vitest'
import type { HeadResult } from '../../../../src/ports/storage.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../../../src/s3.js'
import { adapterBySdk, failure, S3, simulated, upload, type World } from '../world.js'

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const world = async (...options: Parameters<typeof simulated>): Promise<World> => {
  const made = await simulated(...options)
  closing.push(() => made.close())
  return made
}

const adapterOf = (options: S3StorageOptions): S3StorageAdapter => {
  const adapter = new S3StorageAdapter(options)
  closing.push(() => adapter.close())
  return adapter
}

const slowAdapter = (settings: S3StorageOptions): S3StorageAdapter => {
  const { adapter, close } = adapterBySdk(settings)
  closing.push(close)
  return adapter
}

/** Requests that came past the SDK: it numbers its attempts. */
const fastOnes = ({ simulator }: World) =>
  simulator.requests.filter(({ headers }) => !headers.has('amz-sdk-request')).map(({ operation }) => operation)

/** A server that answers everything as it is told to. */
async function canned(
  answer: (response: ServerResponse, path: string) => void,
): Promise<{ endpoint: string; server: Server }> {
  const server = createServer((request, response) => answer(response, request.url ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

const settingsFor = (endpoint: string): S3StorageOptions => ({
  bucket: 'evidence',
  endpoint,
  region: 'eu-west-1',
  credentials,
})

async function resultOf(adapter: S3StorageAdapter, key: string, versionId?: string): Promise<unknown> {
  const ref = { bucket: adapter.bucket, key, versionId }
  try {
    return await adapter.head(ref)
  } catch (error) {
    return { thrown: (error as { toJSON(): unknown }).toJSON() }
  }
}

const withoutRequestId = (result: unknown) =>
  JSON.parse(JSON.stringify(result, (name, value) => (name === 'requestId' ? undefined : value)))

describe('both paths', () => {
  test('reach the same object for any key, and say the same of it', async () => {
    const w = await world({ bucket: { versioning: 'Enabled' } })
    const [fast, slow] = [w.adapter(), slowAdapter(w.settings)]
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        '/',
        '//',
        '.',
        '..',
        './',
        '../',
        '%',
        '%2F',
        '+',
        ' ',
        '?',
        '#',
        '&',
        '=',
        ';',
        ':',
        '@',
        '$',
        ',',
      ),
      fc.constantFrom(
        "'",
        '(',
        ')',
        '*',
        '!',
        '~',
        '\\',
        '^',
        '`',
        '|',
        '{',
        '}',
        '<',
        '>',
        '"',
        '\t',
        '\u007f',
        'é',
        'e\u0301',
      ),
    )
    const awkward = fc
      .array(piece, { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(''))
      .filter((key) => isWellFormed(key) && !key.includes('\0') && Buffer.byteLength(key) <= 1024)
    let run = 0
    await fc.assert(
      fc.asyncProperty(awkward, async (key) => {
        run += 1
        const { VersionId } = await upload(w, key, String(run), { Metadata: { run: String(run) } })
        for (const versionId of [undefined, VersionId]) {
          const results = [await resultOf(fast, key, versionId), await resultOf(slow, key, versionId)]
          expect(results[0]).toMatchObject({ found: true, state: { metadata: { run: String(run) } } })
          expect(withoutRequestId(results[0])).toStrictEqual(withoutRequestId(results[1]))
        }
      }),
      { numRuns: 60 },
    )
    expect(fastOnes(w)).toHaveLength(run * 2)
  })

  test('agree on what is not there, deleted, or forbidden', async () => {
    const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'limited', arn: 'arn:aws:iam::123456789012:user/l' }
    const w = await world({ bucket: { versioning: 'Enabled' }, credentials: [{ ...limited, deny: ['s3:GetObject'] }] })
    await upload(w, 'deleted')
    await upload(w, 'there')
    const marker = await w.client.send(new S3.DeleteObjectCommand({ Bucket: w.bucket, Key: 'deleted' }))
    const asked: [key: string, versionId?: string][] = [
      ['missing'],
      ['deleted'],
      ['deleted', marker.VersionId ?? ''],
      ['there', 'no-such-version'],
      ['there'],
    ]
    for (const given of [credentials, limited]) {
      const [fast, slow] = [w.adapter({ credentials: given }), slowAdapter({ ...w.settings, credentials: given })]
      for (const [key, versionId] of asked) {
        const result = await resultOf(fast, key, versionId)
        expect(withoutRequestId(result)).toStrictEqual(withoutRequestId(await resultOf(slow, key, versionId)))
      }
    }
    const fast = w.adapter()
    expect(await resultOf(fast, 'deleted')).toMatchObject({ found: false, deleteMarker: true })
    expect(await resultOf(w.adapter({ credentials: limited }), 'there')).toMatchObject({
      thrown: { code: 'STORAGE_FORBIDDEN', status: 403 },
    })
  })

  test('read any headers alike', async () => {
    let headers: [string, string][] = []
    const { endpoint } = await canned((response) => {
      response.sendDate = false
      for (const name of new Set(headers.map(([one]) => one))) {
        response.setHeader(
          name,
          headers.filter(([one]) => one === name).map(([, value]) => value),
        )
      }
      response.writeHead(200).end()
    })
    const [fast, slow] = [adapterOf(settingsFor(endpoint)), slowAdapter(settingsFor(endpoint))]
    const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]{0,12}[\x21-\x7e\x80-\xff])?$/)
    const wild = fc.oneof(value, fc.constantFrom('', '0', '3', '-1', '1.5', 'true', 'false', 'TRUE', 'yes', '1e3'))
    const date = fc.constantFrom(
      'Wed, 21 Oct 2015 07:28:00 GMT',
      'Sun, 31 Dec 2023 23:59:59 GMT',
      'Thu, 29 Feb 2024 00:00:00 GMT',
      'Mon, 01 Jan 1970 00:00:00 GMT',
      'Wednesday, 21-Oct-15 07:28:00 GMT',
      'Wed Oct 21 07:28:00 2015',
      'Wed, 31 Feb 2024 00:00:00 GMT',
      'Wed, 21 Oct 2015 25:00:00 GMT',
      'yesterday',
      '0',
    )
    const timestamp = fc.constantFrom(
      '2030-01-01T00:00:00Z',
      '2030-12-31T23:59:59.123Z',
      '2030-01-01T00:00:00+02:00',
      '2030-02-31T00:00:00Z',
      '2030-01-01',
      'never',
    )
    const fixed: fc.Arbitrary<[string, string]>[] = [
      fc.tuple(fc.constant('last-modified'), date),
      fc.tuple(fc.constant('expires'), fc.oneof(date, wild)),
      fc.tuple(fc.constant('etag'), fc.constantFrom('"abc"', '"abc-3"', 'abc-12', '"-"', '"a-0"', 'W/"x"')),
      fc.tuple(fc.constant('x-amz-object-lock-retain-until-date'), timestamp),
      fc.tuple(fc.constant('x-amz-object-lock-mode'), fc.constantFrom('GOVERNANCE', 'COMPLIANCE', 'other')),
      fc.tuple(fc.constant('x-amz-object-lock-legal-hold'), fc.constantFrom('ON', 'OFF', 'on')),
      fc.tuple(fc.constant('x-amz-checksum-type'), fc.constantFrom('FULL_OBJECT', 'COMPOSITE', 'x')),
    ]
    const names = [
      ...['content-type', 'content-encoding', 'content-language', 'content-disposition', 'cache-control'],
      ...['x-amz-version-id', 'x-amz-missing-meta', 'x-amz-website-redirect-location', 'x-amz-storage-class'],
      ...['x-amz-archive-status', 'x-amz-restore', 'x-amz-server-side-encryption', 'x-amz-replication-status'],
      ...['x-amz-server-side-encryption-aws-kms-key-id', 'x-amz-server-side-encryption-bucket-key-enabled'],
      ...['x-amz-server-side-encryption-customer-algorithm', 'x-amz-tagging-count', 'x-amz-mp-parts-count'],
      ...['x-amz-checksum-crc64nvme', 'x-amz-checksum-sha256', 'x-amz-checksum-sha1', 'x-amz-checksum-crc32c'],
      ...[
        'x-amz-checksum-crc32',
        'x-amz-request-id',
        'x-amzn-requestid',
        'x-amz-id-2',
        'server',
        'x-amz-delete-marker',
      ],
      ...[
        'x-amz-meta-legal-hold-tag',
        'X-Amz-Meta-Matter',
        'x-amz-meta-__proto__',
        'x-amz-meta-constructor',
        'x-amz-meta-',
      ],
    ]
    const header = fc.oneof(...fixed, fc.tuple(fc.constantFrom(...names), wild))
    let quick = 0
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 12 }), fc.boolean(), async (given, plain) => {
        headers = plain ? [['etag', '"abc"'], ['last-modified', 'Wed, 21 Oct 2015 07:28:00 GMT'], ...given] : given
        if (plain) quick += 1
        const [a, b] = [await resultOf(fast, 'k'), await resultOf(slow, 'k')]
        expect(a).toStrictEqual(b)
      }),
      { numRuns: 150 },
    )
    expect(quick).toBeGreaterThan(0)
  })

  test('name every status alike, with what the answer says of it', async () => {
    let status = 200
    let headers: Record<string, string> = {}
    const { endpoint } = await canned((response) => {
      response.sendDate = false
      response.writeHead(status, headers).end()
    })
    const extra: Record<string, string>[] = [
      {},
      { 'retry-after': '7' },
      { 'x-amz-bucket-region': 'us-west-2' },
      { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'v1' },
      { 'x-amz-request-id': 'RID', 'x-amz-error-code': 'SlowDown' },
    ]
    const statuses = [
      200, 204, 206, 301, 304, 307, 400, 401, 403, 404, 405, 408, 409, 412, 416, 418, 429, 500, 501, 502, 503, 504,
    ]
    for (status of statuses) {
      for (headers of extra) {
        const [fast, slow] = [adapterOf(settingsFor(endpoint)), slowAdapter(settingsFor(endpoint))]
        expect({ status, result: await resultOf(fast, 'k') }).toStrictEqual({
          status,
          result: await resultOf(slow, 'k'),
        })
      }
    }
    const slowDown = await failure(adapterOf(settingsFor(endpoint)).head({ bucket: 'evidence', key: 'k' }))
    expect(slowDown).toMatchObject({ code: 'STORAGE_UNAVAILABLE', status: 504 })
    status = 503
    headers = { 'retry-after': '7' }
    const throttled = await failure(adapterOf(settingsFor(endpoint)).head({ bucket: 'evidence', key: 'k' }))
    expect(throttled).toMatchObject({ code: 'STORAGE_THROTTLED', retryable: true, retryAfterMs: 7_000 })
  })

  test('agree on dropped connections, silence, and a port on which nobody listens', async () => {
    let answer: (response: ServerResponse) => void = () => {}
    const { endpoint, server } = await canned((response) => answer(response))
    const settings = { ...settingsFor(endpoint), attemptTimeoutMs: 150 }
    const [fast, slow] = [adapterOf(settings), slowAdapter(settings)]
    const essence = async (adapter: S3StorageAdapter) => {
      const { code, stage, retryable, outcome, status } = await failure(adapter.head({ bucket: 'evidence', key: 'k' }))
      return { code, stage, retryable, outcome, status }
    }
    answer = (response) => response.socket?.destroy()
    expect(await essence(fast)).toEqual(await essence(slow))
    expect(await essence(fast)).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    answer = () => {}
    const [late, lateBySdk] = [
      await failure(fast.head({ bucket: 'evidence', key: 'k' })),
      await failure(slow.head({ bucket: 'evidence', key: 'k' })),
    ]
    expect(late).toMatchObject({ code: 'TIMEOUT', retryable: true, message: lateBySdk.message })
    expect(await essence(fast)).toEqual(await essence(slow))
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(await essence(fast)).toEqual(await essence(slow))
    expect(await essence(fast)).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
  })

  test('end at once when they are aborted, and leave no listener behind', async () => {
    const { endpoint } = await canned(() => {})
    for (const adapter of [adapterOf(settingsFor(endpoint)), slowAdapter(settingsFor(endpoint))]) {
      const controller = new AbortController()
      const { signal } = controller
      let listeners = 0
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = ((...args: Parameters<typeof add>) => {
        listeners += 1
        add(...args)
      }) as typeof add
      signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
        listeners -= 1
        remove(...args)
      }) as typeof remove
      const heads = ['a', 'b', 'c'].map((key) => failure(adapter.head({ bucket: 'evidence', key }, { signal })))
      setImmediate(() => setImmediate(() => controller.abort(new Error('enough'))))
      for (const result of await Promise.all(heads)) {
        expect(result).toMatchObject({ code: 'ABORTED', outcome: 'not-applied', cause: new Error('enough') })
      }
      expect(listeners).toBe(0)
    }
  })
})

describe('the fast path', () => {
  test('serves HEAD, lists and what a repair reads, and leaves everything else to the SDK', async () => {
    const w = await world({ bucket: {} })
    await upload(w, 'org/a', 'x', { Tagging: 'a=b' })
    w.simulator.clearRequests()
    const adapter = w.adapter()
    for await (const { key } of adapter.list('org/')) await adapter.head({ bucket: w.bucket, key }, { tags: true })
    for await (const _ of adapter.listFolders('')) break
    expect(w.simulator.counts()).toEqual({ ListObjectsV2: 2, HeadObject: 1, GetObjectTagging: 1 })
    await adapter.inspectBucket({ prefix: 'org/' } as never)
    expect(fastOnes(w)).toEqual([
      'ListObjectsV2',
      'HeadObject',
      'GetObjectTagging',
      'ListObjectsV2',
      'ListObjectVersions',
    ])
    const bySdk = w.simulator.requests.filter(({ headers }) => headers.has('amz-sdk-request'))
    expect(bySdk.length).toBeGreaterThan(5)
  })

  test('keeps one connection for a window of one, and as many as the window needs', async () => {
    const sockets = new Set<unknown>()
    let underWay = 0
    let most = 0
    const { endpoint, server } = await canned((response) => {
      underWay += 1
      most = Math.max(most, underWay)
      setImmediate(() => {
        underWay -= 1
        response.writeHead(200, { etag: '"x"', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }).end()
      })
    })
    server.on('connection', (socket) => sockets.add(socket))
    const adapter = adapterOf(settingsFor(endpoint))
    for (let at = 0; at < 20; at += 1) await adapter.head({ bucket: 'evidence', key: `k${at}` })
    expect(sockets.size).toBe(1)
    let next = 0
    const lane = async () => {
      while (next < 200) {
        next += 1
        await adapter.head({ bucket: 'evidence', key: `k${next}` })
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    expect(sockets.size).toBe(8)
    expect(most).toBeLessThanOrEqual(8)
  })

  const client = (config: Partial<S3.S3ClientConfig> = {}, w?: World) =>
    new S3.S3Client({
      region: 'eu-west-1',
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...(w === undefined ? {} : { endpoint: w.endpoint }),
      ...config,
    })

  test.each<[string, (w: World) => S3.S3Client, boolean]>([
    ['a plain client', (w) => client({}, w), true],
    [
      'a client with plain options of its sockets',
      (w) => client({ requestHandler: { connectionTimeout: 5_000, httpsAgent: { maxSockets: 64 } } }, w),
      true,
    ],
    [
      'the aggregated client',
      (w) => new S3.S3({ region: 'eu-west-1', credentials, forcePathStyle: true, endpoint: w.endpoint }),
      true,
    ],
    [
      'a client with a `send` of its own',
      (w) => {
        const own = client({}, w)
        const send = own.send.bind(own)
        own.send = ((...args: Parameters<typeof send>) => send(...args)) as typeof own.send
        return own
      },
      false,
    ],
    [
      'a class derived from the client',
      (w) => {
        class Own extends S3.S3Client {}
        return new Own({ region: 'eu-west-1', credentials, forcePathStyle: true, endpoint: w.endpoint })
      },
      false,
    ],
    [
      'a client with a middleware more',
      (w) => {
        const own = client({}, w)
        own.middlewareStack.add((next) => (args) => next(args), { step: 'finalizeRequest', name: 'audit' })
        return own
      },
      false,
    ],
    [
      'a client with a middleware that takes the name of another',
      (w) => {
        const own = client({}, w)
        own.middlewareStack.add((next) => (args) => next(args), {
          step: 'build',
          name: 'recursionDetectionMiddleware',
          priority: 'low',
          override: true,
        })
        return own
      },
      false,
    ],
    [
      'a client with a request handler of its own',
      (w) => {
        const { requestHandler } = client({}, w).config
        return client(
          {
            requestHandler: {
              handle: (...args: Parameters<typeof requestHandler.handle>) => requestHandler.handle(...args),
            } as never,
          },
          w,
        )
      },
      false,
    ],
    [
      'a client with a proxy for an agent',
      (w) => {
        class Tunnel extends HttpAgent {}
        return client({ requestHandler: { httpAgent: new Tunnel() } }, w)
      },
      false,
    ],
    [
      'a client with certificates of its own',
      (w) => client({ requestHandler: { httpAgent: new HttpAgent({ ca: 'mine' } as never) } }, w),
      false,
    ],
    [
      'a client that logs',
      (w) => client({ logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} } }, w),
      false,
    ],
    ['a client that follows redirects to other regions', (w) => client({ followRegionRedirects: true }, w), false],
  ])('%s', async (_name, build, isFast) => {
    const w = await world({ bucket: {} })
    await upload(w, 'k')
    w.simulator.clearRequests()
    const own = build(w)
    closing.push(() => own.destroy())
    const result = await adapterOf({ bucket: w.bucket, client: own }).head({ bucket: w.bucket, key: 'k' })
    expect(result.found).toBe(true)
    expect(fastOnes(w)).toEqual(isFast ? ['HeadObject'] : [])
    expect(w.simulator.counts()).toEqual({ HeadObject: 1 })
  })

  test('does not go past somebody who answers requests inside the process', async () => {
    const answered: string[] = []
    const server = setupServer(
      http.head('https://evidence.s3.eu-west-1.amazonaws.com/*', ({ request }) => {
        answered.push(new URL(request.url).pathname)
        return new HttpResponse(null, { headers: { etag: '"x"', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' } })
      }),
    )
    server.listen({ onUnhandledRequest: 'error' })
    closing.push(() => server.close())
    const adapter = adapterOf({ bucket: 'evidence', region: 'eu-west-1', credentials })
    expect((await adapter.head({ bucket: 'evidence', key: 'k' })).found).toBe(true)
    expect(answered).toEqual(['/k'])
  })
})

interface Dispatched {
  readonly origin: string
  readonly path: string
  readonly headers: Record<string, string>
}

/** A dispatcher that keeps what it is given, and answers as S3 would. */
function dispatching(): {
  dispatched: Dispatched[]
  dispatcher: { dispatch(options: never, handler: never): boolean }
} {
  const dispatched: Dispatched[] = []
  const dispatch = (
    options: { origin: string; path: string; headers: string[] },
    handler: {
      onConnect(abort: () => void): void
      onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean
      onComplete(trailers: null): void
    },
  ) => {
    const pairs = options.headers.flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1] ?? '']] : []))
    dispatched.push({ origin: options.origin, path: options.path, headers: Object.fromEntries(pairs) })
    setImmediate(() => {
      handler.onConnect(() => {})
      const headers = ['ETag', '"x"', 'Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT'].map((text) => Buffer.from(text))
      handler.onHeaders(200, headers, () => {}, 'OK')
      handler.onComplete(null)
    })
    return true
  }
  return { dispatched, dispatcher: { dispatch: dispatch as never } }
}

describe('addresses and credentials are those of the client', () => {
  const head = async (
    options: Partial<S3StorageOptions>,
    config?: S3.S3ClientConfig,
  ): Promise<Dispatched | undefined> => {
    const { dispatched, dispatcher } = dispatching()
    const own = config === undefined ? {} : { client: new S3.S3Client({ credentials, ...config }) }
    const adapter = adapterOf({ bucket: 'evidence', credentials, ...own, ...options, dispatcher })
    const result: HeadResult = await adapter.head({ bucket: 'evidence', key: 'a b/ä' })
    expect(result.found).toBe(true)
    return dispatched[0]
  }
  const path = '/a%20b/%C3%A4'

  test.each<[string, Partial<S3StorageOptions>, S3.S3ClientConfig | undefined, string, string]>([
    ['virtual-hosted', { region: 'eu-west-1' }, undefined, 'https://evidence.s3.eu-west-1.amazonaws.com', path],
    [
      'path-style',
      { region: 'eu-west-1', forcePathStyle: true },
      undefined,
      'https://s3.eu-west-1.amazonaws.com',
      `/evidence${path}`,
    ],
    [
      'dual-stack',
      {},
      { region: 'eu-west-2', useDualstackEndpoint: true },
      'https://evidence.s3.dualstack.eu-west-2.amazonaws.com',
      path,
    ],
    [
      'FIPS',
      {},
      { region: 'us-gov-west-1', useFipsEndpoint: true },
      'https://evidence.s3-fips.us-gov-west-1.amazonaws.com',
      path,
    ],
    [
      'accelerated',
      {},
      { region: 'eu-west-1', useAccelerateEndpoint: true },
      'https://evidence.s3-accelerate.amazonaws.com',
      path,
    ],
    [
      'of another partition',
      { region: 'cn-north-1' },
      undefined,
      'https://evidence.s3.cn-north-1.amazonaws.com.cn',
      path,
    ],
    [
      'a bucket with dots',
      { region: 'eu-west-1', bucket: 'evidence' },
      undefined,
      'https://evidence.s3.eu-west-1.amazonaws.com',
      path,
    ],
    [
      'an endpoint with a path',
      {},
      { region: 'eu-west-1', endpoint: 'https://gateway.example.com/s3', forcePathStyle: true },
      'https://gateway.example.com',
      `/s3/evidence${path}`,
    ],
    [
      'a custom endpoint',
      { region: 'eu-west-1', endpoint: 'https://s3.example.com:9443' },
      undefined,
      'https://s3.example.com:9443',
      `/evidence${path}`,
    ],
  ])('%s', async (_name, options, config, origin, expected) => {
    const sent = await head(options, config)
    expect(sent).toMatchObject({ origin, path: expected })
    expect(sent?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/[a-z0-9-]+\/s3\//,
    )
  })

  test('session tokens are sent and signed, and temporary credentials renewed as the provider says', async () => {
    let asked = 0
    const provider = async () => {
      asked += 1
      // The SDK asks again in the last five minutes.
      return {
        ...credentials,
        sessionToken: `token-${asked}`,
        expiration: new Date(Date.now() + (asked === 1 ? 60_000 : 3_600_000)),
      }
    }
    const { dispatched, dispatcher } = dispatching()
    const adapter = adapterOf({ bucket: 'evidence', region: 'eu-west-1', credentials: provider, dispatcher })
    await adapter.head({ bucket: 'evidence', key: 'k' })
    adapter.close()
    await adapter.head({ bucket: 'evidence', key: 'k' })
    const tokens = dispatched.map(({ headers }) => headers['x-amz-security-token'])
    expect(tokens.every((token) => /^token-\d+$/.test(token ?? ''))).toBe(true)
    expect(tokens.at(-1)).not.toBe(tokens[0])
    expect(dispatched[0]?.headers.authorization).toContain('x-amz-security-token')
  })

  test('the owner that the bucket must have is asked for', async () => {
    const sent = await head({ region: 'eu-west-1', expectedBucketOwner: '123456789012' })
    expect(sent?.headers).toMatchObject({ 'x-amz-expected-bucket-owner': '123456789012' })
    expect(sent?.headers.authorization).toContain('x-amz-expected-bucket-owner')
  })

  test('a provider that fails is MISSING_CREDENTIALS, and asked again', async () => {
    let fails = true
    const provider = async () => {
      if (fails) throw new Error('no role')
      return credentials
    }
    const { dispatched, dispatcher } = dispatching()
    const adapter = adapterOf({ bucket: 'evidence', region: 'eu-west-1', credentials: provider, dispatcher })
    expect(await failure(adapter.head({ bucket: 'evidence', key: 'k' }))).toMatchObject({ code: 'MISSING_CREDENTIALS' })
    fails = false
    expect((await adapter.head({ bucket: 'evidence', key: 'k' })).found).toBe(true)
    expect(dispatched).toHaveLength(1)
  })
})
