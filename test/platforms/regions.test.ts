import { describe, expect, it } from 'vitest'
import { LegalHoldError } from '../../src/model/errors.js'
import { checkConnection, type GenesysConnectionOptions } from '../../src/platforms/client/options.js'
import { genesysRegions, resolveRegion } from '../../src/platforms/client/regions.js'

function errorOf(work: () => unknown): LegalHoldError {
  try {
    work()
  } catch (error) {
    if (LegalHoldError.isInstance(error)) return error
    throw error
  }
  return expect.unreachable('nothing was thrown')
}

describe('a region', () => {
  it('is known by AWS name, host, and the ways in which people write them', () => {
    for (const { region, host } of genesysRegions) {
      for (const name of [
        region,
        region.replaceAll('-', '_'),
        region.toUpperCase(),
        host,
        `api.${host}`,
        `https://login.${host}/`,
      ]) {
        expect(resolveRegion(name)).toMatchObject({ region, host })
      }
    }
  })

  it('has the host that the SDK has for it', async () => {
    const { default: sdk } = (await import('purecloud-platform-client-v2')) as never as {
      default: { PureCloudRegionHosts: Record<string, string> }
    }
    const ours = Object.fromEntries(genesysRegions.map(({ region, host }) => [region.replaceAll('-', '_'), host]))
    expect(ours).toEqual(sdk.PureCloudRegionHosts)
  })

  it('that is unknown is answered with the right ones', () => {
    const error = errorOf(() => resolveRegion('eu-north-1'))
    expect(error.code).toBe('UNKNOWN_REGION')
    for (const { region, host } of genesysRegions) expect(error.message).toContain(`${region} (${host})`)
    expect(error.message).not.toContain('mixed up')
  })

  it.each(['EU-West-1 (London)', 'london', 'eu-west-3', 'euw1.pure.cloud'])(
    'written as %s is answered with the mix-up of Ireland and London',
    (name) => {
      expect(errorOf(() => resolveRegion(name)).message).toContain('eu-west-1 is Ireland')
    },
  )
})

describe('connection options', () => {
  const good: GenesysConnectionOptions = { region: 'eu-west-1', clientId: 'a', clientSecret: 'topsecret' }
  const codeOf = (options: GenesysConnectionOptions) => errorOf(() => checkConnection(options, 'the platform'))

  it('name what is missing of the credentials', () => {
    expect(codeOf({ region: 'eu-west-1' })).toMatchObject({
      code: 'MISSING_CREDENTIALS',
      details: { missing: ['clientId', 'clientSecret'] },
    })
    const half = codeOf({ region: 'eu-west-1', clientId: 'a' })
    expect(half).toMatchObject({ code: 'MISSING_CREDENTIALS', details: { missing: ['clientSecret'] } })
    expect(half.message).toContain('clientSecret is missing')
    expect(codeOf({ region: 'eu-west-1', accessToken: ' ' }).code).toBe('MISSING_CREDENTIALS')
  })

  it('are all wrong in one error, without their secrets', () => {
    const error = codeOf({
      region: 'mars',
      clientId: 'a',
      clientSecret: 'topsecret',
      accessToken: 'toptoken',
      endpoint: 'http://genesys.example.com',
      timeoutMs: -1,
      retry: { retries: 0.5 },
    })
    expect(error.code).toBe('UNKNOWN_REGION')
    const mistakes = error.details?.mistakes as { path: string; code?: string }[]
    expect(mistakes.map(({ code = 'INVALID_OPTIONS' }) => code)).toEqual([
      'UNKNOWN_REGION',
      'INVALID_OPTIONS',
      'INSECURE_ENDPOINT',
      'INVALID_OPTIONS',
      'INVALID_OPTIONS',
    ])
    expect(JSON.stringify(error)).not.toMatch(/topsecret|toptoken/)
  })

  it('need a region unless a client comes with its own', () => {
    expect(codeOf({ clientId: 'a', clientSecret: 'b' }).code).toBe('UNKNOWN_REGION')
    const client = { callApi: async () => undefined }
    expect(checkConnection({ client }, 'the platform').region).toBeUndefined()
    expect(codeOf({ client: {} as never }).code).toBe('INVALID_OPTIONS')
  })

  it('take an unencrypted endpoint on loopback only', () => {
    for (const endpoint of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1', 'https://gateway.example']) {
      expect(checkConnection({ ...good, endpoint }, 'the platform').endpoint?.href).toContain(endpoint)
    }
    for (const endpoint of ['http://127.0.0.1.example.com', 'http://10.0.0.1', 'http://localhost.example.com']) {
      expect(codeOf({ ...good, endpoint }).code).toBe('INSECURE_ENDPOINT')
    }
    expect(codeOf({ ...good, endpoint: 'https://me:pw@gateway.example' }).message).not.toContain('pw@')
  })

  it('take no ready client that speaks to its gateway or hosts in clear, but on loopback', () => {
    const ready = (config: object) => ({ callApi: async () => undefined, config }) as never
    for (const config of [
      { gateway: { host: 'gateway.example', protocol: 'http' } },
      { basePath: 'http://api.mypurecloud.ie', authUrl: 'https://login.mypurecloud.ie' },
      { basePath: 'https://api.mypurecloud.ie', authUrl: 'http://login.mypurecloud.ie' },
    ]) {
      expect(codeOf({ client: ready(config) }).code, JSON.stringify(config)).toBe('INSECURE_ENDPOINT')
    }
    for (const config of [
      {},
      { gateway: { host: '127.0.0.1', protocol: 'http', port: 1 } },
      { gateway: { host: 'gateway.example' } },
      { gateway: { host: 'gateway.example', protocol: 'https' }, basePath: 'http://not.used.example' },
      { basePath: 'https://api.mypurecloud.ie', authUrl: 'https://login.mypurecloud.ie' },
    ]) {
      expect(checkConnection({ client: ready(config) }, 'the platform').credentials.kind).toBe('client')
    }
  })

  it.each([
    ['clientId', 'topid\n', /clientId holds a line break/],
    ['clientSecret', 'topsecret\r\n', /clientSecret holds a line break/],
    ['clientSecret', ' topsecret', /clientSecret begins or ends with a blank/],
    ['accessToken', 'toptoken\n', /accessToken holds a line break/],
    ['accessToken', 'toptokén', /accessToken holds a character that no header can carry/],
  ])('say which credential was copied badly, and nothing of it: %s', (name, value, message) => {
    const rest = name === 'accessToken' ? { region: 'eu-west-1' } : good
    const error = codeOf({ ...rest, [name]: value })
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(error.message).toMatch(message)
    expect(JSON.stringify(error) + error.message).not.toMatch(/topid|topsecret|toptok/)
  })
})
