import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { redirectOf } from '../../src/internal/redirect.js'
import { LegalHoldError } from '../../src/model/errors.js'
import { GenesysClient, type GenesysRequest } from '../../src/platforms/client/client.js'
import type { GenesysConnectionOptions, ReadyApiClient } from '../../src/platforms/client/options.js'
import { loadSdk } from '../../src/platforms/client/sdk.js'
import { SimulatedClock } from '../../src/testing/clock.js'
import { clientId, clientSecret, json, ScriptedServer } from './scripted-server.js'

let server: ScriptedServer
/** Whoever an answer points to. */
let other: ScriptedServer

beforeEach(async () => {
  server = await new ScriptedServer().start()
  other = await new ScriptedServer().start()
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) other.on(`${method} /elsewhere`, () => json(200, {}))
})
afterEach(() => Promise.all([server.close(), other.close()]))

const path = '/api/v2/thing'
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const request = (method: Method, effect: GenesysRequest['effect'] = 'read'): GenesysRequest => ({
  operation: 'ask for the thing',
  stage: 'inspect',
  effect,
  send: ({ callApi }) => callApi({ method, path, ...(method === 'GET' ? {} : { body: { a: 1 } }) }),
})

function client(options: Partial<GenesysConnectionOptions> = {}): GenesysClient {
  return new GenesysClient({
    region: 'eu-west-1',
    clientId,
    clientSecret,
    endpoint: server.endpoint,
    clock: new SimulatedClock(),
    timeoutMs: 5_000,
    ...options,
  })
}

async function failureOf(work: Promise<unknown>): Promise<LegalHoldError> {
  const error = await work.then(
    () => expect.unreachable('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!LegalHoldError.isInstance(error)) throw error
  return error
}

const statuses = [301, 302, 303, 307, 308]
const pointing = (status: number, location = `${other.endpoint}/elsewhere?token=${clientSecret}#part`) =>
  new Response(null, { status, headers: { location } })

describe('a redirect', () => {
  it.each(statuses)('of the login (%i) is not followed, and named', async (status) => {
    server.onLogin = () => pointing(status)
    const error = await failureOf(client().request(request('GET')))
    expect(error).toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID', status, retryable: false })
    expect(error.message).toContain('log in to Genesys Cloud')
    expect(error.message).toContain(`${other.endpoint}/elsewhere.`)
    expect(error.message).toContain('Check the region or endpoint')
    expect(JSON.stringify(error)).not.toContain(encodeURIComponent(clientSecret))
    expect(JSON.stringify(error)).not.toMatch(/token=|#part/)
    expect(server.logins).toBe(1)
    expect(other.requests).toEqual([])
  })

  const methods: Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  it.each(methods.flatMap((method) => statuses.map((status) => [method, status] as const)))(
    'of a %s (%i) is not followed, not repeated, and named',
    async (method, status) => {
      server.on(`${method} ${path}`, () => pointing(status))
      const error = await failureOf(client().request(request(method)))
      expect(error).toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID', status, retryable: false })
      expect(error.message).toContain(`points to ${other.endpoint}/elsewhere.`)
      expect(server.count(`${method} ${path}`)).toBe(1)
      expect(other.requests).toEqual([])
    },
  )

  it('to the same host is not followed either', async () => {
    server.on(`GET ${path}`, () => pointing(307, '/api/v2/other'))
    server.on('GET /api/v2/other', () => json(200, {}))
    const error = await failureOf(client().request(request('GET')))
    expect(error.message).toContain('points to /api/v2/other of the same host.')
    expect(server.count('GET /api/v2/other')).toBe(0)
  })

  it.each(statuses)('of a create (%i) says whether it may have been created', async (status) => {
    server.on(`POST ${path}`, () => pointing(status))
    const error = await failureOf(client().request(request('POST', 'create')))
    const mayBe = status === 302 || status === 303
    expect(error).toMatchObject({
      code: mayBe ? 'JOB_OUTCOME_UNKNOWN' : 'PLATFORM_RESPONSE_INVALID',
      outcome: mayBe ? 'unknown' : 'not-applied',
    })
  })

  it.each(statuses)('is not followed with a ready client (%i), whose own requests stay as they are', async (status) => {
    const sdk = (await loadSdk()) as { ApiClientClass: new () => Ready }
    const ready = new sdk.ApiClientClass()
    const { hostname: host, port } = new URL(server.endpoint)
    ready.config.live_reload_config = false
    ready.config.setGateway({ host, protocol: 'http', port: Number(port) })
    ready.setAccessToken('token-of-its-owner')
    server.on(`GET ${path}`, () => pointing(status, `${other.endpoint}/elsewhere`))
    const ours = client({ client: ready, clientId: undefined, clientSecret: undefined, endpoint: undefined })
    const error = await failureOf(ours.request(request('GET')))
    expect(error.message).toContain(`points to ${other.endpoint}/elsewhere.`)
    expect(other.requests).toEqual([])
    const theirs = ready as unknown as { callApi(...args: unknown[]): Promise<unknown> }
    await theirs.callApi(path, 'GET', {}, {}, {}, {}, null, ['PureCloud OAuth'], [], ['application/json'])
    expect(other.requests).toHaveLength(1)
  })

  it('of a ready client is not followed after its owner gave it another HTTP client', async () => {
    const sdk = (await loadSdk()) as { ApiClientClass: new () => Ready; DefaultHttpClient: new () => object }
    const ready = new sdk.ApiClientClass()
    const { hostname: host, port } = new URL(server.endpoint)
    ready.config.live_reload_config = false
    ready.config.setGateway({ host, protocol: 'http', port: Number(port) })
    const ours = client({ client: ready, clientId: undefined, clientSecret: undefined, endpoint: undefined })
    server.on(`GET ${path}`, () => pointing(302))
    for (let round = 0; round < 2; round += 1) {
      ready.setHttpClient(new sdk.DefaultHttpClient())
      await failureOf(ours.request(request('GET')))
    }
    expect(server.count(`GET ${path}`)).toBe(2)
    expect(other.requests).toEqual([])
  })

  it.each([
    ['https://login.example.com/oauth?code=1#x', 'https://login.example.com/oauth'],
    ['https://user:pass@login.example.com:8443/a', 'https://login.example.com:8443/a'],
    ['//login.example.com/a', 'https://login.example.com/a'],
    ['?code=1', '/ of the same host'],
    ['https://[::1', 'an address that is not a URL'],
    ['javascript:alert(1)', 'an address of the protocol javascript:'],
    ['', 'an address that it does not name'],
    [undefined, 'an address that it does not name'],
    [`https://a.example/${'x'.repeat(5_000)}`, `https://a.example/${'x'.repeat(199)}…`],
  ])('to %s is named %s', (location, target) => {
    expect(redirectOf(302, location)?.target).toBe(target)
  })

  it.each([200, 300, 304, 404, undefined])('is none with status %s', (status) => {
    expect(redirectOf(status, 'https://a.example')).toBeUndefined()
  })
})

interface Ready extends ReadyApiClient {
  config: { live_reload_config: boolean; setGateway(gateway: object): void }
  setAccessToken(token: string): void
  setHttpClient(client: object): void
}
