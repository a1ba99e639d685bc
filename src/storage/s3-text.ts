import { LegalHoldError } from '../errors.js'
import { orAbort } from '../internal/abort.js'
import type { CallOptions, ObjectRef } from '../ports.js'
import { normaliseS3Error } from './s3-errors.js'
import { discard, target } from './s3-reads.js'
import type { S3Requests } from './s3-requests.js'

const stage = 'discover'

/** The content of a small object as UTF-8 text; `undefined` as soon as it turns out larger than `maxBytes`. */
export async function readText(
  requests: S3Requests,
  ref: ObjectRef,
  options: CallOptions & { readonly maxBytes: number },
): Promise<string | undefined> {
  const { output } = await requests.send('GetObject', target(ref), { stage, signal: options.signal })
  const { Body: body, ContentLength: length } = output
  if (body === undefined || (length !== undefined && length > options.maxBytes)) {
    discard(body)
    return body === undefined ? '' : undefined
  }
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const read = async (): Promise<string | undefined> => {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length
      if (sizeBytes > options.maxBytes) return undefined
      chunks.push(chunk)
    }
    if (length !== undefined && sizeBytes !== length) {
      throw new LegalHoldError(
        `The content of s3://${ref.bucket}/${ref.key} ended after ${sizeBytes} of ${length} bytes.`,
        {
          code: 'NETWORK_ERROR',
          stage,
          retryable: true,
        },
      )
    }
    return Buffer.concat(chunks).toString('utf8')
  }
  try {
    return await orAbort(read(), options.signal, stage)
  } catch (error) {
    throw normaliseS3Error(error, { operation: 'GetObject', stage, ...ref, mutation: false })
  } finally {
    discard(body)
  }
}
