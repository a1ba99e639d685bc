import { execFile } from 'node:child_process'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { proxyFor } from '#src/internal/proxy/proxy.js'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { loopbackProxy, tlsCertificate, tlsServer } from '../../../fakes/loopback-proxy.js'
import { failure, simulated, upload } from '../world.js'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of open.splice(0).reverse()) await close()
})

async function proxy(target: Parameters<typeof loopbackProxy>[0]) {
  const started = await loopbackProxy(target)
  open.push(() => started.close())
  return started
}

/** The simulator behind TLS. */
async function behindTls(endpoint: string): Promise<number> {
  const { hostname, port: target } = new URL(endpoint)
  const { port, close } = await tlsServer((incoming, outgoing) => {
    const { method, url: path, rawHeaders } = incoming
    const onward = http.request(
      { hostname, port: target, method, path, headers: rawHeaders, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(onward)
  })
  open.push(close)
  return port
}

test('S3 is reached through the proxy that HTTPS_PROXY names, by each kind of request and encrypted to its end', async () => {
  const world = await simulated()
  open.push(() => world.close())
  await upload(world, 'k', 'sound', { Metadata: { a: 'b' } })
  const { port, asked, authorizations } = await proxy(await behindTls(world.endpoint))
  const child = fileURLToPath(new URL('proxy-child.ts', import.meta.url))
  const arguments_ = ['https://s3.proxied.test', world.bucket, JSON.stringify(S3Simulator.defaultCredentials)]
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, ...arguments_], {
    env: {
      ...process.env,
      HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: tlsCertificate,
    },
    timeout: 60_000,
  })
  expect(JSON.parse(stdout)).toEqual({ listed: ['k'], metadata: { a: 'b' }, text: 'sound' })
  // Nothing but ways through: the proxy sees no request.
  expect(new Set(asked)).toEqual(new Set(['CONNECT s3.proxied.test:443']))
  expect(new Set(authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]))
  expect(world.simulator.requests.map(({ operation }) => operation)).toEqual(
    expect.arrayContaining(['ListObjectsV2', 'HeadObject', 'CopyObject', 'PutObjectTagging', 'GetObject']),
  )
  // What goes past the SDK without a proxy does so with one.
  const bySdk = world.simulator.requests.filter(({ headers }) => headers.has('amz-sdk-invocation-id'))
  expect(new Set(bySdk.map(({ operation }) => operation))).not.toContain('HeadObject')
})

const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }
const adapter = (options: Partial<S3StorageOptions> = {}) => {
  const storage = new S3StorageAdapter({
    bucket: 'evidence',
    region: 'eu-west-1',
    credentials,
    retry: { retries: 0 },
    ...options,
  })
  open.push(() => storage.close())
  return storage
}
const ref = { bucket: 'evidence', key: 'k' }

describe('a proxy', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])(
    'of %s is asked for the host of AWS, and what it refuses is a network error',
    async (name) => {
      const { port, asked } = await proxy({ refuse: 407 })
      vi.stubEnv(name, `http://me:hidden@127.0.0.1:${port}`)
      const storage = adapter()
      for (const send of [
        () => storage.head(ref),
        () => storage.readText(ref, { maxBytes: 1 }),
        () => storage.mergeTags(ref, { a: 'b' }),
      ]) {
        const error = await failure(send())
        expect(error).toMatchObject({ code: 'NETWORK_ERROR', outcome: 'not-applied' })
        expect(error.message).toContain(`the proxy http://127.0.0.1:${port} answered 407 to CONNECT evidence.s3.`)
        expect(error.message).toContain('Check the proxy that HTTPS_PROXY names')
        expect(JSON.stringify(error)).not.toContain('hidden')
      }
      expect(new Set(asked)).toEqual(new Set(['CONNECT evidence.s3.eu-west-1.amazonaws.com:443']))
    },
  )

  test.each([502, 503, 407, 403])(
    'that answers %i is no contact with S3: inspection gives up in time',
    async (refuse) => {
      const { port } = await proxy({ refuse })
      vi.stubEnv('HTTPS_PROXY', `http://me:hidden@127.0.0.1:${port}`)
      const clock = new SimulatedClock({ now: 0 })
      const storage = adapter({ clock, retry: undefined })
      const error = await failure(storage.inspectBucket({ prefix: '' } as never))
      expect(error.message).toMatch(/^S3 did not answer within 15 s \(connectTimeoutMs\)/)
      expect(error.message).toContain(`the proxy http://127.0.0.1:${port} answered ${refuse} to CONNECT `)
      expect(error.message + JSON.stringify(error)).not.toContain('hidden')
      expect(clock.now()).toBeLessThanOrEqual(15_000)
    },
  )

  test('that is not there is a network error that names it', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9')
    const error = await failure(adapter().readText(ref, { maxBytes: 1 }))
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(error.message).toContain('http://127.0.0.1:9')
  })

  test.each(['socks5://127.0.0.1:1080', 'http://', 'http://user:hidden@'])(
    'that cannot be used is not passed by: %s',
    async (value) => {
      vi.stubEnv('HTTPS_PROXY', value)
      for (const send of [
        (storage: S3StorageAdapter) => storage.head(ref),
        (storage: S3StorageAdapter) => storage.readText(ref, { maxBytes: 1 }),
      ]) {
        const error = await failure(send(adapter()))
        expect(error).toMatchObject({ code: 'INVALID_OPTIONS', details: { variable: 'HTTPS_PROXY' } })
        expect(JSON.stringify(error)).not.toContain('hidden')
      }
    },
  )

  test('is not asked for what lies on loopback', async () => {
    const world = await simulated()
    open.push(() => world.close())
    await upload(world, 'k')
    const { port, asked } = await proxy({ refuse: 502 })
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'http_proxy', 'https_proxy'])
      vi.stubEnv(name, `http://127.0.0.1:${port}`)
    const storage = world.adapter()
    expect(await storage.head({ bucket: world.bucket, key: 'k' })).toMatchObject({ found: true })
    expect(await storage.readText({ bucket: world.bucket, key: 'k' }, { maxBytes: 9 })).toBe('sound')
    expect(asked).toEqual([])
  })

  test('is not asked where the caller says how requests are sent', async () => {
    const { port, asked } = await proxy({ refuse: 502 })
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${port}`)
    const handled: string[] = []
    const requestHandler = {
      handle: async ({ hostname }: { hostname: string }) => {
        handled.push(hostname)
        return { response: { statusCode: 404, headers: {}, body: Buffer.alloc(0) } }
      },
    }
    await failure(adapter({ requestHandler }).readText(ref, { maxBytes: 1 }))
    expect([handled, asked]).toEqual([['evidence.s3.eu-west-1.amazonaws.com'], []])
  })
})

describe('the environment', () => {
  const origin = new URL('https://bucket.s3.eu-west-1.amazonaws.com')
  const HTTPS_PROXY = 'http://proxy:3128'

  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY }, 'http://proxy:3128/'],
    [{ https_proxy: 'http://other:1', HTTPS_PROXY }, 'http://other:1/'],
    [{ HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY: 'https://proxy' }, 'https://proxy/'],
    [{ HTTPS_PROXY: ' ' }, undefined],
    [{ HTTP_PROXY: 'http://proxy' }, undefined],
    [{ HTTPS_PROXY, NO_PROXY: '*' }, undefined],
    [{ HTTPS_PROXY, no_proxy: '.amazonaws.com' }, undefined],
    [{ HTTPS_PROXY, NO_PROXY: 'a.example, *.amazonaws.com' }, undefined],
    [{ HTTPS_PROXY, NO_PROXY: 'amazonaws.com' }, undefined],
    [{ HTTPS_PROXY, NO_PROXY: 'AMAZONAWS.COM:443' }, undefined],
    [{ HTTPS_PROXY, NO_PROXY: 'amazonaws.com:8443' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY, NO_PROXY: 'aws.com' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY, NO_PROXY: 'other.s3.eu-west-1.amazonaws.com' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY, no_proxy: '', NO_PROXY: '*' }, 'http://proxy:3128/'],
  ])('%j names the proxy %s', (env, expected) => {
    expect(proxyFor(origin, env)?.href).toBe(expected)
  })

  test.each(['https://localhost:1', 'https://127.0.0.9', 'https://[::1]:1', 'http://127.0.0.1:1'])(
    'names none for %s',
    (url) => {
      expect(proxyFor(new URL(url), { HTTPS_PROXY })).toBeUndefined()
    },
  )

  test('that names none that can be used is said by the name of the variable', () => {
    try {
      proxyFor(origin, { https_proxy: 'socks5://user:hidden@proxy' })
      throw new Error('Nothing was thrown.')
    } catch (error) {
      if (!LegalHoldError.isInstance(error)) throw error
      expect(error.message).toContain('https_proxy')
      expect(JSON.stringify(error) + error.message).not.toContain('hidden')
    }
  })
})

describe('a bucket whose requests the requester pays for', () => {
  test.each([
    ['past the SDK', {}],
    ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
  ])('is told with every request about an object or a list that the caller agrees, %s', async (_, transport) => {
    const world = await simulated()
    open.push(() => world.close())
    await upload(world, 'k', 'sound', { Tagging: 'a=b' })
    world.simulator.clearRequests()
    for (const multipartThresholdBytes of [5_000_000, 1]) {
      const storage = world.adapter({ requestPayer: 'requester', multipartThresholdBytes, ...transport })
      for await (const _entry of storage.list('')) break
      for await (const _entry of storage.listVersions('')) break
      const answer = await storage.head({ bucket: world.bucket, key: 'k' }, { full: true })
      if (!answer.found) throw new Error('The object is not there.')
      const { versionId } = await storage.replaceMetadata(answer.state, { multipart: String(multipartThresholdBytes) })
      const written = { ...answer.state, versionId }
      await storage.mergeTags(written, { c: String(multipartThresholdBytes) })
      await storage.putLegalHold(written, 'ON')
      await storage.putRetention(written, { mode: 'GOVERNANCE', retainUntilDate: '2099-01-01T00:00:00.000Z' })
      await storage.readText(written, { maxBytes: 100 })
    }
    const ofBucket = /^(HeadBucket|GetBucket|GetObjectLockConfiguration)/
    const silent = world.simulator.requests.filter(
      ({ operation, headers }) =>
        !ofBucket.test(String(operation)) && headers.get('x-amz-request-payer') !== 'requester',
    )
    expect(silent.map(({ operation }) => operation)).toEqual([])
    const heads = world.simulator.requests.filter(({ operation }) => operation === 'HeadObject')
    const isBySdk = heads.some(({ headers }) => headers.has('amz-sdk-invocation-id'))
    expect(isBySdk).toBe('requestHandler' in transport)
    expect(new Set(world.simulator.requests.map(({ operation }) => operation)).size).toBeGreaterThan(12)
  })
})
