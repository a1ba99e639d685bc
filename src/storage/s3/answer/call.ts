import type { Stage } from '../../../model/errors.js'
import type { ObjectTraits } from '../../../model/identity.js'
import type { Extra } from '../client/extras.js'
import type { Renewable } from '../client/sdk-connection.js'
import type { S3Operation, S3Output } from '../protocol/operations.js'
import type { WireOutcome } from '../wire/path.js'
import type { DoubtedAnswer } from './doubted.js'

/** What a request is for, beside its input. */
export interface S3Call {
  readonly stage: Stage
  readonly signal?: AbortSignal | undefined
  /** Added to the timeout of the attempt: a copy takes as long as its bytes. */
  readonly extraTimeoutMs?: number | undefined
  /** Request headers to send byte for byte, past the SDK's own rendering. */
  readonly rawHeaders?: Readonly<Record<string, string>> | undefined
  /** What the fast path got for this very request: the SDK reads that instead of asking once more. */
  readonly outcome?: WireOutcome | undefined
  /** By the SDK and in no other way. */
  readonly isFaithful?: boolean | undefined
  /** What an answer to this request was, that is now asked for again: by the SDK, over a connection of its own. */
  readonly again?: DoubtedAnswer | undefined
  /**
   * Says what a first answer is instead of the one to this request; what comes the second time is for the caller to judge.
   * Of a refusal there is only the status.
   */
  readonly compare?:
    | ((answer: { readonly status: number | undefined; readonly output?: object }) => string | undefined)
    | undefined
  /** What of the request the server must take: without it, it must not be sent. */
  readonly musts?: readonly Extra[] | undefined
}

/** Response headers as Node decoded them (latin1); empty if a client without middleware was given. */
export type S3Headers = Readonly<Record<string, string>>

export interface S3Answer<K extends S3Operation> {
  readonly output: S3Output<K>
  readonly headers: S3Headers
  readonly requestId: string | undefined
  /** HTTP status; absent if the client does not say. */
  readonly status: number | undefined
  /** What it came over, as far as that can be told. */
  readonly connection?: Renewable | undefined
  /** What was left out of the request, since the server does not take it. */
  readonly leftOut: readonly Extra[]
  /** The object has no such lock: a refusal of S3 that is an answer. Told as an error where the SDK read it. */
  readonly isNoLock?: true | undefined
}

/** How a HEAD is asked for. */
export type HeadCall = Pick<S3Call, 'stage' | 'signal'> & {
  /** What a listing showed of the object; an answer that does not agree is asked for again. */
  readonly listed?: ObjectTraits | undefined
}
