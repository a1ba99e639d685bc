/** How a task is tried again, as the States language has it. */
export interface RetryRule {
  readonly errors: readonly string[]
  readonly intervalSeconds: number
  readonly backoffRate: number
  readonly maxDelaySeconds: number
  readonly maxAttempts: number
}

/** The parts of a state machine that are run: one Distributed Map over a CSV file, with one Lambda task for each batch. */
export interface MapDefinition {
  readonly label: string
  readonly bucketPath: string
  readonly keyPath: string
  readonly itemsPerBatch: number
  /** Path in the input, or the number itself; 0 for no limit. */
  readonly maxConcurrency: string | number
  readonly toleratedFailurePercentage: number
  readonly functionArn: string
  readonly retries: readonly RetryRule[]
  readonly resultBucketPath: string
  readonly resultPrefixPath: string
}

type Json = Readonly<Record<string, unknown>>

/** Reads a definition; throws for what the service refuses, and for what this simulator does not run. */
export function readDefinition(definition: unknown): MapDefinition {
  const root = object(definition, 'the definition')
  const states = object(root.States, 'States')
  const map = object(states[text(root.StartAt, 'StartAt')], 'the state that StartAt names')
  is(map.Type === 'Map' && map.End === true, 'the first state must be a Map that ends the execution')
  const reader = object(map.ItemReader, 'ItemReader')
  is(
    /^arn:aws[a-z-]*:states:::s3:getObject$/.test(text(reader.Resource, 'ItemReader.Resource')),
    'ItemReader must be getObject',
  )
  const config = object(reader.ReaderConfig, 'ReaderConfig')
  is(
    config.InputType === 'CSV' && config.CSVHeaderLocation === 'FIRST_ROW',
    'only CSV with its header in the first row is read',
  )
  const place = object(reader.Parameters, 'ItemReader.Parameters')
  const processor = object(map.ItemProcessor, 'ItemProcessor')
  is(object(processor.ProcessorConfig, 'ProcessorConfig').Mode === 'DISTRIBUTED', 'the Map must be DISTRIBUTED')
  const inner = object(
    object(processor.States, 'the States of the processor')[text(processor.StartAt, 'StartAt')],
    'the task',
  )
  is(inner.Type === 'Task' && inner.End === true, 'the processor must be one task')
  is(
    /^arn:aws[a-z-]*:states:::lambda:invoke$/.test(text(inner.Resource, 'Resource')),
    'the task must invoke a function',
  )
  const parameters = object(inner.Parameters, 'Parameters')
  is(
    parameters['Payload.$'] === '$' && inner.OutputPath === '$.Payload',
    'the task must hand over its whole input and output',
  )
  const writer = object(map.ResultWriter, 'ResultWriter')
  is(
    /^arn:aws[a-z-]*:states:::s3:putObject$/.test(text(writer.Resource, 'ResultWriter.Resource')),
    'ResultWriter must be putObject',
  )
  const target = object(writer.Parameters, 'ResultWriter.Parameters')
  const batcher = map.ItemBatcher === undefined ? {} : object(map.ItemBatcher, 'ItemBatcher')
  const label = typeof map.Label === 'string' ? map.Label : 'Map'
  is(label.length <= 40, 'a label has at most 40 characters')
  return {
    label,
    bucketPath: text(place['Bucket.$'], 'Bucket.$'),
    keyPath: text(place['Key.$'], 'Key.$'),
    itemsPerBatch: number(batcher.MaxItemsPerBatch ?? 1, 'MaxItemsPerBatch', 1),
    maxConcurrency:
      map.MaxConcurrencyPath === undefined
        ? number(map.MaxConcurrency ?? 0, 'MaxConcurrency', 0)
        : text(map.MaxConcurrencyPath, 'MaxConcurrencyPath'),
    toleratedFailurePercentage: number(map.ToleratedFailurePercentage ?? 0, 'ToleratedFailurePercentage', 0),
    functionArn: text(parameters.FunctionName, 'FunctionName'),
    retries: (Array.isArray(inner.Retry) ? inner.Retry : []).map(retryOf),
    resultBucketPath: text(target['Bucket.$'], 'Bucket.$'),
    resultPrefixPath: text(target['Prefix.$'], 'Prefix.$'),
  }
}

function retryOf(rule: unknown): RetryRule {
  const given = object(rule, 'Retry')
  is(Array.isArray(given.ErrorEquals) && given.ErrorEquals.length > 0, 'ErrorEquals must name errors')
  return {
    errors: given.ErrorEquals as string[],
    intervalSeconds: number(given.IntervalSeconds ?? 1, 'IntervalSeconds', 1),
    backoffRate: number(given.BackoffRate ?? 2, 'BackoffRate', 1),
    maxDelaySeconds: number(given.MaxDelaySeconds ?? Number.MAX_SAFE_INTEGER, 'MaxDelaySeconds', 1),
    maxAttempts: number(given.MaxAttempts ?? 3, 'MaxAttempts', 0),
  }
}

/** The value at a path such as `$.bucket`. */
export function valueAt(input: unknown, path: string): unknown {
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Json | null | undefined)?.[name], input)
}

function object(value: unknown, name: string): Json {
  is(typeof value === 'object' && value !== null && !Array.isArray(value), `${name} must be an object`)
  return value as Json
}

function text(value: unknown, name: string): string {
  is(typeof value === 'string' && value !== '', `${name} must be a text`)
  return value as string
}

function number(value: unknown, name: string, least: number): number {
  is(typeof value === 'number' && value >= least, `${name} must be a number from ${least}`)
  return value as number
}

function is(right: boolean, problem: string): void {
  if (!right) throw new Error(`The state machine cannot be run: ${problem}.`)
}
