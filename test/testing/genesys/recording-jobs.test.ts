import { describe, expect, it } from 'vitest'
import { conversation, id, interval, jobBody, login, now, organizationId, runJob, simulate } from './fixture.js'

const path = '/api/v2/recording/jobs'
const folder = (number: number) => `${organizationId}/year=2023/month=10/day=19/hour=9/conversation_id=${id(1, number)}`

describe('lifecycle', () => {
  it('goes from PENDING through READY and PROCESSING to FULFILLED as the clock moves', async () => {
    const world = simulate([1, 2, 3, 4].map((number) => conversation(number)))
    const created = await world.json('POST', path, jobBody(), 202)
    expect(created).toMatchObject({ state: 'PENDING', recordingJobsQuery: jobBody() })
    expect(created.totalRecordings).toBeUndefined()
    world.clock.advance(1_000)
    const get = () => world.json('GET', `${path}/${created.id}`)
    expect(await get()).toMatchObject({ state: 'READY', totalRecordings: 4, totalConversations: 4, percentProgress: 0 })
    expect(world.puts).toHaveLength(0)
    await world.json('PUT', `${path}/${created.id}`, { state: 'PROCESSING' })
    world.clock.advance(5_000)
    expect(await get()).toMatchObject({ state: 'PROCESSING', percentProgress: 50, totalProcessedRecordings: 2 })
    expect(world.puts).toHaveLength(4)
    world.clock.advance(5_000)
    expect(await get()).toMatchObject({ state: 'FULFILLED', percentProgress: 100, totalProcessedRecordings: 4 })
    expect(world.puts).toHaveLength(8)
  })

  it('delivers in the background too, as nobody has to poll for an object to land', async () => {
    const world = simulate([conversation(1)])
    await runJob(world)
    world.clock.advance(10_000)
    await expect.poll(() => world.puts.length).toBe(2)
  })

  it('is executed only from READY, with the only value there is, by the client that created it', async () => {
    const world = simulate([conversation(1)], {
      clients: [
        { clientId: 'simulator-client', clientSecret: 'simulator-secret' },
        { clientId: 'other', clientSecret: 'other' },
      ],
    })
    const { id: jobId } = await world.json('POST', path, jobBody(), 202)
    const execute = (state: string, bearer?: string) => world.call('PUT', `${path}/${jobId}`, { state }, bearer)
    expect((await execute('PROCESSING')).status).toBe(400)
    world.clock.advance(1_000)
    expect((await execute('FULFILLED')).status).toBe(400)
    expect((await execute('PROCESSING', await login(world.simulator, 'other', 'other'))).status).toBe(403)
    expect((await execute('PROCESSING')).status).toBe(200)
    expect((await execute('PROCESSING')).status).toBe(400)
  })

  it('is cancelled until it has ended, keeps what has landed and delivers nothing more', async () => {
    const world = simulate([1, 2].map((number) => conversation(number)))
    const jobId = await runJob(world)
    world.clock.advance(5_000)
    expect((await world.call('DELETE', `${path}/${jobId}`)).status).toBe(204)
    world.clock.advance(60_000)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({ state: 'CANCELLED' })
    expect(world.puts).toHaveLength(2)
    expect((await world.call('DELETE', `${path}/${jobId}`)).status).toBe(400)
  })

  it('says FULFILLED before what lands late has landed', async () => {
    const world = simulate([conversation(1), conversation(2, {}, { landsLateMs: 3_000 })])
    const jobId = await runJob(world)
    world.clock.advance(10_000)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({
      state: 'FULFILLED',
      totalProcessedRecordings: 2,
    })
    expect(world.keys()).toEqual([`${folder(1)}/${id(2, 1)}.json`, `${folder(1)}/${id(2, 1)}.json_metadata.json`])
    const metadata = () => world.json('GET', `/api/v2/conversations/${id(1, 2)}/recordingmetadata`)
    expect((await metadata())[0]).toMatchObject({ exportDate: expect.any(String) })
    expect((await metadata())[0].exportedDate).toBeUndefined()
    world.clock.advance(3_000)
    expect((await metadata())[0].exportedDate).toBeDefined()
    expect(world.keys()).toHaveLength(4)
  })

  it('lets a share of the recordings land late, picked by their ids', async () => {
    const many = Array.from({ length: 40 }, (_, number) =>
      conversation(
        number,
        {},
        { id: `${id(2, number).slice(0, 28)}${((number * 0x0666_6666) >>> 0).toString(16).padStart(8, '0')}` },
      ),
    )
    const world = simulate(many, { lateLanding: { share: 0.25, delayMs: 5_000 } })
    await runJob(world)
    world.clock.advance(10_000)
    await world.simulator.settle()
    const onTime = world.puts.length / 2
    expect(onTime).toBeGreaterThan(20)
    expect(onTime).toBeLessThan(38)
    world.clock.advance(5_000)
    await world.simulator.settle()
    expect(world.puts).toHaveLength(80)
  })

  it('exports on the date it is given, and after the age it is given', async () => {
    const world = simulate([conversation(1)])
    await runJob(world, jobBody({ actionDate: '2023-10-21T12:00:00Z' }))
    await runJob(world, jobBody({ actionDate: undefined, actionAge: 3 }))
    world.clock.advance(86_400_000 - 60_000)
    await world.simulator.settle()
    expect(world.puts).toHaveLength(0)
    world.clock.advance(60_000)
    await world.simulator.settle()
    expect(world.puts).toHaveLength(2)
    world.clock.advance(2 * 86_400_000)
    await world.simulator.settle()
    expect(world.puts).toHaveLength(4)
  })

  it('moves the export date to the delete date where that is earlier', async () => {
    const world = simulate([conversation(1, {}, { deleteDate: '2023-10-21T12:00:00.000Z' })])
    await runJob(world, jobBody({ actionDate: '2023-10-30T12:00:00Z' }))
    const metadata = () => world.json('GET', `/api/v2/conversations/${id(1, 1)}/recordingmetadata`)
    expect(await metadata()).toMatchObject([{ exportDate: '2023-10-21T12:00:00.000Z' }])
    world.clock.advance(86_400_000)
    await world.simulator.settle()
    expect(world.puts).toHaveLength(2)
  })

  it.each([429, 400, 409] as const)(
    'refuses a third job with %i while two are pending or processing',
    async (status) => {
      const world = simulate([conversation(1)], { slotRefusalStatus: status })
      await runJob(world)
      await world.json('POST', path, jobBody(), 202)
      const refused = await world.json('POST', path, jobBody(), status)
      expect(refused).toMatchObject({ status, message: expect.stringContaining('2 concurrent recording jobs') })
      world.clock.advance(1_000)
      await world.json('POST', path, jobBody(), 202)
    },
  )

  it('reports FAILED with the platform’s message, and a state nobody knows, on demand', async () => {
    const world = simulate([conversation(1)], { failJobsWith: 'Integration credentials are invalid' })
    const jobId = await runJob(world)
    world.clock.advance(10_000)
    const get = () => world.json('GET', `${path}/${jobId}`)
    expect(await get()).toMatchObject({ state: 'FAILED', errorMessage: 'Integration credentials are invalid' })
    world.simulator.settings.reportedState = 'HIBERNATING'
    expect(await get()).toMatchObject({ state: 'HIBERNATING' })
  })

  it('fails when not one recording could be written to the bucket', async () => {
    const world = simulate([conversation(1)], {
      delivery: {
        region: 'eu-west-1',
        credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
        put: () => Promise.reject(Object.assign(new Error('denied'), { name: 'AccessDenied' })),
      },
    })
    const jobId = await runJob(world)
    world.clock.advance(10_000)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({
      state: 'FAILED',
      errorMessage: 'Unable to write to the bucket evidence: AccessDenied',
      totalFailedRecordings: 1,
    })
  })
})

describe('what a job selects', () => {
  const selected = async (world: ReturnType<typeof simulate>, body: unknown = jobBody()) => {
    await world.json('POST', path, body, 202)
    return world.simulator.jobs.at(-1)?.selected.map(({ recordingId }) => Number(recordingId.slice(-12)))
  }
  const or = (...predicates: object[]) => ({ segmentFilters: [{ type: 'or', predicates }] })
  const matches = (dimension: string, value: string) => ({ type: 'dimension', dimension, operator: 'matches', value })

  it('is any conversation with activity in the interval, also one that began before', async () => {
    const world = simulate([
      conversation(1, { startTime: '2023-10-17T20:00:00Z', endTime: '2023-10-18T12:00:00Z' }),
      conversation(2, { startTime: '2023-10-17T20:00:00Z', endTime: '2023-10-18T11:59:59Z' }),
      conversation(3, { startTime: '2023-10-20T11:59:59Z', endTime: '2023-10-20T12:00:00Z' }),
      conversation(4, { startTime: '2023-10-20T12:00:00Z', endTime: '2023-10-20T12:00:00Z' }),
    ])
    expect(await selected(world)).toEqual([1, 3])
    await runJob(world)
    world.clock.advance(60_000)
    await world.simulator.settle()
    expect(world.keys()[0]).toContain('/day=17/hour=20/')
  })

  it('misses what the index has not seen yet, without a word', async () => {
    const world = simulate(
      [conversation(1), conversation(2, { startTime: '2023-10-18T12:30:00Z', endTime: '2023-10-18T12:40:00Z' })],
      {
        indexLagMs: 47 * 3_600_000,
      },
    )
    const { dataAvailabilityDate } = await world.json(
      'GET',
      '/api/v2/analytics/conversations/details/jobs/availability',
    )
    expect(dataAvailabilityDate).toBe('2023-10-18T13:00:00.000Z')
    expect(await selected(world)).toEqual([2])
  })

  it('leaves sensitive recordings out unless asked, and refuses the job where redaction is on and the permission lacks', async () => {
    const conversations = [conversation(1), conversation(2, {}, { sensitive: true })]
    const world = simulate(conversations)
    expect(await selected(world)).toEqual([1])
    expect(await selected(world, jobBody({ includeRecordingsWithSensitiveData: true }))).toEqual([1, 2])
    const restricted = simulate(conversations, {
      clients: [
        {
          clientId: 'simulator-client',
          clientSecret: 'simulator-secret',
          permissions: ['recording:job:add', 'recording:job:view'],
        },
      ],
    })
    const sensitive = jobBody({ includeRecordingsWithSensitiveData: true })
    expect(await restricted.json('POST', path, sensitive, 403)).toMatchObject({
      message: expect.stringContaining('recording:recording:viewSensitiveData'),
    })
    expect(await selected(restricted)).toEqual([1])
    restricted.simulator.settings.redaction = false
    expect(await selected(restricted, sensitive)).toEqual([1, 2])
  })

  it('has no media type digital: chat, email and message are joined by or; a call is voice', async () => {
    const world = simulate(
      (['call', 'chat', 'email', 'message'] as const).map((media, index) => conversation(index + 1, { media })),
      { jobSlots: 10 },
    )
    const digital = or(...['chat', 'email', 'message'].map((media) => matches('mediaType', media)))
    expect(await selected(world, jobBody({}, digital))).toEqual([2, 3, 4])
    expect(await selected(world, jobBody({}, or(matches('mediaType', 'voice'))))).toEqual([1])
    expect(await selected(world, jobBody({}, or(matches('mediaType', 'digital'))))).toEqual([])
  })

  it('joins filters by and, and reads message types, conversation ids and clauses', async () => {
    const world = simulate(
      [
        conversation(1),
        conversation(2, { messageType: 'webmessaging' }),
        conversation(3, { media: 'chat' }),
        conversation(4),
      ],
      { jobSlots: 10 },
    )
    const whatsapp = { type: 'and', predicates: [matches('mediaType', 'message'), matches('messageType', 'whatsapp')] }
    const chat = { type: 'and', predicates: [matches('mediaType', 'chat')] }
    expect(await selected(world, jobBody({}, { segmentFilters: [{ type: 'or', clauses: [whatsapp, chat] }] }))).toEqual(
      [1, 3, 4],
    )
    const ids = { type: 'or', predicates: [matches('conversationId', id(1, 4)), matches('conversationId', id(1, 2))] }
    expect(await selected(world, jobBody({}, { conversationFilters: [ids] }))).toEqual([2, 4])
    expect(await selected(world, jobBody({}, { conversationFilters: [ids], segmentFilters: [whatsapp] }))).toEqual([4])
  })

  it('leaves out screen, policy-based and snippet recordings only when told to', async () => {
    const world = simulate([
      conversation(1, { media: 'call' }, { media: 'screen' }),
      conversation(2, { media: 'call' }, { origin: 'policy' }),
      conversation(3, { media: 'call' }, { origin: 'snippet' }),
    ])
    expect(await selected(world)).toEqual([1, 2, 3])
    const none = {
      includeScreenRecordings: false,
      includePolicyBasedRecordings: false,
      includeSnippetRecordings: false,
    }
    expect(await selected(world, jobBody(none))).toEqual([])
  })

  it('takes an aged interval of at most six months that is older than five years, in place of a query', async () => {
    const world = simulate([conversation(1, { startTime: '2017-02-01T00:00:00Z', endTime: '2017-02-01T00:10:00Z' })])
    const aged = (agedConversationInterval: string) =>
      jobBody({ conversationQuery: undefined, agedConversationInterval })
    expect(await selected(world, aged('2017-01-01T00:00:00Z/2017-07-01T00:00:00Z'))).toEqual([1])
    for (const wrong of ['2017-01-01T00:00:00Z/2017-07-02T00:00:00Z', '2018-10-01T00:00:00Z/2018-10-21T00:00:00Z']) {
      await world.json('POST', path, aged(wrong), 400)
    }
  })

  it.each([
    ['another action', jobBody({ action: 'DELETE' })],
    ['no integration', jobBody({ integrationId: undefined })],
    ['neither date nor age', jobBody({ actionDate: undefined })],
    ['both date and age', jobBody({ actionAge: 1 })],
    ['a date for screens without screens', jobBody({ screenRecordingActionDate: now, includeScreenRecordings: false })],
    ['a date for screens that are not asked for', jobBody({ screenRecordingActionDate: now })],
    ['an age for screens without screens', jobBody({ screenRecordingActionAge: 1, includeScreenRecordings: false })],
    ['query and aged interval', jobBody({ agedConversationInterval: '2017-01-01T00:00:00Z/2017-02-01T00:00:00Z' })],
    ['neither query nor aged interval', jobBody({ conversationQuery: undefined })],
    ['a query without interval', jobBody({ conversationQuery: {} })],
    ['a reversed interval', jobBody({}, { interval: interval.split('/').reverse().join('/') })],
    ['an unknown dimension', jobBody({}, or(matches('shoeSize', '43')))],
    ['no JSON', '{"action":'],
  ])('refuses %s with an ErrorBody', async (_what, body) => {
    const world = simulate([conversation(1)])
    const refused = await world.json('POST', path, body, 400)
    expect(refused).toMatchObject({
      code: 'bad.request',
      status: 400,
      message: expect.any(String),
      details: [],
      errors: [],
    })
    expect(world.simulator.jobs).toHaveLength(0)
  })
})

describe('listing', () => {
  it('shows only my jobs, by their creation, page by page, each with its query', async () => {
    const world = simulate([conversation(1)], {
      jobSlots: 10,
      clients: [
        { clientId: 'simulator-client', clientSecret: 'simulator-secret' },
        { clientId: 'other', clientSecret: 'other' },
      ],
    })
    const mine: string[] = []
    for (let count = 0; count < 3; count += 1) {
      mine.push((await world.json('POST', path, jobBody(), 202)).id)
      world.clock.advance(10)
    }
    await world.call('POST', path, jobBody(), await login(world.simulator, 'other', 'other'))
    const first = await world.json('GET', `${path}?showOnlyMyJobs=true&sortBy=dateCreated&pageSize=2`)
    expect(first).toMatchObject({ total: 3, pageCount: 2, pageNumber: 1 })
    const second = await world.json('GET', first.nextUri)
    expect([...first.entities, ...second.entities].map((job: { id: string }) => job.id)).toEqual(mine)
    expect(second.nextUri).toBeUndefined()
    expect(first.entities[0].recordingJobsQuery.conversationQuery.interval).toBe(interval)
    expect((await world.json('GET', `${path}?state=READY`)).total).toBe(0)
    expect((await world.json('GET', path)).total).toBe(4)
  })

  it('lists failed recordings by cursor, at most 100 a page, and delivers none of them', async () => {
    const world = simulate(
      Array.from({ length: 150 }, (_, n) => conversation(n, {}, n < 120 ? { failsAtSource: true } : {})),
    )
    const jobId = await runJob(world)
    world.clock.advance(10_000)
    const failed = `${path}/${jobId}/failedrecordings`
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({
      state: 'FULFILLED',
      totalFailedRecordings: 120,
    })
    expect((await world.call('GET', `${failed}?pageSize=101`)).status).toBe(400)
    const first = await world.json('GET', `${failed}?includeTotal=false&pageSize=100`)
    expect(first.total).toBeUndefined()
    const second = await world.json('GET', first.nextUri)
    const ids = [...first.entities, ...second.entities].map(
      (entity: { recording: { id: string } }) => entity.recording.id,
    )
    expect(new Set(ids).size).toBe(120)
    expect(second.nextUri).toBeUndefined()
    expect(world.keys().some((key) => ids.some((failedId: string) => key.includes(failedId)))).toBe(false)
    expect(world.puts).toHaveLength(60)
  })

  it('counts a recording that never lands as processed: only the bucket shows that it is missing', async () => {
    const world = simulate([conversation(1), conversation(2, {}, { neverLands: true })])
    const jobId = await runJob(world)
    world.clock.advance(60_000)
    expect(await world.json('GET', `${path}/${jobId}`)).toMatchObject({
      state: 'FULFILLED',
      totalProcessedRecordings: 2,
      totalFailedRecordings: 0,
    })
    expect(world.puts).toHaveLength(2)
  })

  it('answers 404 for a job that does not exist', async () => {
    const world = simulate([])
    expect(await world.json('GET', `${path}/${id(9, 9)}`, undefined, 404)).toMatchObject({ code: 'not.found' })
  })
})
