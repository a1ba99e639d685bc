import { readFile } from 'node:fs/promises'

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
  /** Flags that may be repeated, in the order in which they were typed. */
  readonly repeated: readonly { readonly name: string; readonly value: string }[]
}

/** The positional arguments that are needed. */
export function needed(positionals: readonly string[], names: readonly string[]): readonly string[] {
  const missing = names[positionals.length]
  if (missing !== undefined) throw new ArgumentError(`${missing} is missing.`)
  const extra = positionals[names.length]
  if (extra !== undefined) throw new ArgumentError(`${JSON.stringify(extra)} is one argument too many.`)
  return positionals
}

/** A file's text, for a flag. */
export async function fileOf(flag: string, path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : textOfFile(flag, path)
}

/** The same of a file that must be named. @param absent what to do where there is no such file */
export function textOfFile(flag: string, path: string, absent = ''): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const more = error.code === 'ENOENT' && absent !== '' ? `. ${absent}` : ''
    throw new ArgumentError(`--${flag} ${path} cannot be read: ${error.message}${more}`)
  })
}
