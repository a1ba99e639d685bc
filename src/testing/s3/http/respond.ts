import { S3Error } from './errors.js'
import { leaf, node, plainDocument } from './xml.js'

/** Headers of an answer; those without a value are left out. */
export type HeaderList = readonly (readonly [name: string, value: string | number | undefined])[]

function toHeaders(list: HeaderList): Headers {
  const headers = new Headers()
  for (const [name, value] of list) if (value !== undefined) headers.append(name, String(value))
  return headers
}

/** An answer without a body. */
export function emptyResponse(status: number, headers: HeaderList = []): Response {
  return new Response(null, { status, headers: toHeaders(headers) })
}

/** An answer with an XML document. */
export function xmlResponse(document: string, headers: HeaderList = [], status = 200): Response {
  const bytes = Buffer.from(document)
  return new Response(bytes, {
    status,
    headers: toHeaders([['content-type', 'application/xml'], ['content-length', bytes.length], ...headers]),
  })
}

/** An answer with content. */
export function bodyResponse(
  status: number,
  headers: HeaderList,
  body: ReadableStream | Uint8Array<ArrayBufferLike>,
): Response {
  return new Response(body as ReadableStream, { status, headers: toHeaders(headers) })
}

/** Ids under which an answer is known to support. */
export interface AnswerIds {
  readonly requestId: string
  readonly hostId: string
}

/** The error document of S3. A HEAD request and a 304 get only its status and headers. */
export function errorResponse(error: S3Error, resource: string, ids: AnswerIds, bodyless: boolean): Response {
  const headers: HeaderList = Object.entries(error.headers)
  if (bodyless || error.status === 304) return emptyResponse(error.status, headers)
  const document = plainDocument(
    'Error',
    leaf('Code', error.code),
    leaf('Message', error.message),
    ...error.details.map(([name, value]) => leaf(name, value)),
    leaf('Resource', resource),
    leaf('RequestId', ids.requestId),
    leaf('HostId', ids.hostId),
  )
  return xmlResponse(document, headers, error.status)
}

/** What went wrong inside the simulator is a 500, as inside S3. */
export function asS3Error(error: unknown): S3Error {
  return error instanceof S3Error ? error : new S3Error('InternalError', { details: [['Detail', String(error)]] })
}

/** Writes an owner. S3 no longer tells a display name. */
export function ownerXml(id: string, name = 'Owner'): string {
  return node(name, leaf('ID', id))
}
