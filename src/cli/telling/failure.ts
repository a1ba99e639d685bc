import { Redactor } from '../../internal/redaction/redactor.js'
import { LegalHoldError, type LegalHoldErrorCode, type Outcome, type Stage } from '../../model/errors.js'
import { ArgumentError } from '../arguments.js'
import { shown, type Terminal } from '../terminal.js'

/** What `--json` prints of a command that could not finish. */
export interface FailureJson {
  readonly error: {
    readonly code: LegalHoldErrorCode
    readonly stage: Stage
    readonly message: string
    readonly retryable: boolean
    /** Whether what failed took effect. */
    readonly outcome: Outcome
    readonly status?: number | undefined
    readonly requestId?: string | undefined
    /** What to do, where that is not in the message. */
    readonly remedy?: string | undefined
  }
}

/** A command that could not finish, for a person and for a program. */
export interface Failure {
  readonly text: string
  readonly json: FailureJson
}

/** @param remedy what to do beside what the message says */
export function failureOf(error: unknown, remedy: string | undefined, terminal: Terminal): Failure {
  const redactor = redactorOf(terminal.env)
  const { text, json } = described(error, remedy, terminal.signal)
  return { text: redactor.redact(text), json: { error: redactor.redactTexts(json) } }
}

/** The commands get these from the environment, and no message may show them, whoever wrote it. */
const secrets = [
  'GENESYS_CLIENT_SECRET',
  'GENESYS_ACCESS_TOKEN',
  'SIGNING_KEY_PASSPHRASE',
  'NOTIFY_SECRET',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
]

function redactorOf(env: Terminal['env']): Redactor {
  const redactor = new Redactor()
  for (const name of secrets) redactor.add(env[name])
  return redactor
}

function described(
  error: unknown,
  remedy: string | undefined,
  signal: AbortSignal,
): { readonly text: string; readonly json: FailureJson['error'] } {
  const more = remedy === undefined ? '' : `\n${remedy}`
  const lines = (message: string) => message.split('\n').map(shown).join('\n')
  if (!LegalHoldError.isInstance(error)) {
    const message = error instanceof Error ? error.message : String(error)
    const isArgument = error instanceof ArgumentError
    return {
      text: `${isArgument ? lines(message) : shown(message)}${more}`,
      json: {
        code: isArgument ? 'INVALID_OPTIONS' : 'INTERNAL',
        stage: isArgument ? 'options' : 'report',
        message,
        retryable: false,
        outcome: isArgument ? 'not-applied' : 'unknown',
        remedy,
      },
    }
  }
  const { code, stage, message, retryable, outcome, status, requestId } = error
  const json = { code, stage, message, retryable, outcome, status, requestId, remedy }
  if (code === 'ABORTED') {
    const why = signal.aborted ? ` (${shown((signal.reason as Error).message)})` : ''
    return { text: `ABORTED during ${stage}${why}\n${shown(message)}${more}`, json }
  }
  const id = requestId === undefined ? '' : ` (request id ${shown(requestId)})`
  return { text: `${code} during ${stage}${id}\n${lines(message)}${more}`, json }
}
