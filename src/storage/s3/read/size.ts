import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { S3StorageOptions } from '../client/settings.js'
import { subjectOf } from '../protocol/subject.js'
import type { S3Requests } from '../send/requests.js'
import { discard, target } from './target.js'

/**
 * The size of a version whose HEAD leaves it out (RFC 9110, 8.6; Cloudflare in front of a server does that): the first
 * byte is asked for, and `Content-Range` says of how many it is one. `undefined` if that shows no size either.
 *
 * Throws `OBJECT_CHANGED` if the byte is another version's, and what may pass.
 */
export async function sizeOf(
  requests: S3Requests,
  state: ObjectState,
  options: Pick<S3StorageOptions, 'sseCustomerKey'>,
  call: CallOptions & { readonly stage: Stage },
): Promise<number | undefined> {
  const input = { ...target(state), Range: 'bytes=0-0', ...customerKey(state, options) }
  try {
    const { output, status } = await requests.send('GetObject', input, call)
    discard(output.Body)
    if (output.ETag !== undefined && state.etag !== undefined && unquoted(output.ETag) !== unquoted(state.etag)) {
      throw changed(state, call.stage)
    }
    if (output.ContentRange !== undefined) return totalOf(output.ContentRange)
    // A server that knows no ranges answers with the whole content.
    return status === 200 ? output.ContentLength : undefined
  } catch (error) {
    if (!LegalHoldError.isInstance(error)) throw error
    // No first byte: there is none (RFC 9110, 15.5.17).
    if (error.status === 416) return 0
    if (error.retryable || error.code === 'ABORTED') throw error
    return undefined
  }
}

/** `bytes 0-0/123`; a total that is not known is `*`. */
function totalOf(range: string): number | undefined {
  const total = /^bytes \d{1,15}-\d{1,15}\/(\d{1,15})$/.exec(range)?.[1]
  return total === undefined ? undefined : Number(total)
}

function customerKey(
  { encryption }: ObjectState,
  { sseCustomerKey }: Pick<S3StorageOptions, 'sseCustomerKey'>,
): object {
  const { customerAlgorithm } = encryption
  if (customerAlgorithm === undefined || sseCustomerKey === undefined) return {}
  // As in a copy: the SDK takes raw bytes as well as base64, and adds the MD5.
  return { SSECustomerAlgorithm: customerAlgorithm, SSECustomerKey: sseCustomerKey as string }
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '')
}

function changed(state: ObjectState, stage: Stage): LegalHoldError {
  return new LegalHoldError(`${subjectOf(state)} was rewritten while it was being read. Read it again.`, {
    code: 'OBJECT_CHANGED',
    stage,
    retryable: true,
  })
}
