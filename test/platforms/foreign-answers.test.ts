import { describe, expect, it } from 'vitest'
import { RecordingJobsPlatform } from '../../src/genesys.js'
import { bulkExportsFields, otherThanExportOf } from '../../src/platforms/bulk-exports/surface.js'
import { GenesysClient } from '../../src/platforms/client/client.js'
import type { GenesysConnectionOptions } from '../../src/platforms/client/options.js'
import { otherThanPage } from '../../src/platforms/client/pages.js'
import { readMetadata } from '../../src/platforms/expected/recording-metadata.js'
import { inspectIntegration } from '../../src/platforms/organization/integration-inspection.js'
import { conversation, id, integrationId } from '../testing/genesys/fixture.js'
import { hold, request, startWorld } from './platform-world.js'

/** Answers another request so often. */
const answered = (operation: string, body: object, times: number) => ({
  match: { operation },
  action: {
    kind: 'respond' as const,
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  },
  times,
})
const patient = (connection: GenesysConnectionOptions) => ({
  ...connection,
  retry: { retries: 2, minDelayMs: 1, maxDelayMs: 1 },
})

describe('an answer of Genesys Cloud to another request', () => {
  it.each([
    [1, 'is asked for again'],
    [9, 'is an error, and never taken for the own one'],
  ])('about a job, %i times over, %s', async (times) => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(patient(world.connection))
    const job = await platform.createJob(request, { hold, runId: 'run-1' })
    world.simulator.faults.add(answered('getRecordingJob', { id: id(9, 9), state: 'FULFILLED' }, times))
    const read = platform.getJob(job.id)
    if (times === 1) expect(await read).toMatchObject({ id: job.id })
    else
      await expect(read).rejects.toMatchObject({
        code: 'PLATFORM_RESPONSE_INVALID',
        message: expect.stringContaining(id(9, 9)),
      })
  })

  it('about an integration is no finding about the one that was asked for', async () => {
    await using world = await startWorld([conversation(1)])
    const client = new GenesysClient(patient(world.connection))
    world.simulator.faults.add(answered('getIntegration', { id: id(9, 9), intendedState: 'ENABLED' }, 9))
    await expect(inspectIntegration(client, integrationId)).rejects.toMatchObject({ code: 'PLATFORM_RESPONSE_INVALID' })
  })

  it('about the recordings of a conversation adds none to another', async () => {
    await using world = await startWorld([conversation(1)])
    const client = new GenesysClient(patient(world.connection))
    const foreign = [{ id: id(8, 8), conversationId: id(9, 9) }]
    world.simulator.faults.add(answered('listRecordingMetadata', foreign, 1))
    const listed = await readMetadata(client, conversation(1).id, {})
    expect(listed?.every((one) => one.id !== id(8, 8))).toBe(true)
    world.simulator.faults.add(answered('listRecordingMetadata', foreign, 9))
    await expect(readMetadata(client, conversation(1).id, {})).rejects.toMatchObject({
      code: 'PLATFORM_RESPONSE_INVALID',
    })
  })

  it.each([
    ['an integration', { id: integrationId, name: 'AWS S3 recording bulk actions' }],
    ['a query', { jobId: id(9, 9) }],
    [
      'the job of another integration',
      { id: id(9, 9), state: 'READY', recordingJobsQuery: { integrationId: id(8, 8) } },
    ],
    [
      'the job of another interval',
      {
        id: id(9, 9),
        state: 'READY',
        recordingJobsQuery: {
          integrationId,
          conversationQuery: { interval: '2023-01-01T00:00:00.000Z/2023-01-02T00:00:00.000Z' },
        },
      },
    ],
  ])('in place of the created job, %s, leaves its outcome unknown', async (_, body) => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(patient(world.connection))
    world.simulator.faults.add(answered('createRecordingJob', body, 1))
    await expect(platform.createJob(request, { hold, runId: 'run-1' })).rejects.toMatchObject({ outcome: 'unknown' })
  })

  it('in place of the created job, a job that repeats less of the query, is that job', async () => {
    await using world = await startWorld([conversation(1)])
    const platform = new RecordingJobsPlatform(patient(world.connection))
    world.simulator.faults.add(answered('createRecordingJob', { id: id(9, 9), state: 'PENDING' }, 1))
    expect(await platform.createJob(request, { hold, runId: 'run-1' })).toMatchObject({ id: id(9, 9) })
  })

  it.each([
    [{ entities: [], pageNumber: 2 }, undefined],
    [{ entities: [] }, undefined],
    [{ total: 0 }, undefined],
    [{ entities: [], pageNumber: 1 }, 'page 1'],
    [{}, 'without a list (`entities`)'],
    [{ conversations: [] }, 'without a list (`entities`)'],
  ])('in place of the second page: %j is %s', (answer, problem) => {
    expect(otherThanPage({ pageNumber: 2 })(answer)).toBe(problem)
  })

  it('in place of a bulk export, says whose it is', () => {
    const ours = { integrationId, filters: { interval: '2023-10-18T00:00:00Z/2023-10-19T00:00:00Z' } }
    const of = otherThanExportOf(ours, bulkExportsFields)
    expect(of({ id: id(9, 9), status: 'queued' })).toBeUndefined()
    expect(of({ ...ours, id: id(9, 9) })).toBeUndefined()
    expect(of({ id: integrationId, name: 'AWS S3' })).toBe('not that of a job')
    expect(of({ ...ours, integrationId: id(8, 8) })).toBe(`that of a job of integrationId ${id(8, 8)}`)
    expect(of({ ...ours, filters: { interval: '2023-10-18T00:00:00Z/2023-10-20T00:00:00Z' } })).toBe(
      'that of a job for another interval',
    )
  })
})
