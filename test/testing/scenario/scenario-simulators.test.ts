import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectLockConfigurationCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  SimulatedClock,
  type Simulators,
  type SimulatorsOptions,
  simulatorCredentials,
  startSimulators,
} from '../../../src/testing/index.js'

// Moves only when told to, but from the present: requests to S3 are signed with the machine's time.
let clock: SimulatedClock
beforeEach(() => {
  clock = new SimulatedClock({ now: Date.now(), autoAdvance: false })
})
const running: Simulators[] = []
const directories: string[] = []
afterEach(async () => {
  for (const simulators of running.splice(0)) await simulators.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

async function start(options: SimulatorsOptions = {}) {
  const simulators = await startSimulators({ scenario: { count: 12 }, clock, ...options })
  running.push(simulators)
  return simulators
}

function directory(): string {
  directories.push(mkdtempSync(join(tmpdir(), 'simulators-')))
  return directories.at(-1)!
}

async function stop(simulators: Simulators) {
  running.splice(running.indexOf(simulators), 1)
  await simulators.close()
}

async function listKeys({ description: { s3 } }: Simulators, bucket = s3.bucket): Promise<string[]> {
  const client = s3ClientFor(s3)
  const { Contents: contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  return contents.map(({ Key: key }) => key!)
}

function s3ClientFor({ endpoint, region, accessKeyId, secretAccessKey }: Simulators['description']['s3']) {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
}

/** Signs in and talks to the Genesys endpoint as another program would. */
async function program({ description: { genesys } }: Simulators) {
  const basic = Buffer.from(`${genesys.clientId}:${genesys.clientSecret}`).toString('base64')
  const granted = await fetch(`${genesys.endpoint}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await granted.json()) as { access_token: string }
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${genesys.endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return (await response.json()) as { id: string; state: string }
  }
}

function createJob(call: Awaited<ReturnType<typeof program>>, { scenario }: Simulators) {
  return call('POST', '/api/v2/recording/jobs', {
    action: 'EXPORT',
    actionAge: 0,
    integrationId: simulatorCredentials.genesys.integrationId,
    includeRecordingsWithSensitiveData: true,
    conversationQuery: {
      interval: `${scenario.interval.start}/${scenario.interval.end}`,
      segmentFilters: [
        { type: 'or', predicates: ['chat', 'email', 'message'].map((value) => ({ dimension: 'mediaType', value })) },
      ],
    },
  })
}

function putScenario({ description: { genesys } }: Simulators, body: unknown) {
  return fetch(`${genesys.endpoint}/_simulator/scenario`, {
    method: 'PUT',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function runJob(simulators: Simulators) {
  const call = await program(simulators)
  const { id } = await createJob(call, simulators)
  const state = async () => (await call('GET', `/api/v2/recording/jobs/${id}`)).state
  clock.advance(1_000)
  expect(await state()).toBe('READY')
  await call('PUT', `/api/v2/recording/jobs/${id}`, { state: 'PROCESSING' })
  clock.advance(4_000)
  expect(await state()).toBe('FULFILLED')
  return id as string
}

async function countWhenAllHasLanded(simulators: Simulators) {
  clock.advance(2_000)
  await simulators.genesys.settle()
  return (await listKeys(simulators)).length
}

describe('startSimulators', () => {
  it('exports the scenario into a bucket with versioning and Object Lock, late objects last', async () => {
    const simulators = await start()
    const { scenario, description } = simulators
    expect((await listKeys(simulators)).toSorted()).toEqual(
      scenario.preExistingObjects.map(({ key }) => key).toSorted(),
    )
    const lock = await s3ClientFor(description.s3).send(
      new GetObjectLockConfigurationCommand({ Bucket: description.s3.bucket }),
    )
    expect(lock.ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled')
    await runJob(simulators)
    const all = scenario.preExistingObjects.length + scenario.inScope.objects
    expect((await listKeys(simulators)).length).toBeLessThan(all)
    expect(await countWhenAllHasLanded(simulators)).toBe(all)
  })

  it('takes its state up from the data directory: objects, jobs and ids', async () => {
    const dataDir = directory()
    const first = await start({ dataDir })
    const jobId = await runJob(first)
    const ids = first.scenario.inScope.recordingIds
    const keys = await listKeys(first)
    await stop(first)
    expect(statSync(join(dataDir, 'genesys', 'scenario.json')).mode & 0o077).toBe(0)

    const second = await start({ dataDir, scenario: { count: 3 } })
    expect(second.scenario.inScope.recordingIds).toEqual(ids)
    expect(await listKeys(second)).toEqual(expect.arrayContaining(keys))
    const call = await program(second)
    expect(await call('GET', `/api/v2/recording/jobs/${jobId}`)).toMatchObject({
      state: 'FULFILLED',
      totalRecordings: 12,
    })
    const all = second.scenario.preExistingObjects.length + second.scenario.inScope.objects
    expect(await countWhenAllHasLanded(second)).toBe(all)
  })

  it('takes up what was made of own files', async () => {
    const [dataDir, recordingsDir] = [directory(), directory()]
    for (const name of ['a.wav', 'b.txt', 'c.json']) writeFileSync(join(recordingsDir, name), name)
    const first = await start({ dataDir, scenario: { recordingsDir } })
    const ids = first.scenario.inScope.recordingIds
    expect(ids).toHaveLength(3)
    await stop(first)
    const second = await start({ dataDir })
    expect(second.scenario.inScope.recordingIds).toEqual(ids)
  })

  it('does not keep the credentials of another S3 server that it was started with, and needs it again', async () => {
    const dataDir = directory()
    const s3 = {
      endpoint: 'https://s3.example',
      region: 'eu-west-1',
      bucket: 'b',
      accessKeyId: 'A',
      secretAccessKey: 'hush',
    }
    const first = await start({ dataDir, scenario: { count: 3, s3 } })
    const ids = first.scenario.inScope.recordingIds
    await stop(first)
    expect(readFileSync(join(dataDir, 'genesys', 'scenario.json'), 'utf8')).not.toContain('hush')
    await expect(start({ dataDir })).rejects.toThrow('must be given again')
    const second = await start({ dataDir, scenario: { s3 } })
    expect(second.scenario.inScope.recordingIds).toEqual(ids)
    await stop(second)
    const own = directory()
    await stop(await start({ dataDir: own, scenario: { count: 3 } }))
    await expect(start({ dataDir: own, scenario: { s3 } })).rejects.toThrow('not to another server')
  })
})

describe('control API', () => {
  it('describes the simulators as the script prints them', async () => {
    const simulators = await start()
    const { genesys, s3 } = simulatorCredentials
    const response = await fetch(`${simulators.description.genesys.endpoint}/_simulator`)
    const { clientId, clientSecret, organizationId, integrationId, exportProfileId } = genesys
    const answer = await response.json()
    expect(answer).toMatchObject({ scenario: { interval: simulators.scenario.interval } })
    const { scenario: _, ...description } = answer as Record<string, unknown>
    expect(description).toEqual({
      genesys: {
        endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        ...{ clientId, clientSecret, organizationId, integrationId, exportProfileId },
      },
      s3: { endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), ...s3 },
    })
    expect((await fetch(`${simulators.description.genesys.endpoint}/_simulator/nothing`)).status).toBe(404)
  })

  it('seeds another scenario, and keeps the jobs when the same one is put again', async () => {
    const simulators = await start()
    const interval = { start: new Date(Date.now() - 3_600_000).toISOString(), end: new Date().toISOString() }
    const body = { count: 7, media: 'digital', failAtSource: 2, interval }
    const call = await program(simulators)
    const answered = await (await putScenario(simulators, body)).json()
    expect(answered).toMatchObject({
      ...simulators.description,
      scenario: { recordings: 7, failAtSource: 2, interval, request: { mediaTypes: 'digital' } },
    })
    const { id } = await createJob(call, simulators)
    const reordered = {
      interval: { end: interval.end, start: interval.start },
      failAtSource: 2,
      media: 'digital',
      count: 7,
    }
    expect((await putScenario(simulators, reordered)).status).toBe(200)
    expect(await call('GET', `/api/v2/recording/jobs/${id}`)).toMatchObject({ id })
    await putScenario(simulators, { ...body, count: 8 })
    expect(simulators.scenario.inScope.recordingIds).toHaveLength(8)
    expect(simulators.genesys.jobs).toHaveLength(0)
    expect(await call('GET', `/api/v2/recording/jobs/${id}`)).toMatchObject({ code: 'not.found' })
  })

  it('delivers to a foreign S3 server, and puts nothing else there', async () => {
    const theirs = await start()
    const { endpoint, region, accessKeyId, secretAccessKey } = theirs.description.s3
    theirs.s3.createBucket('theirs', {})
    const simulators = await start()
    const s3 = { endpoint, region, bucket: 'theirs', accessKeyId, secretAccessKey }
    expect((await putScenario(simulators, { count: 4, s3 })).status).toBe(200)
    await runJob(simulators)
    clock.advance(2_000)
    await simulators.genesys.settle()
    expect(await listKeys(theirs, 'theirs')).toHaveLength(simulators.scenario.inScope.objects)
  })

  const s3 = {
    endpoint: 'https://s3.example.com',
    region: 'eu-west-1',
    bucket: 'b',
    accessKeyId: 'a',
    secretAccessKey: 'top-secret',
  }
  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown field', { medium: 'call' }],
    ['an unknown medium', { media: 'fax' }],
    ['a count that is none', { count: -1 }],
    ['more failures than recordings', { count: 1, failAtSource: 2 }],
    ['half an interval', { interval: { start: '2023-10-18T00:00:00Z' } }],
    ['an interval that has not begun', { interval: { start: '2123-10-18T00:00:00Z', end: '2123-10-19T00:00:00Z' } }],
    ['S3 in the clear beyond loopback', { s3: { ...s3, endpoint: 'http://s3.example.com' } }],
    ['S3 without a bucket', { s3: { ...s3, bucket: '' } }],
    ['S3 with an unknown field', { s3: { ...s3, profile: 'default' } }],
  ])('refuses %s, says why, and leaves everything as it was', async (_, body) => {
    const simulators = await start()
    const before = simulators.scenario
    const response = await putScenario(simulators, body)
    const text = await response.text()
    expect([response.status, JSON.parse(text)]).toEqual([400, { message: expect.stringMatching(/\w{3}/) }])
    expect(text).not.toContain('top-secret')
    expect(simulators.scenario).toBe(before)
  })
})
