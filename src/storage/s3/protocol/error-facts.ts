/*
 * What an answer that is an error says beside its code, read from the parts of an error of the AWS SDK.
 */

import type { ErrorAnswer } from '../../../model/errors.js'
import { namedVersion } from './version-id.js'

type Headers = Readonly<Record<string, string>>

/** Servers say in as many words that they lack a part; what the status is beside it does not matter. */
const notImplemented =
  /^(X?NotImplemented|MethodNotAllowed|NotSupported|NotSupportedException|(Operation|Method|Feature|Api)NotSupported|Unsupported(Operation|Method|Feature|Api)(Exception)?)$/i

/** Whether a code says that the server does not know the operation, or a part of it. */
export function isNotImplemented(code: string): boolean {
  return notImplemented.test(code)
}

/** A delete marker has no tags, ACL or lock to be asked for: the answer is about it, not about the server. */
export function isOfMarker({ ResourceType }: { readonly ResourceType?: unknown }, headers: Headers): boolean {
  return headers['x-amz-delete-marker'] === 'true' || ResourceType === 'DeleteMarker'
}

/** A 404 or 405 that says a delete marker lies on top: the object is recoverable. */
export function markerOf(headers: Headers, clean: (text: string) => string): ErrorAnswer['deleteMarker'] {
  if (headers['x-amz-delete-marker'] !== 'true') return undefined
  const versionId = namedVersion(headers['x-amz-version-id'])
  return { versionId: versionId === undefined ? undefined : clean(versionId) }
}

/** The header or argument that S3 says a refusal is about. */
export function argumentOf({
  Header,
  ArgumentName,
}: {
  readonly Header?: unknown
  readonly ArgumentName?: unknown
}): string | undefined {
  const name = typeof Header === 'string' ? Header : ArgumentName
  return typeof name === 'string' && /^[\w-]{1,60}$/.test(name) ? name : undefined
}

/** What a header that cannot be sent is made of, by the words of Node, which name the header and never its value. */
export function unusableHeader(message: string): string {
  const what = /security-token/.test(message) ? 'session token' : 'access key id'
  return `The ${what} of the credentials holds a character that no header can carry. Copy it again.`
}
