import type { ResolvedClient } from '../client/eligible.js'
import type { SmithyCommand } from '../client/middleware.js'
import { encodeQueryPart, RequestSigner, type SigningKeys, type SigningScope } from './signature.js'

/** What is captured is about this. Awkward on purpose: what is made here the way the SDK does is made so for any key. */
export const awkward = { Key: "legal hold/ä+%2F&=?#'()*!~/../probe", VersionId: 'probe+/=' } as const

/** What may be in the value of a header: one character a byte, and no line break. */
export const sendable = /^[\t\x20-\x7e\x80-\xff]*$/

/** A request as the client's own middleware makes and signs it. */
export interface CapturedRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The request as the client's own middleware makes and signs it; the last of them keeps it instead of sending it. */
export async function capture(client: ResolvedClient, command: object): Promise<CapturedRequest | undefined> {
  let captured: CapturedRequest | undefined
  ;(command as SmithyCommand).middlewareStack?.add(
    () => async (args) => {
      captured = args.request as CapturedRequest
      return { response: { statusCode: 200, headers: {} }, output: { $metadata: {} } }
    },
    // After the signature, which is the last of this step, and before the answer would be read.
    { step: 'finalizeRequest', priority: 'low', name: 'legalHoldCapture' },
  )
  await (client.send as (this: unknown, command: unknown) => Promise<unknown>).call(client, command)
  return captured
}

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=(?<accessKeyId>[^/]+)\/\d{8}\/(?<region>[^/]+)\/(?<service>s3)\/aws4_request, SignedHeaders=(?<names>[^,\s]+), Signature=[0-9a-f]{64}$/

/** Whom, for what and when a request was signed for; `undefined` for a signature of another kind. */
export function grantOf({ headers }: CapturedRequest): Omit<SigningScope, 'secretAccessKey'> | undefined {
  const { authorization = '', 'x-amz-date': amzDate } = headers
  const granted = authorizationPattern.exec(authorization)?.groups
  if (granted === undefined || amzDate === undefined) return undefined
  const { accessKeyId = '', region = '', service = '' } = granted
  return { accessKeyId, region, service, amzDate }
}

/** Whether a request bears the signature that is made of it here. */
export function isSignedSo(
  captured: CapturedRequest,
  scope: SigningScope,
  payloadHash: string,
  keys: SigningKeys,
): boolean {
  const { method, path, headers } = captured
  const { names = '' } = authorizationPattern.exec(headers.authorization ?? '')?.groups ?? {}
  const signed = names.split(';').map((name) => [name, headers[name] ?? ''] as const)
  const same = new RequestSigner(scope, signed, payloadHash, keys)
  return same.authorization(method, path, queryOf(captured)) === headers.authorization
}

/** The query as it is signed, and sent from here. */
export function canonicalQuery(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodeQueryPart(name), encodeQueryPart(String(value))] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Its query as it is signed. */
export function queryOf({ query = {} }: CapturedRequest): string {
  return canonicalQuery(query)
}

/** The name and port that it goes to. */
export function hostOf({ hostname, port }: CapturedRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`
}
