import { hasHighBytes, signable } from './s3-signing.js'

/** The little of a Smithy command that is used. */
export interface SmithyCommand {
  readonly middlewareStack?: {
    add(
      middleware: (
        next: (args: SmithyArgs) => Promise<SmithyResult>,
        context?: unknown,
      ) => (args: SmithyArgs) => Promise<SmithyResult>,
      options: {
        readonly step: string
        readonly name: string
        readonly priority?: string
        readonly override?: boolean
      },
    ): void
  }
}
interface SmithyArgs {
  readonly request?: { readonly headers?: Record<string, string> }
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
