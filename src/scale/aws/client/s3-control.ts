import type * as S3Control from '@aws-sdk/client-s3-control'
import { loadPackage } from '../../../internal/package/optional-package.js'
import type { AwsClientLike, AwsClientSettings } from './settings.js'

/** The SDK of S3 Control, which is an optional dependency. */
export function loadS3Control(): Promise<typeof S3Control> {
  return loadPackage({
    name: '@aws-sdk/client-s3-control',
    stage: 'scale',
    load: () => import('@aws-sdk/client-s3-control'),
    isWhole: ({ S3ControlClient }) => typeof S3ControlClient === 'function',
  })
}

const amazonHost = /\.amazonaws\.com(\.cn)?$/

/**
 * Builds a client. With an endpoint the SDK puts the account in front of the host name, which is right only for
 * AWS host names. Addresses and most other names do not resolve in that form. There the account is named by
 * `x-amz-account-id` only.
 */
export async function openS3Control(
  config: Readonly<Record<string, unknown>>,
  { endpoint, region = 'us-east-1' }: AwsClientSettings,
): Promise<AwsClientLike> {
  const { S3ControlClient } = await loadS3Control()
  if (endpoint === undefined || amazonHost.test(new URL(endpoint).hostname)) return new S3ControlClient(config)
  const scheme = { signingName: 's3', signingRegion: region, disableDoubleEncoding: true }
  const authSchemes = [{ name: 'sigv4', ...scheme, properties: {} }]
  const endpointProvider = () => ({ url: new URL(endpoint), headers: {}, properties: { authSchemes } })
  return new S3ControlClient({ region, ...config, endpointProvider })
}
