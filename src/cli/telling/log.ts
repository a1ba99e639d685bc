import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { toolVersion } from '../../internal/package/version.js'
import type { RunEvent } from '../../model/events.js'
import type { Logger } from '../../ports/runtime.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { Resolved } from '../config/resolve.js'
import type { Terminal } from '../terminal.js'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** The log of the library, one JSON a line; `undefined` if nobody asked for one. */
export function loggerOf(
  given: Given,
  resolved: Pick<Resolved, 'matter' | 'folder'>,
  terminal: Terminal,
): Logger | undefined {
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

/** The log of the flags, for commands whether they reach a matter or not: which one it is, and how it ends. */
export function commandLog(command: string, given: Given, terminal: Terminal): Logger | undefined {
  const log = loggerOf(given, { matter: {}, folder: '.' }, terminal)
  log?.info('the command has started', { command, version: toolVersion, node: process.versions.node })
  return log
}

/**
 * Who watches a run, with its events as lines of the log as well: what is told of each object and each second only on
 * `debug`.
 */
export function withLog(log: Logger | undefined, onEvent: (event: RunEvent) => void): (event: RunEvent) => void {
  if (log === undefined) return onEvent
  return (event) => {
    write(log, event)
    onEvent(event)
  }
}

function write(log: Logger, { type, ...event }: RunEvent): void {
  if (type === 'verdict' || type === 'remediation' || type === 'waiting') log.debug(type, event)
  else if (type === 'retry' && 'error' in event) {
    const { code, message } = event.error
    log.warn(type, { ...event, error: { code, message } })
  } else if (type === 'run-finished' && 'report' in event) {
    const { outcome, counts } = event.report
    log.info(type, { at: event.at, outcome, counts })
  } else log.info(type, event)
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
