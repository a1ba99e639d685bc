import type * as S3 from '@aws-sdk/client-s3'
import type { AwsSecrets } from '../../../internal/aws/secrets.js'
import type { Stage } from '../../../model/errors.js'
import type { S3Call } from '../answer/call.js'
import type { AnswerMarks, Repetition } from '../answer/marks.js'
import type { Extra } from '../client/extras.js'
import { openClient } from '../client/open.js'
import { loadSdk } from '../client/sdk.js'
import { freshSender, type Renewable, type SendFresh } from '../client/sdk-connection.js'
import type { S3ClientLike, S3ClientSettings, S3StorageOptions } from '../client/settings.js'
import type { normaliseS3Error } from '../protocol/errors.js'
import type { S3Operation } from '../protocol/operations.js'
import type { S3FastPath } from '../wire/path.js'

/** How S3 is reached, and how patiently it is inspected. */
export type S3RequestSettings = S3ClientSettings & Pick<S3StorageOptions, 'retry' | 'clock' | 'transport'>

/** A request, as far as its errors name it. */
export type About = Parameters<typeof normaliseS3Error>[1]

/** One attempt at a request. */
export interface Attempt<K extends S3Operation> {
  readonly operation: K
  /** Complete, except for what the SDK adds. */
  readonly input: object
  readonly call: S3Call
  /** What the server is known not to take. */
  readonly leftOut: readonly Extra[]
  readonly about: About
}

/** What all attempts of one adapter share, whichever way they are sent. */
export interface Route {
  readonly settings: S3RequestSettings
  readonly connection: SdkClient
  readonly fast: S3FastPath
  readonly secrets: AwsSecrets
  /** By which an answer is known that belongs to another request. */
  readonly marks: AnswerMarks
  readonly seen: {
    /** Whether the credentials have been good for anything yet: then they are not missing, only late. */
    answered: boolean
    /** How many connections were ended over answers that went astray. */
    ended: number
  }
  /** Throws for an answer with a mark of another, so that it is asked for again. */
  refuseRepeated(
    repetition: Repetition,
    connection: Renewable | undefined,
    call: S3Call,
    mutation: boolean,
  ): Promise<void>
}

/** How long an attempt may take, and how long a content may pause. */
export function attemptTimeoutOf({ attemptTimeoutMs = 60_000 }: S3RequestSettings): number {
  return attemptTimeoutMs
}

/** What a server calls a request, as it may leave the adapter: too short, nearly always, to hold any secret. */
export function cleanIdOf<T extends string | undefined>(secrets: AwsSecrets, id: T): T | string {
  return id === undefined ? id : secrets.cleanId(id)
}

/** The SDK and its client, loaded and opened on first use. */
export class SdkClient {
  readonly #settings: S3RequestSettings
  readonly #region: string | undefined
  #fresh: Promise<SendFresh | undefined> | undefined
  #client: S3ClientLike | undefined
  #sdk: typeof S3 | undefined
  #opening: Promise<S3ClientLike> | undefined

  constructor(settings: S3RequestSettings, region: string | undefined) {
    this.#settings = settings
    this.#region = region
  }

  /** The client, if anything was sent with it yet. */
  get opened(): S3ClientLike | undefined {
    return this.#client
  }

  /** The client, checked before anything is sent with it. */
  async open(stage: Stage): Promise<{ readonly sdk: typeof S3; readonly client: S3ClientLike }> {
    // Once: an `import()` for each request costs up to a tenth of it, more where a loader is registered.
    this.#sdk ??= await loadSdk(stage)
    const sdk = this.#sdk
    if (this.#client === undefined) {
      this.#opening ??= openClient(sdk, this.#settings, this.#region).finally(() => {
        this.#opening = undefined
      })
      this.#client = await this.#opening
    }
    return { sdk, client: this.#client }
  }

  /** Sends over a connection of its own. */
  freshSender(sdk: typeof S3, client: object): Promise<SendFresh | undefined> {
    this.#fresh ??= freshSender(sdk, client, attemptTimeoutOf(this.#settings))
    return this.#fresh
  }

  /** Drops the connections of a client that was built here; a caller's own client is left alone. */
  close(): void {
    this.#fresh = undefined
    if (this.#settings.client !== undefined) return
    const client = this.#client as { destroy?: () => void } | undefined
    this.#client = undefined
    client?.destroy?.()
  }
}
