import { toolVersion } from '../internal/package/version.js'
import { LegalHoldError } from '../model/errors.js'
import { ArgumentError } from './arguments.js'
import { exportCommand, inspectCommand } from './export-command.js'
import { helpOf } from './help.js'
import { proveCommand } from './prove-command.js'
import { reportCommand } from './report-command.js'
import { statusCommand } from './status-command.js'
import { shown, type Terminal } from './terminal.js'
import { verifyCommand } from './verify-command.js'

const commands = {
  verify: verifyCommand,
  report: reportCommand,
  prove: proveCommand,
  inspect: inspectCommand,
  export: exportCommand,
  status: statusCommand,
} as const

/** Runs the command-line tool. Returns the exit code; never throws. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version') {
    terminal.out(toolVersion)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const text = helpOf('main').trimEnd()
    if (name === undefined) terminal.err(text)
    else terminal.out(text)
    return name === undefined ? 1 : 0
  }
  if (!isCommand(name)) {
    terminal.err(`Unknown command ${JSON.stringify(name)}. Commands: ${Object.keys(commands).join(', ')}.`)
    return 1
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(helpOf(name).trimEnd())
    return 0
  }
  try {
    return await commands[name](rest, terminal)
  } catch (error) {
    terminal.err(explain(error, name, terminal.signal))
    return 1
  }
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name)
}

function explain(error: unknown, name: string, signal: AbortSignal): string {
  if (error instanceof ArgumentError)
    return `${shown(error.message)}\ngenesys-legal-hold-exporter ${name} --help says what it takes.`
  if (!LegalHoldError.isInstance(error)) return shown(error instanceof Error ? error.message : error)
  if (error.code === 'ABORTED') {
    const why = signal.aborted ? ` (${shown((signal.reason as Error).message)})` : ''
    const remedy = name === 'export' ? '\nWith --journal DIR the same command resumes from here.' : ''
    return `ABORTED during ${error.stage}${why}\n${shown(error.message)}${remedy}`
  }
  const id = error.requestId === undefined ? '' : ` (request id ${shown(error.requestId)})`
  return `${error.code} during ${error.stage}${id}\n${error.message.split('\n').map(shown).join('\n')}`
}
