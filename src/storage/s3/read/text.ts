import type { ObjectRef } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { S3Requests } from '../send/requests.js'
import { readContent } from './content.js'

/** The content of a small object as UTF-8 text; `undefined` as soon as it turns out larger than `maxBytes`. */
export async function readText(
  requests: S3Requests,
  ref: ObjectRef,
  options: CallOptions & { readonly maxBytes: number },
): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of readContent(requests, ref, options, 'discover')) {
    sizeBytes += chunk.length
    if (sizeBytes > options.maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
