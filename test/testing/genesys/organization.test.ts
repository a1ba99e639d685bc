import { describe, expect, it } from 'vitest'
import { buildIntegration, buildRecording, type SimulatedRetentionPolicy } from '../../../src/testing/index.js'
import { conversation, id, integrationId, interval, organizationId, runJob, simulate } from './fixture.js'

const protection = '/api/v2/recordings/deletionprotection'

describe('organisation and integrations', () => {
  it('names the organisation, the integration and what it delivers to', async () => {
    const world = simulate([])
    expect(await world.json('GET', '/api/v2/organizations/me')).toMatchObject({ id: organizationId })
    expect(await world.json('GET', `/api/v2/integrations/${integrationId}`)).toMatchObject({
      intendedState: 'ENABLED',
      reportedState: { code: 'ACTIVE' },
    })
    const config = await world.json('GET', `/api/v2/integrations/${integrationId}/config/current`)
    expect(config.properties).toMatchObject({ bucket: 'evidence', roleArn: expect.stringMatching(/^arn:aws:iam::/) })
    await world.json('GET', `/api/v2/integrations/${id(9, 9)}`, undefined, 404)
  })

  it('refuses a job through an integration that is switched off', async () => {
    const world = simulate([conversation(1)])
    world.simulator.organization.integrations = [
      buildIntegration({ id: integrationId, bucket: 'evidence', intendedState: 'DISABLED', reportedState: 'INACTIVE' }),
    ]
    await expect(runJob(world)).rejects.toThrow(/400.*not active/)
  })

  it('pages media retention policies and filters them', async () => {
    const world = simulate([])
    const policy = (n: number): SimulatedRetentionPolicy => ({
      id: id(4, n),
      name: `policy ${n}`,
      enabled: n % 2 === 0,
    })
    world.simulator.organization.mediaRetentionPolicies = Array.from({ length: 30 }, (_, n) => policy(n))
    world.simulator.organization.crossplatformPolicies = [policy(1)]
    const path = '/api/v2/recording/mediaretentionpolicies'
    const first = await world.json('GET', path)
    expect(first).toMatchObject({ pageSize: 25, total: 30, pageCount: 2 })
    expect((await world.json('GET', first.nextUri)).entities).toHaveLength(5)
    expect((await world.json('GET', `${path}?enabled=true`)).total).toBe(15)
    expect((await world.json('GET', '/api/v2/recording/crossplatform/mediaretentionpolicies')).total).toBe(1)
  })
})

describe('deletion protection', () => {
  const ids = (from: number, count: number) => Array.from({ length: count }, (_, n) => id(1, from + n))
  const apply = (world: ReturnType<typeof simulate>, conversationIds: string[], query = '?protect=true') =>
    world.json('PUT', `${protection}${query}`, { conversationIds })

  it('takes 100 conversations a call and 1,000 an organisation', async () => {
    const world = simulate(Array.from({ length: 1_010 }, (_, number) => conversation(number)))
    await world.json('PUT', `${protection}?protect=true`, { conversationIds: ids(0, 101) }, 400)
    for (let from = 0; from < 1_000; from += 100)
      expect(await apply(world, ids(from, 100))).toEqual({ failedUpdates: [] })
    const beyond = await apply(world, ids(995, 10))
    expect(beyond.failedUpdates.map((update: { conversation: { id: string } }) => update.conversation.id)).toEqual(
      ids(1_000, 5),
    )
    expect(beyond.failedUpdates[0]).toMatchObject({ errorCode: expect.any(String), errorMessage: expect.any(String) })
    expect(world.simulator.protectedConversations.size).toBe(1_000)
  })

  it('tells which are protected, reports unknown ones, and revokes only when told to', async () => {
    const world = simulate([conversation(1), conversation(2)])
    const result = await apply(world, [id(1, 1), id(1, 7)], '')
    expect(result.failedUpdates).toMatchObject([{ conversation: { id: id(1, 7) } }])
    const query = () => world.json('POST', protection, { conversationIds: ids(1, 2) })
    expect(await query()).toMatchObject([{ id: id(1, 1) }])
    await apply(world, [id(1, 1)], '?protect=false')
    expect(await query()).toEqual([])
    world.simulator.settings.reportFailedUpdates = false
    expect(await world.json('PUT', `${protection}?protect=true`, { conversationIds: [id(1, 1)] }, 202)).toBeUndefined()
    expect(await query()).toMatchObject([{ id: id(1, 1) }])
  })

  it('answers as if it had protected those that it is told to pass over', async () => {
    const world = simulate([conversation(1), conversation(2)], { silentlyUnprotected: [id(1, 2)] })
    expect(await apply(world, ids(1, 2))).toEqual({ failedUpdates: [] })
    expect(await world.json('POST', protection, { conversationIds: ids(1, 2) })).toMatchObject([{ id: id(1, 1) }])
  })

  it('keeps what a policy would have deleted', async () => {
    const deleteDate = '2023-10-20T13:00:00Z'
    const world = simulate([conversation(1, {}, { deleteDate }), conversation(2, {}, { deleteDate })], {
      enforceDeletion: true,
    })
    await apply(world, [id(1, 2)])
    world.clock.advance(3_600_000)
    expect(await world.json('GET', `/api/v2/conversations/${id(1, 1)}/recordingmetadata`)).toEqual([])
    expect(await world.json('GET', `/api/v2/conversations/${id(1, 2)}/recordingmetadata`)).toHaveLength(1)
    await runJob(world)
    expect(world.simulator.jobs[0]?.selected.map(({ conversationId }) => conversationId)).toEqual([id(1, 2)])
  })
})

describe('expected recordings', () => {
  it('lists the recordings of a conversation, with the dates of their export', async () => {
    const world = simulate([conversation(1, { media: 'call' })])
    await runJob(world)
    world.clock.advance(10_000)
    const path = `/api/v2/conversations/${id(1, 1)}/recordingmetadata`
    expect(await world.json('GET', path)).toMatchObject([
      {
        id: id(2, 1),
        conversationId: id(1, 1),
        media: 'audio',
        fileState: 'AVAILABLE',
        region: 'eu-west-1',
        exportDate: '2023-10-20T12:00:01.000Z',
        exportedDate: '2023-10-20T12:00:11.000Z',
      },
    ])
    await world.json('GET', `/api/v2/conversations/${id(1, 9)}/recordingmetadata`, undefined, 404)
  })

  it('says when a recording began of screen recordings alone, and when it was created in the retention query', async () => {
    const call = conversation(1, { media: 'call' })
    const { startTime, endTime } = call
    const screen = buildRecording({ id: id(2, 2), communicationId: id(3, 1), media: 'screen', startTime, endTime })
    const world = simulate([{ ...call, recordings: [...call.recordings, screen] }])
    const metadata = await world.json('GET', `/api/v2/conversations/${id(1, 1)}/recordingmetadata`)
    expect(metadata.map((one: { startTime: unknown }) => one.startTime)).toEqual([null, startTime])
    const { entities } = await world.json('GET', '/api/v2/recordings/retention/query?retentionThresholdDays=0')
    expect(entities).toMatchObject([{ creationTime: startTime }, { creationTime: startTime }])
  })

  it('lists an ongoing conversation without an end, with the sessions of its agents as they were recorded', async () => {
    const ongoing = conversation(1, { ongoing: true, endTime: '2023-10-21T09:00:00.000Z' })
    const { startTime, endTime } = conversation(1)
    const recordings = [{ ...ongoing.recordings[0]!, startTime, endTime }]
    const world = simulate([{ ...ongoing, recordings }])
    const path = '/api/v2/analytics/conversations/details/jobs'
    const { jobId } = await world.json('POST', path, { interval }, 202)
    const [found] = (await world.json('GET', `${path}/${jobId}/results`)).conversations
    expect(found.conversationEnd).toBeUndefined()
    const [customer, agent] = found.participants
    expect(customer).toMatchObject({ purpose: 'customer', sessions: [{ segments: [{ segmentStart: startTime }] }] })
    expect(customer.sessions[0].segments[0].segmentEnd).toBeUndefined()
    expect(agent.sessions).toMatchObject([
      { sessionId: id(3, 1), segments: [{ segmentStart: startTime, segmentEnd: endTime }] },
    ])
  })

  it('pages the retention query by cursor, at most 500', async () => {
    const world = simulate(Array.from({ length: 501 }, (_, number) => conversation(number)))
    const path = '/api/v2/recordings/retention/query'
    await world.json('GET', path, undefined, 400)
    await world.json('GET', `${path}?retentionThresholdDays=0&pageSize=501`, undefined, 400)
    const first = await world.json('GET', `${path}?retentionThresholdDays=0&pageSize=500`)
    const second = await world.json('GET', first.nextUri)
    expect([first.entities.length, second.entities.length, second.nextUri]).toEqual([500, 1, undefined])
    expect((await world.json('GET', `${path}?retentionThresholdDays=2`)).entities).toEqual([])
    await world.json('GET', `${path}?retentionThresholdDays=0&cursor=nonsense`, undefined, 400)
  })

  it('lists the conversations of an interval asynchronously, by cursor, as far as the index reaches', async () => {
    const many = Array.from({ length: 5 }, (_, number) => conversation(number))
    const world = simulate(
      [...many, conversation(9, { startTime: '2023-10-20T11:00:00Z', endTime: '2023-10-20T11:30:00Z' })],
      {
        indexLagMs: 3_600_000,
        timings: { pendingMs: 0, processingMs: 0, analyticsMs: 500 },
      },
    )
    const path = '/api/v2/analytics/conversations/details/jobs'
    const { jobId } = await world.json('POST', path, { interval }, 202)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({ state: 'QUEUED' })
    world.clock.advance(250)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({ state: 'PENDING' })
    await world.json('GET', `${path}/${jobId}/results`, undefined, 400)
    world.clock.advance(250)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({ state: 'FULFILLED' })
    const first = await world.json('GET', `${path}/${jobId}/results?pageSize=3`)
    expect(first.dataAvailabilityDate).toBe('2023-10-20T11:00:00.000Z')
    const second = await world.json(
      'GET',
      `${path}/${jobId}/results?pageSize=3&cursor=${encodeURIComponent(first.cursor)}`,
    )
    expect(second.cursor).toBeUndefined()
    expect([...first.conversations, ...second.conversations].map(({ conversationId }) => conversationId)).toEqual(
      many.map((c) => c.id),
    )
    expect(first.conversations[0].participants[0].sessions[0]).toMatchObject({
      mediaType: 'message',
      messageType: 'whatsapp',
    })
    await world.json('GET', `${path}/${id(9, 9)}`, undefined, 404)
  })
})
