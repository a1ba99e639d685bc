import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('purecloud-platform-client-v2')
  vi.resetModules()
})

it('is not loaded before the first request, and its absence is said in words', async () => {
  vi.resetModules()
  const load = vi.fn(() => {
    throw Object.assign(new Error("Cannot find package 'purecloud-platform-client-v2'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
  })
  vi.doMock('purecloud-platform-client-v2', load)
  const { RecordingJobsPlatform } = await import('../../src/genesys.js')
  const platform = new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't' })
  expect(load).not.toHaveBeenCalled()
  await expect(platform.organization()).rejects.toMatchObject({
    code: 'MISSING_DEPENDENCY',
    message: expect.stringContaining('npm install purecloud-platform-client-v2'),
  })
})

it('gets a client of its own for each tenant, which neither logs nor watches a file', async () => {
  const { loadSdk, openSdk } = await import('../../src/platforms/client/sdk.js')
  const { checkConnection } = await import('../../src/platforms/client/options.js')
  const sdk = (await loadSdk()) as { ApiClient: object; ApiClientClass: new () => Client }
  const made: Client[] = []
  class Spy extends sdk.ApiClientClass {
    constructor() {
      super()
      made.push(this)
    }
  }
  for (const region of ['eu-west-1', 'eu-west-2']) {
    openSdk({ ...sdk, ApiClientClass: Spy }, checkConnection({ region, accessToken: 't' }, 'test'))
  }
  expect(made.map(({ config }) => config.basePath)).toEqual([
    'https://api.mypurecloud.ie',
    'https://api.euw2.pure.cloud',
  ])
  for (const client of made) {
    expect(client).not.toBe(sdk.ApiClient)
    expect(client.config).toMatchObject({ live_reload_config: false, watchedConfigPath: null })
    expect(client.config.logger.log_level).toBe('none')
    expect(client.returnExtended).toBe(true)
  }
})

interface Client {
  returnExtended: boolean
  config: { basePath: string; logger: { log_level: string } }
}
