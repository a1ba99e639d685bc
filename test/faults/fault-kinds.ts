import type { FaultAction } from '#src/testing/index.js'

export type Service = 's3' | 'genesys'

/** A fault that passes: how a request is answered, and how often in a row. */
export interface PassingFault {
  readonly name: string
  readonly s3: FaultAction | undefined
  readonly genesys: FaultAction | undefined
  readonly times: number
}

function s3Error(status: number, code: string): FaultAction {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>scripted</Message></Error>`
  return { kind: 'respond', status, body, headers: { 'content-type': 'application/xml' } }
}

function genesysError(status: number, code: string, inBody = status): FaultAction {
  const body = JSON.stringify({
    message: 'scripted',
    code,
    status: inBody,
    contextId: 'scripted',
    details: [],
    errors: [],
  })
  return { kind: 'respond', status, body, headers: { 'content-type': 'application/json' } }
}

const bare = (status: number, headers: Record<string, string> = {}): FaultAction => ({
  kind: 'respond',
  status,
  headers,
})
const both = (action: FaultAction) => ({ s3: action, genesys: action })

/** Faults that pass after two requests in a row, or one where more of them would be another fault. */
export const passing: readonly PassingFault[] = [
  { name: '429', ...both(bare(429)), times: 2 },
  { name: '429 with Retry-After', ...both(bare(429, { 'retry-after': '3' })), times: 2 },
  { name: '500', s3: s3Error(500, 'InternalError'), genesys: genesysError(500, 'internal.server.error'), times: 2 },
  { name: '503', ...both(bare(503)), times: 2 },
  { name: '503 SlowDown', s3: s3Error(503, 'SlowDown'), genesys: undefined, times: 2 },
  {
    name: '200 with an error in its body',
    s3: s3Error(200, 'InternalError'),
    genesys: genesysError(200, 'internal.server.error', 500),
    times: 2,
  },
  { name: '200 with an empty body', ...both({ kind: 'respond', status: 200, headers: {} }), times: 2 },
  { name: 'truncated body', ...both({ kind: 'truncate' }), times: 2 },
  { name: 'reset before the work', ...both({ kind: 'reset' }), times: 2 },
  { name: 'reset after the work', ...both({ kind: 'reset-after' }), times: 2 },
  { name: 'no answer in time', ...both({ kind: 'hang' }), times: 1 },
  { name: 'expired token', s3: s3Error(400, 'ExpiredToken'), genesys: genesysError(401, 'bad.credentials'), times: 1 },
]

/** Faults that do not pass. */
export const lasting: readonly { readonly name: string; readonly s3: FaultAction; readonly genesys: FaultAction }[] = [
  { name: 'token refused', s3: s3Error(403, 'InvalidToken'), genesys: genesysError(401, 'bad.credentials') },
  { name: '403', s3: s3Error(403, 'AccessDenied'), genesys: genesysError(403, 'missing.any.permissions') },
  { name: '404', s3: s3Error(404, 'NoSuchKey'), genesys: genesysError(404, 'not.found') },
  { name: 'network gone', s3: { kind: 'reset' }, genesys: { kind: 'reset' } },
]
