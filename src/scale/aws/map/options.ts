import { OptionCheck } from '../../../internal/option-check.js'
import type { S3ClientSettings } from '../../../storage/s3/client/settings.js'
import { type AwsClientSettings, checkAwsClient } from '../client/settings.js'

/** Options of {@link MapEngine}. Those at the top reach Step Functions, those in `s3` the evidence bucket. */
export interface MapEngineOptions extends AwsClientSettings {
  /**
   * ARN of the state machine that `stateMachineDefinition` describes, of the type STANDARD. With a version number,
   * the next deployment does not change what runs.
   */
  readonly stateMachineArn: string
  /** Bucket of the shard store; lists of items and results lie there as well. */
  readonly bucket: string
  /** Where lists of items and results are written. @defaultValue 'engine/map/' */
  readonly prefix?: string | undefined
  /** Largest number of shards at once if a job does not say, from 1 to 10000. @defaultValue 100 */
  readonly concurrency?: number | undefined
  /** How S3 is reached. @defaultValue region and credentials of the options beside it */
  readonly s3?: S3ClientSettings | undefined
}

const machine = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]{1,80}(:[\w-]+)?$/

/** Refuses what cannot work, all of it at once. */
export function checkMapOptions(options: MapEngineOptions): void {
  // From JavaScript there may be none.
  const given = (options ?? {}) as Partial<MapEngineOptions>
  const check = new OptionCheck('The options of MapEngine')
  const { stateMachineArn, prefix = '', concurrency = 100 } = given
  check.check(machine.test(String(stateMachineArn)), 'stateMachineArn', 'must be the ARN of a state machine')
  const isPrefix = typeof prefix === 'string' && /^[\w!.*'()/-]{0,200}$/.test(prefix) && !prefix.startsWith('/')
  check.check(
    isPrefix,
    'prefix',
    "must be at most 200 letters, digits and ! . * ' ( ) / - _, and not begin with a slash",
  )
  const isCount = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 10_000
  check.check(isCount, 'concurrency', 'must be a whole number from 1 to 10000')
  checkAwsClient(given, check, 'Step Functions')
  check.throwIfAny()
}
