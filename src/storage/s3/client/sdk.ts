import type * as S3 from '@aws-sdk/client-s3'
import { loadPackage } from '../../../internal/package/optional-package.js'
import type { Stage } from '../../../model/errors.js'
import type { S3Operation } from '../protocol/operations.js'
import type { SmithyCommand } from './middleware.js'

/** The SDK, which is an optional dependency. */
export async function loadSdk(stage: Stage): Promise<typeof S3> {
  return loadPackage({
    name: '@aws-sdk/client-s3',
    stage,
    load: () => import('@aws-sdk/client-s3'),
    isWhole: ({ S3Client }) => typeof S3Client === 'function',
  })
}

/** A command of the SDK. */
export function buildCommand(sdk: typeof S3, operation: S3Operation, input: object): SmithyCommand {
  const Command = sdk[`${operation}Command`] as unknown as new (input: object) => SmithyCommand
  return new Command(input)
}
