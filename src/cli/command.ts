import type { Given } from './arguments.js'
import type { Terminal } from './terminal.js'

/** One flag, as help, parser and completion need to know it. */
export interface FlagSpec {
  readonly name: string
  readonly kind: 'text' | 'list' | 'flag'
  /** What stands behind it in the help. */
  readonly value?: string
  readonly about: string
  /** Heading in the help. @defaultValue Options */
  readonly group?: string
  /** Words that it takes, for completion and for the check. */
  readonly words?: readonly string[]
}

/** One command: everything that is known of it stands here. */
export interface CommandSpec {
  readonly name: string
  /** As the usage shows them, e.g. `DIR` or `[DIR]`. */
  readonly takes: string
  readonly group: 'Set up' | 'Export' | 'Export over shards' | 'Repair and release' | 'Evidence'
  /** In the list of commands. */
  readonly summary: string
  /** In its own help. */
  readonly about: string
  readonly flags: readonly FlagSpec[]
  /** Whether standard output is for a program beside `--json`: its lines stay whole on a terminal. @defaultValue never */
  readonly isForPrograms?: (given: Given) => boolean
  /** What is typed behind the name of the tool; a test runs each. */
  readonly examples: readonly string[]
  run(given: Given, terminal: Terminal): Promise<number>
}

/** Flags of every command. */
export const commonFlags: readonly FlagSpec[] = [
  { name: 'json', kind: 'flag', about: 'print the result as JSON' },
  { name: 'quiet', kind: 'flag', about: 'print only errors, and JSON if requested' },
  {
    name: 'log-level',
    kind: 'text',
    value: 'LEVEL',
    about: 'log of the library: debug, info, warn or error',
    words: ['debug', 'info', 'warn', 'error'],
  },
  { name: 'log-file', kind: 'text', value: 'FILE', about: 'file to append the log to (default: standard error)' },
]
