import { proxyFailed, proxyRemedy } from '../../../internal/proxy/refusal.js'

/** What a request to a service of AWS failed with before there was an answer. */
export interface NetworkFailure {
  readonly code: 'NETWORK_ERROR'
  readonly retryable: boolean
  /** What to do about it, a full sentence. */
  readonly remedy: string
  /** Set if nothing was sent. */
  readonly notApplied?: true
}

const beforeSending =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/
/** A certificate is refused again by the next attempt. */
const certificate = /^(ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/
const connectionLost = /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET|UND_ERR)/

/** By the code that Node or undici gives the error; `undefined` if it is not one of the network. */
export function networkFailure(code: string): NetworkFailure | undefined {
  if (code === proxyFailed) return { code: 'NETWORK_ERROR', retryable: true, notApplied: true, remedy: proxyRemedy }
  if (beforeSending.test(code)) {
    return {
      code: 'NETWORK_ERROR',
      retryable: !certificate.test(code),
      notApplied: true,
      remedy: 'The server could not be reached. Check the endpoint, the name service and the network path.',
    }
  }
  return connectionLost.test(code) ? lostConnection : undefined
}

/** The request went out, and its answer did not come. */
export const lostConnection: NetworkFailure = {
  code: 'NETWORK_ERROR',
  retryable: true,
  remedy: 'The connection was lost before the answer was complete.',
}
