import { describe, expect, it } from 'vitest'
import type { SimulatedClient } from '../../../src/testing/index.js'
import { conversation, id, interval, jobBody, simulate } from './fixture.js'

const jobs = '/api/v2/recording/jobs'
const details = '/api/v2/analytics/conversations/details/jobs'

const client = (given: Partial<SimulatedClient>): { clients: SimulatedClient[] } => ({
  clients: [{ clientId: 'simulator-client', clientSecret: 'simulator-secret', ...given }],
})

const errorBody = {
  status: 400,
  code: expect.any(String),
  message: expect.any(String),
  contextId: expect.any(String),
  details: [],
  errors: [],
}

describe('a query that Genesys would refuse', () => {
  const predicate = (given: object) => ({ type: 'or', predicates: [{ operator: 'matches', value: 'x', ...given }] })

  it.each([
    ['an order that does not exist', { order: 'ascending' }],
    ['an order key that does not exist', { orderBy: 'start' }],
    ['a property that the model does not have', { mediaType: 'voice' }],
    ['an interval without times', { interval: '2023-10-18/2023-10-20' }],
    ['an interval in words', { interval: 'Oct 18 2023/Oct 20 2023' }],
    ['an interval of a day that does not exist', { interval: '2023-02-30T00:00:00Z/2023-03-02T00:00:00Z' }],
    ['an interval of three parts', { interval: `${interval}/2023-10-21T00:00:00Z` }],
    ['a limit that is a text', { limit: '5' }],
    [
      'a filter of no known type',
      { segmentFilters: [{ type: 'xor', predicates: [{ dimension: 'queueId', value: 'x' }] }] },
    ],
    [
      'a filter with a property of its own',
      { segmentFilters: [{ ...predicate({ dimension: 'queueId' }), not: true }] },
    ],
    ['a segment dimension in a conversation filter', { conversationFilters: [predicate({ dimension: 'mediaType' })] }],
    ['a conversation dimension in a segment filter', { segmentFilters: [predicate({ dimension: 'conversationId' })] }],
    ['a dimension that does not exist', { segmentFilters: [predicate({ dimension: 'media' })] }],
    ['a dimension in another spelling', { conversationFilters: [predicate({ dimension: 'conversationid' })] }],
    ['a predicate of no known type', { segmentFilters: [predicate({ type: 'equals', dimension: 'queueId' })] }],
    [
      'a predicate whose type is not its left hand side',
      { segmentFilters: [predicate({ type: 'metric', dimension: 'queueId' })] },
    ],
    ['a predicate of no known operator', { segmentFilters: [predicate({ dimension: 'queueId', operator: 'in' })] }],
    [
      'a predicate with a property of its own',
      { segmentFilters: [predicate({ dimension: 'queueId', values: ['x'] })] },
    ],
    [
      'a property in a conversation filter',
      { conversationFilters: [predicate({ property: 'x', propertyType: 'string' })] },
    ],
    ['a property of no known type', { segmentFilters: [predicate({ property: 'x', propertyType: 'text' })] }],
    ['a segment metric in a conversation filter', { conversationFilters: [predicate({ metric: 'tSegmentDuration' })] }],
    [
      'clauses of clauses',
      { segmentFilters: [{ type: 'or', clauses: [{ type: 'or', clauses: [predicate({ dimension: 'queueId' })] }] }] },
    ],
  ])('%s', async (_, query) => {
    const world = simulate([conversation(1)])
    expect(await world.json('POST', details, { interval, ...query }, 400)).toMatchObject(errorBody)
    expect(await world.json('POST', jobs, jobBody({}, query), 400)).toMatchObject(errorBody)
    expect(world.simulator.jobs).toEqual([])
  })

  it.each([
    ['externalTag', 'conversation'],
    ['divisionId', 'conversation'],
    ['originatingDirection', 'conversation'],
    ['purpose', 'segment'],
    ['recording', 'segment'],
    ['queueId', 'segment'],
    ['wrapUpCode', 'segment'],
    ['ani', 'segment'],
  ])('takes the dimension %s in a %s filter', async (dimension, level) => {
    const world = simulate([conversation(1)])
    const query = { [`${level}Filters`]: [predicate({ type: 'dimension', dimension })] }
    await world.json('POST', details, { interval, ...query }, 202)
    await world.json('POST', jobs, jobBody({}, query), 202)
  })

  it('takes metrics, properties and ranges, and finds nothing by what it does not simulate', async () => {
    const world = simulate([conversation(1)])
    const { jobId } = await world.json(
      'POST',
      details,
      {
        interval,
        segmentFilters: [
          { type: 'and', predicates: [{ type: 'metric', metric: 'tSegmentDuration', range: { gte: 5 } }] },
          { type: 'and', predicates: [{ type: 'property', propertyType: 'string', property: 'x', value: 'y' }] },
        ],
      },
      202,
    )
    expect((await world.json('GET', `${details}/${jobId}/results`)).conversations).toEqual([])
  })
})

describe('a body that Genesys would refuse', () => {
  it.each([
    ['POST', jobs, jobBody({ retention: 5 })],
    ['POST', jobs, jobBody({ action: 'COPY' })],
    ['POST', jobs, jobBody({ includeScreenRecordings: 'yes' })],
    ['POST', jobs, jobBody({ actionDate: '2023-10-20' })],
    ['POST', '/api/v2/recordings/deletionprotection', { conversationIds: [id(1, 1)], protect: true }],
    ['PUT', '/api/v2/recordings/deletionprotection', { conversationIds: id(1, 1) }],
    ['POST', '/api/v2/audits/query', { interval, service: 'Quality' }],
    ['POST', '/api/v2/audits/query', { interval, serviceName: 'Recording' }],
    ['POST', '/api/v2/audits/query', { interval, filters: [{ property: 'Entity', value: 'x' }] }],
    ['POST', '/api/v2/audits/query', { interval, sort: [{ name: 'Date', sortOrder: 'ascending' }] }],
  ])('%s %s %j', async (method, path, body) => {
    const world = simulate([conversation(1)])
    expect(await world.json(method, path, body, 400)).toMatchObject(errorBody)
  })

  it('and words of the query string that it does not know', async () => {
    const world = simulate([])
    for (const query of ['state=BOGUS', 'sortBy=-dateCreated', 'jobType=COPY', 'pageSize=0']) {
      expect(await world.json('GET', `${jobs}?${query}`, undefined, 400)).toMatchObject(errorBody)
    }
    await world.json('GET', '/api/v2/orphanrecordings?media=AUDIO', undefined, 400)
    await world.json('GET', '/api/v2/orphanrecordings?hasConversation=maybe', undefined, 400)
    await world.json('GET', '/api/v2/authorization/divisionspermitted/paged/me', undefined, 400)
  })

  it('but not one whose properties are null, which counts as left out', async () => {
    const world = simulate([conversation(1)])
    const none = { actionAge: null, screenRecordingActionDate: null, agedConversationInterval: null }
    await world.json('POST', jobs, jobBody(none), 202)
    const aged = { conversationQuery: null, agedConversationInterval: '2017-01-01T00:00:00Z/2017-02-01T00:00:00Z' }
    await world.json('POST', jobs, jobBody(aged), 202)
  })

  it('tells which limit was reached', async () => {
    const world = simulate([conversation(1)], { rateLimitPerMinute: 1 })
    await world.json('GET', '/api/v2/organizations/me')
    expect(await world.json('GET', '/api/v2/organizations/me', undefined, 429)).toMatchObject({
      limit: { key: 'token.rate.per.minute', value: 1 },
    })
  })
})

describe('permissions', () => {
  const metadata = (number: number) => `/api/v2/conversations/${id(1, number)}/recordingmetadata`

  it('executing a job needs all of four', async () => {
    const all = [
      'recording:job:edit',
      'recording:recording:editRetention',
      'recording:screenRecording:editRetention',
      'recording:snippetRecording:editRetention',
    ]
    for (const missing of all) {
      const world = simulate(
        [conversation(1)],
        client({ permissions: ['recording:job:add', ...all.filter((one) => one !== missing)] }),
      )
      const { id: jobId } = await world.json('POST', jobs, jobBody(), 202)
      world.clock.advance(1_000)
      expect(await world.json('PUT', `${jobs}/${jobId}`, { state: 'PROCESSING' }, 403)).toMatchObject({
        message: expect.stringContaining(missing),
      })
    }
  })

  it.each([
    ['recording:recording:view', [2, 3]],
    ['recording:screenRecording:view', [4]],
    ['recording:snippetRecording:view', [5]],
    ['recording:recordingSegment:view', []],
  ])('%s shows only what it covers of the recording metadata', async (permission, shown) => {
    const [call] = [conversation(1, { media: 'call' })]
    const recordings = [2, 3, 4, 5].map((number) => ({
      ...(call.recordings[0] as (typeof call.recordings)[number]),
      id: id(2, number),
      ...(number === 4 ? { media: 'screen' as const } : {}),
      ...(number === 5 ? { origin: 'snippet' as const } : {}),
    }))
    const world = simulate([{ ...call, recordings }], client({ permissions: [permission] }))
    const listed = await world.json('GET', metadata(1))
    expect(listed.map((one: { id: string }) => one.id)).toEqual(shown.map((number) => id(2, number)))
  })

  it('recording metadata need one of the four views', async () => {
    const world = simulate([conversation(1)], client({ permissions: ['recording:job:view'] }))
    const refused = await world.json('GET', metadata(1), undefined, 403)
    for (const what of ['recording', 'recordingSegment', 'snippetRecording', 'screenRecording']) {
      expect(refused.message).toContain(`recording:${what}:view`)
    }
  })

  it('asking what is protected needs none', async () => {
    const world = simulate([conversation(1)], client({ permissions: [] }))
    const path = '/api/v2/recordings/deletionprotection'
    expect(await world.json('POST', path, { conversationIds: [id(1, 1)] })).toEqual([])
    await world.json('PUT', `${path}?protect=true`, { conversationIds: [id(1, 1)] }, 403)
  })

  it.each([
    ['analytics:dataRetention:view', '/api/v2/analytics/dataretention/settings'],
    ['gdpr:request:view', '/api/v2/gdpr/requests'],
    ['recording:encryptionKey:view', '/api/v2/recording/keyconfigurations'],
    ['recording:orphan:view', '/api/v2/orphanrecordings'],
    ['routing:queue:view', '/api/v2/routing/queues'],
    ['audits:audit:view', '/api/v2/audits/query/servicemapping'],
    ['recording:crossPlatformRetentionPolicy:view', '/api/v2/recording/crossplatform/mediaretentionpolicies'],
  ])('%s is needed for %s', async (permission, path) => {
    const world = simulate([], client({ permissions: [] }))
    expect(await world.json('GET', path, undefined, 403)).toMatchObject({
      message: expect.stringContaining(permission),
    })
    await simulate([], client({ permissions: [permission] })).json('GET', path)
  })
})

describe('divisions', () => {
  const home = { id: id(7, 1), name: 'Home', homeDivision: true }
  const sales = { id: id(7, 2), name: 'Sales' }
  const divided = (given: Partial<SimulatedClient>) => {
    const world = simulate([conversation(1), conversation(2, { divisionIds: [sales.id] })], client(given))
    world.simulator.organization.divisions = [home, sales]
    return world
  }

  it('hide what lies in others: from jobs, analytics, metadata and the retention query, without a word', async () => {
    const world = divided({ divisionIds: [home.id] })
    await world.json('POST', jobs, jobBody(), 202)
    expect(world.simulator.jobs[0]?.selected).toEqual([{ conversationId: id(1, 1), recordingId: id(2, 1) }])
    const { jobId } = await world.json('POST', details, { interval }, 202)
    const { conversations } = await world.json('GET', `${details}/${jobId}/results`)
    expect(conversations).toMatchObject([{ conversationId: id(1, 1), divisionIds: [home.id] }])
    expect(await world.json('GET', `/api/v2/conversations/${id(1, 2)}/recordingmetadata`)).toEqual([])
    const { entities } = await world.json('GET', '/api/v2/recordings/retention/query?retentionThresholdDays=0')
    expect(entities).toHaveLength(1)
  })

  it('are all listed to everybody, and those of a permission to whom asks for it', async () => {
    const world = divided({ divisionsByPermission: { 'recording:recording:view': [sales.id] } })
    expect((await world.json('GET', '/api/v2/authorization/divisions')).entities).toHaveLength(2)
    const permitted = '/api/v2/authorization/divisionspermitted/paged/me?permission='
    expect(await world.json('GET', `${permitted}recording:recording:view`)).toMatchObject({
      allDivsPermitted: false,
      entities: [{ id: sales.id, name: 'Sales' }],
    })
    expect(await world.json('GET', `${permitted}recording:job:add`)).toMatchObject({ allDivsPermitted: true, total: 2 })
    const { grants } = await world.json('GET', '/api/v2/authorization/subjects/me')
    expect(grants).toMatchObject([{ division: { id: '*' } }, { division: { id: sales.id } }])
    world.simulator.settings.answersDivisionsPermitted = false
    await world.json('GET', `${permitted}recording:job:add`, undefined, 400)
  })
})

describe('recording metadata', () => {
  it('vary in state, region and archive date, and have a start time for screens only', async () => {
    const world = simulate([
      conversation(
        1,
        { media: 'call' },
        { fileState: 'ARCHIVED', archiveDate: '2023-10-19T10:00:00.000Z', region: 'eu-central-1' },
      ),
      conversation(2, { media: 'call' }, { media: 'screen' }),
      conversation(3, {}, { fileState: 'DELETED' }),
    ])
    const list = async (number: number) => world.json('GET', `/api/v2/conversations/${id(1, number)}/recordingmetadata`)
    expect(await list(1)).toMatchObject([
      { fileState: 'ARCHIVED', region: 'eu-central-1', startTime: null, archiveMedium: 'CLOUDARCHIVE' },
    ])
    expect(await list(2)).toMatchObject([
      { fileState: 'AVAILABLE', region: 'eu-west-1', startTime: '2023-10-19T09:05:00.000Z', mediaSubtype: 'Screen' },
    ])
    expect(await list(3)).toEqual([])
  })
})

describe('audits', () => {
  it('answer what was done, asynchronously, by service, entity type and time', async () => {
    const world = simulate([conversation(1)], { timings: { pendingMs: 1_000, processingMs: 10_000, auditMs: 1_000 } })
    await world.json('PUT', '/api/v2/recordings/deletionprotection?protect=true', { conversationIds: [id(1, 1)] })
    const query = {
      interval: '2023-10-20T00:00:00Z/2023-10-21T00:00:00Z',
      serviceName: 'Quality',
      filters: [{ property: 'EntityType', value: 'Recording' }],
      sort: [{ name: 'Timestamp', sortOrder: 'ascending' }],
    }
    const asked = await world.json('POST', '/api/v2/audits/query', query, 202)
    expect(asked.state).toBe('Queued')
    const path = `/api/v2/audits/query/${asked.id}`
    await world.json('GET', `${path}/results`, undefined, 400)
    world.clock.advance(500)
    expect((await world.json('GET', path)).state).toBe('Running')
    world.clock.advance(500)
    expect((await world.json('GET', path)).state).toBe('Succeeded')
    expect((await world.json('GET', `${path}/results`)).entities).toMatchObject([
      { action: 'ApplyProtection', entityType: 'Recording', entity: { id: id(2, 1) }, status: 'SUCCESS' },
    ])
  })
})
