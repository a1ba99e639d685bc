import { withinTime } from '../../../internal/waits/within-time.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { S3Call } from '../answer/call.js'
import type { SmithyCommand } from '../client/middleware.js'
import type { S3ClientLike } from '../client/settings.js'
import type { normaliseS3Error } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'

/** A request, as far as its errors name it. */
type About = Parameters<typeof normaliseS3Error>[1]

/** Sends a command that ends in time, and at once when its signal fires, whatever the client does. */
export async function sendBounded<T>(
  client: S3ClientLike,
  command: SmithyCommand,
  call: Pick<S3Call, 'stage' | 'signal'> & { readonly timeoutMs: number },
  context: About,
): Promise<T> {
  const { timeoutMs, signal, stage } = call
  const late = () => Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' })
  const send = client.send as (this: unknown, command: unknown, options: unknown) => Promise<T>
  try {
    const limit = { timeoutMs, late, signal, stage }
    return await withinTime((abortSignal) => send.call(client, command, { abortSignal }), limit)
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw abortedUnderWay(context, call)
  }
}

/** That the caller gave a request up after it had been sent. */
export function abortedUnderWay(context: About, call: Pick<S3Call, 'stage' | 'signal'>): LegalHoldError {
  return new LegalHoldError(`${context.operation} of ${subjectOf(context)} was aborted while it was under way.`, {
    code: 'ABORTED',
    stage: call.stage,
    outcome: context.mutation ? 'unknown' : 'not-applied',
    cause: call.signal?.reason,
  })
}
