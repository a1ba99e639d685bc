import type { SmithyResult } from '../client/middleware.js'
import { headersOf } from '../wire/headers.js'
import type { WireOutcome } from '../wire/path.js'

/** What the fast path received, as the SDK's own request handler would have answered. */
export function asReceived(outcome: WireOutcome): SmithyResult {
  if (outcome.answer === undefined) throw outcome.error
  const { status, rawHeaders, body } = outcome.answer
  return { response: { statusCode: status, headers: headersOf(rawHeaders), body: Buffer.concat(body) } }
}
