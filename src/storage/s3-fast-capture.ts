import type { ResolvedClient } from './s3-fast-eligible.js'
import type { SmithyCommand } from './s3-middleware.js'

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
