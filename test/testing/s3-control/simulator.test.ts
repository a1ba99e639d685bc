import { PutObjectCommand } from '@aws-sdk/client-s3'
import {
  CreateJobCommand,
  type CreateJobCommandInput,
  DescribeJobCommand,
  ListJobsCommand,
  type S3ControlClient,
  UpdateJobPriorityCommand,
  UpdateJobStatusCommand,
} from '@aws-sdk/client-s3-control'
import { afterEach, describe, expect, test } from 'vitest'
import { openS3Control } from '../../../src/scale/aws/client/s3-control.js'
import { S3ControlSimulator, type S3ControlSimulatorOptions, SimulatedClock } from '../../../src/testing/index.js'
import { functionArn, roleArn, s3World } from '../../scale/aws/world.js'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const AccountId = '123456789012'

async function world(options: Partial<S3ControlSimulatorOptions> = {}) {
  const { client: s3Client, settings, close } = await s3World()
  const events: { readonly tasks: readonly { readonly taskId: string; readonly s3Key: string }[] }[] = []
  const succeed = async (
    event: (typeof events)[number] & { invocationSchemaVersion: string; invocationId: string },
  ) => {
    events.push(event)
    const { invocationSchemaVersion, invocationId, tasks } = event
    const results = tasks.map(({ taskId }) => ({ taskId, resultCode: 'Succeeded', resultString: 'done, "well"\n' }))
    return { invocationSchemaVersion, treatMissingKeysAs: 'PermanentFailure', invocationId, results }
  }
  const control = new S3ControlSimulator({
    storage: settings,
    functions: { [functionArn]: succeed as never },
    ...options,
  })
  const listener = await control.listen()
  const { endpoint } = listener
  const config = { maxAttempts: 1, region: 'eu-west-1', credentials: settings.credentials }
  const client = (await openS3Control(config, { endpoint, region: 'eu-west-1' })) as unknown as S3ControlClient
  closing.push(
    close,
    () => listener.close(),
    () => control.close(),
    () => client.destroy(),
  )
  const putManifest = async (Body: string, encryption: object = {}) => {
    const { ETag = '' } = await s3Client.send(
      new PutObjectCommand({ Bucket: 'evidence', Key: 'm.csv', Body, ...encryption }),
    )
    return ETag
  }
  const inputOf = async (changes: Partial<CreateJobCommandInput> = {}, manifest = 'evidence,a\nevidence,b\n') => ({
    AccountId,
    ClientRequestToken: 'token',
    ConfirmationRequired: false,
    Priority: 1,
    RoleArn: roleArn,
    Operation: { LambdaInvoke: { FunctionArn: functionArn } },
    Report: { Enabled: false },
    Manifest: {
      Spec: { Format: 'S3BatchOperations_CSV_20180820' as const, Fields: ['Bucket' as const, 'Key' as const] },
      Location: { ObjectArn: 'arn:aws:s3:::evidence/m.csv', ETag: await putManifest(manifest) },
    },
    ...changes,
  })
  const run = async (input: CreateJobCommandInput) => {
    const { JobId } = await client.send(new CreateJobCommand(input))
    await control.idle()
    return (await client.send(new DescribeJobCommand({ AccountId, JobId }))).Job
  }
  return { control, client, events, putManifest, inputOf, run }
}

describe('CreateJob', () => {
  test('is the same job for the same token and parameters, and refused for others', async () => {
    const { client, inputOf, control } = await world()
    const input = await inputOf()
    const first = await client.send(new CreateJobCommand(input))
    expect((await client.send(new CreateJobCommand(input))).JobId).toBe(first.JobId)
    await expect(client.send(new CreateJobCommand({ ...input, Priority: 2 }))).rejects.toMatchObject({
      name: 'IdempotencyException',
      $metadata: { httpStatusCode: 400 },
    })
    expect(control.jobs).toHaveLength(1)
  })

  test.each<[string, Partial<CreateJobCommandInput>]>([
    ['no token', { ClientRequestToken: '' }],
    ['a token that is too long', { ClientRequestToken: 'x'.repeat(65) }],
    ['no role', { RoleArn: 'x' }],
    ['a negative priority', { Priority: -1 }],
    ['a description that is too long', { Description: 'x'.repeat(257) }],
    ['a function that is none', { Operation: { LambdaInvoke: { FunctionArn: 'a function!' } } }],
    ['another operation', { Operation: { S3DeleteObjectTagging: {} } }],
    [
      'user arguments of schema 1.0',
      { Operation: { LambdaInvoke: { FunctionArn: functionArn, UserArguments: { a: 'b' } } } },
    ],
    ['no manifest', { Manifest: undefined }],
    [
      'a report without its bucket',
      { Report: { Enabled: true, Format: 'Report_CSV_20180820', ReportScope: 'AllTasks' } },
    ],
  ])('refuses %s', async (_, changes) => {
    const { client, inputOf, control } = await world()
    await expect(client.send(new CreateJobCommand(await inputOf(changes)))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    })
    expect(control.jobs).toEqual([])
  })

  test('refuses another account', async () => {
    const { client, inputOf } = await world()
    const input = await inputOf({ AccountId: '999999999999' })
    await expect(client.send(new CreateJobCommand(input))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  })
})

describe('a manifest', () => {
  test.each([
    ['a row with too few fields', 'evidence\n', 'ManifestInvalid'],
    ['a key that is not URL-encoded', 'evidence,50%\n', 'ManifestInvalid'],
    ['objects in two buckets', 'evidence,a\nother,b\n', 'ManifestInvalid'],
    ['no rows', '\n', 'ManifestEmpty'],
    ['a quote that is never closed', 'evidence,"a\n', 'ManifestInvalid'],
  ])('with %s fails the job', async (_, manifest, code) => {
    const { inputOf, run } = await world()
    const job = await run(await inputOf({}, manifest))
    expect(job).toMatchObject({ Status: 'Failed', FailureReasons: [{ FailureCode: code }] })
  })

  test('that changed, is gone, or is encrypted with KMS fails the job', async () => {
    const { inputOf, run, putManifest } = await world()
    const input = await inputOf()
    const etag = await putManifest('evidence,c\n', { ServerSideEncryption: 'aws:kms' })
    expect((await run(input))?.FailureReasons?.[0]?.FailureCode).toBe('ManifestETagMismatch')
    const spec = input.Manifest?.Spec
    const at = (ObjectArn: string, ETag: string) => ({ Manifest: { Spec: spec, Location: { ObjectArn, ETag } } })
    const kms = await run({ ...input, ClientRequestToken: 'kms', ...at('arn:aws:s3:::evidence/m.csv', etag) })
    expect(kms?.FailureReasons?.[0]?.FailureCode).toBe('ManifestEncryption')
    const gone = await run({ ...input, ClientRequestToken: 'gone', ...at('arn:aws:s3:::evidence/gone.csv', etag) })
    expect(gone?.FailureReasons?.[0]?.FailureCode).toBe('ManifestNotFound')
  })
})

test('invocations are of schema 1.0 unless 2.0 is asked for', async () => {
  const { inputOf, run, events } = await world()
  expect((await run(await inputOf()))?.Status).toBe('Complete')
  const LambdaInvoke = { FunctionArn: functionArn, InvocationSchemaVersion: '2.0', UserArguments: { runId: 'r' } }
  await run(await inputOf({ ClientRequestToken: 'two', Operation: { LambdaInvoke } }))
  expect(events[0]).toMatchObject({
    invocationSchemaVersion: '1.0',
    job: { id: expect.any(String) },
    tasks: [{ s3BucketArn: 'arn:aws:s3:::evidence', s3VersionId: null }],
  })
  expect(events.at(-1)).toMatchObject({
    invocationSchemaVersion: '2.0',
    job: { userArguments: { runId: 'r' } },
    tasks: [{ s3Bucket: 'evidence' }],
  })
})

test('ListJobs filters by state and pages, newest first', async () => {
  const { client, inputOf, control } = await world()
  const input = await inputOf()
  const ids: (string | undefined)[] = []
  for (const token of ['one', 'two', 'three']) {
    const ConfirmationRequired = token === 'two'
    const job = await client.send(new CreateJobCommand({ ...input, ClientRequestToken: token, ConfirmationRequired }))
    ids.unshift(job.JobId)
  }
  await control.idle()
  const first = await client.send(new ListJobsCommand({ AccountId, MaxResults: 2 }))
  expect(first.Jobs?.map(({ JobId }) => JobId)).toEqual(ids.slice(0, 2))
  const { NextToken } = first
  const second = await client.send(new ListJobsCommand({ AccountId, MaxResults: 2, NextToken }))
  expect(second.Jobs?.map(({ JobId }) => JobId)).toEqual(ids.slice(2))
  expect(second.NextToken).toBeUndefined()
  const suspended = await client.send(new ListJobsCommand({ AccountId, JobStatuses: ['Suspended'] }))
  expect(suspended.Jobs?.map(({ JobId }) => JobId)).toEqual([ids[1]])
  await expect(client.send(new ListJobsCommand({ AccountId, NextToken: 'made up' }))).rejects.toMatchObject({
    name: 'InvalidNextTokenException',
  })
})

test('a state can only be set from those that it follows', async () => {
  const { client, inputOf, control } = await world()
  const { JobId } = await client.send(new CreateJobCommand(await inputOf({ ConfirmationRequired: true })))
  await control.idle()
  const priority = await client.send(new UpdateJobPriorityCommand({ AccountId, JobId, Priority: 7 }))
  expect(priority).toMatchObject({ JobId, Priority: 7 })
  const ready = () =>
    new UpdateJobStatusCommand({ AccountId, JobId, RequestedJobStatus: 'Ready', StatusUpdateReason: 'why' })
  expect(await client.send(ready())).toMatchObject({ Status: 'Ready', StatusUpdateReason: 'why' })
  await control.idle()
  await expect(client.send(ready())).rejects.toMatchObject({ name: 'JobStatusException' })
  const cancel = new UpdateJobStatusCommand({ AccountId, JobId, RequestedJobStatus: 'Cancelled' })
  await expect(client.send(cancel)).rejects.toMatchObject({ name: 'JobStatusException' })
  const change = new UpdateJobPriorityCommand({ AccountId, JobId, Priority: 8 })
  await expect(client.send(change)).rejects.toMatchObject({ name: 'JobStatusException' })
})

test('a job that nobody confirms fails after 30 days', async () => {
  const clock = new SimulatedClock({ now: Date.now() })
  const { client, inputOf, control } = await world({ clock })
  const { JobId } = await client.send(new CreateJobCommand(await inputOf({ ConfirmationRequired: true })))
  await control.idle()
  clock.advance(31 * 86_400_000)
  const { Job } = await client.send(new DescribeJobCommand({ AccountId, JobId }))
  expect(Job).toMatchObject({ Status: 'Failed', FailureReasons: [{ FailureCode: 'ConfirmationExpired' }] })
})

test('an answer that is not of the schema is a failure', async () => {
  const { inputOf, run } = await world({ functions: { [functionArn]: async () => ({ results: 'all well' }) } })
  expect((await run(await inputOf()))?.ProgressSummary).toMatchObject({
    NumberOfTasksFailed: 2,
    NumberOfTasksSucceeded: 0,
  })
})
