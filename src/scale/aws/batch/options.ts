import { OptionCheck } from '../../../internal/option-check.js'
import type { S3ClientSettings } from '../../../storage/s3/client/settings.js'
import { type AwsClientSettings, checkAwsClient } from '../client/settings.js'

/** Options of {@link S3BatchEngine}. Those at the top reach S3 Batch Operations, those in `s3` the evidence bucket. */
export interface S3BatchEngineOptions extends AwsClientSettings {
  /** Account in which jobs are created, 12 digits. */
  readonly accountId: string
  /** Bucket of the shard store; manifests and reports lie there as well. */
  readonly bucket: string
  /** ARN of the worker's function with a version number, because a job must not change its code while it runs. */
  readonly functionArn: string
  /** ARN of the role that S3 Batch Operations assumes to read the manifest, invoke the function and write the report. */
  readonly roleArn: string
  /** Where manifests and reports are written. @defaultValue 'engine/s3-batch/' */
  readonly prefix?: string | undefined
  /** Jobs of a higher priority go first, from 0 to 2147483647. @defaultValue 10 */
  readonly priority?: number | undefined
  /** Whether a job waits until it is confirmed, so that a person can look at its costs first. @defaultValue true */
  readonly confirmationRequired?: boolean | undefined
  /** How S3 is reached. @defaultValue region and credentials of the options beside it */
  readonly s3?: S3ClientSettings | undefined
}

const account = /^\d{12}$/
const pinnedFunction = /^arn:(aws[a-z-]*):lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}:(\d+)$/
const role = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/

/** Refuses what cannot work, all of it at once. */
export function checkBatchOptions(options: S3BatchEngineOptions): void {
  // From JavaScript there may be none.
  const given = (options ?? {}) as Partial<S3BatchEngineOptions>
  const check = new OptionCheck('The options of S3BatchEngine')
  const { accountId, functionArn, roleArn, priority = 10, prefix = '' } = given
  check.check(account.test(String(accountId)), 'accountId', 'must be the 12 digits of an AWS account')
  check.check(
    pinnedFunction.test(String(functionArn)),
    'functionArn',
    'must be the ARN of a Lambda function with a version number (arn:aws:lambda:REGION:ACCOUNT:function:NAME:7): an alias or $LATEST may change while a job runs',
  )
  check.check(role.test(String(roleArn)), 'roleArn', 'must be the ARN of an IAM role')
  const isPriority = Number.isInteger(priority) && priority >= 0 && priority <= 2_147_483_647
  check.check(isPriority, 'priority', 'must be a whole number from 0 to 2147483647')
  const isPrefix = typeof prefix === 'string' && /^[\w!.*'()/-]{0,200}$/.test(prefix) && !prefix.startsWith('/')
  check.check(
    isPrefix,
    'prefix',
    "must be at most 200 letters, digits and ! . * ' ( ) / - _, and not begin with a slash",
  )
  checkAwsClient(given, check, 'S3 Batch Operations')
  check.throwIfAny()
}

/** `aws`, `aws-cn`, `aws-us-gov`: ARNs of other partitions begin otherwise. */
export function partitionOf(arn: string): string {
  return arn.split(':')[1] ?? 'aws'
}
