import { PutObjectCommand } from '@aws-sdk/client-s3'
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { afterEach, describe, expect, test } from 'vitest'
import { stateMachineDefinition } from '../../../src/scale-aws.js'
import { DistributedMapSimulator, SimulatedClock } from '../../../src/testing/index.js'
import { functionArn, s3World } from '../../scale/aws/world.js'

const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:m'
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Definition = { States: { Shards: Record<string, unknown> } }

async function world(
  change: (map: Record<string, unknown>) => void = () => {},
  csv = 'key,n\na,1\n"b ""c""",2\nd,3\n',
) {
  const { client: s3, settings, close } = await s3World()
  const definition = structuredClone(stateMachineDefinition({ functionArn, maxAttempts: 1 })) as unknown as Definition
  change(definition.States.Shards)
  const events: { readonly Items: readonly Record<string, string>[] }[] = []
  const failing = new Set<string>()
  const clock = new SimulatedClock()
  const handler = async (event: (typeof events)[number]) => {
    events.push(event)
    for (const { key = '' } of event.Items) if (failing.has(key)) throw new Error(`no ${key}`)
    return { done: true }
  }
  const sfn = new DistributedMapSimulator({
    storage: settings,
    stateMachines: { [machineArn]: definition },
    functions: { [functionArn]: handler as never },
    clock,
  })
  const listener = await sfn.listen()
  const { credentials } = settings
  const client = new SFNClient({ endpoint: listener.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 })
  closing.push(
    close,
    () => listener.close(),
    () => sfn.close(),
    () => client.destroy(),
  )
  await s3.send(new PutObjectCommand({ Bucket: 'evidence', Key: 'items.csv', Body: csv }))
  const input = { bucket: 'evidence', items: 'items.csv', results: 'results', maxConcurrency: 2 }
  const start = (name: string, changes: object = {}) =>
    client.send(
      new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify({ ...input, ...changes }) }),
    )
  const describeIt = (executionArn: string | undefined) => client.send(new DescribeExecutionCommand({ executionArn }))
  const run = async (name: string, changes: object = {}) => {
    const { executionArn } = await start(name, changes)
    await sfn.idle()
    return describeIt(executionArn)
  }
  return { client, clock, events, failing, sfn, start, run, describeIt }
}

test('hands over the rows of the CSV file by the names in its header, in batches', async () => {
  const { run, events, client } = await world((map) => {
    map.ItemBatcher = { MaxItemsPerBatch: 2 }
  })
  const execution = await run('one')
  expect(execution).toMatchObject({ status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' })
  expect(events.flatMap(({ Items }) => Items).sort((a, b) => Number(a.n) - Number(b.n))).toEqual([
    { key: 'a', n: '1' },
    { key: 'b "c"', n: '2' },
    { key: 'd', n: '3' },
  ])
  expect(events).toHaveLength(2)
  const { executionArn } = execution
  const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }))
  const run1 = await client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }))
  expect(run1).toMatchObject({
    maxConcurrency: 2,
    itemCounts: { total: 3, succeeded: 3 },
    executionCounts: { total: 2 },
  })
  expect(JSON.parse(execution.output ?? '')).toMatchObject({
    MapRunArn: mapRuns[0]?.mapRunArn,
    ResultWriterDetails: { Bucket: 'evidence', Key: expect.stringMatching(/^results\/.*\/manifest\.json$/) },
  })
})

test('a name is one execution while it runs with the same input, and refused afterwards', async () => {
  const { start, run, sfn } = await world()
  const [first, second] = await Promise.all([start('one'), start('one')])
  expect(first.executionArn).toBe(second.executionArn)
  await expect(start('one', { other: true })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' })
  await sfn.idle()
  await expect(start('one')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' })
  await expect(start('a b')).rejects.toMatchObject({ name: 'InvalidName' })
  expect((await run('two', { items: 'nothing.csv' })).error).toBe('States.ItemReaderFailed')
})

test('more failures than are tolerated fail the execution, and a redrive runs only those', async () => {
  const { client, clock, run, events, failing, sfn, describeIt } = await world((map) => {
    map.ToleratedFailurePercentage = 30
  })
  failing.add('a').add('d')
  const failed = await run('one')
  expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
  const before = events.length
  failing.clear()
  await client.send(new RedriveExecutionCommand({ executionArn: failed.executionArn }))
  await sfn.idle()
  expect(await describeIt(failed.executionArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 })
  expect(events.length - before).toBe(2)
  const again = new RedriveExecutionCommand({ executionArn: failed.executionArn })
  await expect(client.send(again)).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' })
  failing.add('a').add('d')
  const old = await run('two')
  clock.advance(15 * 86_400_000)
  await expect(client.send(new RedriveExecutionCommand({ executionArn: old.executionArn }))).rejects.toMatchObject({
    name: 'ExecutionNotRedrivable',
  })
})

test('is asked only by who has signed', async () => {
  const { sfn } = await world()
  const listener = await sfn.listen()
  closing.push(() => listener.close())
  const { endpoint } = listener
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSStepFunctions.ListMapRuns' },
    body: '{}',
  })
  expect([answer.status, await answer.json()]).toMatchObject([400, { __type: expect.stringContaining('MissingAuth') }])
})

describe('a definition that cannot be run is refused', () => {
  test.each<[string, (map: Record<string, unknown>) => void]>([
    ['no Map', (map) => Object.assign(map, { Type: 'Pass' })],
    ['inline', (map) => Object.assign(map.ItemProcessor as object, { ProcessorConfig: { Mode: 'INLINE' } })],
    [
      'another reader',
      (map) => Object.assign(map.ItemReader as object, { Resource: 'arn:aws:states:::s3:listObjectsV2' }),
    ],
    ['no writer', (map) => Object.assign(map, { ResultWriter: undefined })],
    ['a label that is too long', (map) => Object.assign(map, { Label: 'x'.repeat(41) })],
  ])('%s', async (_, change) => {
    await expect(world(change)).rejects.toThrow(/cannot be run/)
  })
})
