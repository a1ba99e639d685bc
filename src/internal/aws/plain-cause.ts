import { firstLine } from '../text/first-line.js'

/**
 * What remains of an error of the SDK as a cause: name, message and code, each without secrets. Its other properties, such as
 * request and answer, may repeat a session token; whoever prints an error prints its cause as well.
 */
export function plainCause(name: string, message: string | undefined, code: unknown): Error {
  const cause = new Error(message === undefined ? 'no message' : firstLine(message))
  cause.name = name
  delete cause.stack
  if (typeof code === 'string') Object.assign(cause, { code })
  return cause
}
