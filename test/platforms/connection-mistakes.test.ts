import { afterEach, describe, expect, test } from 'vitest'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { simulate } from '../testing/genesys/fixture.js'

const credentials = { clientId: 'a', clientSecret: 'b' }
const regionOf = (region: string) => new RecordingJobsPlatform({ region, ...credentials }).region

describe('a region given as a URL', () => {
  test.each([
    'https://apps.mypurecloud.ie/directory/#/engage/admin',
    'https://api.mypurecloud.ie/api/v2/',
    'https://login.mypurecloud.ie:443',
    'HTTPS://API.MYPURECLOUD.IE',
    'mypurecloud.ie/',
  ])('is understood: %s', (region) => {
    expect(regionOf(region)).toBe('eu-west-1')
  })

  test('is refused where it is another server, and a password in it is not repeated', () => {
    expect(() => regionOf('https://mypurecloud.ie.example.com/')).toThrow('is not a region of Genesys Cloud')
    expect(() => regionOf('https://me:hunter2@mypurecloud.ie')).toThrow('is not a region of Genesys Cloud')
    expect(() => regionOf('https://me:hunter2@mypurecloud.ie')).not.toThrow('hunter2')
  })
})

describe('against the simulated platform', () => {
  const opened: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of opened.splice(0)) await close()
  })

  async function platformWith(given: { readonly clientId: string; readonly clientSecret: string }) {
    const { simulator, clock } = simulate([])
    const listener = await simulator.listen()
    opened.push(() => listener.close())
    return new RecordingJobsPlatform({ region: 'eu-west-1', endpoint: listener.endpoint, clock, ...given })
  }

  test('a 400 at the login says that the region may be the wrong one', async () => {
    const platform = await platformWith({ clientId: 'of-another-region', clientSecret: 'simulator-secret' })
    await expect(platform.organization()).rejects.toMatchObject({
      code: 'PLATFORM_UNAUTHORIZED',
      status: 400,
      message: expect.stringMatching(/the region \(eu-west-1, mypurecloud\.ie\) is that of the organisation/),
    })
  })

  test('a profileId says that a recording job has no export profile, before anything is created', async () => {
    const platform = await platformWith({ clientId: 'simulator-client', clientSecret: 'simulator-secret' })
    const interval = { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' }
    for (const request of [
      { profileId: 'p', interval },
      { profileId: 'p', integrationId: 'i', interval },
    ]) {
      const refusal = {
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/profileId "p" names an export profile.*BulkExportsPlatform.*integrationId/),
      }
      await expect(platform.inspectRequest(request)).rejects.toMatchObject(refusal)
      await expect(platform.createJob(request, { runId: 'r' } as never)).rejects.toMatchObject(refusal)
    }
  })
})
