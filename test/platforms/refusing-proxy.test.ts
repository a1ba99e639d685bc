import { createRequire } from 'node:module'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { LegalHoldError, LegalHoldExporter, type RunEvent } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { request, tag } from '../custody/bundle-world.js'
import { type LoopbackProxy, loopbackProxy } from '../fakes/loopback-proxy.js'

const open: LoopbackProxy[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const proxy of open.splice(0)) await proxy.close()
})

async function refusing(refuse: number, variable = 'HTTPS_PROXY'): Promise<LoopbackProxy> {
  const proxy = await loopbackProxy({ refuse })
  open.push(proxy)
  vi.stubEnv(variable, `http://me:hidden@127.0.0.1:${proxy.port}`)
  return proxy
}

async function failure(call: Promise<unknown>): Promise<LegalHoldError> {
  const error: unknown = await call.catch((one) => one)
  if (!LegalHoldError.isInstance(error)) throw new Error(`no LegalHoldError: ${String(error)}`)
  expect(error.message + JSON.stringify(error) + String(error.cause)).not.toContain('hidden')
  return error
}

const region = 'eu-west-1'
const credentials = { token: { accessToken: 't' }, client: { clientId: 'id', clientSecret: 'secret' } }
const { ApiClientClass } = createRequire(import.meta.url)('purecloud-platform-client-v2') as {
  ApiClientClass: new () => { setEnvironment(host: string): void; callApi: () => Promise<unknown> }
}

describe('a proxy that refuses the way to Genesys Cloud', () => {
  test.each([
    [502, 'token', 'api', 'it cannot reach that server'],
    [503, 'client', 'login', 'it cannot reach that server'],
    [407, 'client', 'login', 'it asks for user and password'],
    [403, 'token', 'api', 'its rules do not allow that server'],
    [401, 'token', 'api', ''],
    [404, 'token', 'api', ''],
  ] as const)(
    'with %i is no contact with it: a run with a %s fails within connectTimeoutMs and names the proxy',
    async (status, kind, host, hint) => {
      const proxy = await refusing(status)
      const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
      const platform = new RecordingJobsPlatform({ region, ...credentials[kind], clock })
      const storage = new MemoryStorageAdapter({ clock })
      const events: RunEvent[] = []
      const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag } })
      const error = await failure(exporter.run(request, { onEvent: (event) => events.push(event) }))
      expect(error).toMatchObject({ code: 'NETWORK_ERROR', retryable: true, outcome: 'not-applied', status: undefined })
      expect(error.message).toContain('Genesys Cloud did not answer within 15 s (connectTimeoutMs)')
      expect(error.message).toContain(
        `the proxy http://127.0.0.1:${proxy.port} answered ${status} to CONNECT ${host}.mypurecloud.ie`,
      )
      expect(error.message).toContain(hint)
      expect(error.message).toMatch(/Check the proxy that HTTPS_PROXY names, or let NO_PROXY name the server/)
      // One advice: not the region's as well, which is not to blame.
      expect(error.message.match(/\bCheck\b/g)).toEqual(['Check'])
      expect(error.message).not.toContain('Genesys Cloud answered')
      expect(clock.now() - Date.parse('2023-10-20T12:00:00Z')).toBeLessThanOrEqual(15_000)
      expect(events.filter(({ type }) => type === 'retry').length).toBeGreaterThan(6)
      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${host}.mypurecloud.ie:443`]))
    },
  )

  test.each(['https_proxy', 'ALL_PROXY'])('is told apart by whatever variable names it: %s', async (variable) => {
    const proxy = await refusing(502, variable)
    const platform = new RecordingJobsPlatform({ region, accessToken: 't', retry: { retries: 0 } })
    const error = await failure(platform.organization())
    expect(error.code).toBe('NETWORK_ERROR')
    expect(error.message).toContain(`127.0.0.1:${proxy.port} answered 502`)
  })

  test('is told apart with a client of the caller as well', async () => {
    const proxy = await refusing(503)
    const client = new ApiClientClass()
    client.setEnvironment('mypurecloud.ie')
    const platform = new RecordingJobsPlatform({ client, retry: { retries: 0 } })
    const error = await failure(platform.organization())
    expect(error.code).toBe('NETWORK_ERROR')
    expect(error.message).toContain(`127.0.0.1:${proxy.port} answered 503`)
  })

  test('leaves no job behind: nothing reached the server', async () => {
    await refusing(502)
    const platform = new RecordingJobsPlatform({ region, accessToken: 't', retry: { retries: 0 } })
    expect(await failure(platform.createJob(request, { hold: { tag }, runId: 'run' }))).toMatchObject({
      code: 'NETWORK_ERROR',
      outcome: 'not-applied',
    })
  })
})
