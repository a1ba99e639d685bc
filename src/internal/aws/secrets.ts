import { Redactor } from '../redaction/redactor.js'

/** The little of the SDK's context of a request that is used. Older versions of the SDK have none. */
export interface SmithyContext {
  readonly __smithy_context?: {
    readonly selectedHttpAuthScheme?: { readonly identity?: Credentials | undefined } | undefined
  }
}

interface Credentials {
  readonly accessKeyId?: unknown
  readonly secretAccessKey?: unknown
  readonly sessionToken?: unknown
}

/**
 * The credentials that requests were signed with, so that nothing a server repeats of them leaves the library. They are
 * noted where they are used: asking the provider for them would be one more request of its own.
 */
export class AwsSecrets {
  readonly #redactor = new Redactor()

  /** Of a request that the SDK has signed. */
  noteContext(context: SmithyContext | undefined): void {
    this.noteCredentials(context?.__smithy_context?.selectedHttpAuthScheme?.identity)
  }

  noteCredentials(credentials: Credentials | undefined): void {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? {}
    for (const secret of [accessKeyId, secretAccessKey, sessionToken]) {
      if (typeof secret === 'string') this.#redactor.add(secret)
    }
  }

  /** A text of the server as it may be shown. */
  readonly clean = (text: string): string => this.#redactor.redact(text)

  cleanId(id: string): string {
    return id.length < this.#redactor.shortest ? id : this.#redactor.redact(id)
  }

  /** Settings of the bucket, which findings quote. */
  cleanData<T>(data: T): T {
    return this.#redactor.redactData(data)
  }
}
