import { requireSecure } from './secure-endpoint.js'
import { type AwsServiceId, configuredEndpoint, readSharedConfig } from './shared-config.js'

/** What a client would ask, for what it was not given. */
export interface ConfiguredUse {
  /** The service whose endpoint the environment or a profile may name; `undefined` if the client was given one. */
  readonly service: AwsServiceId | undefined
  /** The service, for people. */
  readonly name: string
  /** Whether the SDK looks for credentials by itself. */
  readonly asksForCredentials: boolean
}

/** Of these the SDK asks for credentials. */
const sources = ['STS', 'SSO', 'SSO_OIDC', 'SIGNIN'] as const

/**
 * Throws `INSECURE_ENDPOINT` if the environment or a profile names one without TLS in place of AWS: for the service itself, or
 * for those that the SDK would ask for credentials. The SDK asks these before it resolves the endpoint of the service.
 */
export async function requireSecureConfiguration({ service, name, asksForCredentials }: ConfiguredUse): Promise<void> {
  const { env } = process
  const isStatic = Boolean(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY)
  const services = [
    ...(service === undefined ? [] : [{ id: service, what: name }]),
    ...(asksForCredentials && !isStatic ? sources.map((id) => ({ id, what: `AWS ${id}` })) : []),
  ]
  if (services.length === 0) return
  const config = await readSharedConfig(env)
  for (const { id, what } of services) {
    const found = configuredEndpoint(id, env, config)
    if (found !== undefined && URL.canParse(found.url)) {
      requireSecure(new URL(found.url), { what, source: found.source })
    }
  }
}
