import { orAbort } from '../../../internal/abort.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import { agreementOf } from '../../../model/identity.js'
import type { ObjectRef } from '../../../model/object.js'
import type { ReadContentOptions } from '../../../ports/storage.js'
import { normaliseS3Error } from '../protocol/errors.js'
import type { S3Requests } from '../send/requests.js'
import { discard, target } from './target.js'

/** An object's content in pieces; one that ends early is a `NETWORK_ERROR`, one that stalls a `TIMEOUT`, never a short content. */
export async function* readContent(
  requests: S3Requests,
  ref: ObjectRef,
  options: ReadContentOptions,
  stage: Stage = 'validate',
): AsyncGenerator<Uint8Array, void, void> {
  const { signal, etag } = options
  const isOther = ({ ETag }: { readonly ETag?: string | undefined }) =>
    agreementOf({ etag }, { etag: ETag }) === 'contradicts'
  const { output } = await requests.send('GetObject', target(ref), {
    stage,
    signal,
    compare: (answer) => (isOther(answer.output ?? {}) ? 'another content' : undefined),
  })
  const { Body: body, ContentLength: length } = output
  if (isOther(output)) {
    discard(body)
    throw new LegalHoldError(
      `The content of s3://${ref.bucket}/${ref.key} has the ETag ${output.ETag}, and had ${etag} when its headers were read. Somebody changed it.`,
      { code: 'OBJECT_CHANGED', stage },
    )
  }
  if (body === undefined) return
  let sizeBytes = 0
  const pieces = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await orAbort(inTime(pieces.next(), requests.attemptTimeoutMs), options.signal, stage)
      if (next.done === true) break
      sizeBytes += next.value.length
      yield next.value
    }
    if (length !== undefined && sizeBytes !== length) {
      throw new LegalHoldError(
        `The content of s3://${ref.bucket}/${ref.key} ended after ${sizeBytes} of ${length} bytes.`,
        { code: 'NETWORK_ERROR', stage, retryable: true },
      )
    }
  } catch (error) {
    throw normaliseS3Error(error, { operation: 'GetObject', stage, ...ref, mutation: false, clean: requests.clean })
  } finally {
    discard(body)
  }
}

/** A connection that is only half open gives no further piece, and no error either. */
async function inTime<T>(piece: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`no further content within ${timeoutMs} ms`), { name: 'TimeoutError' })
    timer = setTimeout(() => reject(error), timeoutMs)
  })
  try {
    return await Promise.race([piece, late])
  } finally {
    clearTimeout(timer)
    // Where the wait was given up, what comes of it later concerns nobody.
    piece.catch(() => {})
  }
}
