import { createHash } from 'node:crypto'
import { guardAddress, type WithMiddleware } from '../../../internal/aws/guard.js'
import { requireCredentials } from './checks.js'
import { asksForExtra, type Extra } from './extras.js'
import { hasHighBytes, signable } from './raw-headers.js'

/** The little of a Smithy command that is used. */
export type SmithyCommand = WithMiddleware<SmithyArgs, SmithyResult>
interface SmithyArgs {
  readonly request?: {
    readonly protocol?: string
    readonly hostname?: string
    readonly port?: number
    readonly headers?: Record<string, string>
    readonly body?: unknown
  }
}
export interface SmithyResult {
  readonly response?: {
    readonly statusCode?: number
    readonly headers?: Record<string, string>
    body?: unknown
  }
}

/** The stages repeat, by what a failure means; a client that repeats as well would multiply that. */
export function withoutRetries(command: SmithyCommand): void {
  const once: Parameters<NonNullable<SmithyCommand['middlewareStack']>['add']>[0] = (next) => (args) => {
    if (args.request?.headers !== undefined) args.request.headers['amz-sdk-request'] = 'attempt=1; max=1'
    return next(args)
  }
  command.middlewareStack?.add(once, {
    step: 'finalizeRequest',
    name: 'retryMiddleware',
    priority: 'high',
    override: true,
  })
}

export function addHeaders(command: SmithyCommand, headers: Readonly<Record<string, string>>): void {
  command.middlewareStack?.add(
    (next) => (args) => {
      // Before the signature is made, after the SDK has rendered its input.
      if (args.request?.headers !== undefined) Object.assign(args.request.headers, headers)
      return next(args)
    },
    { step: 'build', name: 'legalHoldRawHeaders' },
  )
}

/**
 * The last check of a request, whatever the client or its owner has changed. It checks the credentials before the
 * request is signed with them, and the address before anything is sent.
 */
export function guard(command: SmithyCommand, credentialsSource: string): void {
  command.middlewareStack?.add(
    (next, context) => async (args) => {
      const identity = context?.__smithy_context?.selectedHttpAuthScheme?.identity
      if (identity !== undefined) requireCredentials(identity, credentialsSource)
      return next(args)
    },
    { step: 'build', name: 'legalHoldCredentials', priority: 'high' },
  )
  guardAddress(command, 'S3')
}

/** Takes off what asks for extras, whoever added it, and sends a body with its MD5 instead of another checksum. */
export function leaveOut(command: SmithyCommand, leftOut: readonly Extra[]): void {
  command.middlewareStack?.add(
    (next) => async (args) => {
      const { headers, body } = args.request ?? {}
      if (headers !== undefined) {
        for (const [name, value] of Object.entries(headers)) {
          if (asksForExtra(name, value, leftOut)) delete headers[name]
        }
        if (leftOut.includes('payload-checksum')) Object.assign(headers, md5Header(body))
      }
      return next(args)
    },
    // After the SDK has added its checksums, and before the signature.
    { step: 'build', name: 'legalHoldLeaveOut', priority: 'low' },
  )
}

/** Nothing for a stream, whose digest is not known before it is sent. */
function md5Header(body: unknown): Readonly<Record<string, string>> {
  const isWhole = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  return isWhole ? { 'content-md5': md5Of(body ?? '') } : {}
}

/** MD5 of a body, in base64, as `Content-MD5` has it. */
export function md5Of(body: string | Uint8Array): string {
  return createHash('md5').update(body).digest('base64')
}

/** Gives header values with raw bytes the form they are signed in, and takes it off before they are sent. */
export function signRawBytes(command: SmithyCommand, ownHash: boolean): void {
  const raw: Record<string, string> = {}
  command.middlewareStack?.add(
    (next) => (args) => {
      const headers = args.request?.headers ?? {}
      for (const [name, value] of Object.entries(headers)) {
        if (!hasHighBytes(value)) continue
        raw[name] = value
        headers[name] = signable(value, ownHash)
      }
      return next(args)
    },
    { step: 'build', name: 'legalHoldSignableHeaders', priority: 'low' },
  )
  command.middlewareStack?.add(
    (next) => (args) => {
      if (args.request?.headers !== undefined) Object.assign(args.request.headers, raw)
      return next(args)
    },
    { step: 'deserialize', name: 'legalHoldRawBytes', priority: 'low' },
  )
}

/**
 * Whether a document that S3 should have sent is not there: the SDK reads that as one without elements, as no tags or no
 * lock. It is read here as a whole, since its length need not be announced.
 */
export async function isEmptyDocument(response: SmithyResult['response']): Promise<boolean> {
  if (response === undefined || (response.statusCode ?? 200) >= 300) return false
  const { body } = response
  if (body instanceof Uint8Array) return body.length === 0
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return body === undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  response.body = bytes
  return bytes.length === 0
}
