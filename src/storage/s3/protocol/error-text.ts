import { redirectOf } from '../../../internal/redirect.js'
import { firstLine } from '../../../internal/text/first-line.js'

/** What a failure says of itself, as it may be shown. */
export interface FailureText {
  readonly code: string | undefined
  readonly status: number | undefined
  /** The server's words, without secrets. */
  readonly message: string | undefined
  /** The `Location` of the answer, without secrets. */
  readonly location: string | undefined
}

/** `HTTP 403 AccessDenied (Access Denied)`, and where a redirect points to. */
export function describeFailure({ code, status, message, location }: FailureText): string {
  const said = message === undefined || message === 'UnknownError' ? '' : firstLine(message)
  const answer = [status === undefined ? '' : `HTTP ${status}`, code ?? ''].filter(Boolean).join(' ')
  if (answer === '') return said === '' ? 'no answer' : said
  const whole = said === '' ? answer : `${answer} (${said})`
  const redirect = redirectOf(status, location)
  return location === undefined || redirect === undefined
    ? whole
    : `${whole}, which points to ${redirect.target} and is not followed`
}
