import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LegalHoldError } from '../../src/model/errors.js'
import { GenesysClient, type GenesysRequest } from '../../src/platforms/client/client.js'
import type { GenesysConnectionOptions } from '../../src/platforms/client/options.js'
import { SimulatedClock } from '../../src/testing/clock.js'
import { basicValue, clientId, clientSecret, errorBody, json, ScriptedServer } from './scripted-server.js'

const thing = 'GET /api/v2/thing'
const read: GenesysRequest = {
  operation: 'read the thing',
  stage: 'inspect',
  send: ({ callApi }) => callApi({ method: 'GET', path: '/api/v2/thing' }),
}
const create: GenesysRequest = {
  operation: 'create the thing',
  stage: 'export',
  effect: 'create',
  send: ({ callApi }) => callApi({ method: 'POST', path: '/api/v2/thing', body: { a: 1 } }),
}

let server: ScriptedServer
let clock: SimulatedClock

beforeEach(async () => {
  server = await new ScriptedServer().start()
  clock = new SimulatedClock()
})
afterEach(() => server.close())

function client(options: Partial<GenesysConnectionOptions> = {}): GenesysClient {
  return new GenesysClient({
    region: 'eu-west-1',
    clientId,
    clientSecret,
    endpoint: server.endpoint,
    clock,
    timeoutMs: 5_000,
    retry: { retries: 2, minDelayMs: 10 },
    ...options,
  })
}

async function failureOf(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => expect.unreachable('it did not fail'),
    (reason: unknown) => reason,
  )
  expect(LegalHoldError.isInstance(error), inspect(error)).toBe(true)
  return error as LegalHoldError
}

/** Everything that can be reached from an error, as text. */
function everythingIn(error: unknown, seen = new Set<unknown>()): string {
  if (typeof error !== 'object' || error === null) return String(error)
  if (seen.has(error)) return ''
  seen.add(error)
  const parts = Reflect.ownKeys(error).map((key) => everythingIn(Reflect.get(error, key), seen))
  return [JSON.stringify(error), inspect(error, { depth: 20, showHidden: true }), ...parts].join('\n')
}

function expectNoSecret(error: unknown): void {
  const text = everythingIn(error)
  for (const secret of [clientSecret, basicValue, 'token-1', 'token-2', encodeURIComponent(clientSecret)]) {
    expect(text).not.toContain(secret)
  }
}

describe('the answer', () => {
  it('comes with its body, status and correlation id, by the token of the login', async () => {
    server.on(thing, () => json(200, { id: 'x' }))
    const answer = await client().request(read)
    expect(answer).toMatchObject({ body: { id: 'x' }, status: 200, correlationId: 'corr-200' })
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([`Basic ${basicValue}`, 'Bearer token-1'])
  })

  it.each([
    ['empty', () => new Response('', { status: 200 })],
    ['a page', () => new Response('<html>hello</html>', { status: 200, headers: { 'content-type': 'text/html' } })],
    ['a list where an object belongs', () => json(200, [])],
  ])('is asked for again, and refused, when it is %s', async (_, answer) => {
    server.on(thing, answer)
    const error = await failureOf(client().request(read))
    expect(error).toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID', status: 200, retryable: true })
    expect(server.count(thing)).toBeGreaterThan(1)
  })

  it('is what it says it is, an error of 500 under a status of 200', async () => {
    server.on(thing, (_, nth) =>
      nth === 1 ? json(200, { message: 'no', code: 'internal', status: 500 }) : json(200, {}),
    )
    expect((await client().request(read)).body).toEqual({})
    expect(server.count(thing)).toBe(2)
  })
})

describe('a failure', () => {
  it.each([
    [400, 'PLATFORM_REJECTED', 1],
    [403, 'PLATFORM_FORBIDDEN', 1],
    [404, 'PLATFORM_NOT_FOUND', 1],
    [409, 'PLATFORM_CONFLICT', 1],
    [422, 'PLATFORM_REJECTED', 1],
    [500, 'PLATFORM_UNAVAILABLE', 3],
    [503, 'PLATFORM_UNAVAILABLE', 3],
  ])('of status %i is %s after %i requests', async (status, code, count) => {
    server.on(thing, () => errorBody(status, 'some.code', `because ${clientSecret} and Bearer token-1`))
    const error = await failureOf(client().request(read))
    expect(error).toMatchObject({ code, status, stage: 'inspect', requestId: `corr-${status}`, outcome: 'not-applied' })
    expect(error.message).toContain('read the thing')
    expect(error.message).toContain('some.code')
    expect(server.count(thing)).toBe(count)
    expectNoSecret(error)
  })

  it.each([
    ['an HTML body', () => new Response('<html>502</html>', { status: 502 })],
    ['an empty body', () => new Response('', { status: 502 })],
  ])('with %s is normalised too', async (_, answer) => {
    server.on(thing, answer)
    expect(await failureOf(client().request(read))).toMatchObject({ code: 'PLATFORM_UNAVAILABLE', status: 502 })
  })

  it('of the network is retried and then reported without the credential', async () => {
    server.on(thing, (_, nth) => (nth <= 3 ? Response.error() : json(200, {})))
    const error = await failureOf(client().request(read))
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(server.count(thing)).toBe(3)
    expectNoSecret(error)
    await expect(client().request(read)).resolves.toMatchObject({ status: 200 })
  })

  it('to answer in time is a TIMEOUT', async () => {
    server.on(thing, () => new Promise<Response>(() => {}))
    const error = await failureOf(client({ timeoutMs: 30, retry: { retries: 0 } }).request(read))
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(error.message).toContain('30 ms')
  })

  it('of the SDK to accept its arguments is reported as not sent', async () => {
    const request: GenesysRequest = { ...create, send: ({ recording }) => recording.getRecordingJob('') }
    const error = await failureOf(client().request(request))
    expect(error).toMatchObject({ code: 'INTERNAL', outcome: 'not-applied' })
    expect(error.message).toContain('jobId')
  })

  it('of the login says so, whether OAuth answers 400 or 401, and keeps the secret to itself', async () => {
    for (const status of [400, 401]) {
      server.onLogin = () => json(status, { error: 'invalid_client', description: `bad ${clientSecret}` })
      const error = await failureOf(client().request(read))
      expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED', status, requestId: `corr-${status}` })
      expect(error.message).toContain('log in')
      expectNoSecret(error)
    }
    expect(server.count(thing)).toBe(0)
  })

  it('of the network during the login is retried', async () => {
    server.on(thing, () => json(200, {}))
    server.onLogin = (nth) => (nth === 1 ? Response.error() : json(200, { access_token: 'token-2' }))
    await expect(client().request(read)).resolves.toMatchObject({ status: 200 })
    expect(server.logins).toBe(2)
  })
})

describe('a create', () => {
  const made = 'POST /api/v2/thing'

  it.each([
    ['a 500', () => errorBody(500, 'internal', 'oops')],
    ['a 504', () => new Response('<html>gateway</html>', { status: 504 })],
    ['a dropped connection', () => Response.error()],
    ['an empty 200', () => new Response('', { status: 200 })],
    ['a page with 200', () => new Response('<html></html>', { status: 200 })],
  ])('is posted once and its outcome is unknown after %s', async (_, answer) => {
    server.on(made, answer)
    const error = await failureOf(client().request(create))
    expect(error).toMatchObject({ code: 'JOB_OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false })
    expect(server.count(made)).toBe(1)
  })

  it('is posted once and its outcome is unknown after a timeout', async () => {
    server.on(made, () => new Promise<Response>(() => {}))
    const error = await failureOf(client({ timeoutMs: 30 }).request(create))
    expect(error).toMatchObject({ code: 'JOB_OUTCOME_UNKNOWN', outcome: 'unknown' })
    expect(server.count(made)).toBe(1)
  })

  it('is posted again after a 429 and after an expired token, which certainly did nothing', async () => {
    server.on(made, (_, nth) => {
      if (nth === 1) return errorBody(429, 'too.many.requests', 'Rate limit exceeded', { 'retry-after': '3' })
      return nth === 2 ? errorBody(401, 'bad.credentials', 'expired') : json(202, { id: 'new' })
    })
    await expect(client().request(create)).resolves.toMatchObject({ body: { id: 'new' }, status: 202 })
    expect(server.count(made)).toBe(3)
  })

  it('that never left the machine is no unknown outcome', async () => {
    const closed = await new ScriptedServer().start()
    await closed.close()
    const error = await failureOf(
      client({ endpoint: closed.endpoint, clientId: undefined, clientSecret: undefined, accessToken: 't' }).request(
        create,
      ),
    )
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', outcome: 'not-applied' })
  })
})

describe('an expired token', () => {
  it('is renewed once for 20 requests at the same time', async () => {
    const tenant = client()
    server.on(thing, ({ authorization }) =>
      authorization === 'Bearer token-2' ? json(200, { ok: true }) : errorBody(401, 'bad.credentials', 'expired'),
    )
    const answers = await Promise.all(Array.from({ length: 20 }, () => tenant.request(read)))
    expect(answers.every(({ body }) => body.ok === true)).toBe(true)
    expect(server.logins).toBe(2)
    expect(server.count(thing)).toBe(40)
  })

  it('that stays refused is PLATFORM_UNAUTHORIZED after one renewal', async () => {
    server.on(thing, () => errorBody(401, 'bad.credentials', 'no'))
    const error = await failureOf(client().request(read))
    expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED', retryable: false })
    expect([server.logins, server.count(thing)]).toEqual([2, 2])
  })

  it('of a caller comes from the caller again, and a fixed one does not', async () => {
    server.on(thing, ({ authorization }) =>
      authorization === 'Bearer fresh' ? json(200, {}) : errorBody(401, 'bad.credentials', 'no'),
    )
    const tokens = ['stale', 'fresh']
    const credentials = { clientId: undefined, clientSecret: undefined }
    await expect(
      client({ ...credentials, accessToken: async () => tokens.shift()! }).request(read),
    ).resolves.toMatchObject({ status: 200 })
    const error = await failureOf(client({ ...credentials, accessToken: 'stale-one' }).request(read))
    expect(error.code).toBe('PLATFORM_UNAUTHORIZED')
    expect(everythingIn(error)).not.toContain('stale-one')
    const broken = await failureOf(
      client({
        ...credentials,
        accessToken: () => {
          throw new Error('vault is sealed, Authorization: Basic abc123')
        },
      }).request(read),
    )
    expect(broken.code).toBe('PLATFORM_UNAUTHORIZED')
    expect(broken.message).toContain('vault is sealed')
    expect(everythingIn(broken)).not.toContain('abc123')
  })
})

describe('the rate limit', () => {
  it('is waited for exactly as long as Retry-After says, by every request of the client', async () => {
    clock = new SimulatedClock({ autoAdvance: false })
    const tenant = client()
    let limited = true
    server.on(thing, () =>
      limited ? errorBody(429, 'too.many.requests', 'slow down', { 'retry-after': '7' }) : json(200, {}),
    )
    const first = tenant.request(read)
    await vi.waitFor(() => expect(clock.sleeping).toBe(1))
    limited = false
    const second = tenant.request(read)
    await vi.waitFor(() => expect(clock.sleeping).toBe(2))
    clock.advance(6_999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.count(thing)).toBe(1)
    clock.advance(1)
    await Promise.all([first, second])
    expect(server.count(thing)).toBe(3)
  })

  it('is not hit: requests slow down when the quota runs low and stop when it is used up', async () => {
    const tenant = client()
    const startedAt = clock.now()
    const quota = (count: number) => ({
      'inin-ratelimit-count': String(count),
      'inin-ratelimit-allowed': '300',
      'inin-ratelimit-reset': '40',
    })
    server.on(thing, (_, nth) => json(200, {}, quota([10, 280, 300, 1][nth - 1]!)))
    await tenant.request(read)
    await tenant.request(read)
    expect(clock.now() - startedAt).toBe(0)
    await tenant.request(read)
    expect(clock.now() - startedAt).toBe(2_000)
    await tenant.request(read)
    expect(clock.now() - startedAt).toBe(42_000)
  })
})

describe('a wait that is longer than the retries may last', () => {
  it.each([
    ['Retry-After', () => errorBody(429, 'too.many.requests', 'slow down', { 'retry-after': '999999' }), 999_999_000],
    [
      'a used-up quota',
      () =>
        json(
          200,
          {},
          {
            'inin-ratelimit-count': '300',
            'inin-ratelimit-allowed': '300',
            'inin-ratelimit-reset': '86400000',
          },
        ),
      86_400_000_000,
    ],
    [
      'a quota that runs low',
      () =>
        json(
          200,
          {},
          {
            'inin-ratelimit-count': '290',
            'inin-ratelimit-allowed': '300',
            'inin-ratelimit-reset': '86400000',
          },
        ),
      8_640_000_000,
    ],
  ])('is refused at once and not slept, when %s asks for it', async (_, answer, retryAfterMs) => {
    const tenant = client()
    const startedAt = clock.now()
    server.on(thing, answer)
    await tenant.request(read).catch(() => {})
    for (const request of [read, create]) {
      const error = await failureOf(tenant.request(request))
      expect(error).toMatchObject({ code: 'PLATFORM_RATE_LIMITED', outcome: 'not-applied', retryAfterMs })
      expect(error.message).toContain(request.operation)
    }
    expect(clock.now()).toBe(startedAt)
    expect(server.requests.filter(({ path }) => path === '/api/v2/thing')).toHaveLength(1)
    clock.advance(retryAfterMs)
    server.on(thing, () => json(200, {}))
    await expect(tenant.request(read)).resolves.toMatchObject({ status: 200 })
  })

  it('is slept when it is just as long', async () => {
    const tenant = client({ retry: { totalTimeoutMs: 7_000 } })
    server.on(thing, (_, nth) => json(nth === 1 ? 429 : 200, {}, nth === 1 ? { 'retry-after': '7' } : {}))
    const startedAt = clock.now()
    await expect(tenant.request(read)).resolves.toMatchObject({ status: 200 })
    expect(clock.now() - startedAt).toBe(7_000)
  })
})

describe('an abort', () => {
  it('is answered at once while a request is under way, while waiting and before it begins', async () => {
    server.on(thing, () => new Promise<Response>(() => {}))
    const running = new AbortController()
    const request = client().request(read, { signal: running.signal })
    await vi.waitFor(() => expect(server.count(thing)).toBe(1))
    running.abort(new Error('enough'))
    const error = await failureOf(request)
    expect(error).toMatchObject({ code: 'ABORTED', cause: running.signal.reason })

    clock = new SimulatedClock({ autoAdvance: false })
    server.on(thing, () => errorBody(429, 'too.many.requests', 'slow down', { 'retry-after': '60' }))
    const waiting = new AbortController()
    const retried = client().request(read, { signal: waiting.signal })
    await vi.waitFor(() => expect(clock.sleeping).toBe(1))
    waiting.abort()
    expect((await failureOf(retried)).code).toBe('ABORTED')
    expect(clock.sleeping).toBe(0)

    expect((await failureOf(client().request(read, { signal: AbortSignal.abort() }))).code).toBe('ABORTED')
    expect(server.count(thing)).toBe(1)
  })

  it('drops the connection of the request', async () => {
    let arrived = false
    let dropped = false
    const silent = createServer((incoming) => {
      arrived = true
      incoming.socket.once('close', () => {
        dropped = true
      })
    })
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    try {
      const controller = new AbortController()
      const { port } = silent.address() as AddressInfo
      const options = { clientId: undefined, clientSecret: undefined, accessToken: 't', timeoutMs: 25_000 }
      const work = client({ ...options, endpoint: `http://127.0.0.1:${port}` }).request(read, {
        signal: controller.signal,
      })
      await vi.waitFor(() => expect(arrived).toBe(true))
      controller.abort()
      expect((await failureOf(work)).code).toBe('ABORTED')
      await vi.waitFor(() => expect(dropped).toBe(true))
    } finally {
      silent.closeAllConnections()
      silent.close()
    }
  }, 5_000)

  it('of one request leaves the login to the others', async () => {
    server.on(thing, () => json(200, {}))
    let letIn: (() => void) | undefined
    server.onLogin = () =>
      new Promise((resolve) => {
        letIn = () => resolve(json(200, { access_token: 'token-1' }))
      })
    const tenant = client()
    const leaving = new AbortController()
    const first = failureOf(tenant.request(read, { signal: leaving.signal }))
    const second = tenant.request(read)
    await vi.waitFor(() => expect(letIn).toBeDefined())
    leaving.abort()
    expect((await first).code).toBe('ABORTED')
    letIn!()
    await expect(second).resolves.toMatchObject({ status: 200 })
    expect(server.logins).toBe(1)
  })
})

describe('a ready client', () => {
  it('is used with its own settings, which stay as they were', async () => {
    const { default: sdk } = (await import('purecloud-platform-client-v2')) as never as {
      default: { ApiClientClass: new () => ReadyClient }
    }
    const ready = new sdk.ApiClientClass()
    ready.config.live_reload_config = false
    const { hostname, port } = new URL(server.endpoint)
    ready.config.setGateway({ host: hostname, protocol: 'http', port: Number(port) })
    ready.setEnvironment('mypurecloud.ie')
    ready.setAccessToken('their-own-token')
    server.on(thing, () => errorBody(403, 'missing.any.permissions', 'you with their-own-token may not'))
    const before = Object.keys(ready).length
    const tenant = new GenesysClient({ client: ready, clock })
    expect(tenant.region?.region).toBe('eu-west-1')
    const error = await failureOf(tenant.request(read))
    expect(error).toMatchObject({ code: 'PLATFORM_FORBIDDEN', status: 403, requestId: 'corr-403' })
    expect(everythingIn(error)).not.toContain('their-own-token')
    expect(server.logins).toBe(0)
    expect(ready.returnExtended).toBeUndefined()
    expect(Object.keys(ready).length).toBe(before)
  })

  it.each([
    ['a plain ErrorBody', { message: 'no', code: 'x', status: 403 }, 'PLATFORM_FORBIDDEN'],
    ['an HTML string', '<html>oops</html>', 'PLATFORM_RESPONSE_INVALID'],
    ['undefined', undefined, 'PLATFORM_RESPONSE_INVALID'],
    ['some other error', new RangeError('surprise'), 'INTERNAL'],
  ])('that rejects with %s is normalised', async (_, rejection, code) => {
    const ready = { callApi: () => Promise.reject(rejection) }
    expect((await failureOf(new GenesysClient({ client: ready, clock }).request(read))).code).toBe(code)
    const outcome = await failureOf(new GenesysClient({ client: ready, clock }).request(create))
    expect(outcome.outcome).toBe(code === 'PLATFORM_FORBIDDEN' ? 'not-applied' : 'unknown')
  })
})

interface ReadyClient {
  returnExtended?: boolean
  config: { live_reload_config: boolean; setGateway(gateway: object): void }
  setEnvironment(host: string): void
  setAccessToken(token: string): void
  callApi(...args: never[]): Promise<unknown>
}

it('shows no credential when it is inspected or serialised', () => {
  const tenant = client()
  expect(`${inspect(tenant, { depth: 20, showHidden: true })}${JSON.stringify(tenant)}`).not.toContain(clientSecret)
})

it('tells a logger of retries, and does not mind one that throws', async () => {
  const lines: string[] = []
  const warn = (line: string) => {
    lines.push(line)
    throw new Error('disk full')
  }
  server.on(thing, (_, nth) => (nth === 1 ? errorBody(500, 'x', clientSecret) : json(200, {})))
  await client({ logger: { debug() {}, info() {}, warn, error() {} } }).request(read)
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain(clientSecret)
})

describe('a token that a function gave with a line break', () => {
  it('is missing, and sent nowhere', async () => {
    const error = await failureOf(
      client({ clientId: undefined, clientSecret: undefined, accessToken: async () => 'toptoken\n' }).request(read),
    )
    expect(error).toMatchObject({ code: 'MISSING_CREDENTIALS' })
    expect(error.message).toMatch(/holds a line break/)
    expect(everythingIn(error)).not.toContain('toptoken')
  })
})
