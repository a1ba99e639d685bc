import { throwIfAborted } from '../../../internal/abort.js'
import { clientSettings } from '../../../internal/aws/client-settings.js'
import { requireSecureConfiguration } from '../../../internal/aws/configured-endpoints.js'
import { type Guarded, guardAddress, noteSecrets } from '../../../internal/aws/guard.js'
import { AwsSecrets } from '../../../internal/aws/secrets.js'
import type { AwsServiceId } from '../../../internal/aws/shared-config.js'
import { type RetryContext, retrying } from '../../../internal/retry.js'
import { networkAdvice } from '../../../internal/waits/proxy-advice.js'
import { withinTime } from '../../../internal/waits/within-time.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions, ServiceAddress } from '../../../ports/runtime.js'
import { toIdentity } from '../../../storage/s3/client/credentials.js'
import type { S3Credentials } from '../../../storage/s3/client/settings.js'
import { addressOfUrl } from '../../../storage/s3/send/service.js'
import { normaliseServiceError, type ServiceRequest } from './failure.js'
import type { AwsClientLike, AwsClientSettings } from './settings.js'

/** One service of AWS. */
export interface AwsServiceInit {
  /** For people: `S3 Batch Operations`. */
  readonly name: string
  /** How its hosts begin: `states` for `states.eu-west-1.amazonaws.com`. */
  readonly host: string
  /** As the environment and the profiles name it. */
  readonly id: AwsServiceId
  /** Loads the SDK and builds a client; called once, when something is first sent. */
  readonly open: (config: Readonly<Record<string, unknown>>) => Promise<AwsClientLike>
  readonly settings: AwsClientSettings
}

type GivenCredentials = NonNullable<AwsClientSettings['credentials']>

const stage = 'scale'

/** Sends requests to one service: bounded in time, repeated if that is safe, every failure a `LegalHoldError`. */
export class AwsService {
  readonly #init: AwsServiceInit
  readonly #service: ServiceAddress
  readonly #secrets = new AwsSecrets()
  #opening: Promise<AwsClientLike> | undefined

  constructor(init: AwsServiceInit) {
    this.#init = init
    this.#service = addressOf(init)
  }

  /** A question, repeated until it is answered. */
  ask<T>(operation: string, build: () => Promise<object>, options: CallOptions): Promise<T> {
    const { settings } = this.#init
    return retrying(
      (_, signal) => this.#send<T>({ operation, mutates: false }, build, { signal }),
      settings.retry,
      this.#context(options),
    )
  }

  /**
   * A change, sent once. Where its outcome is unknown, `settle` looks for what it would have done; only what that does not find
   * is sent again.
   */
  change<T>(
    operation: string,
    build: () => Promise<object>,
    settle: () => Promise<T | undefined>,
    options: CallOptions,
  ): Promise<T> {
    const { settings } = this.#init
    let isUnknown = false
    return retrying(
      async () => {
        const done = isUnknown ? await settle() : undefined
        if (done !== undefined) return done
        try {
          return await this.#send<T>({ operation, mutates: true }, build, options)
        } catch (error) {
          if (LegalHoldError.isInstance(error) && error.outcome === 'unknown') isUnknown = true
          throw error
        }
      },
      settings.retry,
      this.#context(options),
    )
  }

  /** Drops the connections of a client that was built here; a caller's own client is left alone. */
  close(): void {
    const opening = this.#opening
    this.#opening = undefined
    if (this.#init.settings.client !== undefined) return
    opening?.then(
      (client) => (client as { readonly destroy?: () => void }).destroy?.(),
      () => {},
    )
  }

  async #send<T>(
    about: Pick<ServiceRequest, 'operation' | 'mutates'>,
    build: () => Promise<object>,
    { signal }: CallOptions,
  ): Promise<T> {
    const { name } = this.#init
    throwIfAborted(signal, stage)
    try {
      const client = await this.#open()
      const command = (await build()) as Guarded
      this.#guard(command)
      return await this.#bounded<T>(client, command, signal)
    } catch (error) {
      const failure = normaliseServiceError(error, {
        service: name,
        clean: this.#secrets.clean,
        ...about,
      })
      if (failure.code !== 'ABORTED' || !about.mutates) throw failure
      throw new LegalHoldError(`${about.operation} of ${name} was aborted while it was under way.`, {
        code: 'ABORTED',
        stage,
        outcome: 'unknown',
        cause: signal?.reason,
      })
    }
  }

  #context({ signal }: CallOptions): RetryContext {
    return { stage, signal, clock: this.#init.settings.clock, service: this.#service }
  }

  #open(): Promise<AwsClientLike> {
    const { settings } = this.#init
    if (settings.client !== undefined) return Promise.resolve(settings.client)
    this.#opening ??= this.#build().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Nothing is sent, and no credentials are asked for, before it is known where the requests would go. */
  async #build(): Promise<AwsClientLike> {
    const { id, name, settings, open } = this.#init
    const { region, endpoint, credentials, requestHandler } = settings
    await requireSecureConfiguration({
      service: endpoint === undefined ? id : undefined,
      name,
      asksForCredentials: credentials === undefined,
    })
    return open({
      maxAttempts: 1,
      ...clientSettings(region, endpoint),
      ...(credentials === undefined ? {} : { credentials: toIdentity(this.#noting(credentials)) }),
      ...(requestHandler === undefined ? {} : { requestHandler }),
    })
  }

  /** Remembers the secrets, so that no text of a server shows them. */
  #noting(credentials: GivenCredentials): GivenCredentials {
    const note = (given: S3Credentials) => {
      this.#secrets.noteCredentials(given)
      return given
    }
    return typeof credentials === 'function' ? async () => note(await credentials()) : note(credentials)
  }

  /** Looks at where a request goes before it is sent, and takes the retries of a given client away: this class repeats. */
  #guard(command: Guarded): void {
    const { name, settings } = this.#init
    guardAddress(command, name)
    noteSecrets(command, this.#secrets)
    if (settings.client === undefined) return
    command.middlewareStack?.add((next) => (args) => next(args), {
      step: 'finalizeRequest',
      name: 'retryMiddleware',
      priority: 'high',
      override: true,
    })
  }

  #bounded<T>(client: AwsClientLike, command: Guarded, signal: AbortSignal | undefined): Promise<T> {
    const timeoutMs = this.#init.settings.attemptTimeoutMs ?? 60_000
    const late = () => Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' })
    const send = client.send as (this: unknown, command: unknown, options: unknown) => Promise<T>
    return withinTime((abortSignal) => send.call(client, command, { abortSignal }), { timeoutMs, late, signal, stage })
  }
}

function addressOf({ name, host, settings }: AwsServiceInit): ServiceAddress {
  const { client, endpoint, region = process.env.AWS_REGION ?? 'REGION' } = settings
  const given = endpoint === undefined ? `${host}.${region}.amazonaws.com:443` : addressOfUrl(endpoint)
  const address = client === undefined ? given : `the server of the client of ${name} that was given`
  return { name, address, advice: networkAdvice(`region and endpoint of ${name}`) }
}
