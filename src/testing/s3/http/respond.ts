import type { Answer } from '../../http/answer.js'
import { S3Error } from './errors.js'
import { leaf, node, plainDocument } from './xml.js'

/** Headers of an answer; those without a value are left out. */
export type HeaderList = readonly (readonly [name: string, value: string | number | undefined])[]

function flattened(list: HeaderList, flat: string[] = []): string[] {
  for (const [name, value] of list) if (value !== undefined) flat.push(name, String(value))
  return flat
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: HeaderList = []): Answer {
  return { status, headers: flattened(headers) }
}

/** An answer with a text of that type. */
export function textAnswer(status: number, contentType: string, text: string, headers: HeaderList = []): Answer {
  const length = String(Buffer.byteLength(text))
  return {
    status,
    headers: flattened(headers, ['content-type', contentType, 'content-length', length]),
    body: text,
  }
}

/** An answer with an XML document. */
export function xmlAnswer(document: string, headers: HeaderList = [], status = 200): Answer {
  return textAnswer(status, 'application/xml', document, headers)
}

/** An answer with an XML document that may be long: joined in a text, half a megabyte takes longer than its pieces took. */
export function longXmlAnswer(pieces: readonly string[], headers: HeaderList = []): Answer {
  let length = 0
  for (const piece of pieces) length += Buffer.byteLength(piece)
  const body = Buffer.allocUnsafe(length)
  let at = 0
  for (const piece of pieces) at += body.write(piece, at)
  return bodyAnswer(200, [['content-type', 'application/xml'], ['content-length', length], ...headers], body)
}

/** An answer with content. */
export function bodyAnswer(
  status: number,
  headers: HeaderList,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBufferLike>,
): Answer {
  return { status, headers: flattened(headers), body }
}

/** Ids under which an answer is known to support. */
export interface AnswerIds {
  readonly requestId: string
  readonly hostId: string
}

/** The error document of S3. A HEAD request and a 304 get only its status and headers. */
export function errorAnswer(error: S3Error, resource: string, ids: AnswerIds, bodyless: boolean): Answer {
  const headers: HeaderList = Object.entries(error.headers)
  if (bodyless || error.status === 304) return emptyAnswer(error.status, headers)
  const document = plainDocument(
    'Error',
    leaf('Code', error.code),
    leaf('Message', error.message),
    ...error.details.map(([name, value]) => leaf(name, value)),
    leaf('Resource', resource),
    leaf('RequestId', ids.requestId),
    leaf('HostId', ids.hostId),
  )
  return xmlAnswer(document, headers, error.status)
}

/** What went wrong inside the simulator is a 500, as inside S3. */
export function asS3Error(error: unknown): S3Error {
  return error instanceof S3Error ? error : new S3Error('InternalError', { details: [['Detail', String(error)]] })
}

/** Writes an owner. S3 no longer tells a display name. */
export function ownerXml(id: string, name = 'Owner'): string {
  return node(name, leaf('ID', id))
}
