import type * as S3 from '@aws-sdk/client-s3'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { S3Operation } from '../protocol/operations.js'
import type { SmithyCommand } from './middleware.js'

/** The SDK, which is an optional dependency. */
export async function loadSdk(stage: Stage): Promise<typeof S3> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw new LegalHoldError(
      'The S3 adapter needs the package @aws-sdk/client-s3, which could not be loaded. Install it: npm install @aws-sdk/client-s3',
      { code: 'MISSING_DEPENDENCY', stage, cause, details: { dependency: '@aws-sdk/client-s3' } },
    )
  }
}

/** A command of the SDK. */
export function buildCommand(sdk: typeof S3, operation: S3Operation, input: object): SmithyCommand {
  const Command = sdk[`${operation}Command`] as unknown as new (input: object) => SmithyCommand
  return new Command(input)
}
