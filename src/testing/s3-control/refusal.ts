import { leaf, node, plainDocument } from '../s3/http/xml.js'

/** Codes of S3 Control, with their statuses (API reference, errors of CreateJob and its kin). */
const statuses = {
  AccessDenied: 403,
  IdempotencyException: 400,
  InternalServiceException: 500,
  InvalidNextTokenException: 400,
  InvalidRequest: 400,
  InvalidRequestException: 400,
  JobStatusException: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  NoSuchJob: 404,
  TooManyRequestsException: 429,
} as const

/** An answer that is an error. */
export class ControlRefusal extends Error {
  readonly code: keyof typeof statuses

  constructor(code: keyof typeof statuses, message: string) {
    super(message)
    this.code = code
  }

  get status(): number {
    return statuses[this.code]
  }
}

/** The error document of S3 Control, which wraps the error. */
export function refusalAnswer(code: string, message: string, status: number): Response {
  const error = node('Error', leaf('Code', code), leaf('Message', message))
  const requestId = leaf('RequestId', 'SIMULATED')
  const body = plainDocument('ErrorResponse', error, requestId)
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
}
