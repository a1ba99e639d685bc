import { parseCsv } from '../../internal/text/csv.js'
import type { Clock } from '../../ports/runtime.js'
import type { Invoker, SimulatedFunction } from '../s3-control/functions.js'
import type { StorageAccess } from '../s3-control/storage.js'
import { SeededRandom } from '../scenario/random.js'
import { type MapDefinition, valueAt } from './definition.js'
import type { ChildExecution, MapExecution } from './execution.js'
import { writeResults } from './results.js'

/** How executions are run. */
export interface MapRunnerSettings {
  readonly clock: Clock
  readonly access: StorageAccess
  readonly functions: ReadonlyMap<string, SimulatedFunction>
  readonly invoker: Invoker
  readonly seed: string
}

/** What a Distributed Map runs at once without a limit (Step Functions developer guide, quotas). */
const mostAtOnce = 10_000

/** Takes an execution to its end; one that is redriven runs what did not succeed. */
export async function runExecution(
  execution: MapExecution,
  definition: MapDefinition,
  settings: MapRunnerSettings,
): Promise<void> {
  const { clock, access } = settings
  const input = JSON.parse(execution.input) as unknown
  const end = (status: MapExecution['status'], error?: string, cause?: string) => {
    if (execution.status !== 'RUNNING') return
    Object.assign(execution, { status, error, cause, stoppedMs: clock.now() })
  }
  if (!execution.hasMapRun) {
    const items = await readItems(access, textAt(input, definition.bucketPath), textAt(input, definition.keyPath))
    if (typeof items === 'string') return end('FAILED', 'States.ItemReaderFailed', items)
    execution.children = batchesOf(items, definition.itemsPerBatch)
    execution.hasMapRun = true
    const { maxConcurrency } = definition
    const limit = typeof maxConcurrency === 'string' ? Number(valueAt(input, maxConcurrency)) : maxConcurrency
    if (!Number.isInteger(limit) || limit < 0) return end('FAILED', 'States.Runtime', 'MaxConcurrency is not a number.')
    execution.maxConcurrency = limit
  }
  await runChildren(execution, definition, settings)
  const { children } = execution
  const failed = children.filter(({ status }) => status === 'FAILED').length
  const isTolerated = (failed / children.length) * 100 <= definition.toleratedFailurePercentage
  const place = {
    bucket: textAt(input, definition.resultBucketPath),
    prefix: textAt(input, definition.resultPrefixPath),
  }
  let manifest: string
  try {
    const mapRunArn = mapRunArnOf(execution, definition)
    manifest = await writeResults(access, execution, { ...place, mapRunArn }, settings.clock.now())
  } catch {
    return end('FAILED', 'States.ResultWriterFailed', 'The results could not be written.')
  }
  if (!isTolerated) {
    return end(
      'FAILED',
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    )
  }
  if (execution.status === 'RUNNING') {
    const ResultWriterDetails = { Bucket: place.bucket, Key: manifest }
    execution.output = JSON.stringify({ MapRunArn: mapRunArnOf(execution, definition), ResultWriterDetails })
  }
  end('SUCCEEDED')
}

/** `arn:…:mapRun:MACHINE/LABEL:ID` */
export function mapRunArnOf({ arn, mapRunId }: MapExecution, { label }: MapDefinition): string {
  const [, partition, , region, account, , machine] = arn.split(':')
  return `arn:${partition}:states:${region}:${account}:mapRun:${machine}/${label}:${mapRunId}`
}

function textAt(input: unknown, path: string): string {
  const value = valueAt(input, path)
  return typeof value === 'string' ? value : ''
}

type Item = Readonly<Record<string, string>>

/** Items of a CSV file by the names in its first row; why there are none, otherwise. */
async function readItems(access: StorageAccess, bucket: string, key: string): Promise<Item[] | string> {
  const object = await access.read(bucket, key).catch(() => undefined)
  if (object === undefined) return 'The item reader found no such object.'
  const [header, ...rows] = parseCsv(object.body.toString('utf8')) ?? []
  if (header === undefined) return 'The CSV file has no header.'
  if (rows.length === 0) return 'The CSV file has no rows.'
  return rows.map((row) => Object.fromEntries(header.map((name, at) => [name, row[at] ?? ''])))
}

function batchesOf(items: readonly Item[], size: number): ChildExecution[] {
  const batches: ChildExecution[] = []
  for (let at = 0; at < items.length; at += size) {
    const status = 'PENDING' as const
    batches.push({ number: batches.length, items: items.slice(at, at + size), status, redriveCount: 0 })
  }
  return batches
}

async function runChildren(
  execution: MapExecution,
  definition: MapDefinition,
  settings: MapRunnerSettings,
): Promise<void> {
  const random = new SeededRandom(`${settings.seed} ${execution.name} ${execution.redriveCount}`)
  const open = execution.children.filter(({ status }) => status !== 'SUCCEEDED')
  const queue = random.sample(open, open.length)
  const next = async () => {
    for (let child = queue.shift(); child !== undefined; child = queue.shift()) {
      if (execution.status !== 'RUNNING') {
        queue.unshift(child)
        return
      }
      await runChild(child, execution, definition, settings)
    }
  }
  const limit = execution.maxConcurrency === 0 ? mostAtOnce : execution.maxConcurrency
  await Promise.all(Array.from({ length: Math.min(limit, queue.length) }, next))
}

async function runChild(
  child: ChildExecution,
  execution: MapExecution,
  definition: MapDefinition,
  { clock, functions, invoker }: MapRunnerSettings,
): Promise<void> {
  const call = functions.get(definition.functionArn)
  const fail = (error: string, cause: string) => Object.assign(child, { status: 'FAILED', error, cause })
  if (call === undefined) {
    fail('Lambda.ResourceNotFoundException', 'Function not found.')
    return
  }
  child.status = 'RUNNING'
  const attempts = new Map<object, number>()
  const key = child.items.map((item) => item.key ?? '').join(' ')
  for (;;) {
    const invoked = await invoker.invoke(call, { Items: child.items }, { key, now: () => clock.now() })
    if (execution.status !== 'RUNNING') {
      // It was stopped meanwhile: whatever the function has done is not heard of.
      child.status = 'ABORTED'
      return
    }
    if (invoked.kind === 'answered') {
      Object.assign(child, {
        status: 'SUCCEEDED',
        output: JSON.stringify(invoked.value),
        error: undefined,
        cause: undefined,
      })
      return
    }
    const error = invoked.kind === 'throttled' ? 'Lambda.TooManyRequestsException' : invoked.errorType
    const cause = invoked.kind === 'throttled' ? 'Rate exceeded' : invoked.errorMessage
    const rule = definition.retries.find(
      ({ errors }) => errors.includes(error) || errors.includes('States.ALL') || errors.includes('States.TaskFailed'),
    )
    const done = rule === undefined ? 0 : (attempts.get(rule) ?? 0)
    if (rule === undefined || done >= rule.maxAttempts) {
      fail(error, cause)
      return
    }
    attempts.set(rule, done + 1)
    const seconds = Math.min(rule.maxDelaySeconds, rule.intervalSeconds * rule.backoffRate ** done)
    await clock.sleep(seconds * 1000)
  }
}
