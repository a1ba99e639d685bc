import platformClient, { type Models } from 'purecloud-platform-client-v2'
import { afterEach, describe, expect, it } from 'vitest'
import type { Listener } from '../../../src/testing/index.js'
import {
  conversation,
  id,
  integrationId,
  jobBody,
  login,
  organizationId,
  profileId,
  requestToken,
  simulate,
} from './fixture.js'

let listener: Listener | undefined
afterEach(async () => {
  await listener?.close()
  listener = undefined
})

describe('over the wire, with the JavaScript SDK', () => {
  it.each([{}, { path_params_login: '/login', path_params_api: '/api' }])(
    'runs a whole job through a gateway %j',
    async (paths) => {
      const world = simulate([conversation(1), conversation(2, {}, { failsAtSource: true })])
      const client = await connect(world, paths)
      const recording = new platformClient.RecordingApi(client)
      const organization = await new platformClient.OrganizationApi(client).getOrganizationsMe()
      expect(organization.id).toBe(organizationId)
      const { id: jobId = '' } = await recording.postRecordingJobs(jobBody() as unknown as Models.RecordingJobsQuery)
      world.clock.advance(1_000)
      expect((await recording.getRecordingJob(jobId)).state).toBe('READY')
      await recording.putRecordingJob(jobId, { state: 'PROCESSING' } as Models.ExecuteRecordingJobsQuery)
      world.clock.advance(10_000)
      expect((await recording.getRecordingJob(jobId)).state).toBe('FULFILLED')
      const failed = await recording.getRecordingJobFailedrecordings(jobId, { includeTotal: false, pageSize: 100 })
      expect(failed.entities?.map((entity) => entity.recording?.id)).toEqual([id(2, 2)])
      const protectedNow = await recording.putRecordingsDeletionprotection({
        protect: true,
        body: { conversationIds: [id(1, 1)] },
      })
      expect(protectedNow).toEqual({ failedUpdates: [] })
      const told = await recording.postRecordingsDeletionprotection({ conversationIds: [id(1, 1), id(1, 2)] })
      expect(told.map((conversation) => conversation.id)).toEqual([id(1, 1)])
      expect(world.puts).toHaveLength(2)
    },
  )

  it('serves the bulk-exports surface to callApi', async () => {
    const world = simulate([conversation(1)])
    const client = await connect(world)
    const call = (path: string, method: string, body: unknown = null) =>
      client.callApi(
        path,
        method,
        {},
        {},
        {},
        {},
        body,
        ['PureCloud OAuth'],
        ['application/json'],
        ['application/json'],
      )
    const profile = await call(`/api/v2/recordings/exportprofiles/${profileId}`, 'GET')
    expect(profile).toMatchObject({ include_legal_hold_metadata: true })
    const created = await call('/api/v2/recordings/bulkexports', 'POST', {
      integrationId,
      filters: { mediaType: 'digital', interval: jobBody().conversationQuery.interval },
      metadata: { legal_hold_tag: 'matter-1' },
    })
    expect(created).toMatchObject({ status: 'pending', totalRecordings: 1 })
  })

  it('shows headers and ErrorBody as the SDK’s extended responses carry them', async () => {
    const world = simulate([], { rateLimitPerMinute: 2 })
    const client = await connect(world)
    client.setReturnExtendedResponses(true)
    const recording = new platformClient.RecordingApi(client)
    const missing = await recording.getRecordingJob(id(9, 9)).catch((error: unknown) => error)
    expect(missing).toMatchObject({
      status: 404,
      body: { code: 'not.found', status: 404, contextId: expect.any(String), messageParams: {} },
      headers: { 'inin-ratelimit-count': '1', 'inin-ratelimit-allowed': '2', 'inin-ratelimit-reset': '60' },
    })
    const { headers, body } = missing as { headers: Record<string, string>; body: { contextId: string } }
    expect(headers['inin-correlation-id']).toBe(body.contextId)
    await recording.getRecordingJobs()
    world.clock.advance(20_500)
    const limited = await recording.getRecordingJobs().catch((error: unknown) => error)
    expect(limited).toMatchObject({
      status: 429,
      headers: { 'retry-after': '40' },
      body: { code: 'too.many.requests' },
    })
    world.clock.advance(39_500)
    expect(await recording.getRecordingJobs()).toMatchObject({ status: 200 })
  })
})

describe('OAuth', () => {
  it('answers in the words of OAuth, with a correlation id', async () => {
    const { simulator } = simulate([])
    const wrong = await requestToken(simulator, 'simulator-client', 'wrong')
    expect([wrong.status, await wrong.json()]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })])
    expect(wrong.headers.get('inin-correlation-id')).toMatch(/^[0-9a-f-]{36}$/)
    const unknown = await requestToken(simulator, 'nobody', 'wrong')
    expect([unknown.status, await unknown.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_client' })])
    const granted = await requestToken(simulator, 'simulator-client', 'simulator-secret')
    expect(await granted.json()).toMatchObject({
      token_type: 'bearer',
      expires_in: 86_400,
      access_token: expect.any(String),
    })
  })

  it('refuses a request without a token, with a wrong one, an expired one and a revoked one', async () => {
    const world = simulate([], { tokenTtlMs: 300_000 })
    const get = (bearer: string) => world.call('GET', '/api/v2/organizations/me', undefined, bearer)
    const bare = await world.simulator.handle(new Request('https://api.mypurecloud.ie/api/v2/organizations/me'))
    expect([bare.status, await bare.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'authentication.required' }),
    ])
    const wrong = await get('wrong')
    expect([wrong.status, await wrong.json()]).toEqual([401, expect.objectContaining({ code: 'bad.credentials' })])
    const token = await login(world.simulator)
    expect((await get(token)).status).toBe(200)
    world.clock.advance(300_000)
    expect((await get(token)).status).toBe(401)
    const next = await login(world.simulator)
    expect((await get(next)).status).toBe(200)
    world.simulator.revokeTokens()
    expect((await get(next)).status).toBe(401)
  })

  it('names the permission that a client lacks', async () => {
    const world = simulate([], {
      clients: [{ clientId: 'simulator-client', clientSecret: 'simulator-secret', permissions: [] }],
    })
    const refused = await world.json('GET', '/api/v2/recording/jobs', undefined, 403)
    expect(refused).toMatchObject({
      code: 'missing.any.permissions',
      message: expect.stringContaining('recording:job:view'),
    })
  })
})

describe('faults and the request log', () => {
  it('knows operations by name: an answer lost after the job was created leaves the job', async () => {
    const world = simulate([conversation(1)])
    world.simulator.faults.add({ match: { operation: 'createRecordingJob' }, action: { kind: 'reset-after' } })
    const lost = await world.call('POST', '/api/v2/recording/jobs', jobBody())
    expect(lost.type).toBe('error')
    expect(world.simulator.jobs).toHaveLength(1)
    world.simulator.faults.add({
      match: { operation: 'listRecordingJobs' },
      action: { kind: 'respond', status: 503, body: '<html>' },
    })
    const unavailable = await world.call('GET', '/api/v2/recording/jobs')
    expect([unavailable.status, await unavailable.text()]).toEqual([503, '<html>'])
    expect(unavailable.headers.get('inin-correlation-id')).toBeTruthy()
    expect(world.simulator.requests.map(({ operation, status }) => [operation, status])).toEqual([
      ['requestToken', 200],
      ['createRecordingJob', 0],
      ['listRecordingJobs', 503],
    ])
    expect(JSON.stringify(world.simulator.requests)).not.toContain('simulator-secret')
  })

  it('answers 404 and 405 where there is nothing', async () => {
    const world = simulate([])
    await world.json('GET', '/api/v2/nothing', undefined, 404)
    await world.json('DELETE', '/api/v2/organizations/me', undefined, 405)
  })
})

async function connect(world: ReturnType<typeof simulate>, paths: Record<string, string> = {}) {
  listener = await world.simulator.listen()
  const client = new platformClient.ApiClientClass()
  client.config.live_reload_config = false
  client.setGateway({ host: '127.0.0.1', protocol: 'http', port: listener.port, ...paths } as never)
  await client.loginClientCredentialsGrant('simulator-client', 'simulator-secret')
  return client
}
