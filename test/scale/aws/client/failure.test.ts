import { describe, expect, test } from 'vitest'
import { normaliseServiceError } from '#src/scale/aws/client/failure.js'

const failed = (error: object) =>
  normaliseServiceError(error, {
    service: 'S3 Batch Operations',
    operation: 'CreateJob',
    mutates: true,
    clean: (text) => text,
  })

describe('a request to an engine that got no answer', () => {
  test.each([
    ['nobody listens', { code: 'ECONNREFUSED' }, { retryable: true, outcome: 'not-applied' }],
    ['its proxy refuses', { code: 'ERR_PROXY_TUNNEL' }, { retryable: true, outcome: 'not-applied' }],
    ['the certificate is refused', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, { retryable: false, outcome: 'not-applied' }],
    ['the certificate is over', { code: 'CERT_HAS_EXPIRED' }, { retryable: false, outcome: 'not-applied' }],
    ['the connection was lost', { code: 'ECONNRESET' }, { retryable: true, outcome: 'unknown' }],
    ['the server hung up', { message: 'socket hang up' }, { retryable: true, outcome: 'unknown' }],
  ])('failed in the network where %s', (_, error, expected) => {
    expect(failed(error)).toMatchObject({ code: 'NETWORK_ERROR', stage: 'scale', ...expected })
  })
})
