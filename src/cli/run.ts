import { toolVersion } from '../internal/package/version.js'
import { didYouMean } from '../internal/text/closest.js'
import { LegalHoldError } from '../model/errors.js'
import { ArgumentError } from './arguments.js'
import type { CommandSpec } from './command.js'
import { commands } from './commands.js'
import { exitCodes } from './exit-codes.js'
import { helpOf, mainHelp, parse, toolName } from './program.js'
import { failureOf } from './telling/failure.js'
import { commandLog } from './telling/log.js'
import { fitting, type Terminal } from './terminal.js'

/** Runs the command-line tool. Returns the exit code; never throws. */
export async function runCli(args: readonly string[], given: Terminal): Promise<number> {
  const terminal = fitting(given, args.includes('--json'))
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
    const what = `Unknown command ${JSON.stringify(typed)}${hint}. Commands: ${names.join(', ')}.`.replace('?.', '?')
    return fail(new ArgumentError(what), undefined, { args, terminal })
  }
  const { command, rest } = found
  if (rest.some(isHelp)) {
    terminal.out(helpOf(command, terminal.columns?.('out')))
    return exitCodes.success
  }
  let isPrinted = false
  const watched = {
    ...given,
    out: (line: string) => {
      isPrinted = true
      given.out(line)
    },
  }
  try {
    return await run(command, rest, watched)
  } catch (error) {
    return fail(error, remedyOf(error, rest, command.name), { args: rest, terminal, isPrinted })
  }
}

/** Says why a command could not finish. One document of JSON is printed, and not a second one after the result. */
function fail(
  error: unknown,
  remedy: string | undefined,
  {
    args,
    terminal,
    isPrinted = false,
  }: { readonly args: readonly string[]; readonly terminal: Terminal; readonly isPrinted?: boolean },
): number {
  const { text, json } = failureOf(error, remedy, terminal)
  if (args.includes('--json') && !isPrinted) terminal.out(JSON.stringify(json, null, 2))
  terminal.err(text)
  return exitCodes.failed
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

function remedyOf(error: unknown, args: readonly string[], name: string): string | undefined {
  if (error instanceof ArgumentError) return `${toolName} ${name} --help says what it takes.`
  if (!LegalHoldError.isInstance(error) || error.code !== 'ABORTED') return undefined
  // What a run over shards resumes from lies in its store.
  if (name === 'scale run') return resumes
  return name === 'export' ? resumption(args) : undefined
}

const resumes = 'The same command resumes from here.'

function resumption(args: readonly string[]): string {
  const isKept = args.some((arg) => arg === '--config' || arg.startsWith('--config='))
  return isKept ? resumes : 'With --journal DIR the same command resumes from here.'
}
