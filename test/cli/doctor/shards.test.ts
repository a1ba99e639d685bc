import { afterEach, expect, test } from 'vitest'
import type { Resolved } from '#src/cli/config/resolve.js'
import { shardChecks } from '#src/cli/doctor/shards.js'
import { mapHandler, stateMachineDefinition } from '#src/scale-aws.js'
import { DistributedMapSimulator, S3ControlSimulator } from '#src/testing/index.js'
import { FakeWorker, functionArn, roleArn, s3World } from '../../scale/aws/world.js'
import { resolved } from './resolved.js'

const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:legal-hold-shards'
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The services of a run over shards, and what doctor says of a matter that names them. */
async function world() {
  const { s3, settings, close } = await s3World()
  closing.push(close)
  s3.createBucket('recordings', { objectLock: true })
  s3.createBucket('plain', { versioning: 'Suspended' })
  const worker = new FakeWorker().work
  const sfn = new DistributedMapSimulator({
    storage: settings,
    stateMachines: { [machineArn]: stateMachineDefinition({ functionArn }) },
    functions: { [functionArn]: mapHandler({ worker }) as never },
  })
  const control = new S3ControlSimulator({ storage: settings, functions: {} })
  const [map, batch] = [await sfn.listen(), await control.listen()]
  closing.push(
    () => sfn.close(),
    () => control.close(),
    () => map.close(),
    () => batch.close(),
  )
  const once = { retry: { retries: 0 } }
  const sections = {
    local: { engine: 'local' },
    's3-batch': {
      engine: 's3-batch',
      s3Batch: { accountId: '123456789012', functionArn, roleArn, endpoint: batch.endpoint, ...once },
    },
    map: { engine: 'map', map: { stateMachineArn: machineArn, endpoint: map.endpoint, ...once } },
  }
  const checks = (scale: object | undefined, bucket = 'evidence') => {
    const s3Section = { bucket: 'recordings', ...settings }
    const store = { store: { bucket, ...once } }
    const matter = { s3: s3Section, ...(scale && { scale: { ...store, ...scale } }) } as Resolved['matter']
    return shardChecks(resolved(matter), new AbortController().signal)
  }
  return { s3, sfn, control, sections, checks }
}

test.each([
  ['local', 'works in the process'],
  ['s3-batch', 'lists no job yet'],
  ['map', 'the state machine is ACTIVE'],
] as const)('everything that a run with the engine %s needs is there', async (engine, said) => {
  const { s3, sections, checks, sfn, control } = await world()
  // The second time the object of the first is there.
  for (const _ of [1, 2]) {
    const found = await checks(sections[engine])
    const roles = found.slice(4)
    expect(found.slice(0, 4).map(({ result }) => result)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(roles.map(({ result }) => result)).toEqual(engine === 'local' ? [] : ['skipped'])
    expect(found.slice(0, 4).map(({ message }) => message)).toEqual([
      'can be listed, read and written, and no object twice',
      'versioning Enabled',
      'Object Lock Enabled',
      expect.stringContaining(said),
    ])
  }
  expect(s3.keys('evidence')).toEqual(['runs/doctor.txt'])
  expect(s3.versions('evidence', 'runs/doctor.txt')).toHaveLength(1)
  expect([...sfn.executions, ...control.jobs]).toEqual([])
})

test('what cannot be seen of the roles is said, and a role of another account is a problem', async () => {
  const { sections, checks } = await world()
  expect((await checks(sections.map)).at(-1)).toMatchObject({
    subject: 'roles',
    result: 'skipped',
    message: expect.stringContaining('shows only when a job begins'),
    remedy: expect.stringContaining('scalePolicies'),
  })
  const s3Batch = { ...sections['s3-batch'].s3Batch, roleArn: roleArn.replace('123456789012', '210987654321') }
  expect((await checks({ engine: 's3-batch', s3Batch })).at(-1)).toMatchObject({
    subject: 'roles',
    result: 'problem',
    message: expect.stringContaining('210987654321'),
    remedy: expect.stringContaining('roleArn'),
  })
})

test.each([
  ['of the type EXPRESS', { type: 'EXPRESS' }],
  ['is DELETING', { status: 'DELETING' }],
  ['without a Distributed Map', { definition: '{"States":{"A":{"Type":"Pass"}}}' }],
])('a state machine that is %s is a problem', async (words, over) => {
  const { sections, checks, sfn } = await world()
  const body = JSON.stringify({ stateMachineArn: machineArn, status: 'ACTIVE', type: 'STANDARD', ...over })
  const headers = { 'content-type': 'application/x-amz-json-1.0' }
  const action = { kind: 'respond', status: 200, headers, body } as const
  sfn.faults.add({ match: { operation: 'DescribeStateMachine' }, action })
  expect((await checks(sections.map))[3]).toMatchObject({
    subject: 'engine map',
    result: 'problem',
    message: expect.stringContaining(words),
  })
})

test('a matter that says nothing of shards is not asked for them', async () => {
  const { checks } = await world()
  expect(await checks(undefined)).toEqual([])
})

test('the bucket of the recordings is not one for evidence', async () => {
  const { s3, sections, checks } = await world()
  expect(await checks(sections.local, 'recordings')).toMatchObject([
    {
      result: 'problem',
      message: expect.stringContaining('is the bucket of the recordings'),
      remedy: expect.stringContaining('scale.store.bucket'),
    },
  ])
  expect(s3.keys('recordings')).toEqual([])
})

test('a bucket that is not there, or that nobody may write to, is a problem with what to do', async () => {
  const { s3, sections, checks } = await world()
  const remedy = expect.stringContaining('s3:PutObject')
  const [missing] = await checks(sections.local, 'not-there')
  expect(missing).toMatchObject({ subject: 'not-there', result: 'problem', remedy })
  s3.faults.add({ match: { operation: 'PutObject' }, action: { kind: 'respond', status: 403 }, times: 5 })
  const [denied] = await checks(sections.local)
  expect(denied).toMatchObject({ result: 'problem', message: expect.stringContaining('STORAGE_FORBIDDEN'), remedy })
})

test('a bucket without versioning and Object Lock is a warning each', async () => {
  const { sections, checks } = await world()
  expect(await checks(sections.local, 'plain')).toMatchObject([
    { result: 'ok' },
    { result: 'warning', message: 'versioning Suspended', remedy: expect.stringContaining('Enable versioning') },
    { result: 'warning', message: 'Object Lock Off', remedy: expect.stringContaining('Object Lock') },
    { result: 'ok' },
  ])
})

test('what must not be read of the bucket is a warning that names the right', async () => {
  const { s3, sections, checks } = await world()
  const action = { kind: 'respond', status: 403 } as const
  s3.faults.add({ match: { operation: 'GetBucketVersioning' }, action, times: 5 })
  expect((await checks(sections.local))[1]).toMatchObject({
    result: 'warning',
    message: 'versioning unreadable',
    remedy: expect.stringContaining('s3:GetBucketVersioning'),
  })
})

test('a state machine that is not there, and an account that may not list jobs, are problems', async () => {
  const { sections, checks, control } = await world()
  const map = { ...sections.map, map: { ...sections.map.map, stateMachineArn: `${machineArn}-of-nobody` } }
  expect((await checks(map))[3]).toMatchObject({
    subject: 'engine map',
    result: 'problem',
    message: expect.stringContaining('StateMachineDoesNotExist'),
    remedy: expect.stringContaining('states:DescribeStateMachine'),
  })
  control.faults.add({ match: { operation: 'ListJobs' }, action: { kind: 'respond', status: 403 }, times: 5 })
  expect((await checks(sections['s3-batch']))[3]).toMatchObject({
    subject: 'engine s3-batch',
    result: 'problem',
    remedy: expect.stringContaining('s3:ListJobs'),
  })
  expect((await checks({ engine: 'map' }))[3]).toMatchObject({
    result: 'problem',
    message: expect.stringContaining('scale.map'),
  })
})
