import { orAbort } from '../../../internal/abort.js'
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
  const timeoutMs = Math.min(2_147_483_647, call.timeoutMs)
  const attempt = new AbortController()
  const onAbort = () => attempt.abort()
  call.signal?.addEventListener('abort', onAbort, { once: true })
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      attempt.abort()
      reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' }))
    }, timeoutMs)
  })
  const send = client.send as (this: unknown, command: unknown, options: unknown) => Promise<T>
  try {
    const work = send.call(client, command, { abortSignal: attempt.signal })
    return await orAbort(Promise.race([work, late]), call.signal, call.stage)
  } catch (error) {
    if (call.signal?.aborted !== true) throw error
    throw abortedUnderWay(context, call)
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', onAbort)
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
