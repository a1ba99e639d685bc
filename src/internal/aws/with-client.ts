import { LegalHoldError } from '../../model/errors.js'
import { clientSettings } from './client-settings.js'
import { requireSecureConfiguration } from './configured-endpoints.js'
import { type Guarded, guardAddress } from './guard.js'
import type { AwsServiceId } from './shared-config.js'

/** A service of AWS, and how it is reached. */
export interface AwsPlace {
  readonly service: AwsServiceId
  /** The service, for people. */
  readonly name: string
  readonly region: string | undefined
  readonly endpoint: string | undefined
}

/** What is made of a client, and of its failures. */
export interface ClientUse<C, T> {
  readonly open: (settings: ReturnType<typeof clientSettings>) => C
  readonly send: (client: C) => Promise<T>
  readonly failure: (what: string, cause: unknown) => LegalHoldError
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
  guardAddress(client as Guarded, name)
  try {
    return await send(client)
  } catch (error) {
    if (LegalHoldError.isInstance(error)) throw error
    throw failure((error as Error | undefined)?.name ?? 'an unknown failure', error)
  } finally {
    client.destroy()
  }
}
