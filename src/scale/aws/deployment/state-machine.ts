/** Options of {@link stateMachineDefinition}. */
export interface StateMachineOptions {
  /** ARN of the worker's function with a version number. */
  readonly functionArn: string
  /** `aws-cn` and `aws-us-gov` have other ARNs. @defaultValue that of the function */
  readonly partition?: string | undefined
  /** Shards in one invocation. They share its time, so use more than one only for small shards. @defaultValue 1 */
  readonly itemsPerBatch?: number | undefined
  /** How often an unfinished shard is tried again within a round. @defaultValue 20 */
  readonly maxAttempts?: number | undefined
}

/**
 * Errors that are retried: `ShardUnfinished`, by which a handler says that a shard must be resumed, and transient
 * faults of Lambda (Lambda developer guide, "Handle Lambda service errors in Step Functions").
 */
const transient = [
  'ShardUnfinished',
  'Lambda.TooManyRequestsException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
]

/**
 * The state machine that `MapEngine` starts, in Amazon States Language. It is a Distributed Map over the list of
 * shards, with one child execution for each. The engine says how many run at once. Failures are tolerated: seals
 * tell what was done.
 */
export function stateMachineDefinition(options: StateMachineOptions): Readonly<Record<string, unknown>> {
  const { functionArn, itemsPerBatch = 1, maxAttempts = 20 } = options
  const { partition = functionArn.split(':')[1] ?? 'aws' } = options
  const states = `arn:${partition}:states:::`
  return {
    Comment: 'Shards of genesys-legal-hold-exporter',
    StartAt: 'Shards',
    States: {
      Shards: {
        Type: 'Map',
        Label: 'shards',
        ItemReader: {
          Resource: `${states}s3:getObject`,
          ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
          Parameters: { 'Bucket.$': '$.bucket', 'Key.$': '$.items' },
        },
        ItemBatcher: { MaxItemsPerBatch: itemsPerBatch },
        MaxConcurrencyPath: '$.maxConcurrency',
        ToleratedFailurePercentage: 100,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Shard',
          States: {
            Shard: {
              Type: 'Task',
              Resource: `${states}lambda:invoke`,
              Parameters: { FunctionName: functionArn, 'Payload.$': '$' },
              OutputPath: '$.Payload',
              TimeoutSeconds: 960,
              Retry: [
                {
                  ErrorEquals: transient,
                  IntervalSeconds: 5,
                  BackoffRate: 2,
                  MaxDelaySeconds: 300,
                  MaxAttempts: maxAttempts,
                  JitterStrategy: 'FULL',
                },
              ],
              End: true,
            },
          },
        },
        ResultWriter: {
          Resource: `${states}s3:putObject`,
          Parameters: { 'Bucket.$': '$.bucket', 'Prefix.$': '$.results' },
        },
        End: true,
      },
    },
  }
}
