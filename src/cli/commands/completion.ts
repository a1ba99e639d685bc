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
    isForPrograms: () => true,
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

/** First words of the commands, each once. */
const firstWords = (all: readonly CommandSpec[]) => [...new Set(all.map(({ name }) => name.split(' ')[0] ?? name))]

/** Second words of the commands that have two, by the first. */
function secondWords(all: readonly CommandSpec[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { name } of all) {
    const [first = '', second] = name.split(' ')
    if (second !== undefined) found.set(first, [...(found.get(first) ?? []), second])
  }
  return found
}

function bash(all: readonly CommandSpec[]): string {
  const cases = all.map((spec) => `    "${spec.name} "*) words="${words(spec).join(' ')}" ;;`).join('\n')
  const seconds = [...secondWords(all)].map(
    ([first, names]) =>
      `  if [ "$COMP_CWORD" -eq 2 ] && [ "\${COMP_WORDS[1]}" = ${first} ]; then words="${names.join(' ')}"; fi`,
  )
  return `_genesys_legal_hold_exporter() {
  local words=""
  case "\${COMP_WORDS[1]} \${COMP_WORDS[2]} " in
${cases}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${firstWords(all).join(' ')}"; fi
${seconds.join('\n')}
  COMPREPLY=( $(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _genesys_legal_hold_exporter ${toolName}`
}

function zsh(all: readonly CommandSpec[]): string {
  const commands = firstWords(all).map((first) => {
    const summary = all.find(({ name }) => name === first)?.summary ?? 'several commands'
    return `    ${quoted(`${first}:${summary}`)}`
  })
  const cases = all.map((spec) => `    ${quoted(`${spec.name} `)}*) compadd -- ${words(spec).join(' ')} ;;`).join('\n')
  const seconds = [...secondWords(all)].map(
    ([first, names]) =>
      `  if (( CURRENT == 3 )) && [[ "$words[2]" == ${first} ]]; then compadd -- ${names.join(' ')}; return; fi`,
  )
  return `#compdef ${toolName}
_genesys_legal_hold_exporter() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
${seconds.join('\n')}
  case "$words[2] $words[3] " in
${cases}
  esac
  _files
}
compdef _genesys_legal_hold_exporter ${toolName}`
}

function fish(all: readonly CommandSpec[]): string {
  const lines = all.flatMap((spec) => {
    const [first = '', second] = spec.name.split(' ')
    const seen = `__fish_seen_subcommand_from ${first}`
    const where = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`
    return [
      second === undefined
        ? `complete -c ${toolName} -n __fish_use_subcommand -a ${first} -d ${quoted(spec.summary)}`
        : `complete -c ${toolName} -n '${seen}; and not __fish_seen_subcommand_from ${second}' -a ${second} -d ${quoted(spec.summary)}`,
      ...flagsOf(spec).map(
        ({ name, kind, about }) =>
          `complete -c ${toolName} -n '${where}' -l ${name}${kind === 'flag' ? '' : ' -r'} -d ${quoted(about)}`,
      ),
    ]
  })
  const firsts = [...secondWords(all).keys()].map(
    (first) => `complete -c ${toolName} -n __fish_use_subcommand -a ${first} -d 'several commands'`,
  )
  return [...firsts, ...lines].join('\n')
}

/** A text in single quotes: what is in it is nothing to the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
