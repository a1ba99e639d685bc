import { LegalHoldError } from '../model/errors.js'
import type { Logger } from '../ports/runtime.js'

type Level = keyof Logger

/**
 * The caller's logger as the stages use it. Every logger gets a message and plain data, in its own order. What it
 * throws fails nothing.
 *
 * Each gets `{ err }` as data, because an error behind the message would be lost or would leak:
 *
 * - pino would take it for a value to put into the text, and drop it.
 * - winston would append the error's message to ours.
 * - console would print its cause with all its contents. For an error of the Genesys SDK they include the token
 *   (genesys-facts, SDK).
 */
export function loggerOf(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined) return undefined
  const pino = isPino(logger)
    ? (logger as unknown as Record<Level, (data: object, message: string) => void>)
    : undefined
  const at =
    (level: Level) =>
    (message: string, ...details: unknown[]) => {
      try {
        if (details.length === 0) logger[level](message)
        else if (pino !== undefined) pino[level](dataOf(details), message)
        else logger[level](message, dataOf(details))
      } catch {
        // A logger that throws must not fail the run that it writes about, and there is nobody left to tell.
      }
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** pino registers this symbol for all of its versions to recognise each other; child loggers inherit it. */
function isPino(logger: object): boolean {
  return Symbol.for('pino.serializers') in logger
}

function dataOf([first, ...more]: readonly unknown[]): Readonly<Record<string, unknown>> {
  const data =
    first instanceof Error || LegalHoldError.isInstance(first) ? { err: errorData(first) } : { detail: first }
  return more.length === 0 ? data : { ...data, more }
}

function errorData(error: Error): Readonly<Record<string, unknown>> {
  if (LegalHoldError.isInstance(error)) return error.toJSON()
  const { name, message, stack } = error
  return { name, message, stack }
}
