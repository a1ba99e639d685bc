import { readFile } from 'node:fs/promises'
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** A wrong argument; its message is for the person who typed it. */
export class ArgumentError extends Error {}

/** What a command was given. */
export interface Given {
  readonly positionals: readonly string[]
  /** The value of a flag. */
  text(name: string): string | undefined
  /** The values of a flag that may be repeated. */
  list(name: string): readonly string[]
  flag(name: string): boolean
}

/** Reads flags; one that is not known, or lacks its value, is an {@link ArgumentError}. */
export function readArguments(
  args: readonly string[],
  flags: Readonly<Record<string, 'text' | 'list' | 'flag'>>,
): Given {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, kind] of Object.entries(flags)) {
    options[name] = { type: kind === 'flag' ? 'boolean' : 'string', multiple: kind === 'list' }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return {
      positionals,
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      list: (name) => [values[name] ?? []].flat().map(String),
      flag: (name) => values[name] === true,
    }
  } catch (error) {
    // Node adds how to escape a dash, which nobody means here.
    throw new ArgumentError((error as Error).message.split('. To specify')[0])
  }
}

/** The one positional argument that is needed. */
export function needed(positionals: readonly string[], names: readonly string[]): readonly string[] {
  const missing = names[positionals.length]
  if (missing !== undefined) throw new ArgumentError(`${missing} is missing.`)
  const extra = positionals[names.length]
  if (extra !== undefined) throw new ArgumentError(`${JSON.stringify(extra)} is one argument too many.`)
  return positionals
}

/** A file's text, for a flag. */
export async function fileOf(flag: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new ArgumentError(`--${flag} ${path} cannot be read: ${(error as Error).message}`)
  })
}
