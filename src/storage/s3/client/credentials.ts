import { LegalHoldError } from '../../../model/errors.js'
import { s3CodeOf } from '../protocol/errors.js'
import type { S3ClientSettings, S3Credentials } from './settings.js'

/** A resolved client, as far as its credentials go; none of it is promised by its types. */
interface WithCredentials {
  readonly config?: { readonly credentials?: unknown }
}
type Provider = (options?: { readonly forceRefresh: boolean }) => Promise<Partial<Record<string, unknown>> | undefined>

const expiries: ReadonlySet<string> = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'])

/** Whether S3 refused a request because its credentials have expired, so that it did nothing. */
export function isExpiry(error: unknown): error is LegalHoldError {
  return LegalHoldError.isInstance(error) && expiries.has(s3CodeOf(error) ?? '')
}

/**
 * New credentials for a client whose own have expired before they said they would: the SDK asks a provider again only
 * by the `expiration` that it named. However many requests were refused with the same credentials, the provider is asked
 * once.
 */
export class CredentialRenewal {
  #generation = 0
  #renewal: Promise<boolean> | undefined

  /** Which credentials a request that begins now is signed with. To be given to {@link CredentialRenewal.renew}. */
  get generation(): number {
    return this.#generation
  }

  /** Whether there are other credentials than those of that generation. Rejects as the provider does. */
  async renew(client: object, stale: number): Promise<boolean> {
    if (this.#generation !== stale) return true
    this.#renewal ??= this.#ask(client).finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #ask(client: object): Promise<boolean> {
    const { config } = client as WithCredentials
    if (typeof config?.credentials !== 'function') return false
    const credentials = config.credentials as Provider
    const former = await credentials()
    const renewed = await credentials({ forceRefresh: true })
    const isOther = ['accessKeyId', 'secretAccessKey', 'sessionToken'].some(
      (name) => former?.[name] !== renewed?.[name],
    )
    if (isOther) this.#generation += 1
    return isOther
  }
}

type Identity = { accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }

/** A caller's provider may fail in any way; the SDK passes that on without a name. */
export function toIdentity(
  credentials: S3Credentials | (() => Promise<S3Credentials>),
): Identity | (() => Promise<Identity>) {
  if (typeof credentials !== 'function') return withoutUndefined(credentials)
  return async () => {
    try {
      return withoutUndefined(await credentials())
    } catch (error) {
      const name = error instanceof Error ? error.name : 'an error'
      const code = networkCodeOf(error)
      throw Object.assign(new Error(`The credentials function failed with ${code ?? name}`), {
        ...(code === undefined ? { name: 'CredentialsProviderError' } : { code }),
      })
    }
  }
}

/** Node's code of a network failure, wherever in the chain of causes it stands. */
function networkCodeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && /^(E[A-Z]{3,}|EAI_AGAIN|UND_ERR_[A-Z_]+)$/.test(code)) return code
  }
  return undefined
}

function withoutUndefined({ accessKeyId, secretAccessKey, sessionToken, expiration }: S3Credentials): Identity {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  }
}

/** Where the credentials of a client come from, in words. */
export function credentialsSourceOf({ client, credentials }: S3ClientSettings): string {
  if (client !== undefined) return 'the client'
  return credentials === undefined ? 'the environment or the AWS profile' : 'the credentials function'
}
