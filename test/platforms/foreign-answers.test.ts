import { describe, expect, it } from 'vitest'
import { RecordingJobsPlatform } from '../../src/genesys.js'
import { GenesysClient } from '../../src/platforms/client/client.js'
import type { GenesysConnectionOptions } from '../../src/platforms/client/options.js'
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
})
