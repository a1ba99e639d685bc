import { beforeAll, describe, expect, it } from 'vitest'
import type { SimulatedExchange } from '#src/testing/genesys/exchange.js'
import { conversation, id, interval, jobBody, runJob, simulate } from '../genesys/fixture.js'
import { violationsOf } from './check.js'
import { type SdkContract, sdkContract } from './sdk-contract.js'

let contract: SdkContract
beforeAll(async () => {
  contract = await sdkContract()
})

describe('the contract is read from the declarations of the SDK', () => {
  it('has methods with their paths, parameters, bodies and answers', () => {
    const operation = contract.operations.find(({ name }) => name === 'getRecordingsRetentionQuery')
    expect(operation).toEqual({
      name: 'getRecordingsRetentionQuery',
      method: 'GET',
      path: '/api/v2/recordings/retention/query',
      query: {
        retentionThresholdDays: { type: { kind: 'number' }, isRequired: true },
        cursor: { type: { kind: 'string' }, isRequired: false },
        pageSize: { type: { kind: 'number' }, isRequired: false },
      },
      returns: { kind: 'model', name: 'RecordingRetentionCursorEntityListing' },
    })
    expect(contract.operations.find(({ name }) => name === 'postRecordingJobs')).toMatchObject({
      method: 'POST',
      body: { type: { kind: 'model', name: 'RecordingJobsQuery' }, isRequired: true },
    })
    expect(contract.operations.length).toBeGreaterThan(300)
  })

  it('has models with what they require', () => {
    expect(contract.models.AsyncConversationQuery?.interval).toEqual({ type: { kind: 'string' }, isRequired: true })
    expect(contract.models.RecordingMetadata?.fileState).toEqual({ type: { kind: 'string' }, isRequired: false })
  })
})

describe('an exchange that breaks the contract is noticed', () => {
  const good: SimulatedExchange = {
    method: 'GET',
    path: '/api/v2/recording/jobs',
    query: 'state=READY&pageSize=25',
    body: '',
    status: 200,
    answer: '{"entities":[]}',
  }
  const job: SimulatedExchange = {
    ...good,
    method: 'POST',
    query: '',
    body: JSON.stringify(jobBody()),
    answer: '{"state":"PENDING"}',
  }
  const query = (given: Record<string, unknown>) => ({ ...job, body: JSON.stringify(jobBody({}, given)) })

  it('and a good one is not', () => {
    expect(violationsOf(good, contract)).toEqual([])
    expect(violationsOf(job, contract)).toEqual([])
  })

  it.each<[string, SimulatedExchange, RegExp]>([
    ['a path of nobody', { ...good, path: '/api/v2/recording/exports' }, /no method of the SDK/],
    ['a method of nobody', { ...good, method: 'PATCH' }, /no method of the SDK/],
    ['a parameter that does not exist', { ...good, query: 'owner=me' }, /owner does not exist/],
    ['a word that does not exist', { ...good, query: 'state=BOGUS' }, /none of FULFILLED/],
    ['a number that is none', { ...good, query: 'pageSize=ten' }, /is not a number/],
    [
      'a parameter that is missing',
      { ...good, path: '/api/v2/recordings/retention/query', query: '' },
      /retentionThresholdDays is required/,
    ],
    ['a body where there is none', { ...good, body: '{}' }, /there is no body/],
    ['no body where there is one', { ...job, body: '' }, /the body is required/],
    ['a property that does not exist', { ...job, body: JSON.stringify(jobBody({ hold: 'x' })) }, /no property hold/],
    ['a property that is missing', { ...job, body: '{"integrationId":"x"}' }, /action is required/],
    ['an order that does not exist', query({ order: 'up' }), /none of asc/],
    ['an interval that is missing', query({ interval: undefined }), /interval is required/],
    ['a form that is another', query({ limit: '5' }), /limit must be a number/],
    [
      'an answer with a property of its own',
      { ...good, answer: '{"entities":[{"state":"READY","tag":"x"}]}' },
      /no property tag/,
    ],
    ['an answer without what is required', { ...job, answer: '{"id":"x"}' }, /RecordingJob.state is required/],
    [
      'a refusal that is no ErrorBody',
      { ...good, status: 400, answer: '{"error":"no"}' },
      /ErrorBody has no property error/,
    ],
  ])('%s', (_, exchange, expected) => {
    expect(violationsOf(exchange, contract).join('\n')).toMatch(expected)
  })
})

// What is asked here is checked after the test, as in every other one: test/setup.ts.
describe('each route of the simulator', () => {
  it('answers as its model says', async () => {
    const world = simulate([
      conversation(
        1,
        { media: 'call', externalTag: 'x', customerName: 'y' },
        { archiveDate: '2023-10-19T10:00:00.000Z' },
      ),
      conversation(
        2,
        { ongoing: true },
        { failsAtSource: true, fileState: 'ERROR', recordingErrorStatus: 'EMAIL_TRANSCRIPT_TOO_LARGE' },
      ),
    ])
    Object.assign(world.simulator.organization, {
      divisions: [{ id: id(7, 1), name: 'Home', homeDivision: true }],
      dataRetentionDays: 90,
      gdprRequests: [
        {
          id: id(8, 1),
          requestType: 'GDPR_DELETE',
          status: 'DELETING',
          createdDate: '2023-10-19T10:00:00.000Z',
          subject: { phoneNumbers: ['+49301234567'] },
        },
      ],
      orphanRecordings: [{ id: id(8, 2), createdTime: '2023-10-19T10:00:00.000Z', mediaType: 'CALL' }],
      keyConfigurations: [
        {
          id: id(8, 3),
          url: 'arn:aws:kms:eu-west-1:111122223333:alias/recordings',
          keyConfigurationType: 'KmsSymmetric',
          lastError: { message: 'Access denied', code: 'kms.denied', status: 403 },
        },
      ],
    })
    const jobId = await runJob(world)
    world.clock.advance(60_000)
    const { jobId: detailsId } = await world.json(
      'POST',
      '/api/v2/analytics/conversations/details/jobs',
      { interval },
      202,
    )
    const audits = await world.json(
      'POST',
      '/api/v2/audits/query',
      { interval: '2023-10-20T00:00:00Z/2023-10-21T00:00:00Z' },
      202,
    )
    const [integration] = world.simulator.organization.integrations
    for (const path of [
      '/organizations/me',
      '/integrations',
      `/integrations/${integration?.id}`,
      `/integrations/${integration?.id}/config/current`,
      '/recording/jobs',
      `/recording/jobs/${jobId}`,
      `/recording/jobs/${jobId}/failedrecordings`,
      '/recording/mediaretentionpolicies',
      '/recording/crossplatform/mediaretentionpolicies',
      '/recording/settings',
      '/recording/keyconfigurations',
      '/orphanrecordings',
      '/gdpr/requests',
      '/analytics/dataretention/settings',
      '/analytics/conversations/details/jobs/availability',
      `/analytics/conversations/details/jobs/${detailsId}`,
      `/analytics/conversations/details/jobs/${detailsId}/results`,
      `/conversations/${id(1, 1)}/recordingmetadata`,
      `/conversations/${id(1, 2)}/recordings/${id(2, 2)}`,
      '/recordings/retention/query?retentionThresholdDays=0',
      '/authorization/divisions',
      '/authorization/divisionspermitted/paged/me?permission=recording:recording:view',
      '/authorization/subjects/me',
      '/audits/query/servicemapping',
      `/audits/query/${audits.id}`,
      `/audits/query/${audits.id}/results`,
    ]) {
      await world.json('GET', `/api/v2${path}`)
    }
    const conversationIds = [id(1, 1), id(1, 9)]
    await world.json('PUT', '/api/v2/recordings/deletionprotection?protect=true', { conversationIds })
    await world.json('POST', '/api/v2/recordings/deletionprotection', { conversationIds })
    const known = new Set(world.simulator.requests.map(({ operation }) => operation))
    expect(known.size).toBeGreaterThan(29)
  })
})
