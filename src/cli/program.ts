import { Command, CommanderError, Option } from 'commander'
import { notOneOf } from '../internal/text/closest.js'
import { ArgumentError, type Given } from './arguments.js'
import { type CommandSpec, commonFlags, type FlagSpec } from './command.js'
import { exitCodeTable } from './exit-codes.js'

/** The tool, as it is called. */
export const toolName = 'genesys-legal-hold-exporter'

/** The flags of a command, those of every command included. */
export function flagsOf({ flags }: CommandSpec): readonly FlagSpec[] {
  return [...flags, ...commonFlags.filter(({ name }) => !flags.some((own) => own.name === name))]
}

/**
 * Reads what was typed behind a command's name.
 *
 * @throws ArgumentError for a flag that is not known or lacks its value
 */
export function parse(spec: CommandSpec, args: readonly string[]): Given {
  const repeated: { name: string; value: string }[] = []
  const command = build(spec, repeated)
  try {
    command.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw new ArgumentError(error.message.replace(/^error: /, ''))
  }
  const value = (name: string): unknown => command.getOptionValue(name)
  return {
    positionals: command.args,
    text: (name) => {
      const found = value(name)
      return typeof found === 'string' ? found : undefined
    },
    list: (name) => repeated.filter((one) => one.name === name).map((one) => one.value),
    flag: (name) => value(name) === true,
    repeated,
  }
}

/** Help of one command. @param columns of the terminal that it is for */
export function helpOf(spec: CommandSpec, columns = widest): string {
  const wide = Math.min(widest, columns)
  const examples = spec.examples.map((example) => `  ${wrapped(`${toolName} ${example}`, wide - 2)}\n`).join('')
  return `${build(spec, [], wide).helpInformation()}${examples === '' ? '' : `\nExamples:\n${examples}`}\n${exitCodes()}`.trimEnd()
}

/** Wider lines are hard to read. */
const widest = 120

/** A command over several lines, as a shell takes it. */
function wrapped(command: string, wide: number): string {
  const lines: string[] = []
  let line = ''
  for (const part of command.split(/ (?=--)/)) {
    if (line !== '' && line.length + part.length + 3 > wide) {
      lines.push(`${line} \\`)
      line = `    ${part}`
    } else line = line === '' ? part : `${line} ${part}`
  }
  return [...lines, line].join('\n')
}

/** Help of the tool: its commands by what they are for. @param columns of the terminal that it is for */
export function mainHelp(specs: readonly CommandSpec[], columns = widest): string {
  const tool = quiet(new Command(toolName), Math.min(widest, columns))
    .description('Exports Genesys Cloud recordings under a legal hold to S3, and checks the evidence of it.')
    .usage('COMMAND [flags]')
    .addHelpCommand(false)
    .option('--version', 'print the version')
  const end = `\n${toolName} COMMAND --help lists the flags of a command.\n\n${exitCodes()}`
  for (const { name, takes, group, summary } of specs) {
    const command = quiet(new Command(name))
      .summary(summary)
      .description(summary)
      .usage(takes === '' ? ' ' : takes)
      .helpGroup(`${group}:`)
    tool.addCommand(command)
  }
  return (tool.helpInformation() + end).trimEnd()
}

function build(spec: CommandSpec, repeated: { name: string; value: string }[], columns = widest): Command {
  const command = quiet(new Command(spec.name), columns)
    .description(spec.about)
    .usage(`${spec.takes === '' ? '' : `${spec.takes} `}[flags]`)
    .allowExcessArguments(true)
    .argument('[all...]')
  for (const flag of flagsOf(spec)) command.addOption(optionOf(flag, repeated))
  return command
}

/** An option by its own name: commander makes camel case of it, which no flag is called. */
class NamedOption extends Option {
  override attributeName(): string {
    return this.name()
  }
}

function optionOf(
  { name, kind, value, about, group, words }: FlagSpec,
  repeated: { name: string; value: string }[],
): Option {
  const option = new NamedOption(kind === 'flag' ? `--${name}` : `--${name} <${value ?? 'TEXT'}>`, about)
  if (group !== undefined) option.helpGroup(`${group}:`)
  if (kind === 'list') {
    option.argParser((given: string) => {
      repeated.push({ name, value: given })
      return given
    })
  }
  if (words !== undefined) {
    option.argParser((given: string) => {
      if (words.includes(given)) return given
      throw new ArgumentError(notOneOf(`--${name}`, given, words))
    })
  }
  return option
}

/** A command that neither ends the process nor prints by itself. */
function quiet(command: Command, columns = widest): Command {
  return command
    .exitOverride()
    .helpOption('-h, --help', 'show this text')
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({
      helpWidth: columns,
      optionTerm: ({ flags }) => flags.replaceAll('<', '').replaceAll('>', ''),
      subcommandTerm: (sub) => `${sub.name()} ${sub.usage()}`.trim(),
      subcommandDescription: (sub) => sub.summary(),
      commandUsage: (cmd) =>
        cmd.name() === toolName ? `${toolName} ${cmd.usage()}` : `${toolName} ${cmd.name()} ${cmd.usage()}`,
      visibleArguments: () => [],
    })
}

/** The same in every help. */
export function exitCodes(): string {
  const codes = exitCodeTable.map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}\n`).join('')
  return `Exit codes, the same for every command\n${codes}`
}
