import type * as Sfn from '@aws-sdk/client-sfn'
import { loadPackage } from '../../../internal/package/optional-package.js'
import type { AwsClientLike } from './settings.js'

/** The SDK of Step Functions, which is an optional dependency. */
export function loadSfn(): Promise<typeof Sfn> {
  return loadPackage({
    name: '@aws-sdk/client-sfn',
    stage: 'scale',
    load: () => import('@aws-sdk/client-sfn'),
    isWhole: ({ SFNClient }) => typeof SFNClient === 'function',
  })
}

/** Builds a client. */
export async function openSfn(config: Readonly<Record<string, unknown>>): Promise<AwsClientLike> {
  const { SFNClient } = await loadSfn()
  return new SFNClient(config)
}
