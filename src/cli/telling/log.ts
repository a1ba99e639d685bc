import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Logger } from '../../ports/runtime.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { Resolved } from '../config/resolve.js'
import type { Terminal } from '../terminal.js'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** The log of the library, one JSON a line; `undefined` if nobody asked for one. */
export function loggerOf(given: Given, resolved: Resolved, terminal: Terminal): Logger | undefined {
  const { log } = resolved.matter
  const level = given.text('log-level') ?? log?.level
  const typed = given.text('log-file')
  const file = typed ?? (log?.file === undefined ? undefined : resolve(resolved.folder, log.file))
  if (level === undefined && file === undefined) return undefined
  const least = levels.findIndex((one) => one === (level ?? 'info'))
  const write = file === undefined ? terminal.err : appending(file)
  const at =
    (name: keyof Logger) =>
    (message: string, ...details: unknown[]) => {
      if (levels.indexOf(name) < least) return
      const more = details.length === 0 ? {} : { details: details.length === 1 ? details[0] : details }
      write(JSON.stringify({ time: new Date().toISOString(), level: name, message, ...more }))
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Each line is on disk before the next thing happens: the last one is what is read after a crash. */
function appending(file: string): (line: string) => void {
  const write = (text: string) => appendFileSync(file, text, { mode: 0o600 })
  try {
    write('')
  } catch (error) {
    throw new ArgumentError(`The log file ${file} cannot be written: ${(error as Error).message}`)
  }
  return (line) => write(`${line}\n`)
}

/** Tells a person how the matter was read. */
export function tellNotes({ notes }: Resolved, given: Given, terminal: Terminal): void {
  if (given.flag('quiet')) return
  for (const note of notes) terminal.err(`note: ${note}`)
}
