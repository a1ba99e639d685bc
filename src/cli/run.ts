import { toolVersion } from '../internal/package/version.js'
import { LegalHoldError } from '../model/errors.js'
import { ArgumentError } from './arguments.js'
import { didYouMean } from './closest.js'
import type { CommandSpec } from './command.js'
import { commands } from './commands.js'
import { exitCodes } from './exit-codes.js'
import { helpOf, mainHelp, parse, toolName } from './program.js'
import { commandLog } from './telling/log.js'
import { fitting, shown, type Terminal } from './terminal.js'

/** Runs the command-line tool. Returns the exit code; never throws. */
export async function runCli(args: readonly string[], given: Terminal): Promise<number> {
  const terminal = fitting(given, false)
  const [name, second] = args
  if (name === '--version') {
    terminal.out(toolVersion)
    return exitCodes.success
  }
  if (name === undefined || isHelp(name) || name === 'help') return help(commands, name, terminal)
  const family = commands.filter((one) => one.name.startsWith(`${name} `))
  if (family.length > 0 && (second === undefined || isHelp(second))) return help(family, second, terminal)
  const found = find(args)
  if (found === undefined) {
    const typed = family.length > 0 ? `${name} ${second}` : name
    const names = (family.length > 0 ? family : commands).map((one) => one.name)
    const hint = didYouMean(typed, names)
    terminal.err(`Unknown command ${JSON.stringify(typed)}${hint}. Commands: ${names.join(', ')}.`.replace('?.', '?'))
    return exitCodes.failed
  }
  const { command, rest } = found
  if (rest.some(isHelp)) {
    terminal.out(helpOf(command, terminal.columns?.('out')))
    return exitCodes.success
  }
  try {
    return await run(command, rest, given)
  } catch (error) {
    terminal.err(explain(error, rest, command.name, terminal.signal))
    return exitCodes.failed
  }
}

async function run(command: CommandSpec, args: readonly string[], terminal: Terminal): Promise<number> {
  const given = parse(command, args)
  const isJson = given.flag('json')
  const fitted = fitting(terminal, isJson || command.isForPrograms?.(given) === true)
  const log = commandLog(command.name, given, fitted)
  try {
    const code = await command.run(given, given.flag('quiet') && !isJson ? { ...fitted, out: () => {} } : fitted)
    log?.info('the command has ended', { command: command.name, exitCode: code })
    return code
  } catch (error) {
    const code = LegalHoldError.isInstance(error) ? error.code : undefined
    log?.error('the command has failed', { command: command.name, code, message: (error as Error).message })
    throw error
  }
}

/** The command that was typed, in two words or in one, and what stands behind it. */
function find(
  args: readonly string[],
): { readonly command: CommandSpec; readonly rest: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ')
    const command = commands.find((one) => one.name === name)
    if (command !== undefined) return { command, rest: args.slice(words) }
  }
  return undefined
}

function isHelp(arg: string): boolean {
  return arg === '--help' || arg === '-h'
}

/** @param asked what asks for it; nothing where nobody did, which is a mistake */
function help(all: readonly CommandSpec[], asked: string | undefined, terminal: Terminal): number {
  const text = mainHelp(all, terminal.columns?.(asked === undefined ? 'err' : 'out'))
  if (asked === undefined) terminal.err(text)
  else terminal.out(text)
  return asked === undefined ? exitCodes.failed : exitCodes.success
}

function explain(error: unknown, args: readonly string[], name: string, signal: AbortSignal): string {
  if (error instanceof ArgumentError) {
    return `${error.message.split('\n').map(shown).join('\n')}\n${toolName} ${name} --help says what it takes.`
  }
  if (!LegalHoldError.isInstance(error)) return shown(error instanceof Error ? error.message : error)
  if (error.code === 'ABORTED') {
    const why = signal.aborted ? ` (${shown((signal.reason as Error).message)})` : ''
    // What a run over shards resumes from lies in its store.
    const remedy = name === 'export' ? `\n${resumption(args)}` : name === 'scale run' ? `\n${resumes}` : ''
    return `ABORTED during ${error.stage}${why}\n${shown(error.message)}${remedy}`
  }
  const id = error.requestId === undefined ? '' : ` (request id ${shown(error.requestId)})`
  return `${error.code} during ${error.stage}${id}\n${error.message.split('\n').map(shown).join('\n')}`
}

const resumes = 'The same command resumes from here.'

function resumption(args: readonly string[]): string {
  const isKept = args.some((arg) => arg === '--config' || arg.startsWith('--config='))
  return isKept ? resumes : 'With --journal DIR the same command resumes from here.'
}
