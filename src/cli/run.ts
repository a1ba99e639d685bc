import { toolVersion } from '../internal/package/version.js'
import { LegalHoldError } from '../model/errors.js'
import { ArgumentError } from './arguments.js'
import { didYouMean } from './closest.js'
import { commands } from './commands.js'
import { exitCodes } from './exit-codes.js'
import { helpOf, mainHelp, parse, toolName } from './program.js'
import { shown, type Terminal } from './terminal.js'

/** Runs the command-line tool. Returns the exit code; never throws. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version') {
    terminal.out(toolVersion)
    return exitCodes.success
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const text = mainHelp(commands)
    if (name === undefined) terminal.err(text)
    else terminal.out(text)
    return name === undefined ? exitCodes.failed : exitCodes.success
  }
  const command = commands.find((one) => one.name === name)
  if (command === undefined) {
    const names = commands.map((one) => one.name)
    const hint = didYouMean(name, names)
    terminal.err(`Unknown command ${JSON.stringify(name)}${hint}. Commands: ${names.join(', ')}.`.replace('?.', '?'))
    return exitCodes.failed
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(helpOf(command))
    return exitCodes.success
  }
  try {
    const given = parse(command, rest)
    const isSilent = given.flag('quiet') && !given.flag('json')
    return await command.run(given, isSilent ? { ...terminal, out: () => {} } : terminal)
  } catch (error) {
    terminal.err(explain(error, rest, name, terminal.signal))
    return exitCodes.failed
  }
}

function explain(error: unknown, args: readonly string[], name: string, signal: AbortSignal): string {
  if (error instanceof ArgumentError) {
    return `${error.message.split('\n').map(shown).join('\n')}\n${toolName} ${name} --help says what it takes.`
  }
  if (!LegalHoldError.isInstance(error)) return shown(error instanceof Error ? error.message : error)
  if (error.code === 'ABORTED') {
    const why = signal.aborted ? ` (${shown((signal.reason as Error).message)})` : ''
    const remedy = name === 'export' ? `\n${resumption(args)}` : ''
    return `ABORTED during ${error.stage}${why}\n${shown(error.message)}${remedy}`
  }
  const id = error.requestId === undefined ? '' : ` (request id ${shown(error.requestId)})`
  return `${error.code} during ${error.stage}${id}\n${error.message.split('\n').map(shown).join('\n')}`
}

function resumption(args: readonly string[]): string {
  const isKept = args.some((arg) => arg === '--config' || arg.startsWith('--config='))
  return isKept ? 'The same command resumes from here.' : 'With --journal DIR the same command resumes from here.'
}
