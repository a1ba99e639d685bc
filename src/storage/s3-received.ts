import { headersOf } from './s3-fast-headers.js'
import type { WireOutcome } from './s3-fast-path.js'
import type { SmithyResult } from './s3-middleware.js'

/** What the fast path received, as the SDK's own request handler would have answered. */
export function asReceived(outcome: WireOutcome): SmithyResult {
  if (outcome.answer === undefined) throw outcome.error
  const { status, rawHeaders, body } = outcome.answer
  return { response: { statusCode: status, headers: headersOf(rawHeaders), body: Buffer.concat(body) } }
}
