import { LegalHoldError } from '../../../model/errors.js'
import { type Extra, type Extras, isRefusal } from '../client/extras.js'
import { s3CodeOf } from '../protocol/errors.js'

/** A request that was refused. */
interface Refused {
  readonly operation: string
  readonly mutates: boolean
  readonly input: Readonly<Record<string, unknown>>
  /** What the server must take: without it, the request must not be sent. */
  readonly musts: readonly Extra[]
  readonly refusal: LegalHoldError
}

/** Leaves out one extra after the other until the request is answered. A refusal that stays is reported as it was. */
export async function sendWithoutExtras<T>(
  extras: Extras,
  { operation, mutates, input, musts, refusal: first }: Refused,
  send: (leftOut: readonly Extra[]) => Promise<T>,
): Promise<T> {
  let leftOut = extras.leftOut(operation)
  // One that does not say why may pass: credentials that have just expired, and are renewed by now, are refused so in a HEAD.
  if (s3CodeOf(first) === undefined && extras.suspect(operation, input, first, { leftOut, musts }) !== undefined) {
    const again = mutates ? undefined : await send(leftOut).catch((error: unknown) => void error)
    if (again !== undefined) return again
  }
  for (let refusal = first; ; ) {
    const extra = extras.suspect(operation, input, refusal, { leftOut, musts })
    if (extra === undefined) throw first
    leftOut = [...leftOut, extra]
    try {
      const answer = await send(leftOut)
      // The last one is what was refused; whether the others were, too, shows at the next request.
      extras.refuse(operation, extra)
      return answer
    } catch (error) {
      if (!isRefusal(error)) {
        if (isAnswer(error)) extras.refuse(operation, extra)
        throw error
      }
      refusal = error
    }
  }
}

/** Whether a failure is what the server must say, and will say again: not one that may pass. */
function isAnswer(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.status !== undefined && !error.retryable
}
