import { LegalHoldError } from '../../model/errors.js'
import { clientSettings } from './client-settings.js'
import { requireSecureConfiguration } from './configured-endpoints.js'
import { type Guarded, guardAddress, noteSecrets } from './guard.js'
import { plainCause } from './plain-cause.js'
import { AwsSecrets } from './secrets.js'
import type { AwsServiceId } from './shared-config.js'

/** A service of AWS, and how it is reached. */
export interface AwsPlace {
  readonly service: AwsServiceId
  /** The service, for people. */
  readonly name: string
  readonly region: string | undefined
  readonly endpoint: string | undefined
}

/** How a request failed; nothing in it shows a secret. */
export interface AwsFailure {
  /** The name of the error. */
  readonly what: string
  readonly requestId: string | undefined
  readonly status: number | undefined
  readonly cause: Error
}

/** The parts of an error of the SDK that are read. */
interface SdkError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
}

/** What is made of a client, and of its failures. */
export interface ClientUse<C, T> {
  readonly open: (settings: ReturnType<typeof clientSettings>) => C
  readonly send: (client: C) => Promise<T>
  readonly failure: (failure: AwsFailure) => LegalHoldError
}

/**
 * Sends something by a client that is built for it and let go of afterwards. Nothing is sent over a network in clear, and no
 * credentials are asked for before that is known.
 *
 * Throws `INSECURE_ENDPOINT`, and what `failure` makes of anything else.
 */
export async function withAwsClient<C extends { destroy(): void }, T>(
  { service, name, region, endpoint }: AwsPlace,
  { open, send, failure }: ClientUse<C, T>,
): Promise<T> {
  const configured = endpoint === undefined ? service : undefined
  await requireSecureConfiguration({ service: configured, name, asksForCredentials: true })
  const client = open(clientSettings(region, endpoint))
  const secrets = new AwsSecrets()
  guardAddress(client as Guarded, name)
  noteSecrets(client as Guarded, secrets)
  try {
    return await send(client)
  } catch (error) {
    if (LegalHoldError.isInstance(error)) throw error
    throw failure(failureOf(error, secrets))
  } finally {
    client.destroy()
  }
}

function failureOf(error: unknown, { clean }: AwsSecrets): AwsFailure {
  const { name, message, code, $metadata } = (error ?? {}) as SdkError
  const what = typeof name === 'string' ? clean(name) : 'an unknown failure'
  const { requestId, httpStatusCode: status } = $metadata ?? {}
  return {
    what,
    requestId: requestId === undefined ? undefined : clean(requestId),
    status,
    cause: plainCause(what, typeof message === 'string' ? clean(message) : undefined, code),
  }
}
