import { checkAwsEndpoint } from '../../../internal/aws/secure-endpoint.js'
import { dayMs } from '../../../internal/durations.js'
import type { OptionCheck } from '../../../internal/option-check.js'
import type { RetryOptions } from '../../../internal/retry.js'
import type { Clock } from '../../../ports/runtime.js'
import { credentialsMistake, requireRegion } from '../../../storage/s3/client/checks.js'
import type { S3Credentials } from '../../../storage/s3/client/settings.js'

/** Any ready client of the AWS SDK, of any version. Only `send` is used. */
export interface AwsClientLike {
  send(command: never, options?: never): Promise<unknown>
}

/** How a service of AWS is reached. Give a ready `client`, or settings from which one is built on first use. */
export interface AwsClientSettings {
  /** A ready client of the service. */
  readonly client?: AwsClientLike | undefined
  /** @defaultValue that of the environment or the profile */
  readonly region?: string | undefined
  /**
   * Another server, or the interface endpoint of a network. Plain `http:` is refused (`INSECURE_ENDPOINT`) unless the host is
   * loopback.
   */
  readonly endpoint?: string | undefined
  /** @defaultValue the AWS SDK's default chain (environment, profile, role) */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined
  /**
   * A Smithy request handler, or options for the default one.
   *
   * @defaultValue one that honours `HTTPS_PROXY` and `NO_PROXY`
   */
  readonly requestHandler?: object | undefined
  /** How long one request may take, in milliseconds. @defaultValue 60000 */
  readonly attemptTimeoutMs?: number | undefined
  /** Retries of single requests. */
  readonly retry?: RetryOptions | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/** Notes what is wrong with the settings of a client. */
export function checkAwsClient(settings: AwsClientSettings, check: OptionCheck, service: string): void {
  const { region, endpoint, credentials, attemptTimeoutMs = 1 } = settings
  if (region !== undefined) check.attempt('region', () => requireRegion(region, 'the option `region`'))
  checkAwsEndpoint(endpoint, service, check)
  if (typeof credentials === 'object') {
    const mistake = credentialsMistake(credentials)
    if (mistake !== undefined) check.add(`credentials.${mistake.part}`, `cannot be used: it ${mistake.why}`)
  }
  const isTime = Number.isInteger(attemptTimeoutMs) && attemptTimeoutMs >= 1 && attemptTimeoutMs <= dayMs
  check.check(isTime, 'attemptTimeoutMs', `must be a whole number from 1 to ${dayMs}`)
}
