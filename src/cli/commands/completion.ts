import { ArgumentError, type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { configFlag } from '../files/bundle.js'
import { flagsOf, toolName } from '../program.js'
import type { Terminal } from '../terminal.js'

const shells = { bash, zsh, fish } as const

/** `completion SHELL`, which knows all the other commands. */
export function completionOf(all: () => readonly CommandSpec[]): CommandSpec {
  return {
    name: 'completion',
    takes: 'bash|zsh|fish',
    group: 'Set up',
    summary: 'a script that completes commands and flags in a shell',
    about: `Prints a script that completes commands and flags. For bash: eval "$(${toolName} completion bash)"`,
    flags: [{ ...configFlag, about: 'accepted like by every command, but not used here' }],
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    run: async (given: Given, terminal: Terminal) => {
      const [shell = ''] = needed(given.positionals, ['SHELL'])
      const script = Object.hasOwn(shells, shell) ? shells[shell as keyof typeof shells] : undefined
      if (script === undefined)
        throw new ArgumentError(`${JSON.stringify(shell)} is not one of ${Object.keys(shells).join(', ')}.`)
      const text = script(all())
      terminal.out(given.flag('json') ? JSON.stringify({ shell, script: text }, null, 2) : text)
      return exitCodes.success
    },
  }
}

const words = (spec: CommandSpec) => flagsOf(spec).map(({ name }) => `--${name}`)

function bash(all: readonly CommandSpec[]): string {
  const cases = all.map((spec) => `    ${spec.name}) words="${words(spec).join(' ')}" ;;`).join('\n')
  return `_genesys_legal_hold_exporter() {
  local words=""
  case "\${COMP_WORDS[1]}" in
${cases}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${all.map(({ name }) => name).join(' ')}"; fi
  COMPREPLY=( $(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _genesys_legal_hold_exporter ${toolName}`
}

function zsh(all: readonly CommandSpec[]): string {
  const commands = all.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')
  const cases = all.map((spec) => `    ${spec.name}) compadd -- ${words(spec).join(' ')} ;;`).join('\n')
  return `#compdef ${toolName}
_genesys_legal_hold_exporter() {
  local -a commands
  commands=(
${commands}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${cases}
  esac
  _files
}
compdef _genesys_legal_hold_exporter ${toolName}`
}

function fish(all: readonly CommandSpec[]): string {
  const lines = all.flatMap((spec) => [
    `complete -c ${toolName} -n __fish_use_subcommand -a ${spec.name} -d ${quoted(spec.summary)}`,
    ...flagsOf(spec).map(
      ({ name, kind, about }) =>
        `complete -c ${toolName} -n '__fish_seen_subcommand_from ${spec.name}' -l ${name}${kind === 'flag' ? '' : ' -r'} -d ${quoted(about)}`,
    ),
  ])
  return lines.join('\n')
}

/** A text in single quotes: what is in it is nothing to the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
